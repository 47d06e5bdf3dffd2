"""A sighting (iakttagelse): what is needed to compare an event with others, and its bytes.

It holds no free text, no name and no plain reference: places, times, digests and keyed tokens only.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from math import isnan, nan
from typing import Any, Final, NamedTuple, Protocol

import orjson

from schemas.events.control import LinkRelation

#: The first byte of an encoded sighting; another form gets another number.
VERSION: Final = 2
ID_BYTES: Final = 16
BLOCK_BYTES: Final = 9
_NONE: Final = bytes(ID_BYTES)
#: version, five ids, revision, home, three times, place, accuracy, sensitivity, flags, four counts
_HEAD: Final = struct.Struct(">B16s16s16s16s16sIHqqqddiBBBBBH")
_REGISTER, _HIDDEN, _SYNTHETIC, _HUMAN, _CUT = 1, 2, 4, 8, 16
#: Kinds of references as pointers name them, and kinds that others add later keep their place.
_KINDS: Final = ("person", "vehicle", "phone", "wallet", "device", "account", "weapon", "operation")
_KIND_AT: Final = {kind: at for at, kind in enumerate(_KINDS)}


class SightingError(ValueError):
    """Bytes that are no sighting of this version; the text holds no content."""


class Sighting(NamedTuple):
    """One telling of one matter, as far as it is needed to compare it.

    Shape: ids are the 16 bytes of the UUIDs. ``matter`` is the same for all revisions of one telling, ``number`` for
    tellings of any unit under the same exact key. ``source`` is a digest of the source's key and ``former`` the event
    it supersedes, empty for none; that event is among the roots, for who retold it has it as a root. ``words`` is the
    signature of its text. ``refs`` are kinds and keyed tokens. ``hidden``: nobody may notice it who does not have it
    (``streams.core.hidden``). ``human`` tells that a person is its source, ``cut`` that it may have more former
    revisions than are remembered. ``features`` are those of its type, in forms that JSON has.
    Units: ms since 1970; degrees WGS84; metres.
    """

    event_id: bytes
    event_type: str
    matter: bytes
    number: bytes
    revision: int
    origin: str
    home: int
    from_ms: int
    to_ms: int
    reported_ms: int
    lon: float | None
    lat: float | None
    accuracy_m: int
    areas: tuple[str, ...]
    sensitivity: int
    register: bool
    hidden: bool
    synthetic: bool
    handling: str
    human: bool
    cut: bool
    roots: tuple[bytes, ...]
    source: bytes
    former: bytes
    refs: tuple[tuple[str, bytes], ...]
    words: bytes
    features: Mapping[str, Any]
    blocks: tuple[bytes, ...]


def encode(sighting: Sighting) -> bytes:
    """The bytes of a sighting, small because a million of them are kept."""
    s = sighting
    flags = s.register * _REGISTER | s.hidden * _HIDDEN | s.synthetic * _SYNTHETIC | s.human * _HUMAN | s.cut * _CUT
    head = _HEAD.pack(
        VERSION, s.event_id, s.matter, s.number, s.source or _NONE, s.former or _NONE, s.revision, s.home,
        s.from_ms, s.to_ms, s.reported_ms, nan if s.lon is None else s.lon, nan if s.lat is None else s.lat,
        s.accuracy_m, s.sensitivity, flags, len(s.roots), len(s.refs), len(s.words), len(s.blocks),
    )  # fmt: skip
    refs = [bytes((_KIND_AT[kind],)) + token for kind, token in s.refs]
    rest = orjson.dumps((s.event_type, s.origin, s.areas, s.handling, s.features))
    return b"".join((head, *s.roots, *refs, s.words, *s.blocks, rest))


def decode(data: bytes) -> Sighting:
    """A sighting from its bytes. Errors: ``SightingError`` for bytes of another version or cut short."""
    if not data or data[0] != VERSION:
        raise SightingError("no sighting of this version")
    try:
        return _decoded(data)
    except (struct.error, ValueError, IndexError):
        pass
    raise SightingError("a sighting that cannot be read")


def event_id_of(data: bytes | memoryview) -> bytes:
    """The event id of an encoded sighting, without reading the rest."""
    return bytes(data[1 : 1 + ID_BYTES])


def _decoded(data: bytes) -> Sighting:
    (
        _, event_id, matter, number, source, former, revision, home, from_ms, to_ms, reported_ms, lon, lat,
        accuracy_m, sensitivity, flags, roots, refs, words, blocks,
    ) = _HEAD.unpack_from(data)  # fmt: skip
    at = _HEAD.size
    refs_at = at + roots * ID_BYTES
    words_at = refs_at + refs * (ID_BYTES + 1)
    blocks_at = words_at + words
    rest_at = blocks_at + blocks * BLOCK_BYTES
    event_type, origin, areas, handling, features = orjson.loads(data[rest_at:])
    return Sighting(
        event_id, event_type, matter, number, revision, origin, home, from_ms, to_ms, reported_ms,
        None if isnan(lon) else lon, None if isnan(lat) else lat, accuracy_m, tuple(areas), sensitivity,
        bool(flags & _REGISTER), bool(flags & _HIDDEN), bool(flags & _SYNTHETIC), handling,
        bool(flags & _HUMAN), bool(flags & _CUT),
        tuple(data[n : n + ID_BYTES] for n in range(at, refs_at, ID_BYTES)),
        b"" if source == _NONE else source,
        b"" if former == _NONE else former,
        tuple((_KINDS[data[n]], data[n + 1 : n + 1 + ID_BYTES]) for n in range(refs_at, words_at, ID_BYTES + 1)),
        data[words_at:blocks_at], features,
        tuple(data[n : n + BLOCK_BYTES] for n in range(blocks_at, rest_at, BLOCK_BYTES)),
    )  # fmt: skip


def digest(*parts: str) -> int:
    """A number that stands for some text, in a form that JSON has: 63 bits."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big") >> 1


