"""The Faust app of a worker: the agents on the batching transport, their lanes opened and closed with partitions."""

import asyncio
import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiokafka.producer.sender
import faust
from aiokafka import TopicPartition
from faust.auth import SSLCredentials
from faust.serializers import codecs
from faust.tables.manager import TableManager
from faust.types import TP

from schemas.tasks import end
from schemas.topics import is_flash_topic
from streams.engine.assignor import EvenAssignor
from streams.engine.flash_fetch import FlashFetch
from streams.engine.lane import EXIT_FAILED, Lane
from streams.engine.lanes_watch import LanesWatch
from streams.engine.pause_ends import follow_pause_ends
from streams.engine.quick_records import use_quick_records
from streams.engine.records import Batch
from streams.engine.settings import Settings
from streams.engine.signals import Counters, Signal, emit, where
from streams.engine.tally import Tally
from streams.engine.transport import BatchTransport
from streams.engine.watchdog import LoopWatch, end_blocked
from streams.engine.way import RightOfWay
from streams.engine.work import Step

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


class NoTables(TableManager):
    """Faust gives an app a second to name its tables before it reads; lanes keep their state themselves."""

    async def on_start(self) -> None:
        """Begin at once."""
        await self._update_channels()
        await self.recovery.start()


class Lanes:
    """The lanes of the partition numbers that this worker has."""

    def __init__(
        self, agents: Mapping[Step, Sequence[str]], settings: Settings, loop_watch: LoopWatch | None = None
    ) -> None:
        """``loop_watch`` begins with the first lanes, and is told when they read."""
        self._agents = agents
        self._settings = settings
        self._lanes: dict[int, Lane] = {}
        self._opening: asyncio.Task[None] | None = None
        self._way = RightOfWay()
        self._flash = FlashFetch(settings, self._hand_over, self._failed)
        self._loop_watch = loop_watch
        self._watch = LanesWatch(settings.patience, self._flash.ends, self._position)
        self._done: dict[str, Counters] = {step.name: Counters() for step in agents}
        self.tally = Tally()
        self.app: Any = None

    def of(self, partition: int) -> Lane | None:
        """The lane that takes this partition number's batches, if this worker has it."""
        return self._lanes.get(partition)

    async def open(self, assigned: Iterable[Any]) -> None:
        """Begin to open a lane for each partition number assigned; only when all are open, let batches in.

        Whoever assigns does not wait: aiokafka sends no heartbeat before its listener is done, and a worker that reads
        back much state would be taken for dead, again and again.
        """
        await self.close()
        numbers = sorted({tp.partition for tp in assigned})
        self._lanes = {
            number: Lane(self._agents, number, self._settings, self._pressure, self._way, self.tally)
            for number in numbers
        }
        self._opening = asyncio.create_task(self._open(), name="lanes-open")

    async def _open(self) -> None:
        try:
            await asyncio.gather(*(lane.open() for lane in self._lanes.values()))
            await self._flash.start({tp: at for lane in self._lanes.values() for tp, at in lane.flash_places().items()})
        except Exception as problem:  # noqa: BLE001 - Faust would log it and stay, neither reading nor ended
            self._failed(problem)
        self.app.consumer.gate.set()
        self._watch.start(self._lanes.values())
        if self._loop_watch is not None:
            self._loop_watch.start()
            self._loop_watch.ready()

    def _position(self, place: TopicPartition) -> int | None:
        if is_flash_topic(place.topic):
            return self._flash.position(place)
        position: int | None = self.app.consumer.position(place)
        return position

    def _failed(self, problem: BaseException) -> None:
        emit(Signal.LANE_FAILED, level="error", cause=type(problem).__name__, where=where(problem))
        os._exit(EXIT_FAILED)

    def _hand_over(self, batch: Batch) -> None:
        """Flash for its lane, which is there as long as it is fetched for."""
        self._lanes[batch.partition].take(batch)

    async def close(self) -> None:
        """Let no more batches in, and close every lane, also those that are not yet open."""
        if self.app.consumer is not None:
            self.app.consumer.gate.clear()
        if self._opening is not None:
            await end(self._opening)
        await self._watch.stop()
        await self._flash.stop()
        lanes, self._lanes, self._opening = self._lanes, {}, None
        await asyncio.gather(*(lane.close() for lane in lanes.values()))
        for work in (work for lane in lanes.values() for work in lane.works):
            self._done[work.step.name].add(work.counters)
            work.let_go()

    def go_on(self, source: str) -> None:
        """Let a source be read on in every lane here."""
        for lane in self._lanes.values():
            lane.go_on(source)

    def totals(self) -> dict[str, tuple[Counters, int]]:
        """What each agent has done since the worker started, and how many entries its state has here."""
        totals = {name: Counters() for name in self._done}
        entries = dict.fromkeys(self._done, 0)
        for name, done in self._done.items():
            totals[name].add(done)
        for work in (work for lane in self._lanes.values() for work in lane.works):
            totals[work.step.name].add(work.counters)
            entries[work.step.name] += len(work.state)
        return {name: (totals[name], entries[name]) for name in totals}

    def states(self) -> dict[str, tuple[int, int]]:
        """How many entries and bytes each state holds here. Agents that share one state count it once."""
        held = dict.fromkeys((getattr(step, "memory", step.name) for step in self._agents), (0, 0))
        for lane in self._lanes.values():
            for memory, state in {work.memory: work.state for work in lane.works}.items():
                entries, weight = held[memory]
                held[memory] = entries + len(state), weight + state.weight
        return held

    def stages(self) -> Counter[str]:
        """How many lanes are open, and how many still open."""
        return Counter("open" if lane.open_now else "opening" for lane in self._lanes.values())

    def _pressure(self, source: TopicPartition, *, full: bool) -> None:
        if is_flash_topic(source.topic):
            self._flash.hold(source, full=full)
            return
        consumer, tps = self.app.consumer, {TP(source.topic, source.partition)}
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
    use_quick_records()
    app = faust.App(
        settings.group,
        PartitionAssignor=EvenAssignor,
        TableManager=NoTables,
        broker=";".join(f"kafka://{address.strip()}" for address in settings.kafka["bootstrap_servers"].split(",")),
        broker_credentials=_credentials(settings.kafka),
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
    lanes = Lanes(agents, settings, LoopWatch(settings.patience.loop_s, end_blocked))
    lanes.app = app
    for step, topics in agents.items():
        routine = [topic for topic in topics if not is_flash_topic(topic)]  # flash has a consumer of its own
        app.agent(app.topic(*routine, key_serializer="batch", value_serializer="batch"), name=step.name)(_feed(lanes))
    _follow_partitions(app, lanes)
    _report(app, lanes, settings)
    if settings.own_access_units:
        follow_pause_ends(app, lanes.go_on, settings)
    return app, lanes


def _credentials(kafka: Mapping[str, Any]) -> Any:
    """What Faust's own clients prove themselves with: the same as ours. None where the cluster asks nothing."""
    protocol, context = str(kafka.get("security_protocol", "PLAINTEXT")), kafka.get("ssl_context")
    if protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=kafka["sasl_plain_username"],
            password=kafka["sasl_plain_password"],
            mechanism=kafka["sasl_mechanism"],
            ssl_context=context,
        )
    return SSLCredentials(context) if protocol == "SSL" else None


