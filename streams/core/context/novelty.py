"""First times: whether a substance or a kind of weapon was seen before in an area, its region, the country."""

import struct
from collections.abc import Iterator, MutableMapping
from typing import Final, NamedTuple

from schemas.vocabulary import Novelty
from streams.core.context.forms import NoveltyTerms
from streams.core.context.nearby import DAY_MS
from streams.core.context.notes import MATTER

_SEEN: Final = struct.Struct(f">{MATTER}sq")
#: So many matters are remembered of a thing and a unit: the latest, and one other beside it.
_KEPT: Final = 2
_COUNTRY, _REGION = 1, 2
#: The most surprising first.
RANKS: Final = (Novelty.FIRST_IN_COUNTRY, Novelty.FIRST_IN_REGION, Novelty.FIRST_IN_AREA)


class Thing(NamedTuple):
    """What may be new: a substance or a kind of weapon. ``at_once``: rare and dangerous enough to say so at once."""

    name: str
    at_once: bool


class Seen(NamedTuple):
    """A sight of things: of which matter, when it happened, and the units it happened in."""

    matter: bytes
    at_ms: int
    areas: tuple[str, ...]


class FirstTimes:
    """What one lane remembers of things that it is asked about. Shape: the store maps thing and unit to matters."""

    def __init__(self, store: MutableMapping[bytes, bytes], terms: NoveltyTerms) -> None:
        self._store = store
        self._terms = terms

    def novelty(self, thing: Thing, seen: Seen, *, synthetic: bool, learnt_ms: int) -> Novelty | None:
        """The widest unit in which the thing was not seen before; None where it was, or where it is too early to say.

        Units: ``learnt_ms`` is for how long this memory has been kept.
        """
        firsts = {self._first(thing, area, seen, synthetic=synthetic) for area in seen.areas or ("se",)}
        self._remember(thing, seen, synthetic=synthetic)
        if not thing.at_once and learnt_ms < self._terms.learning_days * DAY_MS:
            return None
        return next((rank for rank in RANKS if rank in firsts), None)

    def _first(self, thing: Thing, area: str, seen: Seen, *, synthetic: bool) -> Novelty | None:
        for unit in _path(area):
            if not self._known(_key(thing, unit, synthetic=synthetic), seen):
                depth = unit.count(".") + 1
                return RANKS[0] if depth == _COUNTRY else RANKS[1] if depth == _REGION else RANKS[2]
        return None

    def _known(self, key: bytes, seen: Seen) -> bool:
        horizon = seen.at_ms - self._terms.days * DAY_MS
        return any(matter != seen.matter and at_ms >= horizon for matter, at_ms in self._matters(key))

    def _remember(self, thing: Thing, seen: Seen, *, synthetic: bool) -> None:
        for unit in dict.fromkeys(unit for area in seen.areas or ("se",) for unit in _path(area)):
            key = _key(thing, unit, synthetic=synthetic)
            known = {matter: at_ms for matter, at_ms in self._matters(key) if matter != seen.matter}
            known[seen.matter] = seen.at_ms
            latest = sorted(known.items(), key=lambda each: (-each[1], each[0]))[:_KEPT]
            self._store[key] = b"".join(_SEEN.pack(*each) for each in latest)

    def _matters(self, key: bytes) -> Iterator[tuple[bytes, int]]:
        value = self._store.get(key, b"")
        return (_SEEN.unpack_from(value, at) for at in range(0, len(value), _SEEN.size))


def _path(area: str) -> Iterator[str]:
    """The units on the way from the country to an area."""
    parts = area.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _key(thing: Thing, unit: str, *, synthetic: bool) -> bytes:
    return f"{'s' if synthetic else 'r'}{thing.name}@{unit}".encode()
