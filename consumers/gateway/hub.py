"""The hub: one reader of each delivery partition, and a fan-out to every live reader of its desks.

The hub waits for the read log and for nobody else. A reader that is too slow leaves it and reads on from Kafka.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.access import Hidden, hidden
from consumers.bus import TopicMissingError, administrator, answered, committed_reader, topics_of
from consumers.cards import ORDER
from consumers.feed import DELIVERY_PREFIX, Delivery
from consumers.gateway.frames import HEARTBEAT, Showing, milliseconds
from consumers.gateway.held import Held
from consumers.gateway.limits import Limits
from consumers.gateway.live import Frame, Reader, Want
from consumers.gateway.readlog import ReadLog, ReadLogError
from consumers.gateway.tail import Entry, Tail
from consumers.withdrawn import Withdrawal, Withdrawn, orders_in
from schemas.codec import Codec
from schemas.reads import Channel, ReadKind, ReadLine
from schemas.topics import PARTNERS

#: What desks outside the police get may be held back (``not_before``); nobody else's deliveries are.
HELD_TOPIC: Final = f"deliver.{PARTNERS}"
#: Readings that one line of the read log names.
_NAMED: Final = 10_000
_WAIT_MS: Final = 250
_BATCH: Final = 2_000
_TICK_SECONDS: Final = 0.25
_BEAT_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0
_FETCH: Final = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 500, "max_partition_fetch_bytes": 4 * 1024 * 1024}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the hub met of a desk, for whoever keeps account of the desk: its cards, who must confirm a recall."""

    desk: str
    items: tuple[Delivery, ...]
    withdrawals: tuple[Withdrawal, ...]


@dataclass(slots=True)
class _Show:
    """Frames and the readers who get them."""

    readers: tuple[Reader, ...]
    frames: list[Frame]


Further = Callable[[Want, Sequence[Delivery]], Iterable[Frame]]


