"""A bad client at full speed: its own intake waits, quarantine stays bounded, others do not notice, nothing is lost."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from consumers.feed import Delivery, Feed
from consumers.watch.findings import Findings
from consumers.watch.quarantined import QuarantineWatch
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.topics import apply
from producers.client import Producer, publish_raw
from schemas.alarms import AlarmCode
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.topics import QUARANTINE, catalogue, intake_topic
from tests.bus import Bus, committed
from tests.deploy.cli_bus import sambus
from tests.flow.test_flow import seizure
from tests.orders import published

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

UNIT = "se.syd.malmo.fosie"
OTHER = "se.stockholm.stockholm-nord.jarva/investigation"
PARTITIONS, MOST, FLOOD = 2, 50, 3_000
CODEC = Codec()
#: A pause that no test outlives: what goes on, goes on because somebody said so.
LIMITS = {
    "version": "test",
    "usual": {
        "window_seconds": 600,
        "most": MOST,
        "share": 0.2,
        "first_pause_seconds": 3_600,
        "longest_pause_seconds": 3_600,
        "trial": 20,
        "settle_seconds": 1,
    },
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("flooding"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """A bus with a unit that writes its own topic, and limits for a test."""
    home: Path = tmp_path_factory.mktemp("bus")
    limits = home / "pausing.yaml"
    limits.write_text(yaml.safe_dump(LIMITS), "utf-8")
    await apply({"bootstrap_servers": cluster}, catalogue(load_gazetteer(), PARTITIONS, own_access_units=[UNIT]))
    arguments = ("--own-access", UNIT, "--pausing", str(limits))
    async with Bus(cluster, home, partitions=PARTITIONS, arguments=arguments) as running:
        yield running


async def test_a_flood_of_one_unit_waits_and_nobody_else_notices(bus: Bus) -> None:
    """Quarantine holds the limit of each partition and not one more; others' events arrive; then it goes on."""
    records = [published(seizure(areas=["se.atlantis"]), f"{UNIT}/investigation") for _ in range(FLOOD)]
    quiet = await latencies(bus, 10)
    flooding = asyncio.create_task(publish_raw(bus.options, intake_topic(UNIT), records, within=120))
    await quarantines(bus, 2 * MOST + 1)
    busy = await latencies(bus, 20)
    await flooding
    assert max(busy) < 10.0, (quiet, busy)  # whoever waited behind the flood would wait for an hour

    async with watching(bus) as watch:
        found = await paused_everywhere(watch)
    assert {(reason.code, reason.where) for reason in found.reasons} == {(AlarmCode.SOURCE_PAUSED, UNIT)}
    assert {told["codes"][0] for told in found.shown["paused"]} == {"AREA_UNKNOWN"}
    assert (await quarantined(bus)).total() == PARTITIONS * (MOST + 1)

    # Whatever waits is in Kafka, and goes on from exactly there when it is let.
    assert (await asyncio.to_thread(sambus, bus.bootstrap, "quarantine", "resume", UNIT)).exit_code == 0
    await quarantines(bus, 2 * PARTITIONS * (MOST + 1))
    books = await bus.books()
    assert max(books.quarantined.values()) == 1


async def latencies(bus: Bus, count: int) -> list[float]:
    """Seconds from publishing an event of another unit to its delivery to the desk itself, one after the other."""
    spent = []
    async with (
        Producer(bus.options, origin=OTHER) as producer,
        Feed(bus.options, OTHER, follow=True) as feed,
    ):
        for _ in range(count):
            event = seizure()
            begun = time.monotonic()
            assert (await producer.publish(event)).status == "taken"
            async with asyncio.timeout(60):
                async for item in feed:
                    if isinstance(item, Delivery) and item.meta.event_id == event["event_id"]:
                        break
            spent.append(time.monotonic() - begun)
    return spent


async def quarantined(bus: Bus) -> Counter[str]:
    """What is in quarantine, by code."""
    found: Counter[str] = Counter()
    async for record in committed(bus.options, [QUARANTINE]):
        found[CODEC.decode(record.value or b"").value["problems"][0]["code"]] += 1
    return found


@asynccontextmanager
async def watching(bus: Bus) -> AsyncIterator[QuarantineWatch]:
    """The watch's part, started."""
    part = QuarantineWatch(bus.options, CODEC)
    await part.start()
    try:
        yield part
    finally:
        await part.stop()


async def quarantines(bus: Bus, count: int, within: float = 120.0) -> None:
    """Wait until so many are in quarantine. Errors: ``TimeoutError``."""
    async with asyncio.timeout(within):
        while (await quarantined(bus)).total() < count:
            await asyncio.sleep(0.2)


async def paused_everywhere(watch: QuarantineWatch, within: float = 60.0) -> Findings:
    """What the watch finds once every partition of the unit is paused. Errors: ``TimeoutError``."""
    async with asyncio.timeout(within):
        while len((found := await watch.look(datetime.now(UTC))).shown["paused"]) < PARTITIONS:
            await asyncio.sleep(0.2)
    return found
