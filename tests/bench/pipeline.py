"""The real pipeline's throughput: validation, first pack, whole gazetteer, exactly once; and where the time goes."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from producers.client import DEFAULTS, GATEWAY_TOPIC, RawRecord
from schemas.codec import Codec
from schemas.topics import ACCEPTED, ASSESSED
from streams.core.reference import load_reference
from streams.core.share import Pack
from streams.engine.assess_step import AssessStep
from streams.engine.intake_step import IntakeStep
from streams.engine.outbox import Outbox, Output
from streams.engine.share_step import ShareStep
from streams.engine.signals import Counters
from streams.engine.state import State
from tests.bus import Bus
from tests.load import load

_DEADLINE_S = 300.0


@dataclass(frozen=True)
class Throughput:
    """One run over events that were there when the worker started. Units: events a second; records."""

    events: int
    events_per_s: float
    deliveries: int


async def measure(
    bootstrap: str, home: Path, *, events: int, partitions: int = 4, rules: Path | None = None, workers: int = 1
) -> Throughput:
    """Fill the intake topic, start the workers, and time them from the last look at an untouched topic to its end.

    Shape: ``rules`` is the folder of a pack, the released one if none.
    """
    arguments = () if rules is None else ("--rules", str(rules))
    bus = Bus(bootstrap, home, workers=workers, partitions=partitions, arguments=arguments)
    await bus.make_topics()
    await fill(bus, [made.record for made in load(events, seed=5, bad_share=0.01)])
    async with bus:
        rate = await through(bus, events)
        books = await bus.settled(events)
    return Throughput(events, round(rate), sum(books.delivered.values()))


async def fill(bus: Bus, records: Sequence[RawRecord]) -> None:
    """Publish records as fast as they go."""
    producer = aiokafka.AIOKafkaProducer(**(DEFAULTS | bus.options))
    await producer.start()
    try:
        for record in records:
            await producer.send(GATEWAY_TOPIC, record.value, key=record.key, headers=list(record.headers))
    finally:
        await producer.stop()


async def through(bus: Bus, events: int, behind: Sequence[str] = (ACCEPTED,)) -> float:
    """Follow the worker's committed offsets until every event is through; events a second since none was taken.

    Shape: ``behind`` are the topics after intake that must be read to their ends.
    """
    admin = AIOKafkaAdminClient(**bus.options)
    await admin.start()
    sources = [TopicPartition(t, n) for t in {GATEWAY_TOPIC, ASSESSED, *behind} for n in range(bus.partitions)]
    started = untouched = time.monotonic()
    try:
        while time.monotonic() - started < _DEADLINE_S:
            await asyncio.sleep(0.05)
            try:
                offsets = await admin.list_consumer_group_offsets("sambus", partitions=sources)
            except GroupCoordinatorNotAvailableError:  # a new cluster makes its offsets topic at first use
                continue
            done: dict[str, int] = defaultdict(int)
            for tp, offset in offsets.items():
                done[tp.topic] += max(0, offset.offset)
            now = time.monotonic()
            if not done[GATEWAY_TOPIC]:
                untouched = now  # counted from here: a quick worker's first commit may hold everything
            elif done[GATEWAY_TOPIC] >= events and await _read_through(bus, behind, offsets):
                return events / (now - untouched)
    finally:
        await admin.close()
    raise TimeoutError("the worker did not get through")


async def _read_through(bus: Bus, topics: Sequence[str], offsets: Any) -> bool:
    """Whether these topics are read to the end: nothing is left but markers."""
    consumer = aiokafka.AIOKafkaConsumer(**bus.options, isolation_level="read_committed", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(bus.partitions)]
        ends = await consumer.end_offsets(partitions)
        # A lane commits the position behind the last record; at most a marker of each lane may stand behind it.
        return all(ends[tp] - max(0, offsets[tp].offset) <= bus.partitions for tp in partitions)
    finally:
        await consumer.stop()


def share_cost(share: ShareStep, events: int) -> tuple[float, float]:
    """Microseconds of processor time that a share step takes for an event, and to how many desks one goes."""
    codec, reference = Codec(), load_reference()
    records = _published(events)
    for step, topic in ((IntakeStep(codec, reference), ACCEPTED), (AssessStep(codec, reference, share), ASSESSED)):
        records = _onwards(_run(step, records)[1], topic)
    spent, outputs = _run(share, [_Record(r.topic, r.key, r.value, [], r.offset) for r in records])
    deliveries = sum(1 for output in outputs if output.topic.startswith("deliver."))
    return spent / len(records) * 1e6, deliveries / len(records)


def stage_costs(events: int = 4000) -> dict[str, float]:
    """Microseconds of processor time an event for each stage, without Kafka, in this process."""
    codec, reference = Codec(), load_reference()
    share = ShareStep(codec, reference, Pack.load())
    records = _published(events)
    costs = {}
    for step, topic in ((IntakeStep(codec, reference), ACCEPTED), (AssessStep(codec, reference, share), ASSESSED)):
        spent, outputs = _run(step, records)
        costs[step.name] = spent / len(records) * 1e6
        records = _onwards(outputs, topic)
    alone = [_Record(r.topic, r.key, r.value, [], r.offset) for r in records]  # as if they came another way
    spent, _ = _run(share, alone)
    costs["share"] = spent / len(alone) * 1e6
    costs["assess"] -= costs["share"]  # the assess step shares at once; what is left is its own
    return {name: round(cost, 1) for name, cost in costs.items()}


def _published(events: int) -> "list[_Record]":
    """The load as intake gets it."""
    return [
        _Record(GATEWAY_TOPIC, made.record.key, made.record.value, list(made.record.headers), number)
        for number, made in enumerate(load(events, seed=6))
    ]


def _onwards(outputs: Sequence[Output], topic: str) -> "list[_Record]":
    """What was written to a topic, as the next step gets it."""
    return [_Record(o.topic, o.key, o.value, o.headers, n) for n, o in enumerate(outputs) if o.topic == topic]


@dataclass
class _Record:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    offset: int
    partition: int = 0
    timestamp: int = field(default_factory=lambda: int(time.time() * 1000))


def _run(step: Any, records: Sequence[Any]) -> tuple[float, list[Output]]:
    state, counters = State(10**12), Counters()
    for record in records[:200]:  # caches fill as they would in a worker
        step(record, State(10**12), Outbox({}), counters)
    outbox = Outbox({})
    started = time.process_time()
    for record in records:
        step(record, state, outbox, counters)
    return time.process_time() - started, outbox.outputs
