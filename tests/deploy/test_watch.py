"""The watch on a real bus: faults are provoked, and told within seconds; its lag is Kafka's own."""

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from aiokafka import AIOKafkaProducer, TopicPartition

from consumers.health import Limits
from consumers.measure import measure
from consumers.watch.bus import BusPart
from consumers.watch.canaries import Canary, Direction
from consumers.watch.canary_part import CanaryPart
from consumers.watch.findings import Part
from consumers.watch.publishers import PublishersPart
from consumers.watch.publishing import Board
from consumers.watch.set_rhythms import SetRhythm
from consumers.watch.silence import Publishers
from consumers.watch.snapshot import latest_snapshot
from consumers.watch.watcher import Watcher
from deploy.canaries import canaries_of
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import RawRecord, publish_raw
from schemas.codec import ORIGIN_HEADER, Codec, cloud_event_headers
from schemas.gazetteer import load_gazetteer
from schemas.topics import ACCEPTED, GATEWAY_IN, catalogue
from streams.core.share.loading import RULES
from tests.bus import Bus
from tests.consumers.made import Sent, create_topics, new_id, write
from tests.consumers.test_measure import commit
from tests.deploy.kafka_tools import kafkas_lag

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(600),
    # A start that is given up after three seconds leaves a connection behind in aiokafka, on a busy machine.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

