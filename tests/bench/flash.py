"""The flash lane while routine events wait: ``python -m tests.bench.flash --backlog 1000000``.

A backlog is published first, then a worker starts, and alerts are published at a steady rate while it works through.
Each counts from the publisher's call to a desk's reader having its delivery, on both topics that hold it.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiokafka
from aiokafka import TopicPartition

from consumers.bus import committed_reader, partitions
from consumers.feed import Delivery, Position, read_delivery
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import DEFAULTS, GATEWAY_TOPIC, Producer, RawRecord, new_event_id
from schemas.codec import Codec
from schemas.events.common import UNKNOWN_SUBSTANCE
from schemas.example_data import good_examples
from schemas.partition import partition_number
from schemas.topics import flash_delivery_topic
from streams.engine.settings import GROUP
from tests.bus import Bus
from tests.load import load

AREA = "stockholm"
#: A desk of a local police area that every substance alert goes to, wherever it comes from.
DESK = "se.stockholm.stockholm-nord.jarva/intelligence"
#: Who publishes the alerts: laboratories and intelligence desks, in turn.
PUBLISHERS = ("se.nfc/forensics", "se.syd/intelligence", "se.nord/intelligence", "se.vast/coordination")
_ORIGINALS = 5_000
_WARM_UP = 10
#: What makes a synthetic event another one: ids, and keys and references that were made at random.
_UNIQUE = re.compile(rb"[0-9a-f]{64}|made-[0-9a-f]{1,16}")


@dataclass
class Outcome:
    """One run. Units: records; milliseconds from the publisher's call to the desk's reader; seconds."""

    backlog: int
    left: int
    alerts: int
    lost: int
    doubled: int
    seconds: float
    routine_per_s: float
    lane: dict[str, float] = field(default_factory=dict)
    feed: dict[str, float] = field(default_factory=dict)


def multiplied(count: int) -> Iterator[RawRecord]:
    """So many synthetic events, made from fewer: each under an id, a natural key and references of its own."""
    originals = list(load(min(count, _ORIGINALS), seed=9))
    for number in range(count):
        made = originals[number % len(originals)]
        key, value, headers = made.record[:3]
        if number >= len(originals):
            salt = f"{number:016x}".encode()
            fresh = new_event_id().encode()
            value = _UNIQUE.sub(partial(_other, salt), value).replace(key or b"", fresh)
            headers = tuple((name, fresh if said == key else said) for name, said in headers)
            key = fresh
        yield RawRecord(key, value, headers)


def _other(salt: bytes, match: re.Match[bytes]) -> bytes:
    """The same length and form; the round stands in its end."""
    found = match.group()
    room = min(len(salt), len(found) - (5 if found.startswith(b"made-") else 0))
    return found[: len(found) - room] + salt[-room:]


async def fill(bus: Bus, count: int) -> None:
    """Publish a backlog in packed batches."""
    producer = aiokafka.AIOKafkaProducer(**(DEFAULTS | bus.options))
    await producer.start()
    batches: dict[int, Any] = {}
    try:
        for key, value, headers, _ in multiplied(count):
            partition = partition_number(key or b"", bus.partitions)
            batch = batches.setdefault(partition, producer.create_batch())
            if batch.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
                await producer.send_batch(batch, GATEWAY_TOPIC, partition=partition)
                batch = batches[partition] = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=list(headers))
        for partition, batch in batches.items():
            await producer.send_batch(batch, GATEWAY_TOPIC, partition=partition)
    finally:
        await producer.stop()


def alert() -> dict[str, Any]:
    """A substance alert of now, on a powder that nobody knows and that looks like no other.

    Alerts on one substance are one matter for two weeks, and what links them goes out too: that is another load.
    """
    now = datetime.now(UTC)
    body = {**good_examples("substance_alert")[0].body, "event_id": new_event_id()}
    body |= {
        "occurred_from": (now - timedelta(hours=2)).isoformat(),
        "reported_at": now.isoformat(),
        "provenance": {"root_ids": [body["event_id"]]},
    }
    logo = body["event_id"][-8:]
    body["payload"] = {
        **body["payload"],
        "substance_id": UNKNOWN_SUBSTANCE,
        "unknown_features": f"Tabletter med {logo}",
        "identification": "screening",
        "basis_event_ids": [],
        "appearance": {**body["payload"]["appearance"], "logo": logo},
        "valid_until": (now + timedelta(days=7)).date().isoformat(),
    }
    return body


class Reader:
    """Reads one desk's deliveries of one topic, and notes when each event's first came."""

    def __init__(self, bus: Bus, topic: str) -> None:
        self.bus, self.topic = bus, topic
        self.came: dict[str, float] = {}
        self.seen: Counter[str] = Counter()
        self._codec = Codec()

    async def run(self, ready: asyncio.Event) -> None:
        """Read until it is cancelled, from the end as it is."""
        places = await partitions(self.bus.options, self.topic)
        async with committed_reader(self.bus.options, fetch_max_wait_ms=500) as consumer:
            place = places[partition_number(DESK.encode(), len(places))]
            consumer.assign([place])
            await consumer.seek_to_end(place)
            await consumer.position(place)
            ready.set()
            while True:
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    at = time.monotonic()
                    for record in records:
                        if record.key == DESK.encode():
                            self._note(record.value or b"", at)

    def _note(self, value: bytes, at: float) -> None:
        item = read_delivery(self._codec, DESK, value, Position(0, 0))
        if isinstance(item, Delivery) and item.meta.event_type == "substance_alert":
            self.came.setdefault(item.meta.event_id, at)
            self.seen[item.meta.delivery_id] += 1


async def left_of(bus: Bus) -> int:
    """How many records of the backlog no committed offset has passed."""
    async with committed_reader(bus.options, group_id=GROUP) as consumer:
        places = [TopicPartition(GATEWAY_TOPIC, number) for number in range(bus.partitions)]
        ends = await consumer.end_offsets(places)
        return sum([ends[place] - (await consumer.committed(place) or 0) for place in places])


async def measure(
    bootstrap: str, home: Path, *, backlog: int, alerts: int, per_second: float, lanes: int = 4
) -> Outcome:
    """Publish alerts while a backlog waits; ``left`` is what still waited when the last of them was at its desk.

    Errors: ``TimeoutError`` when an alert does not come.
    """
    bus = Bus(bootstrap, home, partitions=lanes)
    await bus.make_topics()
    await fill(bus, backlog)
    readers = [Reader(bus, str(flash_delivery_topic(AREA))), Reader(bus, f"deliver.{AREA}")]
    async with bus:
        ready = [asyncio.Event() for _ in readers]
        tasks = [asyncio.create_task(reader.run(event)) for reader, event in zip(readers, ready, strict=True)]
        try:
            async with asyncio.timeout(30):
                await asyncio.gather(*(event.wait() for event in ready))
            await _published(bus, _WARM_UP, per_second, {})  # the first waits for the worker to start: none counts
            await _all_came(readers, _WARM_UP, within=120)
            before, started = await left_of(bus), time.monotonic()
            sent: dict[str, float] = {}
            await _published(bus, alerts, per_second, sent)
            await _all_came(readers, alerts + _WARM_UP, within=60)
            seconds, left = time.monotonic() - started, await left_of(bus)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    lane, feed = readers
    return Outcome(
        backlog=backlog,
        left=left,
        alerts=alerts,
        lost=sum(event not in lane.came for event in sent),
        doubled=sum(count > 1 for reader in readers for count in reader.seen.values()),
        seconds=round(seconds, 1),
        routine_per_s=round((before - left) / seconds, 1),
        lane=_told(sent, lane.came),
        feed=_told(sent, feed.came),
    )


async def _published(bus: Bus, count: int, per_second: float, sent: dict[str, float]) -> None:
    """Publish alerts by the client that units use, at a steady rate, whatever becomes of those before."""
    producers = [Producer(bus.options, origin=desk) for desk in PUBLISHERS]
    for producer in producers:
        await producer.__aenter__()
    try:
        started, receipts = time.monotonic(), []
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / per_second - time.monotonic()))
            body = alert()
            sent[body["event_id"]] = time.monotonic()
            receipts.append(asyncio.create_task(producers[number % len(producers)].publish(body)))
        for receipt in await asyncio.gather(*receipts):
            if receipt.status != "taken" or receipt.topic != "in.flash":
                raise RuntimeError(f"an alert was {receipt.status} on {receipt.topic}: {receipt.problems}")
    finally:
        for producer in producers:
            await producer.__aexit__(None, None, None)


async def _all_came(readers: Sequence[Reader], count: int, within: float) -> None:
    deadline = time.monotonic() + within
    while any(len(reader.came) < count for reader in readers):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{[len(reader.came) for reader in readers]} of {count} alerts came")
        await asyncio.sleep(0.02)


def _told(sent: dict[str, float], came: dict[str, float]) -> dict[str, float]:
    waits = sorted((came[event] - at) * 1000 for event, at in sent.items() if event in came)
    last = len(waits) - 1
    return {f"p{q}_ms": round(waits[min(last, int(q / 100 * len(waits)))], 1) for q in (50, 90, 99)} | {
        "max_ms": round(waits[-1], 1)
    }


def main() -> None:
    """The command line: one JSON object on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backlog", type=int, default=1_000_000)
    parser.add_argument("--alerts", type=int, default=200)
    parser.add_argument("--per-second", type=float, default=2.0)
    parser.add_argument("--lanes", type=int, default=4)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, LocalCluster(Path(folder) / "kafka", port=free_port()) as cluster:
        outcome = asyncio.run(
            measure(
                cluster.bootstrap,
                Path(folder),
                backlog=chosen.backlog,
                alerts=chosen.alerts,
                per_second=chosen.per_second,
                lanes=chosen.lanes,
            )
        )
    sys.stdout.write(json.dumps({"bench": "flash", **asdict(outcome)}) + "\n")


if __name__ == "__main__":
    main()
