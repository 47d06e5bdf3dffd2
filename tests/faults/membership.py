"""A second worker that joins and leaves, or is killed, again and again under load, and what was made of it all then."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from consumers.measure import measure
from producers.client import GATEWAY_TOPIC, RawRecord, publish_raw
from schemas.codec import MAX_BUS_BYTES
from schemas.gazetteer import load_gazetteer
from schemas.topics import ASSESSED, catalogue
from streams.engine.settings import GROUP
from tests.bench.known import Known, Told
from tests.bus import CODEC, Books, Bus, committed
from tests.orders import published
from tests.quality.labels import Telling
from tests.quality.making import made

#: Relations that join two reports into one card.
_JOINS = frozenset({"duplicate", "echo"})
_BATCH = 10


class Grouped(NamedTuple):
    """What a run came to: the reports of each card that has several, each pair with its relation, and the books.

    Shape: ``told`` is what known events came to: their links, their context, and the figures of pictures.
    """

    groups: frozenset[frozenset[str]]
    pairs: dict[frozenset[str], str]
    books: Books
    told: Told


def tellings(events: int) -> list[Telling]:
    """Labelled events, each matter once: revisions of one matter are told apart by their order, and so not here."""
    return [telling for telling in made(events, seed=17).tellings if telling.revises is None]


async def run(
    bootstrap: str, home: Path, told: Sequence[Telling], known: Known, *, joins: int, pause_s: float = 0.0
) -> Grouped:
    """Publish while a second worker joins and leaves so often; none does with ``joins`` 0. Returns what was found.

    Every second time it does not leave but is killed.
    """
    bus = Bus(bootstrap, home, workers=2, arguments=("--snapshots", str(home / f"snapshots-{joins}")))
    comer = bus.workers.pop()
    async with bus:
        await publish_raw(bus.options, GATEWAY_TOPIC, known.before)
        await bus.settled(len(known.before), within=120)
        publishing = asyncio.create_task(_publish(bus, told, known.after, pause_s))
        for number in range(joins):
            before = comer.log.read_text().count('"lane_opened"') if comer.log.exists() else 0
            comer.start()
            async with asyncio.timeout(90):
                while comer.log.read_text().count('"lane_opened"') == before:
                    await asyncio.sleep(0.2)
            await asyncio.to_thread(comer.kill if number % 2 else comer.stop)
        await publishing
        await bus.settled(len(told) + len(known.ids), within=120)
        await _nothing_waits(bus)
        pairs = await _pairs(bus)
        groups = components(pair for pair, how in pairs.items() if how in _JOINS)
        return Grouped(groups, pairs, await bus.books(), await known.told(bus))


def components(pairs: Iterable[frozenset[str]]) -> frozenset[frozenset[str]]:
    """What is one, directly or through others."""
    group: dict[str, set[str]] = {}
    for pair in pairs:
        whole = set(pair).union(*(group.get(end, ()) for end in pair))
        group.update(dict.fromkeys(whole, whole))
    return frozenset(map(frozenset, group.values()))


async def _publish(bus: Bus, told: Sequence[Telling], after: Sequence[RawRecord], pause_s: float) -> None:
    """All of it in batches, with what meets the known events spread over them."""
    starts = range(0, len(told), _BATCH)
    for number, start in enumerate(starts):
        records = [published(telling.body, telling.desk) for telling in told[start : start + _BATCH]]
        records += after[number :: len(starts)]
        await publish_raw(bus.options, GATEWAY_TOPIC, records)
        await asyncio.sleep(pause_s)


async def _nothing_waits(bus: Bus) -> None:
    """Wait until every agent has read to the end, twice in a row: what one writes another may read."""
    expected = [topic.name for topic in catalogue(load_gazetteer(), partitions=bus.partitions)]
    still = 0
    async with asyncio.timeout(120):
        while still < 2:
            measured = await measure(bus.options, GROUP, expected, CODEC)
            still = 0 if any(lag.unread for lag in measured.lags) else still + 1
            await asyncio.sleep(0.5)


async def _pairs(bus: Bus) -> dict[frozenset[str], str]:
    """What the bus says last of each pair of reports; those that it parted are left out."""
    said: dict[frozenset[str], tuple[int, str, str]] = {}
    async for record in committed(bus.options, (ASSESSED,)):
        event = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        if event["event_type"] == "link_suggestion":
            link = event["payload"]
            ends = frozenset((link["a_id"], link["b_id"]))
            said[ends] = max(said.get(ends, (0, "", "")), (event["revision"], link["status"], link["relation"]))
    return {ends: relation for ends, (_, status, relation) in said.items() if status != "rejected"}
