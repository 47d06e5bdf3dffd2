"""Latency: from publishing to a committed reader of the delivery topics, through every hop, at a steady rate."""

import asyncio
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import aiokafka
from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition

from producers.client import DEFAULTS, GATEWAY_TOPIC
from tests.bus import DELIVERIES, Bus
from tests.load import Made, load

#: An event id as it begins a delivery id; nothing else in the receiver's part before it looks like that.
_EVENT_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


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


async def measure(
    bootstrap: str,
    home: Path,
    *,
    rate: float,
    seconds: float,
    partitions: int = 1,
    warm_up_s: float = 5.0,
    rules: Path | None = None,
) -> Latency:
    """Publish at a steady rate and read every delivery; the first seconds warm the workers up and do not count.

    Shape: ``rules`` is the folder of a pack, the released one if none.

    Publisher and reader are librdkafka's, so that they take as little as may be of the machine that they measure.
    """
    made = list(load(int(rate * (seconds + warm_up_s)), seed=3))
    arguments = () if rules is None else ("--rules", str(rules))
    async with Bus(bootstrap, home, partitions=partitions, arguments=arguments) as bus:
        await _await_workers(bus, list(load(50, seed=4)))
        sent: dict[str, float] = {}
        taken: list[tuple[str, float]] = []
        ready, done = threading.Event(), threading.Event()
        reading = asyncio.create_task(asyncio.to_thread(_read, bootstrap, taken, ready, done))
        await asyncio.to_thread(ready.wait, 30)
        counted_from = await asyncio.to_thread(_publish, bootstrap, made, rate, sent, warm_up_s)
        await bus.settled(len(made) + 50)
        await asyncio.sleep(1)  # the reader empties what is committed
        done.set()
        await reading
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


async def _await_workers(bus: Bus, first: list[Made]) -> None:
    """Let the workers take their partitions before the clock starts."""
    producer = aiokafka.AIOKafkaProducer(**(DEFAULTS | bus.options))
    await producer.start()
    for one in first:
        await producer.send(GATEWAY_TOPIC, one.record.value, key=one.record.key, headers=list(one.record.headers))
    await producer.stop()
    await bus.settled(len(first))


def _publish(bootstrap: str, made: list[Made], rate: float, sent: dict[str, float], warm_up_s: float) -> float:
    """Send at a steady rate, whatever becomes of it; returns the moment from which events count."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 2})
    started = time.perf_counter()
    for number, one in enumerate(made):
        due = started + number / rate
        while (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        producer.poll(0)
        sent[one.event_id] = time.perf_counter()
        producer.produce(GATEWAY_TOPIC, one.record.value, one.record.key, headers=list(one.record.headers))
    producer.flush()
    return started + warm_up_s


def _read(bootstrap: str, taken: list[tuple[str, float]], ready: threading.Event, done: threading.Event) -> None:
    """Take every delivery as it becomes visible to a committed reader, until ``done``."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "latency",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
        }
    )
    metadata = consumer.list_topics(timeout=10).topics
    consumer.assign([TopicPartition(t, n, OFFSET_END) for t in DELIVERIES for n in metadata[t].partitions])
    consumer.consume(1, timeout=1.0)
    ready.set()
    while not done.is_set():
        records = consumer.consume(500, timeout=0.05)
        now = time.perf_counter()
        taken.extend((_event_id(record.value()), now) for record in records)
    consumer.close()


def _event_id(value: bytes) -> str:
    """The event id of a delivery without decoding it all: a decoding reader would take the core it measures."""
    found = _EVENT_ID.search(value)
    return found[0].decode() if found else ""