class Hub:
    """Reads every partition of some delivery topics once, for all readers.

    Shape: ``attach`` gives a reader what the tail holds and everything that comes after, with no gap between; it
    gives None when the reader stands before the tail. ``watchers`` are told what comes to desks that have readers or
    are ``watched``, and every order, before readers see it; ``further`` makes frames for readers who want more.
    Errors: ``open`` raises ``BusUnreachableError`` and ``TopicMissingError``.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        topics: Iterable[str],
        codec: Codec,
        log: ReadLog,
        clock: Callable[[], datetime],
        limits: Limits,
    ) -> None:
        self.withdrawn = Withdrawn()
        self.held: dict[TopicPartition, Held] = {}
        self.tails: dict[TopicPartition, Tail] = {}
        self.partitions: dict[str, int] = {}
        #: How far readers who are attached have been shown each partition, and what was held back on it.
        self.shown_to: dict[TopicPartition, int] = {}
        self.due_ms: dict[TopicPartition, int] = {}
        self.watchers: list[Callable[[Taken], None]] = []
        self.watched: set[str] = set()
        self.further: Further = lambda _, __: ()
        #: Every reader with a stream, also one who is reading what is past.
        self.open: set[Reader] = set()
        self.delivered = 0
        self.overruns = 0
        self.cut = 0
        self._options, self._topics, self._codec, self._log = options, tuple(topics), codec, log
        self._clock, self._limits = clock, limits
        self._live: dict[TopicPartition, dict[str, dict[Want, set[Reader]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(set))
        )
        self._consumer: AIOKafkaConsumer | None = None
        self._closing = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._closing.aclose()
            raise
        self._tasks = [asyncio.create_task(work()) for work in (self._follow, self._tick, self._beat)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self.open:
            reader.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._closing.aclose()

    @property
    def failure(self) -> BaseException | None:
        """What ended the hub's work, if anything did: the gateway is then not well and is started anew."""
        ended = (task for task in self._tasks if task.done() and not task.cancelled())
        return next((problem for task in ended if (problem := task.exception()) is not None), None)

    async def ended(self) -> None:
        """Wait until the hub's work ends, which it does only by a failure. Errors: that failure."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    # Readers

    def attach(
        self, reader: Reader, place: TopicPartition, next_offset: int, seen_ms: int
    ) -> tuple[list[Entry], list[Entry]] | None:
        """Let a reader have what comes from an offset on.

        Shape: what was held back until after ``seen_ms``, and what it has not had of the tail, out, to be shown by the
        caller; None, and nothing done, when the tail begins later. Nothing is awaited, so nothing falls between.
        """
        tail, desk = self.tails[place], reader.want.lens.rights.desk
        entries = tail.since(desk, next_offset)
        if entries is None:
            return None
        now_ms = milliseconds(self._clock())
        late = self.held[place].between(desk, seen_ms, now_ms, before=next_offset)
        reader.attached_at, reader.attached_ms, reader.overrun = tail.next_offset, now_ms, False
        self._live[place][desk][reader.want].add(reader)
        return late, entries

    def detach(self, reader: Reader, place: TopicPartition) -> None:
        """Let a reader go. One that is not there is gone already."""
        desk = reader.want.lens.rights.desk
        groups = self._groups(place, desk)
        readers = groups.get(reader.want)
        if readers is not None:
            readers.discard(reader)
            if not readers:
                del groups[reader.want]
            if not groups:
                del self._live[place][desk]

    def _groups(self, place: TopicPartition, desk: str) -> dict[Want, set[Reader]]:
        desks = self._live.get(place)
        return {} if desks is None or desk not in desks else desks[desk]

    # Reading

    async def _open(self) -> None:
        async with administrator(self._options) as admin:
            known = await topics_of(admin)
        for topic in self._topics:
            if topic not in known:
                raise TopicMissingError(topic)
            self.partitions[topic] = len(known[topic])
        consumer = await self._closing.enter_async_context(committed_reader(self._options, **_FETCH))
        places = [place for topic in self._topics for place in known[topic]]
        starts = await answered(consumer.beginning_offsets(places))
        ends = await answered(consumer.end_offsets(places))
        for place in places:
            self.tails[place] = Tail(self._limits.tail_bytes, starts[place])
            self.held[place] = Held()
        consumer.assign(places)
        for place in places:
            consumer.seek(place, starts[place])
        self._consumer = consumer
        await self._catch_up(consumer, ends)
        now_ms = milliseconds(self._clock())
        self.due_ms = dict.fromkeys(places, now_ms)
        self.shown_to = {place: self.tails[place].next_offset for place in places}

    async def _catch_up(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        """Read what is kept: orders must be known before anything is shown, and the tail spares readers a read."""
        left = dict(ends)
        while left := {place: end for place, end in left.items() if await consumer.position(place) < end}:
            for place, records in (await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)).items():
                self._take(place, records, await consumer.position(place))

    async def _follow(self) -> None:
        """Show whatever comes, for ever."""
        consumer = self._consumer
        if consumer is None:
            raise RuntimeError("the hub is not open")
        while True:
            fetched = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)
            for place, records in fetched.items():
                entries = self._take(place, records, await consumer.position(place))
                await self._show(place, entries)
                self.shown_to[place] = self.tails[place].next_offset

    def _take(self, place: TopicPartition, records: Sequence[ConsumerRecord], next_offset: int) -> list[Entry]:
        entries = [
            Entry(record.offset, record.key.decode("utf-8", "replace"), record.value or b"")
            for record in records
            if record.key is not None
        ]
        self.tails[place].take(entries, next_offset)
        showing = self._showing(place)
        for entry in entries:
            if place.topic == HELD_TOPIC or self._codec.name_of(entry.value) == f"{DELIVERY_PREFIX}{ORDER}":
                self._note(place, entry, showing)
        return entries

    def _note(self, place: TopicPartition, entry: Entry, showing: Showing) -> None:
        """Remember an order, and what is held back."""
        item = showing.item(entry)
        if isinstance(item, Delivery):
            if item.meta.not_before is not None:
                self.held[place].add(milliseconds(item.meta.not_before), entry)
            if taken := self.withdrawn.take(item):
                self._tell(Taken(entry.desk, (), taken))

    # Showing

    async def _show(self, place: TopicPartition, entries: Sequence[Entry], *, late: bool = False) -> None:
        """Log what will be shown, then show it."""
        desks = self._live.get(place, {})
        showing = self._showing(place)
        wanted: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if entry.desk in desks or entry.desk in self.watched:
                wanted[entry.desk].append(entry)
        shows: list[_Show] = []
        for desk, found in wanted.items():
            items = tuple(item for entry in found if isinstance(item := showing.item(entry), Delivery))
            self._tell(Taken(desk, items, ()))
            for want, readers in list(self._groups(place, desk).items()):
                seen = [item for item in items if self._is_shown(want, item)]
                frames = [*self.further(want, seen)]
                frames += [frame for entry in found for frame in self.frames(place, entry, want, showing, late=late)]
                if frames:
                    shows.append(_Show(tuple(readers), frames))
        await self._logged(shows)
        for show in shows:
            self._push(place, show)

    def _push(self, place: TopicPartition, show: _Show) -> None:
        self.delivered += len(show.frames) * len(show.readers)
        for reader in show.readers:
            reader.push(show.frames)
            if reader.overrun:
                self.overruns += 1
                self.detach(reader, place)

    def frames(
        self, place: TopicPartition, entry: Entry, want: Want, showing: Showing, *, late: bool = False
    ) -> Iterator[Frame]:
        """A record as somebody sees it; an order brings its recalls first, so that content goes before anything else.

        Shape: a recall is told unless the event is known to be one that they may not see.
        """
        item, frame = showing.item(entry), showing.frame(entry, want, late=late)
        for taken in orders_in(item) if isinstance(item, Delivery) else ():
            if self.may_have_seen(place, want, taken.event_id):
                yield showing.recall(entry, taken)
        if frame is not None:
            yield frame

    def may_have_seen(self, place: TopicPartition, want: Want, event_id: str) -> bool:
        """Whether somebody may have been shown an event: unless the tail holds it, and they may not see it."""
        tail, named, showing = self.tails[place], event_id.encode(), self._showing(place)
        kept = tail.since(want.lens.rights.desk, tail.start) or ()
        items = [item for entry in kept if named in entry.value and isinstance(item := showing.item(entry), Delivery)]
        about = [item for item in items if item.meta.event_id == event_id]
        denied = [hidden(want.lens, item.meta, item.event, self._clock()) for item in about]
        return not about or any(why in {None, Hidden.NOT_ASKED_FOR} for why in denied)

    def _is_shown(self, want: Want, item: Delivery) -> bool:
        return hidden(want.lens, item.meta, item.event, self._clock()) is None

    async def _logged(self, shows: Sequence[_Show]) -> None:
        """Write what will be shown; until that is done, nobody sees it."""
        lines = [line for show in shows for line in self._lines(show)]
        while lines:
            try:
                await self._log.write(lines)
            except ReadLogError:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _lines(self, show: _Show) -> Iterator[ReadLine]:
        deliveries = list(dict.fromkeys(read for frame in show.frames for read in frame.reads))
        left = iter(show.readers)
        while deliveries and (part := list(islice(left, _NAMED))):
            yield ReadLine(
                kind=ReadKind.SHOWN,
                at=self._clock(),
                desk=part[0].want.lens.rights.desk,
                readings=[reader.reading for reader in part],
                channel=Channel.STREAM,
                deliveries=deliveries,
            )

    def _tell(self, taken: Taken) -> None:
        for watch in self.watchers:
            watch(taken)

    def _showing(self, place: TopicPartition) -> Showing:
        seen_ms = self.due_ms.get(place, 0)
        return Showing(self._codec, self.withdrawn, place.partition, self._clock(), seen_ms)

    # Time

    async def _tick(self) -> None:
        """Show what was held back as soon as its time has come."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now_ms = milliseconds(self._clock())
            for place, held in self.held.items():
                if due := held.due(self.due_ms[place], now_ms):
                    await self._show(place, due, late=True)
                self.due_ms[place] = now_ms

    async def _beat(self) -> None:
        """A heartbeat now and then for readers for whom nothing waits, a part of them at a time; ends what must end."""
        parts = max(1, int(self._limits.heartbeat.total_seconds() / _BEAT_SECONDS))
        while True:
            for part in range(parts):
                await asyncio.sleep(_BEAT_SECONDS)
                for place, desks in list(self._live.items()):
                    beat = [Frame(HEARTBEAT, None, self.shown_to[place], self.due_ms[place])]
                    for number, reader in enumerate(_all(desks)):
                        if number % parts == part and reader.idle:
                            reader.push(beat)
                self._see_to_all()

    def _see_to_all(self) -> None:
        """End readers whose time is up, and those whose connection has taken nothing for long."""
        now_ms = milliseconds(self._clock())
        stalled_ms = self._limits.stalled.total_seconds() * 1000
        for reader in self.open:
            if now_ms >= reader.until_ms:
                reader.close()
            if reader.blocked_since is not None and now_ms - reader.blocked_since > stalled_ms:
                self.cut += 1
                reader.blocked_since = None
                reader.cut()


def _all(desks: Mapping[str, Mapping[Want, set[Reader]]]) -> list[Reader]:
    return [reader for groups in desks.values() for readers in groups.values() for reader in readers]