def block(kind: bytes, *parts: object) -> bytes:
    """A block of a kind (one letter): sightings that share it are compared."""
    return kind + blake2b("\0".join(map(str, parts)).encode(), digest_size=BLOCK_BYTES - 1).digest()


class Spot(NamedTuple):
    """A place and how far off it may be. Units: degrees WGS84, metres."""

    lon: float
    lat: float
    accuracy_m: int


class Told(NamedTuple):
    """An event as the rule of its type looks at it: with its place, and its first and last ms."""

    event: Mapping[str, Any]
    payload: Mapping[str, Any]
    spot: Spot | None
    span: tuple[int, int]


class Look(NamedTuple):
    """What the rule of a type takes of an event: features and words to compare, and the blocks to meet others in.

    Shape: ``spot`` is the place to compare, when it is another than the envelope's. ``sealed``: its place, its time and
    its areas stand in no sighting but sealed, among its features.
    """

    features: Mapping[str, Any] = {}
    blocks: tuple[bytes, ...] = ()
    words: bytes = b""
    spot: Spot | None = None
    sealed: bool = False


class Likeness(NamedTuple):
    """How two sightings are alike, by the rule of their type.

    Shape: ``kinds`` as pointers name them, for owners who are not entitled to both ends. Units: ``score`` 0 to 1.
    """

    relation: LinkRelation
    features: tuple[str, ...]
    score: float
    kinds: tuple[str, ...] = ()


def same_unit(one: Sighting, other: Sighting) -> bool:
    """Whether one unit told both, at whichever desk."""
    return one.origin.partition("/")[0] == other.origin.partition("/")[0]


#: What tells of a sighting at a glance that it does not match: its matter, and what the rule of its type adds.
Glance = tuple[Any, ...]


class Glances(Protocol):
    """What the rule of a type sees at a glance (``streams.core.link.glance``).

    Shape: ``blocks`` are the kinds of block (first letter) in which two meet only if they pass; whatever else joins
    those that do not has blocks of its own.
    """

    @property
    def blocks(self) -> bytes:
        """The kinds of block."""

    def of(self, sighting: Sighting, /) -> Glance:
        """What to keep of a sighting that lies in such a block."""

    def may(self, mine: Glance, others: Iterable[Glance], /) -> Sequence[bytes]:
        """The matters of those that may match by what these blocks stand for: all that do, and few others."""


class Kind(Protocol):
    """The rule of one type of event: what of it is compared, and when two match."""

    @property
    def glances(self) -> Glances | None:
        """What leaves out most of those that do not match; None where few meet that do not."""

    def look(self, told: Told, /) -> Look:
        """What to compare of an event, and where it can meet others."""

    def compare(self, one: Sighting, other: Sighting, /) -> Likeness | None:
        """Whether two sightings of the type match. It gives the same for both orders."""
