"""A rule pack on a real Kafka: activated by two people it decides from one offset on in every lane; a bad one never."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, RawRecord, publish_raw
from schemas.codec import MAX_BUS_BYTES
from schemas.flash import is_flash
from schemas.records import BUS_UNIT
from schemas.substances import load_substances
from schemas.topics import ACCEPTED, DECISIONS, PACKS, QUARANTINE
from streams.core.share.bundle import open_bundle
from streams.engine.records import PACK_HEADER
from tests.bus import CODEC, Bus, committed
from tests.load import load
from tests.signed import activation, bundle, rollback, unpacked

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

OLD, NEW, NEWER = bundle("2030.1"), bundle("2030.2"), bundle("2030.3")
PACK_OF = {packed: open_bundle(packed) for packed in (OLD, NEW, NEWER)}
PARTITIONS = 4


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("packs"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module: two workers, which start with the old pack."""
    folder = unpacked(OLD, tmp_path_factory.mktemp("old"))
    home = tmp_path_factory.mktemp("bus")
    async with Bus(cluster, home, workers=2, partitions=PARTITIONS, arguments=["--rules", str(folder)]) as running:
        yield running


async def publish(bus: Bus, count: int, seed: int) -> None:
    """Publish made-up events of the ordinary way: what overtakes has no offset among those that a pack changes at."""
    records = (made.record for made in load(2 * count, seed=seed))
    routine = (one for one in records if not is_flash(CODEC.decode(one.value).value, load_substances()))
    await publish_raw(bus.options, GATEWAY_TOPIC, list(islice(routine, count)))


async def put(bus: Bus, *records: RawRecord) -> None:
    """What a rule owner sends."""
    await publish_raw(bus.options, PACKS, records)


async def markers(bus: Bus) -> dict[int, list[int]]:
    """The offsets, by partition, from which on a lane decides by another pack."""
    found: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}
    async for record in committed(bus.options, (ACCEPTED,)):
        if record.headers and record.headers[0][0] == PACK_HEADER:
            found[record.partition].append(record.offset)
    return found


async def decided_by(bus: Bus) -> dict[tuple[int, int], str]:
    """The pack version that decided, by partition and offset of the accepted event.

    What the bus goes on to tell of them by itself is left out: how much of that there is by now, nobody knows.
    """
    places: dict[str, tuple[int, int]] = {}
    async for record in committed(bus.options, (ACCEPTED,)):
        if record.headers and not record.headers[0][0].startswith("sambus_"):
            event = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
            places[event["event_id"]] = (record.partition, record.offset)
    found = {}
    async for record in committed(bus.options, (DECISIONS,)):
        line = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        if line["origin"]["unit"] != BUS_UNIT:
            found[places[line["event_id"]]] = line["pack_version"]
    return found


async def refused(bus: Bus, count: int) -> list[str]:
    """The reasons of refused packs, once there are so many."""
    await bus.until(lambda books: books.codes["PACK_REFUSED"] >= count, f"{count} refused packs", within=60)
    pointers = []
    async for record in committed(bus.options, (QUARANTINE,)):
        value = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        pointers += [p["pointer"] for p in value["problems"] if p["code"] == "PACK_REFUSED"]
    return sorted(pointers)


async def test_a_pack_takes_effect_at_one_offset_in_every_lane(bus: Bus) -> None:
    """While events flow and a worker is killed; before each marker the old pack decided, behind it the new one."""
    await publish(bus, 100, 1)
    await bus.settled(100, within=60)
    await publish(bus, 100, 2)
    await put(bus, activation(NEW, PACK_OF[OLD]))
    bus.workers[0].kill()
    bus.workers[0].start()
    await publish(bus, 100, 3)
    await bus.settled(300, within=90)
    async with asyncio.timeout(60):
        while not all((await markers(bus)).values()):
            await asyncio.sleep(0.2)
    await publish(bus, 50, 6)
    await bus.settled(350, within=60)
    first = await markers(bus)
    assert {number: len(offsets) for number, offsets in first.items()} == dict.fromkeys(range(PARTITIONS), 1)
    decided = await decided_by(bus)
    assert len(decided) == 350
    for (partition, offset), version in decided.items():
        assert version == PACK_OF[NEW if offset > first[partition][0] else OLD].version
    assert set(decided.values()) == {PACK_OF[OLD].version, PACK_OF[NEW].version}


async def test_one_person_rolls_back_at_once(bus: Bus) -> None:
    """To the pack that the workers started with; what is published then, every lane decides by it."""
    await put(bus, rollback(OLD, PACK_OF[NEW]))
    async with asyncio.timeout(30):
        while not all(len(offsets) == 2 for offsets in (await markers(bus)).values()):
            await asyncio.sleep(0.2)
    known = set(await decided_by(bus))
    await publish(bus, 50, 4)
    await bus.settled(400, within=60)
    later = {place: version for place, version in (await decided_by(bus)).items() if place not in known}
    assert (len(later), set(later.values())) == (50, {PACK_OF[OLD].version})


async def test_a_bad_bundle_leaves_the_running_pack(bus: Bus) -> None:
    """Signed for by two and not to be compiled; signed by one alone; other bytes than were signed."""
    running = PACK_OF[OLD]
    broken = bundle("2030.9", "- id: S99\n  title: a rule with a misspelt field\n  effekt: allow\n")
    await put(
        bus,
        activation(broken, running, version="2030.9+00000000"),
        activation(NEW, running, second="anna.ek"),
        activation(NEW, running, packed_as=NEWER),
    )
    assert await refused(bus, 3) == ["/BAD_PACK", "/NOT_THE_SIGNED_PACK", "/SAME_PERSON"]
    before = (await bus.books()).settled
    known = set(await decided_by(bus))
    await publish(bus, 50, 5)
    await bus.settled(before + 50, within=60)
    later = {place: version for place, version in (await decided_by(bus)).items() if place not in known}
    assert set(later.values()) == {running.version}
