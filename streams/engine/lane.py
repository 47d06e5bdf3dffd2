"""A lane: one agent's work on one partition number, exactly once.

Each lane has its own transactional producer. The order on opening is what makes it safe: fence the former owner, then
read the committed offsets, then load the state, then work from exactly there (docs/adr/0002).
"""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from streams.engine.outbox import Outbox, Output
from streams.engine.records import Batch, Record
from streams.engine.settings import Settings
from streams.engine.signals import Counters, Signal, emit, where
from streams.engine.state import State, restore

#: Exit codes of a worker whose lane cannot go on; its supervisor starts it anew.
EXIT_FENCED, EXIT_GAP, EXIT_FAILED = 13, 14, 15
#: A step gives the loop back to other lanes at least this often.
_YIELD_EVERY_S = 0.005


class Step(Protocol):
    """What an agent does with one record: outputs into the outbox, what it learnt into the state."""

    name: str
    outputs: Sequence[str]

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:
        """Decide on one record. An exception is a bug: the record goes whole into quarantine."""

    def contain(self, record: Record, out: Outbox) -> None:
        """Put a record that the step failed on into quarantine."""


class Pressure(Protocol):
    """Tells the consumer to stop or to go on fetching a lane's partitions."""

    def __call__(self, sources: Sequence[TopicPartition], *, full: bool) -> None:
        """``full`` stops, otherwise goes on."""


class GapError(Exception):
    """Records between the last batch and this one are missing."""


