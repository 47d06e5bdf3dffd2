"""From an event to its sighting: what is compared of it, and the blocks in which it meets others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Protocol

from schemas.records import desk_address
from schemas.sealing import of_register
from streams.core.assess import MOST_FORMERS
from streams.core.hidden import hidden
from streams.core.link.form import (
    BLOCK_BYTES,
    ID_BYTES,
    VERSION,
    Sighting,
    SightingError,
    Spot,
    Told,
    decode,
    encode,
)
from streams.core.link.kinds import kinds
from streams.core.link.operations import PointerRules
from streams.core.link.refs import references_of
from streams.core.link.thresholds import Thresholds, load_thresholds
from streams.core.link.windows import Windows
from streams.core.reference import Reference

__all__ = ["VERSION", "Sighter", "Sighting", "SightingError", "Tokens", "decode", "encode"]

#: No event has more blocks than a few hundred; this bound keeps one that is made to from filling the index. Roots have
#: the schema's own: whoever cut them would take an echo for a confirmation. References have ``refs.MOST_TOKENS``.
_MAX_BLOCKS: Final = 700
_PLATE_BYTES: Final = 5
_HALF: Final = BLOCK_BYTES - 1


class Tokens(Protocol):
    """Makes keyed tokens of what an event refers to (``streams.core.link.refs``)."""

    #: Makes keyed blocks of planned operations, and seals them.
    windows: Windows

    def of(self, event: Mapping[str, Any]) -> tuple[tuple[str, bytes], ...]:
        """Kinds and tokens of 16 bytes."""

    def keys_of(self, event: Mapping[str, Any]) -> tuple[bytes, ...]:
        """The keys under which an event's references are compared."""

    def of_one(self, reference: tuple[str, str, str], keys: tuple[bytes, ...]) -> tuple[tuple[str, bytes], ...]:
        """Kind and token of one reference under each of these keys."""


class Sighter:
    """Makes sightings of shared events. Pure."""

    def __init__(
        self,
        reference: Reference,
        tokens: Tokens,
        thresholds: Thresholds | None = None,
        pointers: PointerRules | None = None,
    ) -> None:
        self._kinds = kinds(thresholds or load_thresholds(), reference.substances, tokens.windows, pointers)
        self._tokens = tokens

    def sight(self, event: Mapping[str, Any], key: bytes, home: int, formers: Sequence[str] = ()) -> Sighting | None:
        """The sighting of an assessed event; None when its type takes no part.

        Shape: ``key`` is the fingerprint and ``@`` and the origin unit, as the assess agent has it; ``home`` is the
        lane in which the event was shared; ``formers`` are ids of other revisions, which retellings may go back to.
        """
        event_type = str(event["event_type"])
        kind = self._kinds.get(event_type)
        if kind is None:
            return None
        payload, provenance = event["payload"], event["provenance"]
        told = Told(event, payload, _spot(event), _span(event))
        look = kind.look(told)
        spot, span, areas = look.spot or told.spot, told.span, tuple(event.get("areas") or ())
        if look.sealed:
            spot, areas, span = None, (), (_ms(event["reported_at"]),) * 2
        plate = payload.get("vehicle_plate")
        features = look.features if plate is None else {**look.features, "plate": self._plate(event, plate)}
        refs = self._tokens.of(event)
        number = blake2b(key.partition(b"@")[0], digest_size=ID_BYTES).digest()
        event_id, former = _id(event["event_id"]), event.get("supersedes")
        before = (*formers, former) if former else formers
        roots = tuple(sorted({event_id, *map(_id, provenance["root_ids"]), *map(_id, before)}))
        source = provenance.get("source_key")
        synthetic = bool(event.get("synthetic"))
        general = _general(roots, number, refs)
        return Sighting(
            event_id=event_id,
            event_type=event_type,
            matter=blake2b(key, digest_size=ID_BYTES).digest(),
            number=number,
            revision=int(event.get("revision") or 1),
            origin=desk_address(event["origin_unit"]["unit"], event["origin_unit"]["function"]),
            home=home,
            from_ms=span[0],
            to_ms=span[1],
            reported_ms=_ms(event["reported_at"]),
            lon=None if spot is None else spot.lon,
            lat=None if spot is None else spot.lat,
            accuracy_m=0 if spot is None else spot.accuracy_m,
            areas=areas,
            sensitivity=int(event["sensitivity"]),
            register=of_register(event),
            hidden=hidden(event),
            synthetic=synthetic,
            handling=str(event.get("handling") or "H0"),
            human=str(event["legal_origin"]) == "human_source",
            cut=len(formers) >= MOST_FORMERS,
            roots=roots,
            source=bytes.fromhex(source)[:ID_BYTES] if source else b"",
            former=_id(former) if former else b"",
            refs=refs,
            words=look.words,
            features=features,
            blocks=_blocks((*general, *look.blocks), synthetic=synthetic),
        )

    def _plate(self, event: Mapping[str, Any], plate: str) -> list[int]:
        """What a plate has in common with one that was misread in one character, as tokens, cut short.

        Each character in turn is left open: two plates that differ in it alone are the same then.
        """
        found: list[int] = []
        bare = {**event, "persons": (), "objects": (), "payload": {"vehicle_plate": plate}}
        keys = self._tokens.keys_of(bare)
        for kind, giver, _ in references_of(bare):
            for at in range(len(plate)):
                opened = kind, giver, f"{plate[:at]}?{plate[at + 1 :]}"
                found += (int.from_bytes(token[:_PLATE_BYTES], "big") for _, token in self._tokens.of_one(opened, keys))
        return found


def _blocks(found: Iterable[bytes], *, synthetic: bool) -> tuple[bytes, ...]:
    """All blocks of a sighting, each once, in order. What is made up never meets what is real."""
    kept = list(dict.fromkeys(found))[:_MAX_BLOCKS]
    return tuple(sorted(each.lower()[:1] + each[1:] for each in kept) if synthetic else sorted(kept))


def _general(roots: Iterable[bytes], number: bytes, refs: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The blocks that do not depend on the type: roots, what it supersedes, exact key, references."""
    for root in roots:
        yield b"R" + root[-_HALF:]
    yield b"N" + number[:_HALF]
    for _, token in refs:
        yield b"K" + token[:_HALF]


def _spot(event: Mapping[str, Any]) -> Spot | None:
    geo = event.get("geo")
    return None if geo is None else Spot(float(geo["lon"]), float(geo["lat"]), int(geo["accuracy_m"]))


def _span(event: Mapping[str, Any]) -> tuple[int, int]:
    return _ms(event["occurred_from"]), _ms(event.get("occurred_to") or event["occurred_from"])


def _id(text: object) -> bytes:
    """The 16 bytes of an event id."""
    return bytes.fromhex(str(text).replace("-", ""))


def _ms(value: Any) -> int:
    """A time in ms since 1970."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return round(moment.timestamp() * 1000)
