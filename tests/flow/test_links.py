"""What belongs together on a real Kafka: joined for whoever has both reports, parted by a revision, through kills."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, publish_raw
from schemas.codec import MAX_BUS_BYTES
from schemas.records import BUS_UNIT
from schemas.topics import DECISIONS
from tests.bus import CODEC, DELIVERIES, Bus, committed
from tests.orders import JARVA, MALMO, NORD, Body, published, shooting

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

#: Both desks tell of shootings in Järva, so Järva's own intelligence desk has both reports, and Malmö's one.
POLICE, OTHERS = f"{JARVA}/investigation", f"{MALMO}/investigation"
ANALYST = f"{JARVA}/intelligence"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("links"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module, with two workers."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus"), workers=2) as running:
        yield running


def pair(number: int) -> tuple[tuple[Body, str], tuple[Body, str]]:
    """One shooting as two units tell it; shootings of other numbers are kilometres away."""
    place = (16.0 + number * 0.1, 58.5)
    return (shooting(place, areas=[JARVA]), POLICE), (shooting(place, areas=[JARVA, NORD]), OTHERS)


def ends(*bodies: Body) -> frozenset[str]:
    """The two ends of a link, as ids."""
    return frozenset(body["event_id"] for body in bodies)


async def publish(bus: Bus, *bodies: tuple[Body, str]) -> None:
    """Publish bodies, each by a desk."""
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, desk) for body, desk in bodies])


async def decided(bus: Bus) -> list[dict[str, Any]]:
    """The ledger's lines of the bus's own links, without those that only follow."""
    records = [record async for record in committed(bus.options, (DECISIONS,))]
    values = [CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value for record in records]
    found = [value for value in values if value["origin"]["unit"] == BUS_UNIT]
    return [value for value in found if value["outcome"] in {"shared", "origin_only"}]


async def words(bus: Bus, desk: str) -> dict[frozenset[str], str]:
    """What a desk was told of each pair last: by the number of the link's revision."""
    told: dict[frozenset[str], tuple[int, str]] = {}
    async for record in committed(bus.options, DELIVERIES):
        value = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        if value["desk"] == desk and value["event_type"] == "link_suggestion":
            payload = value["event"]["payload"]
            both = frozenset((payload["a_id"], payload["b_id"]))
            told[both] = max(told.get(both, (0, "")), (value["revision"], payload["status"]))
    return {both: status for both, (_, status) in told.items()}


async def until_told(bus: Bus, desk: str, wanted: dict[frozenset[str], str]) -> None:
    """Wait until a desk was told this of these pairs, and nothing of others. Errors: ``TimeoutError``."""
    deadline = time.monotonic() + 90
    while (told := await words(bus, desk)) != wanted:
        if time.monotonic() > deadline:
            missing, too_many = wanted.items() - told.items(), told.items() - wanted.items()
            logs = "\n".join(worker.log.read_text()[-1500:] for worker in bus.workers)
            raise TimeoutError(f"{len(missing)} missing, {len(too_many)} too many\n{logs}")
        await asyncio.sleep(0.2)


async def test_joins_and_splits_reach_whoever_has_both_through_kills(bus: Bus) -> None:
    """Pairs, then revisions of half of them, while workers are killed with -9: each is told once, none is lost.

    A desk that has one of the two reports hears nothing.
    """
    pairs = [pair(number) for number in range(12)]
    await publish(bus, *(one for one, _ in pairs))
    await bus.settled(1, within=60)
    _kill(bus, 0)
    await publish(bus, *(other for _, other in pairs))
    await bus.settled(len(pairs) + 1, within=60)
    _kill(bus, 1)
    wanted = {ends(one, other): "suggested" for (one, _), (other, _) in pairs}
    await until_told(bus, ANALYST, wanted)
    moved = [(_moved(one), desk) for (one, desk), _ in pairs[:6]]
    await publish(bus, *moved)
    _kill(bus, 0)
    wanted |= {ends(one, other): "rejected" for (one, _), (other, _) in pairs[:6]}
    await until_told(bus, ANALYST, wanted)
    assert await words(bus, f"{MALMO}/intelligence") == {}
    books = await bus.quiet()
    every = [body["event_id"] for one, other in pairs for body, _ in (one, other)] + [b["event_id"] for b, _ in moved]
    assert {kind: count for kind, count in books.faults(every, []).items() if count} == {}


async def test_the_ledger_names_what_each_link_concerns(bus: Bus) -> None:
    """Every join and every split has a line of its own, with both ends."""
    (one, _), (other, _) = both = pair(40)
    await publish(bus, *both)
    async with asyncio.timeout(60):
        while not (lines := [line for line in await decided(bus) if frozenset(line["concerns"]) == ends(one, other)]):
            await asyncio.sleep(0.2)
    assert [(line["event_type"], line["pack_version"] is not None) for line in lines] == [("link_suggestion", True)]


def _moved(body: Body) -> Body:
    """A revision that puts the incident some 40 km away, where no other is."""
    again = shooting((float(body["geo"]["lon"]), 59.0), areas=body["areas"], revision=2, supersedes=body["event_id"])
    again["payload"]["incident_no"] = body["payload"]["incident_no"]
    return again


def _kill(bus: Bus, number: int) -> None:
    """Kill a worker with -9, and start it anew."""
    bus.workers[number].kill()
    bus.workers[number].start()
