"""Intake of units that write their own topics pauses in a lane, when they would fill quarantine; the rest goes on.

What waits stays in Kafka: its offset is not committed before it is decided on. Whatever paused it is told on
``quarantine.pauses``, in the lane's own transaction. Gates are not remembered: the next owner counts anew.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from aiokafka import TopicPartition

from schemas.codec import Codec
from schemas.pausing import Gate, GateState, Paused, Pausing, SourcePause
from schemas.topics import PAUSES, unit_of
from streams.engine.outbox import Outbox, Output
from streams.engine.records import Batch, moment
from streams.engine.signals import Signal, emit
from streams.engine.work import Source

_MS: Final = 1000
_NONE: Final[frozenset[TopicPartition]] = frozenset()


class IntakeGates:
    """The gates of one lane: one for each unit's own topic. A lane without any has no work with them.

    Shape: ``take`` gives what may be decided on of a source, ``counting`` counts what became of it.
    """

    def __init__(self, sources: Iterable[Source], pausing: Pausing) -> None:
        now = time.monotonic()
        units = {source.tp: unit_of(source.tp.topic) for source in sources}
        self._units = {tp: unit for tp, unit in units.items() if unit is not None}
        self._gates = {tp: Gate(pausing.of(unit), now) for tp, unit in self._units.items()}
        self._told: dict[TopicPartition, Paused] = {}
        self._codec = Codec()
        #: What the broker's clock, near enough, says when ours began.
        self._epoch = time.time() - now
        self.outputs: Sequence[str] = (PAUSES,) if self._gates else ()

    def take(self, source: Source, most: int) -> list[Batch]:
        """What may be decided on of a source now: all that waits, up to ``most``, unless a gate says less."""
        gate = self._gates.get(source.tp)
        if gate is None:
            return source.take(most)
        if not source.backlog:
            return []
        return source.take_few(min(most, gate.room(time.monotonic())))

    @contextmanager
    def counting(self, source: Source) -> Iterator[None]:
        """Count what the step accepts and rejects of a source meanwhile."""
        gate = self._gates.get(source.tp)
        if gate is None:
            yield
            return
        counters = source.work.counters
        before, taken = Counter(counters.rejected), counters.records_taken
        yield
        rejected = Counter(counters.rejected) - before
        gate.count(time.monotonic(), counters.records_taken - taken, rejected)

    def go_on(self, name: str) -> None:
        """Let a unit, or the unit of a desk, go on."""
        for tp, unit in self._units.items():
            if unit == name.partition("/")[0]:
                self._gates[tp].go_on(time.monotonic())

    def held(self) -> frozenset[TopicPartition]:
        """The partitions of which nothing may be decided on now."""
        if not self._gates:
            return _NONE
        now = time.monotonic()
        return frozenset(tp for tp, gate in self._gates.items() if not gate.room(now))

    def tell(self, outbox: Outbox) -> None:
        """Write how each source stands, where that has changed."""
        for tp, gate in self._gates.items():
            gate.room(time.monotonic())  # a pause ends by the clock alone
            before = self._told.get(tp)
            if before is not gate.told:
                self._told[tp] = gate.told
                outbox.add(self._output(tp, gate.told))
                _log(tp, before, gate.told)

    def _output(self, tp: TopicPartition, told: Paused) -> Output:
        where = f"{tp.topic}:{tp.partition}"
        said = SourcePause(
            source=self._units[tp],
            where=where,
            state=told.state.value,
            since=moment(self._ms(told.since)),
            until=None if told.until is None else moment(self._ms(told.until)),
            came=told.came,
            rejected=told.rejected,
            times=told.times,
            codes=list(told.codes),
        )
        value = self._codec.encode("source_pause", said.model_dump(mode="python"))
        return Output(PAUSES, where.encode(), value, self._ms(time.monotonic()), partition=tp.partition)

    def _ms(self, seconds: float) -> int:
        return int((self._epoch + seconds) * _MS)


def _log(tp: TopicPartition, before: Paused | None, now: Paused) -> None:
    if now.state is GateState.PAUSED:
        codes = list(now.codes)
        emit(Signal.INTAKE_PAUSED, level="warning", topic=tp.topic, partition=tp.partition, codes=codes)
    elif now.state is GateState.OPEN and before is not None:
        emit(Signal.INTAKE_WENT_ON, topic=tp.topic, partition=tp.partition)
