"""A lane: all agents' work on one partition number, exactly once.

Each lane has its own transactional producer. The order on opening is what makes it safe: fence the former owner, then
read the committed offsets, then load the state, then work from exactly there (docs/adr/0002).
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced, for_code

from schemas.offsets_told import heed_refusals
from schemas.tasks import end, stopped
from schemas.topics_known import make_known
from streams.engine.chain import Chain
from streams.engine.changelogs import Changelogs, Restored
from streams.engine.feed_counts import FeedCounts
from streams.engine.intake_gates import IntakeGates
from streams.engine.outbox import Outbox
from streams.engine.progress import Progress
from streams.engine.quick_records import BATCH_BYTES
from streams.engine.records import Batch
from streams.engine.settings import LOOKS_ANEW_MS, Settings
from streams.engine.signals import Counters, Signal, emit, where
from streams.engine.state import State
from streams.engine.tally import Tally
from streams.engine.ticker import Ticker
from streams.engine.way import SLICE_S, RightOfWay
from streams.engine.work import GapError, Source, Step, Work

#: Exit codes of a worker whose lane cannot go on; its supervisor starts it anew.
EXIT_FENCED, EXIT_GAP, EXIT_FAILED = 13, 14, 15
#: The places in flash topics are committed anew so often: no member of the group subscribes to them, and Kafka forgets
#: what such a group has not committed for ``offsets.retention.minutes`` (7 days by default), however quiet it was.
_KEEP_PLACES_S = 6 * 3600.0
#: A step gives the loop back to other lanes at least this often.
_YIELD_EVERY_S = 0.001


class Pressure(Protocol):
    """Tells the consumer to stop or to go on fetching a partition."""

    def __call__(self, source: TopicPartition, *, full: bool) -> None:
        """``full`` stops, otherwise goes on."""


@dataclass
class Cycle:
    """What one transaction will hold: outputs, and the offset to go on from for each partition read."""

    outbox: Outbox
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    records: int = 0
    #: How many urgent batches are among them.
    flash: int = 0


class Lane:
    """Every agent's work on one partition number."""

    def __init__(
        self,
        agents: Mapping[Step, Sequence[str]],
        partition: int,
        settings: Settings,
        pressure: Pressure,
        way: RightOfWay,
        tally: Tally | None = None,
    ) -> None:
        self.partition = partition
        self.tally = tally or Tally()
        states: dict[str, State] = {}
        self.works = [Work(step, partition, states, settings) for step in agents]
        self.chain = Chain(partition)
        self.counts = FeedCounts(partition)
        folder = None if settings.snapshots is None else settings.snapshots / settings.group
        self._changelogs = Changelogs({work.changelog: work.state for work in self.works}, folder)
        self._settings = settings
        self._pressure = pressure
        # Flash first, then last agent first: what is nearly done goes out before more is taken in.
        sources = [
            Source(TopicPartition(topic, partition), work)
            for work in reversed(self.works)
            for topic in agents[work.step]
        ]
        self._sources = {source.tp.topic: source for source in sorted(sources, key=lambda source: not source.flash)}
        self._flash = [source for source in sources if source.flash]
        self._way = way
        self._in_hand = 0
        self._places_kept = float("-inf")
        self.progress = Progress()
        #: Routine work goes on until then although flash waits: what overtakes must not starve the rest.
        self._routine_until = 0.0
        self._gates = IntakeGates(self._sources.values(), settings.pausing)
        self._arrived = asyncio.Event()
        self._ticker = Ticker(self._arrived.set)
        #: Whether it takes batches, for whoever counts lanes.
        self.open_now = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._partitions: dict[str, int] = {}
        self._producer: Any = None

    async def open(self) -> None:
        """Fence, read offsets, load state, start to work."""
        started = time.monotonic()
        self._producer = aiokafka.AIOKafkaProducer(
            **self._settings.kafka,
            transactional_id=f"{self._settings.group}-{self.partition}",
            transaction_timeout_ms=self._settings.transaction_timeout_ms,
            max_batch_size=BATCH_BYTES,
            max_request_size=4 * 1024 * 1024,
            retry_backoff_ms=self._settings.retry_backoff_ms,
        )
        await self._producer.start()
        for work in self.works:
            if work.before is not None:
                await work.before()
        loaded = await self._load()
        outputs = {topic for work in self.works for topic in (*work.step.outputs, work.changelog.topic)}
        outputs |= {self.chain.heads.topic, self.counts.place.topic, *self._gates.outputs}
        await self._producer.client.set_topics(outputs)  # all at once: each asked by itself costs a round trip
        for topic in sorted(outputs):
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
        self._task = asyncio.create_task(self._run(), name=f"lane-{self.partition}")
        self._ticker.start()
        self._tell_opened(Signal.LANE_OPENED, loaded, started)
        self.open_now = True
        self._preparing = asyncio.create_task(self._prepare(started), name=f"lane-{self.partition}-prepares")

    def _tell_opened(self, signal: Signal, loaded: Restored, started: float) -> None:
        spent = time.monotonic() - started
        self.tally.opening.observe(spent, "open" if signal is Signal.LANE_OPENED else "prepared")
        emit(
            signal,
            partition=self.partition,
            state_records_loaded=loaded.from_changelogs,
            from_snapshots=loaded.from_snapshots,
            opened_in_s=round(spent, 3),
        )

    async def _load(self) -> Restored:
        """Read the committed offsets, then the state that goes with them, of the agents that events wait for."""
        works = [work for work in self.works if not work.later]
        changelogs = list({work.changelog for work in works})
        async with self._reader([*changelogs, self.chain.heads, self.counts.place]) as reader:
            for source in self._sources.values():
                source.expected = await reader.committed(source.tp)
            await self._tell_losses(reader)
            await self.chain.load(reader)
            await self.counts.load(reader)
            restored = await self._changelogs.restore(reader, changelogs)
        for work in works:
            for _ in work.opening():
                await asyncio.sleep(0)
        return restored

    async def _prepare(self, started: float) -> None:
        """Read the state of the agents that no event waits for, while the others work; then let them begin."""
        works = [work for work in self.works if work.later]
        if not works:
            return
        try:
            async with self._reader([work.changelog for work in works]) as reader:
                loaded = await self._changelogs.restore(reader, [work.changelog for work in works])
            for work in works:
                for _ in work.opening():
                    await asyncio.sleep(0)
                self._arrived.set()
        except Exception as problem:  # noqa: BLE001 - as in _run
            self._stop(Signal.LANE_FAILED, EXIT_FAILED, cause=type(problem).__name__, where=where(problem))
        self._tell_opened(Signal.LANE_PREPARED, loaded, started)

    @contextlib.asynccontextmanager
    async def _reader(self, places: Sequence[TopicPartition]) -> AsyncIterator[aiokafka.AIOKafkaConsumer]:
        """A consumer of these partitions, of committed records alone."""
        reader = aiokafka.AIOKafkaConsumer(
            **self._settings.kafka,
            group_id=self._settings.group,
            isolation_level="read_committed",
            metadata_max_age_ms=LOOKS_ANEW_MS,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=20,  # a broker answers in turn: a fetch that waits holds up every question behind it
        )
        heed_refusals(reader, for_code)
        await reader.start()
        try:
            reader.assign(places)
            yield reader
        finally:
            await stopped(reader.stop(), 0.5)

    async def _tell_losses(self, reader: aiokafka.AIOKafkaConsumer) -> None:
        """Tell of records that retention removed before they were read: they are lost, and nobody may overlook it."""
        places = [source.tp for source in self._sources.values()]
        make_known(reader, places)
        beginnings = await reader.beginning_offsets(places)
        for source in self._sources.values():
            lost = beginnings[source.tp] - (source.expected or 0)
            if source.expected is not None and lost > 0:
                emit(Signal.RECORDS_EXPIRED_UNREAD, level="error", topic=source.tp.topic, records_at_most=lost)

    def take(self, batch: Batch) -> None:
        """Queue a batch; above the bound its partition is paused until the lane has caught up."""
        source = self._sources[batch.topic]
        source.put(batch)
        if source.work.ready and source.tp not in self._gates.held():
            self.progress.arrived(time.monotonic())
        if source.is_urgent(batch):
            self._in_hand += 1
            self._way.claim(self.partition)
        self._arrived.set()
        if not source.full and source.backlog > self._settings.backlog_records:
            source.full = True
            self._pressure(source.tp, full=True)

    def go_on(self, source: str) -> None:
        """Let a unit's own topic be read on, whatever paused it."""
        self._gates.go_on(source)
        self._arrived.set()

    def held(self) -> frozenset[TopicPartition]:
        """The partitions that wait because their unit would fill quarantine: no sign that the lane is stuck."""
        return self._gates.held()

    def places(self) -> dict[TopicPartition, bool]:
        """What it reads, and whether nothing of that waits here: then what is missing was not fetched."""
        return {
            source.tp: source.work.ready and not source.full and not source.backlog for source in self._sources.values()
        }

    def flash_places(self) -> dict[TopicPartition, int | None]:
        """Where to read this lane's flash topics from, once it is open."""
        return {source.tp: source.expected for source in self._flash}

    async def close(self) -> None:
        """Finish the cycle at hand, then let go; an unfinished transaction is aborted by the next owner's fence."""
        self._closing = True
        self._ticker.stop()
        self._arrived.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=3)
            await end(*(task for task in (self._task, self._preparing) if task is not None))
        if self._producer is not None:
            try:
                cause = None if await stopped(self._producer.stop(), 5) else TimeoutError.__name__
            except KafkaError as problem:
                cause = type(problem).__name__
            if cause is not None:
                emit(Signal.LANE_ABANDONED, level="warning", partition=self.partition, cause=cause)
        self._changelogs.close()
        self._way.release(self.partition)
        emit(Signal.LANE_CLOSED, partition=self.partition)

    async def _run(self) -> None:
        committing: asyncio.Task[None] | None = None
        try:
            while await self._work_or_end(committing):
                cycle = Cycle(Outbox(self._partitions))
                await self._decide_until(committing, cycle)
                self._tick(cycle)
                self._gates.tell(cycle.outbox)
                if committing is not None:
                    await committing
                    committing = None
                self._routine_until = time.perf_counter() + SLICE_S if cycle.flash else 0.0
                if cycle.ends or len(cycle.outbox):
                    self.counts.number(cycle.outbox)
                    self.chain.close(cycle.outbox)
                    committing = asyncio.create_task(self._commit(cycle))
            if committing is not None:
                await committing
        except ProducerFenced:
            self._stop(Signal.LANE_FENCED, EXIT_FENCED)
        except GapError:
            self._stop(Signal.LANE_FOUND_GAP, EXIT_GAP)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the worker must not go on half alive
            self._stop(Signal.LANE_FAILED, EXIT_FAILED, cause=type(problem).__name__, where=where(problem))
        finally:
            if committing is not None:
                committing.cancel()

    async def _work_or_end(self, committing: "asyncio.Task[None] | None") -> bool:
        """Wait until batches have arrived; false when the lane is to close. A failed commit is raised at once."""
        if committing is not None and not self._arrived.is_set():
            await self._arrival_or(committing)
            if committing.done():
                committing.result()
        await self._arrived.wait()
        return not self._closing

    async def _arrival_or(self, committing: "asyncio.Task[None]") -> None:
        """Wait until batches have arrived or the transaction is closed."""
        arrival = asyncio.ensure_future(self._arrived.wait())
        try:
            await asyncio.wait({arrival, committing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()

    async def _decide_until(self, committing: "asyncio.Task[None] | None", cycle: Cycle) -> None:
        """Decide on what waits, and, while the broker still closes the last transaction, on what comes meanwhile.

        Deciding ahead is safe: if the commit fails, the worker stops, and what was decided goes with its memory.
        """
        while True:
            self._arrived.clear()
            await self._decide_waiting(cycle)
            enough = cycle.records >= self._settings.cycle_records or self._is_full(cycle)
            if committing is None or committing.done() or enough:
                return
            if not self._arrived.is_set():
                await self._arrival_or(committing)
            if self._closing or committing.done():
                return

    def _stop(self, signal: Signal, code: int, **fields: str) -> None:
        """Stop the whole worker: what is committed is whole, what is not will be done again by the next owner."""
        emit(signal, level="error", partition=self.partition, **fields)
        os._exit(code)

    async def _decide_waiting(self, cycle: Cycle) -> None:
        """Let each agent decide on what waits for it, flash first; what comes of that meanwhile has the next turn."""
        while await self._take_turn(cycle):
            pass

    async def _take_turn(self, cycle: Cycle) -> bool:
        """One turn of the agents; whether flash has come and is to be taken before the cycle ends."""
        for source in self._sources.values():
            if not source.flash and (self._hurries(cycle) or self._is_full(cycle)):
                break
            batches = self._gates.take(source, self._settings.cycle_records) if source.work.ready else ()
            if batches:
                cycle.flash += sum(map(source.is_urgent, batches))
                with self._gates.counting(source):
                    cycle.ends[source.tp] = await self._decide(source, batches, cycle)
                self._relieve(source)
        return self._flash_waits() and cycle.records < self._settings.cycle_records

    def _is_full(self, cycle: Cycle) -> bool:
        """Whether a cycle has as much to write as flash may have to wait for."""
        return len(cycle.outbox) >= self._settings.cycle_outputs

    def _hurries(self, cycle: Cycle) -> bool:
        """Whether flash is in hand or waits, and routine work has had its share."""
        return bool(cycle.flash or self._flash_waits()) and time.perf_counter() >= self._routine_until

    async def _decide(self, source: Source, batches: Sequence[Batch], cycle: Cycle) -> int:
        """Let the step decide on each record that is expected; returns the offset to go on from.

        Routine work stops when flash comes for this lane, or the cycle is full; what is left of it waits again.
        """
        counters, outbox = source.work.counters, cycle.outbox
        before, started, yielded = len(outbox), time.perf_counter(), time.perf_counter()
        for number, batch in enumerate(batches):
            if source.work.ahead is not None:
                await source.work.ahead(batch.records)
            for record in source.new_in(batch):
                source.work.apply(record, outbox)
                self.chain.link(outbox)
                counters.records_taken += 1
                cycle.records += 1
                if time.perf_counter() - yielded > _YIELD_EVERY_S:
                    await self._let_pass(source)
                    yielded = time.perf_counter()
                    if not source.flash and (self._hurries(cycle) or self._is_full(cycle)):
                        source.expected = record.offset + 1
                        source.put_back(batches[number:])
                        source.work.remember(outbox, int(record.timestamp))
                        self._count(counters, len(outbox) - before, started)
                        return source.expected
            source.expected = max(source.expected or 0, batch.end)
            self._moved()
        source.work.remember(outbox, int(batches[-1].records[-1].timestamp))
        self._count(counters, len(outbox) - before, started)
        return source.expected or 0

    def _count(self, counters: Counters, written: int, started: float) -> None:
        counters.records_written += written
        counters.deciding_s += time.perf_counter() - started

    async def _let_pass(self, source: Source) -> None:
        """Give the loop back; routine work waits while another lane has flash in hand."""
        self._moved()
        await asyncio.sleep(0)
        if not source.flash and not self._flash_waits():
            await self._way.give(self.partition)

    def _moved(self) -> None:
        """Say that the lane gets on, and what is left to it."""
        held = self._gates.held()  # what must wait for its unit's sake is no work left undone
        ready = (source for source in self._sources.values() if source.work.ready and source.tp not in held)
        waiting = sum(source.backlog for source in ready)
        self.progress.moved(time.monotonic(), waiting)

    def _flash_waits(self) -> bool:
        return any(source.urgent and source.work.ready for source in self._flash)

    def _tick(self, cycle: Cycle) -> None:
        """Let agents act on the time, once a second, unless something that they should know of first still waits."""
        if self._ticker.struck():
            self._keep_places(cycle)
            behind = {source.work for source in self._sources.values() if source.backlog}
            for work in self.works:
                if work.ready and work not in behind:
                    work.tick(int(time.time() * 1000), cycle.outbox)

    def _keep_places(self, cycle: Cycle) -> None:
        """Now and then, let a cycle commit where the lane stands in its flash topics, though nothing came."""
        now = time.monotonic()
        if now - self._places_kept > _KEEP_PLACES_S:
            self._places_kept = now
            for tp, expected in self.flash_places().items():
                if expected is not None:
                    cycle.ends.setdefault(tp, expected)

    async def _commit(self, cycle: Cycle) -> None:
        """Write outputs, state changes and offsets in one transaction."""
        started = time.perf_counter()
        producer = self._producer
        self.progress.commits(time.monotonic())
        await producer.begin_transaction()
        futures = await cycle.outbox.send(producer)
        if cycle.ends:
            await producer.send_offsets_to_transaction(cycle.ends, self._settings.group)
        await asyncio.gather(*futures)
        await producer.commit_transaction()
        self.progress.committed(time.monotonic())
        self._changelogs.keep(cycle.outbox)
        self._in_hand -= cycle.flash
        if not self._in_hand:
            self._way.release(self.partition)
        spent = time.perf_counter() - started
        self.tally.committed(cycle.outbox.shared, spent, time.time() * 1000)
        for span in cycle.outbox.spans:
            span.end()
        for work in self.works:
            work.counters.cycles_committed += 1
            work.counters.committing_s += spent / len(self.works)

    def _relieve(self, source: Source) -> None:
        if source.backlog:
            self._arrived.set()
        if source.full and source.backlog < self._settings.backlog_records // 4:
            source.full = False
            self._pressure(source.tp, full=False)
