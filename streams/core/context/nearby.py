"""A memory of places: notes of events by cell of the map, and how many distinct ones lie near another.

A note is remembered in every cell that its circle touches, so who asks needs its own cell alone.
"""

from collections.abc import Iterator, MutableMapping
from typing import Final, NamedTuple

from streams.core.context.forms import Around, Conflict
from streams.core.context.incidents import distinct
from streams.core.context.notes import MATTER, VIOLENCE, Note, decode, encode
from streams.core.share.order_forms import may_correct

DAY_MS: Final = 86_400_000
#: A cell never holds more notes; the oldest go first.
MOST: Final = 1000
#: Reports come days late, so notes are kept so much longer than they count.
LATE_MS: Final = 30 * DAY_MS


class Place(NamedTuple):
    """A cell of a memory: its key begins with the kind of memory."""

    key: bytes


def cells(kind: bytes, note: Note, around: Around, *, synthetic: bool) -> tuple[Place, list[Place]]:
    """The cell of a note's own place, and all cells that its circle touches. A cell is twice the radius wide."""
    size = 2 * around.radius_m

    def cell(east: int, north: int) -> Place:
        return Place(kind + (b"s" if synthetic else b"r") + f"{east // size}:{north // size}".encode())

    reach = (-around.radius_m, around.radius_m)
    touched = dict.fromkeys(cell(note.east + away, note.north + up) for away in reach for up in reach)
    return cell(note.east, note.north), list(touched)


class Nearby:
    """The notes of one lane over its state. Shape: the store maps cell, a zero byte and matter to a note."""

    def __init__(self, store: MutableMapping[bytes, bytes]) -> None:
        self._store = store
        self._cells: dict[bytes, dict[bytes, Note]] = {}
        self._events: dict[bytes, set[bytes]] = {}
        for key, value in sorted(store.items(), key=lambda item: decode(item[1]).to_ms):
            self._hold(key, decode(value))

    def __len__(self) -> int:
        """How many notes there are."""
        return sum(map(len, self._cells.values()))

    def remember(self, place: Place, note: Note, around: Around, now_ms: int) -> None:
        """Keep a note, in the place of a former telling of the matter; let go what no longer counts."""
        key = place.key + b"\0" + note.matter
        self._drop(key)
        horizon = now_ms - around.days * DAY_MS - LATE_MS
        if note.to_ms < horizon:
            return
        held = self._cells.get(place.key, {})
        old = [matter for matter, each in held.items() if each.to_ms < horizon]
        if len(held) - len(old) >= MOST:
            old.append(min(held, key=lambda matter: held[matter].to_ms))
        for matter in dict.fromkeys(old):
            self._drop(place.key + b"\0" + matter)
        self._store[key] = encode(note)
        self._hold(key, note)

    def around(self, place: Place, note: Note, around: Around) -> Iterator[Note]:
        """The other matters near a note in place and time, in no order."""
        return (other for other in self.beside(place, note, around) if other.near(note, around.radius_m))

    def beside(self, place: Place, note: Note, around: Around) -> Iterator[Note]:
        """The other matters of a cell near a note in time, wherever they lie, in no order."""
        span = around.days * DAY_MS
        for other in self._cells.get(place.key, {}).values():
            if other.matter != note.matter and other.apart_ms(note) <= span:
                yield other

    def sweep(self, horizon_ms: int) -> None:
        """Drop every note older than this: cells that nobody asks about any more would keep theirs."""
        old = [
            place + b"\0" + matter
            for place, held in self._cells.items()
            for matter, note in held.items()
            if note.to_ms < horizon_ms
        ]
        for key in old:
            self._drop(key)

    def forget(self, event: bytes, unit: str) -> None:
        """Drop what is remembered of an event that a unit recalled, if it may. Shape: the event's id as 16 bytes."""
        for key in tuple(self._events.get(event, ())):
            if may_correct(unit, self._cells[key[: -MATTER - 1]][key[-MATTER:]].origin):
                self._drop(key)

    def _hold(self, key: bytes, note: Note) -> None:
        self._cells.setdefault(key[: -MATTER - 1], {})[note.matter] = note
        self._events.setdefault(note.event, set()).add(key)

    def _drop(self, key: bytes) -> None:
        held = self._cells.get(key[: -MATTER - 1])
        note = held.pop(key[-MATTER:], None) if held else None
        if note is None:
            return
        keys = self._events[note.event]
        keys.discard(key)
        if not keys:
            del self._events[note.event]
        if not held:
            del self._cells[key[: -MATTER - 1]]
        self._store.pop(key, None)


def cluster_count(own: Note, others: Iterator[Note]) -> int:
    """How many poisonings there are with this one; one that several tell of from one root counts once."""
    return 1 + len(distinct(own, list(others), 0, 0))


def violence_count(own: Note, others: Iterator[Note], terms: Conflict) -> int:
    """How many incidents of violence there are, this one included if it is one."""
    found = [note for note in _distinct_by(own, others, terms) if note.group in VIOLENCE]
    return len(found) + (own.group in VIOLENCE)


def conflict_score(own: Note, own_weight: float, others: Iterator[Note], terms: Conflict) -> float:
    """The formula of ``context.yaml``, rounded to two places; each incident counts once (B09)."""
    quiet = 1 - own_weight
    for other in _distinct_by(own, others, terms):
        age = other.apart_ms(own) / DAY_MS
        quiet *= 1 - other.weight * 0.5 ** (age / terms.half_life_days)
    return round(1 - quiet, 2)


def _distinct_by(own: Note, others: Iterator[Note], terms: Conflict) -> list[Note]:
    return distinct(own, list(others), terms.same_m, terms.same_minutes * 60_000)
