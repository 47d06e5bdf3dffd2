"""Situation pictures on a real Kafka: each event counted once, split, through kill -9; drafts delivered."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from consumers.pictures import picture_rows
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, new_event_id, publish_raw
from schemas.codec import MAX_BUS_BYTES
from schemas.model import to_wire_time
from tests.bus import CODEC, DELIVERIES, Bus, committed
from tests.deploy.cli_bus import sambus
from tests.orders import HYLLIE, JARVA, MALMO, NORD, Body, link, published, shooting

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

STOCKHOLM_TIME = ZoneInfo("Europe/Stockholm")
POLICE, REGION = f"{JARVA}/investigation", "se.stockholm/investigation"
ANALYST, MAKER = f"{JARVA}/intelligence", f"{MALMO}/coordination"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("pictures"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus")) as running:
        yield running


def told(area: str, lat: float, days_ago: int = 0) -> Body:
    """A shooting that happened an hour ago, or an hour and some days."""
    at = datetime.now(UTC) - timedelta(days=days_ago, hours=1)
    return shooting((17.9, lat), areas=[area], occurred_from=to_wire_time(at).isoformat(), occurred_to=None)


async def publish(bus: Bus, *bodies: tuple[Body, str]) -> None:
    """Publish bodies, each by a desk."""
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, desk) for body, desk in bodies])


async def violence(bus: Bus, window: str = "24h") -> dict[str, int | None]:
    """How much violence each area's row tells of."""
    rows = [row for row in await picture_rows(bus.options, CODEC) if (row.theme, row.window) == ("violence", window)]
    assert all(row.synthetic for row in rows)
    return {row.area: row.figures[0].count for row in rows}


async def until(bus: Bus, count: int) -> dict[str, int | None]:
    """Wait until the country's row tells of so much violence; returns all areas'. Errors: ``TimeoutError``."""
    async with asyncio.timeout(60):
        while (found := await violence(bus)).get("se") != count:
            await asyncio.sleep(0.2)  # Kafka tells nobody that a topic has grown
    return found


async def drafts(bus: Bus, desk: str) -> list[dict[str, Any]]:
    """The drafts that a desk got."""
    values = [CODEC.decode(r.value or b"", limit=MAX_BUS_BYTES).value async for r in committed(bus.options, DELIVERIES)]
    pictures = [value for value in values if (value["desk"], value["event_type"]) == (desk, "situation_picture")]
    return [value["event"]["payload"] for value in pictures]


async def drafts_of_week(bus: Bus, desk: str, day: date) -> list[dict[str, Any]]:
    """The drafts of violence of the week of a day that a desk got, in their order."""
    found = []
    async for record in committed(bus.options, DELIVERIES):
        value = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        if (value["desk"], value["event_type"]) == (desk, "situation_picture"):
            event, period = value["event"], value["event"]["payload"]["period"]
            whole_week = period["last_day"] - period["first_day"] == timedelta(days=6)
            if whole_week and period["first_day"] <= day <= period["last_day"]:
                found.append(event)
    return [each for each in found if each["payload"]["theme"] == "violence (synthetic)"]


async def test_each_real_event_counts_once_in_its_area_and_above(bus: Bus) -> None:
    """Two units tell of one shooting, one of another: two; a person parts the first two: three, also after kill -9."""
    one, same, other = told(JARVA, 59.40), told(JARVA, 59.40), told(JARVA, 59.30)
    await publish(bus, (one, POLICE), (same, REGION), (other, POLICE))
    assert await until(bus, 2) == {JARVA: 2, NORD: 2, "se.stockholm": 2, "se": 2}
    await publish(bus, (link(one, same, "rejected"), ANALYST))
    assert await until(bus, 3) == {JARVA: 3, NORD: 3, "se.stockholm": 3, "se": 3}
    bus.workers[0].kill()
    bus.workers[0].start()
    await publish(bus, (told(MALMO, 55.6), f"{MALMO}/investigation"))
    assert await until(bus, 4) == {JARVA: 3, NORD: 3, "se.stockholm": 3, "se.syd": 1, MALMO: 1, "se": 4}


async def test_a_closed_week_goes_as_draft_to_those_who_make_pictures(bus: Bus) -> None:
    """What happened three weeks ago is in a window that has closed: its draft comes to the area, once."""
    await publish(bus, (told(MALMO, 55.7, days_ago=21), f"{MALMO}/investigation"))
    await bus.settled(1)
    bus.workers[0].kill()
    bus.workers[0].start()  # a closed window is looked at when an hour begins, or a lane is opened
    async with asyncio.timeout(60):
        while not (found := [p for p in await drafts(bus, MAKER) if p["theme"] == "violence (synthetic)"]):
            await asyncio.sleep(0.2)
    weeks = [p for p in found if p["period"]["last_day"] - p["period"]["first_day"] == timedelta(days=6)]
    told_of = [p for p in weeks if p["input_count"] == 1]
    assert [(p["draft"], p["scope"], p["figures"][0]["count"]) for p in told_of] == [(True, "local", 1)]


async def test_what_comes_late_and_what_is_corrected_goes_out_as_a_revision_of_the_draft(bus: Bus) -> None:
    """A week that was over four weeks ago: its draft, one with a late report, one when the first is corrected away."""
    desk, maker, ago = f"{HYLLIE}/investigation", f"{HYLLIE}/intelligence", 28
    first, late = told(HYLLIE, 55.56, ago), told(HYLLIE, 55.58, ago)
    week = datetime.fromisoformat(first["occurred_from"]).astimezone(STOCKHOLM_TIME).date()
    earlier = (week - timedelta(days=14)).isoformat()
    corrected = first | {
        "event_id": new_event_id(),
        "revision": 2,
        "supersedes": first["event_id"],
        "occurred_from": f"{earlier}T12:00:00.000+00:00",
    }
    said: list[tuple[int, int]] = []
    for number, body in enumerate((first, late, corrected), 1):
        await publish(bus, (body, desk))
        await bus.settled(1)
        bus.workers[0].kill()
        bus.workers[0].start()  # corrections go out once an hour, or when a lane is opened
        async with asyncio.timeout(60):
            while len(found := await drafts_of_week(bus, maker, week)) < number:
                await asyncio.sleep(0.2)
        said = [(event["revision"], event["payload"]["input_count"]) for event in found]
    assert said == [(1, 1), (2, 2), (3, 1)]
    assert [event["supersedes"] for event in found] == [None, *(event["event_id"] for event in found[:-1])]
    assert len({event["payload"]["period"]["first_day"] for event in found}) == 1


async def test_the_command_shows_the_figures(bus: Bus) -> None:
    """For people a table with the areas below, for programs a row a line; outside the police no small number."""
    shown = await asyncio.to_thread(sambus, bus.bootstrap, "pictures", "--theme", "violence", "--window", "24h")
    assert shown.exit_code == 0, shown.output
    assert "SYNTHETIC" in shown.stdout
    lines = await asyncio.to_thread(sambus, bus.bootstrap, "pictures", "--area", JARVA, "--window", "24h", "--json")
    (row,) = [orjson.loads(line) for line in lines.stdout.splitlines()]
    assert (row["area"], row["figures"][0]["count"], sum(row["figures"][0]["counts"])) == (JARVA, 3, 3)
    hidden = await asyncio.to_thread(sambus, bus.bootstrap, "pictures", "--area", JARVA, "--suppressed", "--json")
    assert orjson.loads(hidden.stdout.splitlines()[0])["figures"][0]["count"] is None
