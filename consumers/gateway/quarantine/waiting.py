"""What is in quarantine, as everybody who watches may see it: kept in memory, followed from Kafka, without content."""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiokafka.structs import ConsumerRecord

from consumers.bus import moment_of
from consumers.ledger import quarantined
from consumers.marks import Mark, drop_of, read_mark, retry_of
from consumers.quarantine import Entry, Place, Shown, State, shown
from consumers.retry import INTAKE_PREFIX, as_it_came, by_gateway, reused
from schemas.codec import Codec

#: So many records are known at most, the newest: about a hundred megabytes.
MOST: Final = 100_000

Spot = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One record: what may be seen of it, whether it can be sent again, and mended, by way of the gateway."""

    shown: Shown
    event_id: str | None
    retryable: bool
    mendable: bool

    @property
    def origin(self) -> str | None:
        """The desk that published it, if one is proven."""
        return self.shown.origin

    @property
    def waits(self) -> bool:
        """Whether nothing was done with it yet."""
        return self.shown.state is State.WAITING


class Waiting:
    """The records of quarantine by place, with what was done with them. Oldest ones are let go past ``most``.

    Shape: ``take`` records of the topic of quarantine, ``mark`` those of the topic of marks; in any order, because a
    mark may be read before what it is about.
    """

    def __init__(self, codec: Codec, most: int = MOST) -> None:
        self._codec = codec
        self._most = most
        self._lines: dict[Spot, Line] = {}
        self._highest: dict[int, int] = {}
        self._marks: dict[Spot, list[tuple[Mark, datetime]]] = {}
        self._order: list[tuple[datetime, Place]] = []

    def __len__(self) -> int:
        return len(self._lines)

    def take(self, record: ConsumerRecord) -> None:
        """One record of quarantine; what cannot be read is passed over."""
        found = quarantined(self._codec, record.value or b"")
        if found is None:
            return
        place = Place(record.partition, record.offset)
        spot = (place.partition, place.offset)
        entry = Entry(place, found)
        seen = shown(entry, None, self._codec)
        intake = found.topic.startswith(INTAKE_PREFIX) and found.origin is not None and not reused(found)
        able = by_gateway(entry, as_it_came(entry)) is not None and not reused(found)
        self._lines[spot] = Line(seen, found.event_id, able, intake)
        self._highest[place.partition] = max(place.offset, self._highest.get(place.partition, -1))
        insort(self._order, (seen.at, place))
        self._judge(spot)
        if len(self._order) > self._most:
            _, oldest = self._order.pop(0)
            self._forget(oldest)

    def mark(self, record: ConsumerRecord) -> None:
        """One record of the topic of marks."""
        mark = read_mark(self._codec, record.value or b"")
        if mark is not None:
            self.note(mark, moment_of(record.timestamp))

    def note(self, mark: Mark, at: datetime) -> None:
        """A mark that was just written, or read: known at once."""
        spot = (mark.partition, mark.offset)
        if spot not in self._lines and mark.offset <= self._highest.get(mark.partition, -1):
            return  # about what is kept no longer
        known = self._marks.setdefault(spot, [])
        if all(mark != each for each, _ in known):
            known.append((mark, at))
        self._judge(spot)

    def at(self, place: Place) -> Line | None:
        """The record at a place."""
        return self._lines.get((place.partition, place.offset))

    def newest(self) -> Iterator[Line]:
        """Every record, the newest first."""
        return (self._lines[place.partition, place.offset] for _, place in reversed(self._order))

    def oldest(self) -> Iterator[Line]:
        """Every record, the oldest first: the order in which they are sent again."""
        return (self._lines[place.partition, place.offset] for _, place in self._order)

    def _judge(self, spot: Spot) -> None:
        line = self._lines.get(spot)
        if line is None or spot not in self._marks:
            return
        dropped = drop_of(line, spot, self._marks)
        retried = retry_of(line, spot, self._marks)
        self._lines[spot] = replace(line, shown=replace(line.shown, dropped=dropped, retried=retried))

    def forget(self, place: Place) -> None:
        """Let go of a record that Kafka keeps no longer."""
        line = self._lines.get((place.partition, place.offset))
        if line is not None:
            self._order.remove((line.shown.at, place))
            self._forget(place)

    def _forget(self, place: Place) -> None:
        spot = (place.partition, place.offset)
        del self._lines[spot]
        self._marks.pop(spot, None)