def _feed(lanes: Lanes) -> Any:
    """An agent that hands each batch to its lane and never waits on one (a lane that is gone would stall Faust)."""

    async def feed(batches: Any) -> None:
        async for event in batches.events():
            batch = event.message.value
            lane = lanes.of(batch.partition)
            if lane is not None and batch.generation == lanes.app.consumer_generation_id:
                lane.take(batch)

    return feed


def _follow_partitions(app: faust.App, lanes: Lanes) -> None:
    @app.on_partitions_revoked.connect
    async def revoked(_app: Any, revoked: Any, **_: Any) -> None:
        emit(Signal.PARTITIONS_REVOKED, partitions=len(revoked))
        lanes.tally.rebalances["revoked"] += 1
        await lanes.close()

    @app.on_partitions_assigned.connect
    async def assigned(_app: Any, assigned: Any, **_: Any) -> None:
        emit(Signal.PARTITIONS_ASSIGNED, partitions=len(assigned))
        lanes.tally.rebalances["assigned"] += 1
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
        for name, (counters, entries) in lanes.totals().items():
            emit(
                Signal.WORKER_COUNTED,
                agent=name,
                records_taken=counters.records_taken,
                records_written=counters.records_written,
                cycles_committed=counters.cycles_committed,
                rejected=dict(counters.rejected),
                dropped=dict(counters.dropped),
                flash_taken=counters.flash_taken,
                flash_refused=dict(counters.flash_refused),
                deciding_s=round(counters.deciding_s, 3),
                committing_s=round(counters.committing_s, 3),
                state_entries=entries,
            )
