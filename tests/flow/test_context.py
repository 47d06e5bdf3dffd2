"""Errands on a real Kafka: what other events add comes home once, also when a worker dies in between."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, publish_raw
from tests.bus import CODEC, DELIVERIES, Bus, committed
from tests.orders import published
from tests.streams.engine.errand_lanes import DAY, NORRKOPING, made

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

DESK, NATIONAL = f"{NORRKOPING}/investigation", "se.noa-und/intelligence"
PAIRS = 12
#: No pair lies within 50 km of another.
APART_KM = 120


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("context"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module, with two workers."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus"), workers=2) as running:
        yield running


async def clusters(bus: Bus) -> Counter[tuple[str, int]]:
    """The poisonings that reached the nation's desk: id and count, each with how often."""
    found: Counter[tuple[str, int]] = Counter()
    async for record in committed(bus.options, DELIVERIES):
        value = CODEC.decode(record.value or b"").value
        if value["event_type"] == "drug_poisoning" and value["desk"] == NATIONAL:
            found[value["event_id"], value["event"]["enrichment"]["cluster"]["count_7d_50km"]] += 1
    return found


async def test_the_second_poisoning_of_each_place_is_told_once_through_a_kill(bus: Bus) -> None:
    """Twelve places, two poisonings each; a worker is killed between them. S18 tells the nation of the second alone."""
    spots = [(APART_KM * (n % 4), APART_KM * (n // 4)) for n in range(PAIRS)]
    outcome = {"outcome": "recovered", "autopsy_pending": False}
    first, second = ([made("drug_poisoning", DAY, *spot, payload=outcome) for spot in spots] for _ in range(2))
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, DESK) for body in first])
    await bus.settled(PAIRS)
    bus.workers[0].kill()
    bus.workers[0].start()
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, DESK) for body in second])
    async with asyncio.timeout(120):
        while len(found := await clusters(bus)) < PAIRS:
            await asyncio.sleep(0.2)
    assert found == Counter({(body["event_id"], 2): 1 for body in second})
