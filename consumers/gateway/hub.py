"""The hub: one reader of each delivery partition, and a fan-out to every live reader of its desks.

The hub waits for the read log and for nobody else. A reader that is too slow leaves it and reads on from Kafka.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.bus import TopicMissingError, administrator, answered, committed_reader, topics_of
from consumers.cards import ORDER
from consumers.feed import DELIVERY_PREFIX, Delivery
from consumers.gateway.attached import Attached
from consumers.gateway.fanout import FanOut
from consumers.gateway.frames import HEARTBEAT, milliseconds
from consumers.gateway.held import Held
from consumers.gateway.limits import Limits
from consumers.gateway.live import Frame, Reader
from consumers.gateway.readlog import ReadLog
from consumers.gateway.tail import Entry, Tail
from consumers.tracing import delivered
from schemas.codec import Codec
from schemas.figures import Histogram
from schemas.signals import STREAM_S
from schemas.tasks import end
from schemas.topics import PARTNERS
from schemas.traces import Span, Tracer

#: What desks outside the police get may be held back (``not_before``); nobody else's deliveries are.
HELD_TOPIC: Final = f"deliver.{PARTNERS}"
_WAIT_MS: Final = 250
_BATCH: Final = 2_000
_TICK_SECONDS: Final = 0.25
_BEAT_SECONDS: Final = 1.0
_FETCH: Final = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 500, "max_partition_fetch_bytes": 4 * 1024 * 1024}


class Hub:
    """Reads every partition of some delivery topics once, for all readers.

    Shape: ``attach`` gives a reader what the tail holds and everything that comes after, with no gap between; it
    gives None when the reader stands before the tail. ``shown_to`` says how far those who are attached have been
    shown each partition.
    Errors: opening it raises ``BusUnreachableError`` and ``TopicMissingError``.
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
        self.held: dict[TopicPartition, Held] = {}
        self.tails: dict[TopicPartition, Tail] = {}
        self.partitions: dict[str, int] = {}
        self.shown_to: dict[TopicPartition, int] = {}
        #: Every reader with a stream, also one who is reading what is past.
        self.open: set[Reader] = set()
        self.cut = 0
        #: How long deliveries had been on their way, and who follows those that are traced.
        self.delays = Histogram(STREAM_S)
        self.tracer: Tracer | None = None
        self._attached = Attached()
        self.out = FanOut(self._attached, self.tails, codec, log, clock)
        self._options, self._topics, self._codec = options, tuple(topics), codec
        self._clock, self._limits = clock, limits
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
        await end(*self._tasks)
        await self._closing.aclose()

    async def ended(self) -> None:
        """Wait until the hub's work ends, which it does only by a failure. Errors: that failure."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def mind(self, task: asyncio.Task[None]) -> None:
        """Let the hub's work end when this does: whoever opened it then opens both anew."""
        self._tasks.append(task)

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
        self._attached.add(reader, place)
        return late, entries

    def detach(self, reader: Reader, place: TopicPartition) -> None:
        """Let a reader go. One that is not there is gone already."""
        self._attached.discard(reader, place)

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
        consumer.assign(places)
        for place in places:
            self.tails[place], self.held[place] = Tail(self._limits.tail_bytes, starts[place]), Held()
            consumer.seek(place, starts[place])
        self._consumer = consumer
        await self._catch_up(consumer, ends)
        now_ms = milliseconds(self._clock())
        self.out.due_ms.update(dict.fromkeys(places, now_ms))
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
                spans = self._spans(place, records)
                await self.out.show(place, entries)
                for span in spans:
                    span.end()
                self.shown_to[place] = self.tails[place].next_offset
                self._count(place, records)

    def _spans(self, place: TopicPartition, records: Sequence[ConsumerRecord]) -> list[Span]:
        """A span for each traced delivery that somebody is shown."""
        wanted = (record for record in records if self.tracer is not None and self._looked_at(place, record))
        found = (delivered(self.tracer, place.topic, record.headers) for record in wanted)
        return [span for span in found if span is not None]

    def _looked_at(self, place: TopicPartition, record: ConsumerRecord) -> bool:
        return record.key is not None and self._attached.has(place, record.key.decode("utf-8", "replace"))

    def _count(self, place: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Count how long what was shown had been on its way; what was held back on purpose is not late."""
        if place.topic == HELD_TOPIC:
            return
        now_ms = milliseconds(self._clock())
        for record in records:
            if self._looked_at(place, record):
                self.delays.observe((now_ms - record.timestamp) / 1000)

    def _take(self, place: TopicPartition, records: Sequence[ConsumerRecord], next_offset: int) -> list[Entry]:
        """Records into the tail; orders and what is held back are remembered for good."""
        entries = [
            Entry(record.offset, record.key.decode("utf-8", "replace"), record.value or b"")
            for record in records
            if record.key is not None
        ]
        self.tails[place].take(entries, next_offset)
        showing = self.out.showing(place)
        for entry in entries:
            if place.topic == HELD_TOPIC or self._codec.name_of(entry.value) == f"{DELIVERY_PREFIX}{ORDER}":
                item = showing.item(entry)
                if isinstance(item, Delivery):
                    if item.meta.not_before is not None:
                        self.held[place].add(milliseconds(item.meta.not_before), entry)
                    self.out.note(entry.desk, item)
        return entries

    # Time

    async def _tick(self) -> None:
        """Show what was held back as soon as its time has come."""
        due_ms = self.out.due_ms
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now_ms = milliseconds(self._clock())
            for place, held in self.held.items():
                if due := held.due(due_ms[place], now_ms):
                    await self.out.show(place, due, late=True)
                due_ms[place] = now_ms

    async def _beat(self) -> None:
        """A heartbeat now and then for readers for whom nothing waits, a part of them at a time; ends what must end."""
        parts = max(1, int(self._limits.heartbeat.total_seconds() / _BEAT_SECONDS))
        while True:
            for part in range(parts):
                await asyncio.sleep(_BEAT_SECONDS)
                for place, readers in self._attached.places():
                    beat = Frame(HEARTBEAT, None, self.shown_to[place], self.out.due_ms[place])
                    for reader in readers[part::parts]:
                        if reader.idle:
                            reader.push([beat])
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
