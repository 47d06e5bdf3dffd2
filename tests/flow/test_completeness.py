"""The whole way, counted: an honest run is proven, over a kill of the worker too; what is taken away is missed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consumers.completeness import Tally, feed_proof, lane_counts, published_proof
from consumers.feed import delivery_topic
from consumers.statements import holds, signing_key
from consumers.watch.completeness import CompletenessWatch
from consumers.watch.findings import Findings
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.gateway import completeness
from producers.client import GATEWAY_TOPIC, Producer, RawRecord, publish_raw
from schemas.alarms import AlarmCode
from schemas.codec import Codec
from schemas.feed_counts import COUNT_HEADER, read_count
from schemas.gazetteer import load_gazetteer
from schemas.identity import Mark
from schemas.sequence import SEQUENCE_HEADER
from tests.bus import Bus, committed
from tests.deploy.cli_bus import sambus
from tests.flow.test_flow import seizure
from tests.gateway import in_process
from tests.orders import published

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

DESK = "se.stockholm.stockholm-nord.jarva/investigation"
CODEC, GAZETTEER = Codec(), load_gazetteer()
SETTLE = timedelta(seconds=1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("completeness"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus"), partitions=2) as running:
        yield running


async def publish(bus: Bus, count: int) -> None:
    """So many events of the desk, by the client."""
    async with Producer(bus.options, origin=DESK) as producer:
        receipts = await producer.publish_many([seizure() for _ in range(count)])
    assert {receipt.status for receipt in receipts} == {"taken"}


async def the_gateway_says_the_same(bus: Bus, home: Path) -> None:
    """Signed; the feed's part for whoever keeps the desk's books alone, and nothing for whoever only reads."""
    asked = {"sensitivity": ["4"], "marks": [mark.value for mark in Mark]}
    async with in_process(bus.options, home, lambda context: (completeness.part(context),)) as gateway:
        async with gateway.client(DESK, roles=["publisher", "reader"], **asked) as client:
            told = (await client.get("/v1/completeness")).raise_for_status().json()
        async with gateway.client(DESK, roles=["publisher"]) as publisher:
            less = (await publisher.get("/v1/completeness")).raise_for_status().json()
        async with gateway.client(DESK, roles=["reader"]) as reader, gateway.client(None) as nobody:
            refused = [(await client.get("/v1/completeness")).status_code for client in (reader, nobody)]
    public = signing_key(home / completeness.NAME / completeness.KEY_FILE).public
    said = told["statement"]
    assert (said["desk"], said["feed"]["whole"], said["published"]["accepted"]) == (DESK, True, 41)
    assert holds(told, public)
    assert not holds({**told, "statement": {**said, "desk": f"{DESK}2"}}, public)
    assert less["statement"].keys() == said.keys() - {"feed"}
    assert less["statement"]["published"] == said["published"]
    assert refused == [403, 401]


async def test_an_honest_run_is_proven_also_when_the_worker_was_killed(bus: Bus, tmp_path: Path) -> None:
    """Counts go on where they were: they are committed with the deliveries, or not at all."""
    await publish(bus, 20)
    await bus.settled(20)
    bus.workers[0].kill()
    await publish(bus, 20)
    bus.workers[0].start()
    await bus.settled(40)
    await publish(bus, 1)
    await bus.settled(41)
    async with asyncio.timeout(120):  # what follows from the events, such as pictures, comes while the proof is made
        while True:
            proof = await feed_proof(bus.options, DESK, GAZETTEER)
            assert proof.whole, proof
            if sum(lane.came for lane in proof.lanes) == sum(lane.made for lane in proof.lanes):
                break
    assert sum(lane.came for lane in proof.lanes) >= 41
    assert proof.unnumbered == 0

    async with watching(bus) as watch:
        await looked(watch, lambda found: found.shown["streams"] == 3)
    await the_gateway_says_the_same(bus, tmp_path)
    told = await asyncio.to_thread(sambus, bus.bootstrap, "completeness", "--as", DESK, "--json")
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    assert (said["feed"]["whole"], said["published"]["accepted"], said["published"]["numbered"]) == (True, 41, 41)
    assert (said["published"]["missing"], said["published"]["quarantined"]) == (0, 0)


async def test_a_delivery_that_is_taken_away_or_put_in_is_found(bus: Bus) -> None:
    """In a copy of the real feed: each single one is missed when it is gone, and each copy is told."""
    await publish(bus, 3)
    topic = delivery_topic(DESK, GAZETTEER)
    records = [each async for each in committed(bus.options, [topic]) if each.key == DESK.encode()]
    counts = [read_count(dict(each.headers)[COUNT_HEADER]) for each in records]
    heads: dict[int, tuple[int, datetime]] = {}
    for each in counts:
        assert each is not None
        heads[each.lane] = (max(each.number, heads.get(each.lane, (0,))[0]), datetime.now(UTC))
    for place in range(len(counts)):
        assert not whole([*counts[:place], *counts[place + 1 :]], heads)
    assert not whole([*counts, counts[0]], heads)
    assert whole(counts, heads)


def whole(counts: list[Any], heads: dict[int, tuple[int, datetime]]) -> bool:
    """Whether a feed with these numbers is all there."""
    tally = Tally()
    for each in counts:
        tally.take(each)
    return not any(lane.missing or lane.doubled or lane.added for lane in lane_counts(tally, heads, heads, None))


async def test_a_number_that_never_came_is_an_alarm_that_outlives_the_watch(bus: Bus) -> None:
    """It is told after a while, by whoever watches next as well, and ends when the record comes after all."""
    bodies = [seizure() for _ in range(4)]
    records = [numbered(published(body, DESK), number) for number, body in enumerate(bodies, 1)]
    await publish_raw(bus.options, GATEWAY_TOPIC, [records[0], records[2], records[3], records[3]])
    for _ in range(2):  # the second one reads what the first has kept, and nothing before it again
        async with watching(bus) as watch:
            found = await looked(watch, lambda found: bool(found.reasons))
            assert [(each.code, each.where, each.value) for each in found.reasons] == [
                (AlarmCode.SEQUENCE_GAP, DESK, 1)
            ]
            assert found.shown["doubles"] == 1
    proof = await published_proof(bus.options, DESK, CODEC)
    assert (proof.known, proof.missing, proof.whole) == (True, 1, False)
    missed = await asyncio.to_thread(sambus, bus.bootstrap, "completeness", "--as", DESK)
    assert missed.exit_code == 1
    async with watching(bus) as watch:
        await publish_raw(bus.options, GATEWAY_TOPIC, [records[1]])
        await looked(watch, lambda found: not found.reasons)


def numbered(record: RawRecord, number: int) -> RawRecord:
    """A record with a number in a stream of the test's own; all before it are promised."""
    said = f"made-up:{number}:{number}".encode()
    return record._replace(headers=(*record.headers, (SEQUENCE_HEADER, said)))


@asynccontextmanager
async def watching(bus: Bus) -> AsyncIterator[CompletenessWatch]:
    """The watch's part, started, with little patience."""
    part = CompletenessWatch(bus.options, settle=SETTLE)
    await part.start()
    try:
        yield part
    finally:
        await part.stop()


async def looked(watch: CompletenessWatch, holds: Any, within: float = 90.0) -> Findings:
    """What it finds once that holds. Errors: ``TimeoutError``."""
    async with asyncio.timeout(within):
        while not holds(found := await watch.look(datetime.now(UTC))):
            await asyncio.sleep(0.1)
    return found