EXPECTED = [topic.name for topic in catalogue(load_gazetteer())]
WALL, WAY = "B04", "S01"
SILENT, SKEWED, STEADY = "se.syd/intelligence", "se.vast/intelligence", "se.ost/intelligence"
LOST_AFTER = timedelta(seconds=10)
#: A fault shall be told in 15 s; a test waits longer, because its machine may be busy with other things.
DEADLINE = 120.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster that only this module writes to."""
    with LocalCluster(tmp_path_factory.mktemp("watched"), port=free_port()) as cluster:
        yield cluster.bootstrap


class Watching(NamedTuple):
    """A watch that runs, and how to wait for what it says."""

    watcher: Watcher

    def codes(self) -> set[tuple[str, str]]:
        """What is wrong now: code and place."""
        return {(reason.code.value, reason.where) for reason in self.watcher.latest.snapshot.reasons}

    async def until(self, holds: Callable[[set[tuple[str, str]]], object], what: str) -> float:
        """Wait until something is said; how many seconds it took. Errors: ``AssertionError`` with what is said."""
        began = time.monotonic()
        while not holds(self.codes()):
            assert time.monotonic() - began < DEADLINE, f"{what}: {self.codes()}"
            await asyncio.sleep(0.1)
        return time.monotonic() - began


@asynccontextmanager
async def watching(bootstrap: str, canaries: list[Canary], rhythms: list[SetRhythm]) -> AsyncIterator[Watching]:
    """A whole watch, with test events close upon each other."""
    options = {"bootstrap_servers": bootstrap}
    board, bus = Board(options), BusPart(options, "sambus", EXPECTED, Limits())
    parts: list[Part] = [
        bus,
        PublishersPart(options, board, Publishers(rhythms)),
        CanaryPart(options, board, lambda: canaries, 0.5, lambda: bus.workers > 0),
    ]
    watcher = Watcher(parts, board.tell, every=1.0)
    task = asyncio.create_task(watcher.run())
    try:
        yield Watching(watcher)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await board.stop()


def pack_without(rule: str, home: Path) -> Path:
    """A copy of the rule pack in which a wall is missing."""
    folder = home / "rules"
    shutil.copytree(RULES, folder)
    blocks = folder / "blocks.yaml"
    kept = [each for each in yaml.safe_load(blocks.read_text("utf-8")) if each["id"] != rule]
    blocks.write_text(yaml.safe_dump(kept, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


async def publish(bootstrap: str, desk: str, ahead: timedelta = timedelta()) -> None:
    """Something from a desk, by a clock that runs ahead. Its content does not matter to the watch: it is none."""
    event_id, at = new_id(), datetime.now(UTC) + ahead
    headers = (*cloud_event_headers(event_id, "drug_seizure", desk, at, 1), (ORIGIN_HEADER, desk.encode()))
    await publish_raw({"bootstrap_servers": bootstrap}, GATEWAY_IN, [RawRecord(event_id.encode(), b"none", headers)])


async def test_faults_are_told_by_the_watch_and_end_when_they_are_healed(own: str, tmp_path: Path) -> None:
    """A pack that lost a wall, a silent publisher, a clock ten minutes ahead, a worker that is killed."""
    made = canaries_of(RULES).canaries
    walls = [canary for canary in made if (WALL, Direction.NEVER) in canary.paths][:4]
    ways = [canary for canary in made if (WAY, Direction.ARRIVE) in canary.paths][:2]
    rhythms = [SetRhythm.model_validate({"publisher": SILENT, "silent_after": "10s"})]
    told: dict[str, float] = {}
    bus = Bus(own, tmp_path, arguments=("--rules", str(pack_without(WALL, tmp_path))))
    async with bus, watching(own, [*ways, *walls], rhythms) as watch:
        told["wall missing, from start"] = await watch.until(lambda c: ("CANARY_LEAKED", WALL) in c, "leak")
        paths = watch.watcher.latest.snapshot.parts["canaries"]["rules"]
        assert ("S01", "arrive", "ok") in [(each["rule"], each["direction"], each["last"]) for each in paths]
        await publish(own, SILENT)
        await watch.until(lambda c: ("PUBLISHER_SILENT", SILENT) not in c, "heard")
        told["silent"] = await watch.until(lambda c: ("PUBLISHER_SILENT", SILENT) in c, "silence")
        await publish(own, SKEWED, ahead=timedelta(minutes=10))
        told["clock"] = await watch.until(lambda c: ("CLOCK_SKEWED", SKEWED) in c, "clock")
        await publish(own, STEADY)
        assert ("CLOCK_SKEWED", STEADY) not in watch.codes()
        health = watch.watcher.latest.snapshot.health or {}
        (worker,) = health["workers"]
        owners = {each["owner"] for each in health["partitions"] if each["topic"] == ACCEPTED}
        assert owners == {worker["name"]}
        bus.workers[0].kill()
        told["worker killed"] = await watch.until(lambda c: any(code == "NO_WORKER" for code, _ in c), "no worker")
        bus.workers[0].start()
        told["worker back"] = await watch.until(lambda c: not any(code == "NO_WORKER" for code, _ in c), "worker")
        snapshot = await latest_snapshot({"bootstrap_servers": own})
        assert snapshot is not None
        assert snapshot.age(datetime.now(UTC)) < DEADLINE
    print({name: round(seconds, 1) for name, seconds in told.items()})  # noqa: T201 - pytest -s tells what was measured
    assert told["silent"] >= LOST_AFTER.total_seconds() - 2


async def test_what_publishers_taught_survives_a_restart(own: str) -> None:
    """A second watch knows what the first one heard, without reading it again."""
    await create_topics(own)
    options = {"bootstrap_servers": own}
    for number in range(2):
        publishers = Publishers()
        board = Board(options)
        part = PublishersPart(options, board, publishers)
        await part.start()
        try:
            if number == 0:
                await publish(own, STEADY)
            async with asyncio.timeout(DEADLINE):
                while not any(each.origin == STEADY for each in publishers.verdicts(datetime.now(UTC))):
                    assert number == 0, "the second one knows it before its first look"
                    await part.look(datetime.now(UTC))
        finally:
            await part.stop()
            await board.stop()


async def test_lag_agrees_with_kafkas_own_tool(own: str) -> None:
    """Within 1 %, on a backlog that nobody works off, long and short partitions alike.

    Ours counts records; Kafka's counts offsets, and so the marker that ends each transaction too. A backlog that was
    not written in transactions is the same for both, to the record.
    """
    await create_topics(own)
    rng = random.Random(7)  # noqa: S311
    sizes = [7_000, 1_500, 300, 20]
    producer = AIOKafkaProducer(bootstrap_servers=own, linger_ms=20)
    await producer.start()
    try:
        start = {}
        for partition, size in enumerate(sizes):
            sent = [
                await producer.send(ACCEPTED, b"x" * rng.randrange(20, 200), partition=partition) for _ in range(size)
            ]
            start[TopicPartition(ACCEPTED, partition)] = (await sent[0]).offset
    finally:
        await producer.stop()
    await commit(own, "g-lag", start)
    theirs, ours = kafkas_lag(own, "g-lag"), await measure({"bootstrap_servers": own}, "g-lag", EXPECTED, Codec())
    found = {TopicPartition(lag.topic, lag.partition): lag.unread for lag in ours.lags if lag.topic == ACCEPTED}
    assert found == theirs
    assert list(theirs.values()) == sizes
    for _ in range(3):
        await write(own, [Sent(ACCEPTED, "a", b"x")] * 400)
    theirs, ours = kafkas_lag(own, "g-lag"), await measure({"bootstrap_servers": own}, "g-lag", EXPECTED, Codec())
    records = sum(lag.unread for lag in ours.lags if lag.topic == ACCEPTED)
    assert sum(sizes) + 1_200 <= records <= sum(theirs.values())
    assert records == pytest.approx(sum(theirs.values()), rel=0.01)
