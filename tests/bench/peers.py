"""Engines side by side: the same records and work for each, in turn, on one machine; exactly once where it can be."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError

from tests.bench.engines import AT_LEAST_ONCE, COMPACTED, ENGINES, TOPICS
from tests.bench.kafka_streams import missing
from tests.bench.workload import ESCALATED, PARTITIONS, ROUTED, SOURCE, records

_DEADLINE_S = 240.0


@dataclass(frozen=True)
class Result:
    """One engine's runs. Units: events a second, first to last output."""

    engine: str
    rates: list[float]
    lost: int
    doubled: int

    @property
    def rate(self) -> float:
        """The median rate."""
        return median(self.rates)

    @property
    def guarantee(self) -> str:
        """What the engine promises as it was run."""
        return "at least once" if self.engine in AT_LEAST_ONCE else "exactly once"


async def _topics(bootstrap: str, names: tuple[str, ...], *, make: bool) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        if gone := sorted(existing & set(names)):
            await admin.delete_topics(gone)
        while set(await admin.list_topics()) & set(names):
            await asyncio.sleep(0.05)
        if make:
            compact = {"cleanup.policy": "compact"}
            new = [NewTopic(name, PARTITIONS, 1, topic_configs=compact if name in COMPACTED else {}) for name in names]
            await admin.create_topics(new)
    finally:
        await admin.close()


async def _fill(bootstrap: str, count: int) -> None:
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, max_batch_size=256 * 1024)
    await producer.start()
    try:
        for key, value in records(count):
            await producer.send(SOURCE, value, key)
        await producer.flush()
    finally:
        await producer.stop()


async def _watch_commits(bootstrap: str, group: str, count: int) -> float:
    """Follow the group's committed offsets to the end; returns events a second from the first commit seen.

    Where that commit held every event, as it may with few, the rate is counted from the start: at least that much.
    Nothing else runs beside engine and broker meanwhile: a reader of the outputs would take a core from them.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    sources = [TopicPartition(SOURCE, number) for number in range(PARTITIONS)]
    first: tuple[float, int] | None = None
    started = time.monotonic()
    try:
        while time.monotonic() < started + _DEADLINE_S:
            await asyncio.sleep(0.05)
            try:
                offsets = await admin.list_consumer_group_offsets(group, partitions=sources)
            except GroupCoordinatorNotAvailableError:  # a new cluster makes its offsets topic at first use
                continue
            done, now = sum(max(0, int(offset.offset)) for offset in offsets.values()), time.monotonic()
            if done and first is None:
                first = (now, done) if done < count else (started, 0)
            if first is not None and done >= count:
                return (done - first[1]) / (now - first[0])
    finally:
        await admin.close()
    return 0.0


async def _read_outputs(bootstrap: str, expected: int) -> tuple[int, int]:
    """Read the outputs as a committed reader sees them; returns lost and doubled."""
    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
    await consumer.start()
    outputs = [TopicPartition(topic, number) for topic in (ROUTED, ESCALATED) for number in range(PARTITIONS)]
    consumer.assign(outputs)
    seen: set[int] = set()
    doubled = 0
    try:
        ends = await consumer.end_offsets(outputs)
        await consumer.seek_to_beginning()
        while any([await consumer.position(tp) < ends[tp] for tp in outputs]):
            for tp, batch in (await consumer.getmany(timeout_ms=200)).items():
                for record in batch:
                    # The value starts with the event id (a length byte, 32 hex digits): it tells lost and doubled.
                    mark = hash((tp.topic, record.value[1:33]))
                    doubled += mark in seen
                    seen.add(mark)
    finally:
        await consumer.stop()
    return expected - len(seen), doubled


async def measure(bootstrap: str, engine: str, count: int) -> tuple[float, int, int]:
    """One run of one engine over ``count`` records that are there when it starts."""
    await _topics(bootstrap, TOPICS, make=True)
    await _fill(bootstrap, count)
    expected = count + sum(1 for number in range(count) if 1 + number % 4 + 1 <= 3)
    group = f"bench-{engine}-{time.time_ns()}"
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "tests.bench.engines", engine, bootstrap, group],
        stdout=sys.stderr,
        start_new_session=True,
    )
    try:
        rate = await _watch_commits(bootstrap, group, count)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return rate, *await _read_outputs(bootstrap, expected)


async def compare(bootstrap: str, engines: list[str], count: int, rounds: int) -> list[Result]:
    """Run the engines in turn, round after round, so that a drift of the machine hits all alike."""
    rates: dict[str, list[float]] = {engine: [] for engine in engines}
    faults = {engine: [0, 0] for engine in engines}
    for _ in range(rounds):
        for engine in engines:
            rate, lost, doubled = await measure(bootstrap, engine, count)
            rates[engine].append(rate)
            faults[engine][0] += lost
            faults[engine][1] += doubled
            sys.stderr.write(f"{engine}: {rate:,.0f} events/s, lost {lost}, doubled {doubled}\n")
    await _topics(bootstrap, TOPICS, make=False)
    return [Result(engine, rates[engine], *faults[engine]) for engine in engines]


def engines_here() -> list[str]:
    """The engines that this machine can run; what is left out is told on stderr, with the reason."""
    if (reason := missing()) is None:
        return list(ENGINES)
    sys.stderr.write(f"{reason}; it is left out\n")
    return [engine for engine in ENGINES if engine != "kafka-streams"]


def main() -> None:
    """Run from the command line: BOOTSTRAP COUNT ROUNDS [ENGINE …]; one JSON line for each engine on stdout."""
    bootstrap, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    results: list[Any] = asyncio.run(compare(bootstrap, sys.argv[4:] or list(ENGINES), count, rounds))
    for result in results:
        line = {
            "engine": result.engine,
            "guarantee": result.guarantee,
            "events_per_s": round(result.rate),
            "runs": [round(r) for r in result.rates],
        }
        sys.stdout.write(json.dumps(line | {"lost": result.lost, "doubled": result.doubled}) + "\n")


if __name__ == "__main__":
    main()
