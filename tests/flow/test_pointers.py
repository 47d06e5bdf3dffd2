"""Pointers on a real Kafka: two owners are told of what both have, through kills and by another owner of the lanes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, publish_raw
from tests.bus import CODEC, DELIVERIES, Bus, committed
from tests.orders import HYLLIE, JARVA, published, seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

OWNERS = (f"{JARVA}/investigation", f"{HYLLIE}/investigation")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("pointers"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module, with two workers."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus"), workers=2) as running:
        yield running


async def told(bus: Bus) -> dict[str, list[dict[str, Any]]]:
    """The pointers that each desk got."""
    found: dict[str, list[dict[str, Any]]] = {}
    async for record in committed(bus.options, DELIVERIES):
        value = CODEC.decode(record.value or b"").value
        if value["event_type"] == "match_pointer":
            found.setdefault(value["desk"], []).append(value["event"]["payload"])
    return found


async def test_owners_are_told_once_each_also_when_a_worker_dies_in_between(bus: Bus) -> None:
    """Twelve cars, each in two seizures; a worker is killed in between. A pointer each, and one number for both."""
    cars = [f"{number:064x}" for number in range(12)]
    here = [(seizure(JARVA, objects=[{"kind": "vehicle", "ref": car}], persons=[]), OWNERS[0]) for car in cars]
    there = [(seizure(HYLLIE, objects=[{"kind": "vehicle", "ref": car}], persons=[]), OWNERS[1]) for car in cars]
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(*each) for each in here])
    bus.workers[0].kill()
    bus.workers[0].start()
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(*each) for each in there])
    async with asyncio.timeout(120):
        while sum(map(len, (found := await told(bus)).values())) < 2 * len(cars):
            await asyncio.sleep(0.2)
    assert set(found) == set(OWNERS)
    for owner, bodies in zip(OWNERS, (here, there), strict=True):
        assert sorted(each["about_id"] for each in found[owner]) == sorted(body["event_id"] for body, _ in bodies)
    numbers = [sorted(each["pointer_ref"] for each in found[owner]) for owner in OWNERS]
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == len(cars)