class Lane:
    """One agent on one partition number."""

    def __init__(
        self, step: Step, partition: int, sources: Sequence[str], settings: Settings, pressure: Pressure
    ) -> None:
        self.step = step
        self.partition = partition
        self.counters = Counters()
        self._settings = settings
        self._pressure = pressure
        self._sources = [TopicPartition(topic, partition) for topic in sources]
        self._changelog = f"state.{step.name}"
        self.state = State(int(settings.memory.total_seconds() * 1000))
        self._next: dict[str, int] = {}
        self._queue: asyncio.Queue[Batch] = asyncio.Queue()
        self._backlog = 0
        self._full = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._partitions: dict[str, int] = {}
        self._producer: Any = None

    async def open(self) -> None:
        """Fence, read offsets, load state, start to work."""
        started = time.monotonic()
        self._producer = aiokafka.AIOKafkaProducer(
            **self._settings.kafka,
            transactional_id=f"{self._settings.group}-{self.step.name}-{self.partition}",
            transaction_timeout_ms=self._settings.transaction_timeout_ms,
            max_batch_size=512 * 1024,
            max_request_size=4 * 1024 * 1024,
            retry_backoff_ms=20,
        )
        await self._producer.start()
        loaded = await self._load()
        for topic in (*self.step.outputs, self._changelog):
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
        self._task = asyncio.create_task(self._run(), name=f"lane-{self.step.name}-{self.partition}")
        emit(
            Signal.LANE_OPENED,
            agent=self.step.name,
            partition=self.partition,
            state_records_loaded=loaded,
            opened_in_s=round(time.monotonic() - started, 3),
        )

    async def _load(self) -> int:
        """Read the committed offsets, then the state that goes with them; returns the changelog records read."""
        reader = aiokafka.AIOKafkaConsumer(
            **self._settings.kafka,
            group_id=self._settings.group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await reader.start()
        try:
            changelog = TopicPartition(self._changelog, self.partition)
            reader.assign([changelog])
            for source in self._sources:
                committed = await reader.committed(source)
                if committed is not None:
                    self._next[source.topic] = committed
            return await restore(self.state, reader, changelog)
        finally:
            await reader.stop()

    def take(self, batch: Batch) -> None:
        """Queue a batch; above the bound its partitions are paused until the lane has caught up."""
        self._queue.put_nowait(batch)
        self._backlog += len(batch.records)
        if not self._full and self._backlog > self._settings.backlog_records:
            self._full = True
            self._pressure(self._sources, full=True)

    async def close(self) -> None:
        """Finish the cycle at hand, then let go; an unfinished transaction is aborted by the next owner's fence."""
        self._closing = True
        if self._task is not None:
            if self._queue.empty():
                self._task.cancel()
            await asyncio.wait([self._task], timeout=3)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._producer is not None:
            try:
                await asyncio.wait_for(self._producer.stop(), 5)
            except (TimeoutError, KafkaError) as problem:
                emit(Signal.LANE_ABANDONED, level="warning", agent=self.step.name, cause=type(problem).__name__)
        emit(Signal.LANE_CLOSED, agent=self.step.name, partition=self.partition)

    async def _run(self) -> None:
        try:
            while not self._closing:
                await self._cycle(await self._gather())
        except ProducerFenced:
            self._stop(Signal.LANE_FENCED, EXIT_FENCED)
        except GapError:
            self._stop(Signal.LANE_FOUND_GAP, EXIT_GAP)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the worker must not go on half alive
            self._stop(Signal.LANE_FAILED, EXIT_FAILED, cause=type(problem).__name__, where=where(problem))

    def _stop(self, signal: Signal, code: int, **fields: str) -> None:
        """Stop the whole worker: what is committed is whole, what is not will be done again by the next owner."""
        emit(signal, level="error", agent=self.step.name, partition=self.partition, **fields)
        os._exit(code)

    async def _gather(self) -> list[Batch]:
        """Everything queued, up to the bound: one transaction a cycle, however many batches."""
        batches = [await self._queue.get()]
        count = len(batches[0].records)
        while count < self._settings.cycle_records and not self._queue.empty():
            batches.append(self._queue.get_nowait())
            count += len(batches[-1].records)
        return batches

    async def _cycle(self, batches: Sequence[Batch]) -> None:
        """Decide on the batches and commit outputs, state and offsets together."""
        outbox = Outbox(self._partitions)
        started = time.perf_counter()
        ends: dict[str, int] = {}
        taken = 0
        for batch in batches:
            taken += await self._decide(batch, ends, outbox)
        self.state.expire()
        for key, value in self.state.take_changes():
            outbox.add(Output(self._changelog, key, value, self._newest(batches), partition=self.partition))
        decided = time.perf_counter()
        if ends:
            await self._commit(outbox, ends)
        self.counters.records_taken += taken
        self.counters.records_written += len(outbox)
        self.counters.cycles_committed += 1
        self.counters.deciding_s += decided - started
        self.counters.committing_s += time.perf_counter() - decided
        self._relieve(batches)

    async def _decide(self, batch: Batch, ends: dict[str, int], outbox: Outbox) -> int:
        """Let the step decide on each record that is expected; older ones were done by an earlier owner."""
        expected = self._next.get(batch.topic)
        if expected is not None and batch.start is not None and batch.start > expected:
            raise GapError
        taken = 0
        yielded = time.perf_counter()
        for record in batch.records:
            if expected is not None and record.offset < expected:
                continue
            self._apply(record, outbox)
            taken += 1
            if time.perf_counter() - yielded > _YIELD_EVERY_S:
                await asyncio.sleep(0)
                yielded = time.perf_counter()
        if expected is None or batch.end > expected:
            ends[batch.topic] = self._next[batch.topic] = batch.end
        return taken

    def _apply(self, record: Record, outbox: Outbox) -> None:
        before = len(outbox)
        try:
            self.step(record, self.state, outbox, self.counters)
        except Exception as problem:  # noqa: BLE001 - a bug of ours must neither lose the record nor stop the partition
            cause = type(problem).__name__
            emit(Signal.STEP_FAILED, level="error", agent=self.step.name, cause=cause, where=where(problem))
            outbox.keep(before)
            self.step.contain(record, outbox)
            self.counters.rejected["INTERNAL"] += 1

    async def _commit(self, outbox: Outbox, ends: Mapping[str, int]) -> None:
        producer = self._producer
        await producer.begin_transaction()
        futures = await outbox.send(producer)
        offsets = {TopicPartition(topic, self.partition): end for topic, end in ends.items()}
        await producer.send_offsets_to_transaction(offsets, self._settings.group)
        await asyncio.gather(*futures)
        await producer.commit_transaction()

    @staticmethod
    def _newest(batches: Sequence[Batch]) -> int:
        return max(int(batch.records[-1].timestamp) for batch in batches)

    def _relieve(self, batches: Sequence[Batch]) -> None:
        self._backlog -= sum(len(batch.records) for batch in batches)
        if self._full and self._backlog < self._settings.backlog_records // 4:
            self._full = False
            self._pressure(self._sources, full=False)
