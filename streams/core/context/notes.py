"""What is remembered of one event, so that others can be told of it: where, when, how much it weighs, and its roots."""

import struct
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple

_HEAD: Final = struct.Struct(">16s16sqqiiBdB")
_ROOT: Final = 8
MATTER: Final = 16


class Kind:
    """The kinds of memories of places, and of that of networks, which is one place for each of them."""

    CLUSTER: Final = b"p"
    CONFLICT: Final = b"v"
    DISPLACEMENT: Final = b"d"
    NETWORK: Final = b"w"


class Group:
    """What a note is of, as far as it matters to who asks."""

    OTHER: Final = 0
    SHOTS: Final = 1
    BLASTS: Final = 2
    BLADES: Final = 3
    WEAPONS: Final = 4
    SCENE: Final = 5
    OPERATION: Final = 6


#: The groups that are violence.
VIOLENCE: Final = frozenset({Group.OTHER, Group.SHOTS, Group.BLASTS, Group.BLADES})


class Note(NamedTuple):
    """One event in a memory.

    Shape: ``matter`` is the same for all revisions of one telling; ``roots`` are digests; ``origin`` is the unit that
    told. Units: ms since 1970; metres on the map grid.
    """

    matter: bytes
    event: bytes
    from_ms: int
    to_ms: int
    east: int
    north: int
    group: int
    weight: float
    roots: tuple[bytes, ...]
    origin: str

    def apart_ms(self, other: "Note") -> int:
        """Time between the nearest ends, 0 if they overlap (clarification 52)."""
        return max(0, self.from_ms - other.to_ms, other.from_ms - self.to_ms)

    def near(self, other: "Note", metres: int) -> bool:
        """Whether two places are no farther apart."""
        return (self.east - other.east) ** 2 + (self.north - other.north) ** 2 <= metres * metres

    def echoes(self, other: "Note") -> bool:
        """Whether both go back to one root, or are tellings of one matter."""
        return self.matter == other.matter or not set(self.roots).isdisjoint(other.roots)


def encode(note: Note) -> bytes:
    """The note as bytes."""
    head = _HEAD.pack(*note[:8], len(note.roots))
    return head + b"".join(note.roots) + note.origin.encode()


def decode(data: bytes) -> Note:
    """The note of bytes."""
    matter, event, from_ms, to_ms, east, north, group, weight, count = _HEAD.unpack_from(data)
    start = _HEAD.size
    roots = tuple(data[at : at + _ROOT] for at in range(start, start + count * _ROOT, _ROOT))
    origin = data[start + count * _ROOT :].decode()
    return Note(matter, event, from_ms, to_ms, east, north, group, weight, roots, origin)


def digest(value: bytes) -> bytes:
    """Sixteen bytes that stand for a natural key."""
    return blake2b(value, digest_size=MATTER).digest()


def roots_of(event: Mapping[str, Any], formers: Iterable[str] = ()) -> tuple[bytes, ...]:
    """The digests of all that a retelling of an event may go back to, and of its source, to know an echo as one (B09).

    Shape: its roots, itself, what it supersedes, and ``formers``, the ids of its former revisions.
    """
    provenance = event["provenance"]
    others = filter(None, (provenance.get("source_key"), event.get("supersedes")))
    named = {*provenance["root_ids"], event["event_id"], *formers, *others}
    return tuple(sorted(blake2b(each.encode(), digest_size=_ROOT).digest() for each in named))
