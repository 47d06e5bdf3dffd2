"""A page of a desk's deliveries, for readers who ask now and then instead of keeping a stream open."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiokafka import TopicPartition

from consumers.access import Lens, hidden, shown
from consumers.feed import Delivery, Unreadable
from consumers.gateway.cursors import Place
from consumers.gateway.frames import Showing, milliseconds, read_of, said_of, unreadable
from consumers.gateway.stream import Sources
from consumers.gateway.tail import Entry
from schemas.reads import ReadDelivery

#: A page looks through so many stretches of Kafka at most, however little of it is for the asker.
MOST_STRETCHES: Final = 50


@dataclass(slots=True)
class Page:
    """Some deliveries, oldest first, and where the next page begins. ``more`` tells that there may be one now."""

    at: Place
    items: list[dict[str, Any]] = field(default_factory=list)
    reads: list[ReadDelivery] = field(default_factory=list)
    more: bool = False


async def page_of(sources: Sources, lens: Lens, place: TopicPartition, at: Place, limit: int) -> Page:
    """What a lens shows of a partition from a place on.

    Errors: ``TimeoutError`` or ``BusUnreachableError`` when Kafka does not answer.
    """
    hub, desk = sources.hub, lens.rights.desk
    now, end = sources.clock(), hub.shown_to[place]
    now_ms = milliseconds(now)
    page = _Filling(sources, lens, place, now, limit)
    for entry in hub.held[place].between(desk, at.seen_ms, now_ms, before=at.next_offset):
        page.take(entry)
    next_offset, stretches = at.next_offset, 0
    while next_offset < end and not page.is_full() and stretches < MOST_STRETCHES:
        tail = hub.tails[place]
        if (held := tail.since(desk, next_offset)) is not None:
            next_offset = page.take_all((entry for entry in held if entry.offset < end), end)
            break
        async for stretch in sources.past.stretches(place, desk, next_offset, end):
            next_offset, stretches = page.take_all(stretch.entries, stretch.next_offset), stretches + 1
            if stretches >= MOST_STRETCHES or page.is_full() or next_offset >= tail.start:
                break
    return Page(Place(place.partition, next_offset, now_ms), page.items, page.reads, next_offset < end)


class _Filling:
    """A page while it fills."""

    def __init__(self, sources: Sources, lens: Lens, place: TopicPartition, now: datetime, limit: int) -> None:
        self.items: list[dict[str, Any]] = []
        self.reads: list[ReadDelivery] = []
        self._lens, self._limit, self._now = lens, limit, now
        self._showing = Showing(sources.codec, sources.hub.out.withdrawn, place.partition, now)

    def is_full(self) -> bool:
        return len(self.items) >= self._limit

    def take_all(self, entries: Iterable[Entry], next_offset: int) -> int:
        """Take records until it is full; the offset from which the next page goes on."""
        for entry in entries:
            if self.is_full():
                return entry.offset
            self.take(entry)
        return next_offset

    def take(self, entry: Entry) -> None:
        item = self._showing.item(entry)
        if isinstance(item, Unreadable):
            self.items.append(unreadable(item))
        elif hidden(self._lens, item.meta, item.event, self._now) is None:
            self._add(item)

    def _add(self, item: Delivery) -> None:
        view, _ = shown(self._lens.rights, item.meta.event_type, item.event)
        self.items.append(said_of(item, view, self._showing.withdrawal(item)))
        self.reads.append(read_of(item))
