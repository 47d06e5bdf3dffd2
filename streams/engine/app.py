"""The Faust app of a worker: three agents on the batching transport, their lanes opened and closed with partitions."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiokafka.producer.sender
import faust
from aiokafka import TopicPartition
from faust.serializers import codecs

from streams.engine.lane import Lane, Step
from streams.engine.settings import Settings
from streams.engine.signals import Counters, Signal, emit
from streams.engine.transport import BatchTransport

#: aiokafka waits this long for the broker to close the previous transaction before it opens the next one; its 20 ms
#: are most of a transaction's time on one machine (docs/adr/0004, with the measurement).
TRANSACTION_RETRY_S = 0.002


class _AsIs(codecs.Codec):
    """Hands a batch through Faust's deserialisation untouched."""

    def _loads(self, s: Any) -> Any:
        return s

    def _dumps(self, s: Any) -> Any:
        return s


codecs.register("batch", _AsIs())


class Lanes:
    """The lanes of the partitions that this worker has, by source topic and partition number."""

    def __init__(self, agents: Mapping[Step, Sequence[str]], settings: Settings) -> None:
        self._agents = agents
        self._settings = settings
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._by_source: dict[tuple[str, int], Lane] = {}
        self._totals: dict[str, Counters] = {step.name: Counters() for step in agents}
        self.app: Any = None

    def of(self, topic: str, partition: int) -> Lane | None:
        """The lane that takes this partition's batches, if this worker has it."""
        return self._by_source.get((topic, partition))

    async def open(self, assigned: Iterable[Any]) -> None:
        """Open a lane for each agent and partition number assigned; only then let batches in."""
        await self.close()
        partitions = {(tp.topic, tp.partition) for tp in assigned}
        for step, sources in self._agents.items():
            for number in sorted({number for topic, number in partitions if topic in sources}):
                lane = Lane(step, number, sources, self._settings, self._pressure)
                self._lanes[step.name, number] = lane
                for topic in sources:
                    self._by_source[topic, number] = lane
        await asyncio.gather(*(lane.open() for lane in self._lanes.values()))
        self.app.consumer.gate.set()

    async def close(self) -> None:
        """Let no more batches in, and close every lane."""
        if self.app.consumer is not None:
            self.app.consumer.gate.clear()
        lanes, self._lanes = self._lanes, {}
        self._by_source.clear()
        await asyncio.gather(*(lane.close() for lane in lanes.values()))
        for lane in lanes.values():
            self._totals[lane.step.name].add(lane.counters)

    def totals(self) -> dict[str, Counters]:
        """What each agent has done since the worker started."""
        totals = {}
        for name, done in self._totals.items():
            totals[name] = Counters()
            totals[name].add(done)
        for lane in self._lanes.values():
            totals[lane.step.name].add(lane.counters)
        return totals

    def state_entries(self) -> dict[str, int]:
        """How many entries each agent's state has in this worker."""
        entries = dict.fromkeys(self._totals, 0)
        for lane in self._lanes.values():
            entries[lane.step.name] += len(lane.state)
        return entries

    def _pressure(self, sources: Sequence[TopicPartition], *, full: bool) -> None:
        consumer = self.app.consumer
        tps = {faust.types.TP(tp.topic, tp.partition) for tp in sources}
        if full:
            consumer.pause_partitions(tps)
        else:
            consumer.resume_partitions(tps & set(consumer.assignment()))


def build_app(agents: Mapping[Step, Sequence[str]], settings: Settings) -> tuple[faust.App, Lanes]:
    """The app of one worker.

    Shape: each agent's step with the topics it reads, all with the same number of partitions, because Faust gives
    partition p of all of them to one worker.
    """
    aiokafka.producer.sender.BACKOFF_OVERRIDE = TRANSACTION_RETRY_S
    app = faust.App(
        settings.group,
        broker=f"kafka://{settings.kafka['bootstrap_servers'].split(',')[0]}",
        broker_max_poll_records=4000,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.heartbeat_interval_s,
        broker_request_timeout=max(30.0, settings.session_timeout_s + 5),
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance,
        datadir=tempfile.mkdtemp(prefix="sambus-worker-"),
        store="memory://",
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.transport = BatchTransport(app.conf.broker, app)
    app.transport.kafka = settings.kafka
    lanes = Lanes(agents, settings)
    lanes.app = app
    for step, topics in agents.items():
        app.agent(app.topic(*topics, key_serializer="batch", value_serializer="batch"), name=step.name)(_feed(lanes))
    _follow_partitions(app, lanes)
    _report(app, lanes, settings)
    return app, lanes


def _feed(lanes: Lanes) -> Any:
    """An agent that hands each batch to its lane and never waits on one (a lane that is gone would stall Faust)."""

    async def feed(batches: Any) -> None:
        async for event in batches.events():
            batch = event.message.value
            lane = lanes.of(batch.topic, batch.partition)
            if lane is not None and batch.generation == lanes.app.consumer_generation_id:
                lane.take(batch)

    return feed


def _follow_partitions(app: faust.App, lanes: Lanes) -> None:
    @app.on_partitions_revoked.connect
    async def revoked(_app: Any, revoked: Any, **_: Any) -> None:
        emit(Signal.PARTITIONS_REVOKED, partitions=len(revoked))
        await lanes.close()

    @app.on_partitions_assigned.connect
    async def assigned(_app: Any, assigned: Any, **_: Any) -> None:
        emit(Signal.PARTITIONS_ASSIGNED, partitions=len(assigned))
        await lanes.open(assigned)

    @app.on_before_shutdown.connect
    async def stopping(_app: Any, **_: Any) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await lanes.close()

    # The signals hold their receivers weakly.
    lanes.receivers = (revoked, assigned, stopping)  # type: ignore[attr-defined]


def _report(app: faust.App, lanes: Lanes, settings: Settings) -> None:
    """Tell every so often what each agent has done, as counts and seconds."""

    @app.timer(interval=settings.report_every_s)
    async def report() -> None:
        entries = lanes.state_entries()
        for name, counters in lanes.totals().items():
            emit(
                Signal.WORKER_COUNTED,
                agent=name,
                records_taken=counters.records_taken,
                records_written=counters.records_written,
                cycles_committed=counters.cycles_committed,
                rejected=dict(counters.rejected),
                dropped=dict(counters.dropped),
                deciding_s=round(counters.deciding_s, 3),
                committing_s=round(counters.committing_s, 3),
                state_entries=entries[name],
            )
