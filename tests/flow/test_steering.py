"""The steering report of a running bus: what was shared, read, used and led to, by the command, from real topics."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consumers.gateway.readlog import ReadLog
from consumers.steering.parts import by_type, load_parts
from consumers.steering.reading import Progress, Source, counted
from consumers.steering.tally import Period
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, new_event_id, publish_raw
from schemas.gazetteer import load_gazetteer
from schemas.reads import Channel, ReadDelivery, ReadKind, ReadLine
from tests.bus import CODEC, Bus
from tests.deploy.cli_bus import sambus
from tests.orders import HYLLIE, JARVA, NORD, Body, feedback, published, seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

MANY, READ, LED = 8, 6, 5
PUBLISHER, READER = f"{JARVA}/investigation", f"{NORD}/intelligence"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("steering"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus")) as running:
        yield running


async def asked(bus: Bus, *arguments: str) -> tuple[int, Mapping[str, Any]]:
    """The report on these days, by the command, for programs: its exit code, and what it tells."""
    today = datetime.now(UTC).date()
    days = ("--from", str(today - timedelta(days=1)), "--to", str(today + timedelta(days=1)))
    result = await asyncio.to_thread(sambus, bus.bootstrap, "steering", *days, "--json", *arguments)
    assert result.stdout, result.output
    return result.exit_code, json.loads(result.stdout)


def numbers(told: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    """The numbers of one part."""
    found: Mapping[str, Any] = next(each for each in told["parts"] if each["id"] == part)["numbers"]
    return found


async def read(bus: Bus, events: list[Body], desk: str) -> None:
    """Let a desk read events, as the gateway writes it down."""
    line = ReadLine(
        kind=ReadKind.ASKED,
        at=datetime.now(UTC),
        desk=desk,
        readings=["made-up"],
        channel=Channel.PAGE,
        deliveries=[ReadDelivery(event_id=each["event_id"], revision=1, view_group="main") for each in events],
    )
    async with ReadLog(bus.options, CODEC) as log:
        await log.write([line])


async def test_from_publication_to_the_report(bus: Bus, tmp_path: Path) -> None:
    """Eight seizures each in two regions, some read, some that led to something; then all of it again, revised."""
    here = [seizure(JARVA, synthetic=True) for _ in range(MANY)]
    there = [seizure(HYLLIE, synthetic=True) for _ in range(MANY)]
    records = [published(each, PUBLISHER) for each in here]
    records += [published(each, f"{HYLLIE}/investigation") for each in there]
    await publish_raw(bus.options, GATEWAY_TOPIC, records)
    await bus.settled(2 * MANY)
    await read(bus, here[:READ], READER)
    notes = [published(feedback(each, synthetic=True), READER) for each in here[:LED]]
    await publish_raw(bus.options, GATEWAY_TOPIC, notes)
    await bus.settled(2 * MANY + LED)

    code, told = await asked(bus, "--synthetic")
    assert code == 0
    assert told["whole"]["numbers"] == numbers(told, "S2.2-13")  # S06: results back to intelligence and surveillance
    found = numbers(told, "S2.2-13")
    assert (found["shared"], found["readable"], found["in_time"]) == (2 * MANY, 2 * MANY, READ)
    assert (found["used"], found["fed_back"], found["led_to"], found["prosecuted"]) == (LED, LED, LED, 0)
    assert found["led_to_share"] == LED / (2 * MANY)
    by_area = next(each for each in told["parts"] if each["id"] == "S2.2-13")["areas"]
    assert (by_area["se.stockholm"]["shared"], by_area["se.syd"]["shared"]) == (MANY, MANY)
    assert {each["id"] for each in told["parts"] if each["standing"] == "answers"} >= {"S2.1-12"}  # S11: feedback
    to = next(each for each in told["functions"] if (each["from"], each["to"]) == ("investigation", "intelligence"))
    assert to["used"] == LED
    assert to["shared"] > 2 * MANY  # several intelligence desks got each
    assert told["unknown_packs"] == []

    code, real = await asked(bus)
    assert (code, real["whole"]["numbers"]["shared"]) == (1, 0)

    revised = [again(each) for each in here]
    await publish_raw(bus.options, GATEWAY_TOPIC, [*records, *(published(each, PUBLISHER) for each in revised)])
    await bus.settled(5 * MANY + LED)
    _, after = await asked(bus, "--synthetic")
    assert numbers(after, "S2.2-13") == found

    await _other_forms(bus, tmp_path)
    await _in_several_readings(bus)


def again(body: Body) -> Body:
    """A revision of a seizure: the same number, another amount."""
    items = [item | {"mass_g": "1.000"} if "mass_g" in item else item for item in body["payload"]["items"]]
    event_id = new_event_id()
    own = {"event_id": event_id, "revision": 2, "supersedes": body["event_id"], "provenance": {"root_ids": [event_id]}}
    return body | own | {"payload": body["payload"] | {"items": items}}


async def _other_forms(bus: Bus, folder: Path) -> None:
    """A page and a table as files, and a terminal's table."""
    page, sheet = folder / "report.html", folder / "report.csv"
    today = datetime.now(UTC).date()
    days = ("--synthetic", "--from", str(today - timedelta(days=1)), "--to", str(today + timedelta(days=1)))
    files = ("--html", str(page), "--csv", str(sheet))
    written = await asyncio.to_thread(sambus, bus.bootstrap, "steering", *days, *files)
    assert (written.exit_code, written.stdout) == (0, ""), written.output
    assert "Exchange between intelligence, surveillance and investigation" in page.read_text("utf-8")
    assert f"parts,S2.2-13,traffic,se,,,,shared,{2 * MANY}," in sheet.read_text("utf-8")
    shown = await asyncio.to_thread(sambus, bus.bootstrap, "steering", *days, "--area", "se.stockholm")
    assert "SYNTHETIC" in shown.stdout
    rows = [line.replace("\u00a0", "").split() for line in shown.stdout.splitlines()]
    (row,) = (words for words in rows if words[:1] == ["S2.2-13"])
    assert row[-6:] == [str(MANY), "75%", "62%", "62%", "62%", "0%"]  # six of eight, five of eight


async def _in_several_readings(bus: Bus) -> None:
    """With room for three matters at once the ledger is read several times, and the same is counted."""
    now = round(datetime.now(UTC).timestamp() * 1000)
    found = []
    for at_once in (10_000, 3):
        source = Source(
            options=bus.options,
            period=Period(now - 86_400_000, now + 86_400_000),
            synthetic=True,
            served={},
            by_type=by_type(load_parts()),
            progress=Progress(),
            at_once=at_once,
        )
        counts, unlogged = await counted(source, load_gazetteer())
        assert unlogged == frozenset()
        assert (source.progress.readings > 2) is (at_once == 3)
        found.append((counts.matters, counts.ways))
    assert found[0] == found[1]
    assert found[0][0].total() == 2 * MANY
