"""What a lane works on: each agent's step with its state, and each topic's batches in the order they must be taken."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from aiokafka import TopicPartition

from schemas.topics import is_flash_topic
from streams.engine.broadcast import kind_of
from streams.engine.outbox import Outbox
from streams.engine.records import Batch, Record
from streams.engine.settings import Settings
from streams.engine.signals import Counters, Signal, emit, where
from streams.engine.state import State
from streams.engine.tracing import named


class Step(Protocol):
    """What an agent does with one record: outputs into the outbox, what it learnt into the state.

    Some things are looked for and may be missing. ``memory`` names the agent whose state the step works on, by default
    its own. ``finish(state, out, at_ms)`` is called when all records at hand are decided on, before state is written;
    ``open(state)`` when the state has been read back, before any record; a generator gives the loop back at each
    ``yield``. ``tick(now_ms, state, out)`` once a second. With ``later`` no event waits for the step: its state is read
    back while the other agents are at work already, and what it reads waits meanwhile. ``before`` is awaited when a
    lane opens, ``ahead(records)`` before records are decided on: the one place where a step may ask others.
    """

    name: str
    outputs: Sequence[str]

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:
        """Decide on one record. An exception is a bug: the record goes whole into quarantine."""

    def contain(self, record: Record, out: Outbox) -> None:
        """Put a record that the step failed on into quarantine."""


class GapError(Exception):
    """Records between the last batch and this one are missing."""


class Work:
    """One agent's part of a lane: its step, its state and what it has done."""

    def __init__(self, step: Step, partition: int, states: dict[str, State], settings: Settings) -> None:
        self.step = step
        self.counters = Counters()
        self.memory: str = getattr(step, "memory", step.name)
        self.state = states.setdefault(self.memory, State(int(settings.memory.total_seconds() * 1000)))
        self.changelog = TopicPartition(f"state.{self.memory}", partition)
        self.later: bool = getattr(step, "later", False)
        #: Whether the step can take records.
        self.ready = False
        self._finish = getattr(step, "finish", None)
        self._tick = getattr(step, "tick", None)
        self.before: Callable[[], Awaitable[None]] | None = getattr(step, "before", None)
        self.ahead: Callable[[Sequence[Record]], Awaitable[None]] | None = getattr(step, "ahead", None)

    def opening(self) -> Iterator[None]:
        """Let the step work out what it needs from the state that was read back; in steps, for others' sake."""
        prepare = getattr(self.step, "open", None)
        if prepare is not None:
            yield from prepare(self.state) or ()
        self.state.weigh()
        self.ready = True

    def let_go(self) -> None:
        """Free the memory now: what hangs together is collected seldom, and the next owner may be this process."""
        self.ready = False
        self.state.clear()
        self.state.derived = None

    def apply(self, record: Record, outbox: Outbox) -> None:
        """Let the step decide; a bug of ours must neither lose the record nor stop the partition.

        Errors: ``MemoryError``. What was half done then is in no transaction.
        """
        before = outbox.mark()
        try:
            self.step(record, self.state, outbox, self.counters)
        except MemoryError:  # nobody's fault: the lane ends, and its next owner takes the record again
            raise
        except Exception as problem:  # noqa: BLE001
            cause = type(problem).__name__
            named_by = named(record)
            emit(Signal.STEP_FAILED, level="error", agent=self.step.name, cause=cause, where=where(problem), **named_by)
            outbox.keep(before)
            self.step.contain(record, outbox)
            self.counters.rejected["INTERNAL"] += 1

    def tick(self, now_ms: int, outbox: Outbox) -> None:
        """Let the step act on the time, if it minds it. A bug of ours there must not stop the partition."""
        if self._tick is None:
            return
        before = outbox.mark()
        try:
            self._tick(now_ms, self.state, outbox)
        except MemoryError:
            raise
        except Exception as problem:  # noqa: BLE001
            cause = type(problem).__name__
            emit(Signal.STEP_FAILED, level="error", agent=self.step.name, cause=cause, where=where(problem))
            outbox.keep(before)
        if outbox.mark() > before:
            self.remember(outbox, now_ms)
            self.counters.records_written += len(outbox) - before[0]

    def remember(self, outbox: Outbox, at_ms: int) -> None:
        """Write what changed in the state, and what left its window, to the changelog."""
        if self._finish is not None:
            self._finish(self.state, outbox, at_ms)
        self.state.expire()
        changes = self.state.take_changes()
        if changes:
            outbox.change(self.changelog, changes, at_ms)


class Source:
    """One topic's part of a lane: the batches that wait and the offset that is expected next."""

    def __init__(self, tp: TopicPartition, work: Work) -> None:
        self.tp = tp
        self.work = work
        #: Whether it overtakes every source that is not.
        self.flash = is_flash_topic(tp.topic)
        self.expected: int | None = None
        self.full = False
        self.backlog = 0
        #: How many waiting batches hold what overtakes.
        self.urgent = 0
        self._batches: deque[Batch] = deque()

    def put(self, batch: Batch) -> None:
        """Let a batch wait."""
        self._batches.append(batch)
        self.backlog += len(batch.records)
        self.urgent += self.is_urgent(batch)

    def take(self, most: int) -> list[Batch]:
        """The oldest batches, at least one if there is any, until they hold ``most`` records."""
        taken: list[Batch] = []
        count = 0
        while self._batches and count < most:
            taken.append(self._batches.popleft())
            count += len(taken[-1].records)
            self.urgent -= self.is_urgent(taken[-1])
        self.backlog -= count
        return taken

    def take_few(self, most: int) -> list[Batch]:
        """The oldest records, no more than ``most``: what is left of a batch that is cut waits as one of its own."""
        taken: list[Batch] = []
        left = most
        while self._batches and left > 0:
            batch = self._batches.popleft()
            if len(batch.records) > left:
                cut = batch.records[left].offset
                self._batches.appendleft(replace(batch, start=cut, records=batch.records[left:]))
                batch = replace(batch, end=cut, records=batch.records[:left])
            taken.append(batch)
            left -= len(batch.records)
        self.backlog -= sum(len(batch.records) for batch in taken)
        return taken

    def is_urgent(self, batch: Batch) -> bool:
        """Whether a batch holds what overtakes; what binds derived events comes first too, and nothing waits for it."""
        return self.flash and any(kind_of(record) is None for record in batch.records)

    def put_back(self, batches: Sequence[Batch]) -> None:
        """Let batches wait again, before all others; of one that was decided on in part, the rest is new."""
        self._batches.extendleft(reversed(batches))
        self.backlog += sum(len(batch.records) for batch in batches)
        self.urgent += sum(map(self.is_urgent, batches))

    def new_in(self, batch: Batch) -> Sequence[Record]:
        """The records of a batch that are expected; older ones were done by an earlier owner.

        Errors: ``GapError`` when records before the batch are missing.
        """
        if self.expected is None:
            return batch.records
        if batch.start is not None and batch.start > self.expected:
            raise GapError
        if batch.records and batch.records[0].offset >= self.expected:  # as nearly always
            return batch.records
        return [record for record in batch.records if record.offset >= self.expected]
