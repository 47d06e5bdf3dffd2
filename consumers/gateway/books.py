"""The cards of desks that somebody looks at, kept warm: read once from Kafka, then grown by what the hub meets."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from aiokafka import TopicPartition

from consumers.access import Rights
from consumers.cards import ORDER
from consumers.feed import Delivery, Position, read_delivery
from consumers.folding import Cards
from consumers.gateway.fanout import Taken
from consumers.gateway.frames import as_seen
from consumers.gateway.hub import Hub
from consumers.gateway.past import Past
from consumers.gateway.tail import Entry
from schemas.codec import Codec

#: Books that are kept, and for how long one is that nobody asks for.
MOST_BOOKS: Final = 500
IDLE: Final = timedelta(minutes=15)


class Book:
    """A desk's deliveries of the last days as somebody with these rights sees them, and the cards they make.

    Shape: ``shown`` holds them by delivery id, in the order in which they were read; they go back to ``begins``.
    """

    def __init__(self, rights: Rights, used_at: datetime, begins: datetime) -> None:
        self.rights = rights
        self.begins = begins
        self.cards = Cards()
        self.shown: dict[str, Delivery] = {}
        self.used_at = used_at
        self._by_event: dict[str, list[Delivery]] = defaultdict(list)

    def take(self, items: Iterable[Delivery], now: datetime) -> None:
        """Take deliveries in any order; one that is there already counts once."""
        for item in items:
            seen = as_seen(item, self.rights, now)
            if item.meta.event_type == ORDER and item.meta.desk == self.rights.desk:
                self.cards.add(item)  # it takes content away from whoever had it, seen or not
            if seen is not None and seen.meta.delivery_id not in self.shown:
                self.cards.add(seen)
                self.shown[seen.meta.delivery_id] = seen
                self._by_event[seen.meta.event_id].append(seen)

    def of_event(self, event_id: str) -> tuple[Delivery, ...]:
        """What was delivered of an event; nothing for one that is not there, or not for these eyes."""
        return tuple(self._by_event.get(event_id, ()))


class Books:
    """Makes books and keeps them warm.

    Shape: ``of`` reads the desk's deliveries since ``kept`` ago, from the hub's tail if that holds them all.
    Errors: ``of`` raises ``BusUnreachableError``.
    """

    def __init__(self, hub: Hub, past: Past, codec: Codec, clock: Callable[[], datetime], kept: timedelta) -> None:
        self._hub, self._past, self._codec = hub, past, codec
        self._clock, self._kept = clock, kept
        self._books: OrderedDict[Rights, Book] = OrderedDict()
        self._by_desk: dict[str, dict[Rights, Book]] = defaultdict(dict)
        self._reading: dict[Rights, asyncio.Task[Book]] = {}
        hub.out.watchers.append(self.take)

    def __len__(self) -> int:
        return len(self._books)

    async def of(self, rights: Rights, place: TopicPartition) -> Book:
        """The book for these rights."""
        if (known := self._books.get(rights)) is None:
            reading = self._reading.get(rights)
            if reading is None:
                reading = self._reading[rights] = asyncio.create_task(self._read(rights, place))
                reading.add_done_callback(lambda _: self._reading.pop(rights, None))
            known = await asyncio.shield(reading)
        known.used_at = self._clock()
        return known

    def known(self, rights: Rights) -> Book | None:
        """The book for these rights, if it is warm; it stays so."""
        book = self._books.get(rights)
        if book is not None:
            book.used_at = self._clock()
        return book

    def take(self, taken: Taken) -> None:
        """Let the books of a desk grow."""
        for book in self._by_desk.get(taken.desk, {}).values():
            book.take(taken.items, self._clock())

    async def _read(self, rights: Rights, place: TopicPartition) -> Book:
        """Keep it warm first, then read: what comes meanwhile is in it once, whichever way it came first."""
        now = self._clock()
        book = Book(rights, now, now - self._kept)
        self._by_desk[rights.desk][rights] = book
        self._hub.out.watched.add(rights.desk)
        try:
            begin = await self._past.offset_at(place, book.begins)
            tail = self._hub.tails[place]
            held = tail.since(rights.desk, begin)
            if held is not None:
                book.take(self._items(held, place), now)
            else:
                async for stretch in self._past.stretches(place, rights.desk, begin, tail.next_offset):
                    book.take(self._items(stretch.entries, place), now)
        except BaseException:
            self._forget(rights)
            raise
        self._books[rights] = book
        self._let_go(now)
        return book

    def _items(self, entries: Iterable[Entry], place: TopicPartition) -> Iterable[Delivery]:
        for entry in entries:
            item = read_delivery(self._codec, entry.desk, entry.value, Position(place.partition, entry.offset))
            if isinstance(item, Delivery):
                yield item

    def _let_go(self, now: datetime) -> None:
        idle = [rights for rights, book in self._books.items() if now - book.used_at > IDLE]
        longest = sorted(self._books, key=lambda rights: self._books[rights].used_at)
        for rights in {*idle, *longest[: max(0, len(longest) - MOST_BOOKS)]}:
            self._books.pop(rights)
            self._forget(rights)

    def _forget(self, rights: Rights) -> None:
        self._by_desk[rights.desk].pop(rights, None)
        if not self._by_desk[rights.desk]:
            del self._by_desk[rights.desk]
            self._hub.out.watched.discard(rights.desk)
