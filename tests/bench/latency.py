"""Latency: from publishing to a committed reader of the delivery topics, through every hop, at a steady rate."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import aiokafka

from producers.client import DEFAULTS, GATEWAY_TOPIC
from tests.bus import DELIVERIES, Bus, partitions_of
from tests.load import Made, load

_HEAD = 10  # the single-object header; then a length, then the delivery id, which starts with the event id
_UUID = 36


@dataclass(frozen=True)
class Latency:
    """One measurement. Units: events a second; milliseconds from the publisher's send to the reader's receipt."""

    rate: float
    events: int
    deliveries: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    late: int


async def measure(bootstrap: str, home: Path, *, rate: float, seconds: float, warm_up_s: float = 5.0) -> Latency:
    """Publish at a steady rate and read every delivery; the first seconds warm the worker up and do not count."""
    made = list(load(int(rate * (seconds + warm_up_s)), seed=3))
    async with Bus(bootstrap, home) as bus:
        await _await_worker(bus, list(load(50, seed=4)))
        sent: dict[str, float] = {}
        taken: list[tuple[str, float]] = []
        done = asyncio.Event()
        reader = asyncio.create_task(_read(bus, taken, done))
        counted_from = await _publish(bus, made, rate, sent, warm_up_s)
        await bus.settled(len(made) + 50)
        await asyncio.sleep(1)  # the reader empties what is committed
        done.set()
        await reader
    waits = sorted(at - sent[event] for event, at in taken if sent.get(event, 0.0) >= counted_from)
    return Latency(
        rate=rate,
        events=sum(1 for at in sent.values() if at >= counted_from),
        deliveries=len(waits),
        p50_ms=round(_quantile(waits, 0.50) * 1000, 1),
        p99_ms=round(_quantile(waits, 0.99) * 1000, 1),
        max_ms=round(waits[-1] * 1000, 1),
        late=sum(1 for wait in waits if wait > 1),
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _await_worker(bus: Bus, first: list[Made]) -> None:
    """Let the worker take its partitions before the clock starts."""
    producer = aiokafka.AIOKafkaProducer(**(DEFAULTS | bus.options))
    await producer.start()
    for one in first:
        await producer.send(GATEWAY_TOPIC, one.record.value, key=one.record.key, headers=list(one.record.headers))
    await producer.stop()
    await bus.settled(len(first))


async def _publish(bus: Bus, made: list[Made], rate: float, sent: dict[str, float], warm_up_s: float) -> float:
    producer = aiokafka.AIOKafkaProducer(**(DEFAULTS | bus.options | {"linger_ms": 2}))
    await producer.start()
    started = time.perf_counter()
    for number, one in enumerate(made):
        due = started + number / rate
        while (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        sent[one.event_id] = time.perf_counter()
        await producer.send(GATEWAY_TOPIC, one.record.value, key=one.record.key, headers=list(one.record.headers))
    await producer.stop()
    return started + warm_up_s


async def _read(bus: Bus, taken: list[tuple[str, float]], done: asyncio.Event) -> None:
    consumer = aiokafka.AIOKafkaConsumer(
        **bus.options, isolation_level="read_committed", auto_offset_reset="latest", enable_auto_commit=False
    )
    await consumer.start()
    consumer.assign(await partitions_of(consumer, DELIVERIES))
    await consumer.seek_to_end()
    try:
        while not done.is_set():
            fetched = await consumer.getmany(timeout_ms=200, max_records=2000)
            now = time.perf_counter()
            for records in fetched.values():
                taken.extend((_event_id(record.value), now) for record in records)
    finally:
        await consumer.stop()


def _event_id(value: bytes) -> str:
    """The event id of a delivery without decoding it all: a decoding reader would take the core it measures."""
    at = _HEAD
    while value[at] & 0x80:  # the rest of the length
        at += 1
    return value[at + 1 : at + 1 + _UUID].decode()
