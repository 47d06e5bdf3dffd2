"""What the page's modules work out by themselves: times of Sweden, coordinates, ids, names that are searched."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from schemas.model import UUID_V7
from tests.browser import window
from tests.pages.conftest import Standing

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

TIME, COMBO = "/static/js/time.js", "/static/js/combobox.js"
PLACES, IDS = "/publish/assets/coordinates.js", "/publish/assets/uuid.js"
#: A Saturday evening in November, in Sweden 21:52.
NOW = "2026-11-28T20:52:00Z"


@pytest.fixture(scope="module")
async def page(chromium: Browser, standing: Standing) -> AsyncIterator[Page]:
    """A page of a browser in New York, which shall show the clock of Sweden."""
    async with window(chromium, standing.gateway, None) as opened:
        await opened.goto("/publish")
        yield opened


async def worked_out(page: Page, module: str, expression: str, given: Any) -> Any:
    """What a module's function gives for each of some values."""
    return await page.evaluate(
        f"async (given) => {{ const m = await import('{module}'); return given.map((x) => {expression}); }}", given
    )


async def test_a_wall_clock_in_sweden_means_one_moment_two_or_none(page: Page) -> None:
    """In winter and summer; in the hour that is left out in spring, and in the one that comes twice in autumn."""
    meant = {
        "2026-01-15T12:00": ["2026-01-15T11:00:00.000Z"],
        "2026-07-15T12:00": ["2026-07-15T10:00:00.000Z"],
        "2026-03-29T02:30": [],
        "2026-10-25T02:30": ["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"],
        "nonsense": [],
    }
    told = await worked_out(page, TIME, "m.moments(x).map((at) => at.toISOString())", list(meant))
    assert dict(zip(meant, told, strict=True)) == meant


async def test_times_and_days_as_people_type_them(page: Page) -> None:
    """A clock alone is the last time that it showed that; what is no time is none."""
    times = {
        "21:52": "2026-11-28T21:52",
        "2152": "2026-11-28T21:52",
        "9.05": "2026-11-28T09:05",
        "22:10": "2026-11-27T22:10",
        "27/11 23:59": "2026-11-27T23:59",
        "1127 0700": "2026-11-27T07:00",
        "30/12 08:00": "2025-12-30T08:00",
        "2026-02-28 08:00": "2026-02-28T08:00",
        "2026-02-29 08:00": None,
        "24:00": None,
        "12:60": None,
        "i går": None,
        "": None,
    }
    told = await worked_out(page, TIME, f"m.typedTime(x, new Date('{NOW}'))", list(times))
    assert dict(zip(times, told, strict=True)) == times
    days = {"28/11": "2026-11-28", "1128": "2026-11-28", "29/11": "2025-11-29", "20261128": "2026-11-28", "31/2": None}
    told = await worked_out(page, TIME, f"m.typedDay(x, new Date('{NOW}'))", list(days))
    assert dict(zip(days, told, strict=True)) == days


async def test_coordinates_as_people_paste_them(page: Page) -> None:
    """With dots or commas, with letters, and with longitude first: always latitude and longitude with five decimals."""
    here = {"lat": "59.39020", "lon": "17.93110"}
    places = {
        "59.39020, 17.93110": here,
        "59.3902 17.9311": here,
        "59,3902 17,9311": here,
        "59,3902; 17,9311": here,
        "N 59.3902° E 17.9311°": here,
        "17.9311, 59.3902": here,
        "59.390204, 17.931099": here,
        "95.0, 17.0": None,
        "Rinkebystråket 4": None,
        "59.39": None,
    }
    told = await worked_out(page, PLACES, "m.coordinates(x)", list(places))
    assert dict(zip(places, told, strict=True)) == places


async def test_ids_are_uuids_of_their_time(page: Page) -> None:
    """Version 7, in the order of time, and no two alike."""
    moments = [1_795_900_000_000 + step for step in range(200)]
    made = await worked_out(page, IDS, "m.newEventId(x)", moments)
    assert all(re.fullmatch(UUID_V7, each) for each in made)
    assert made == sorted(made)
    assert [int(each[:8] + each[9:13], 16) for each in made] == moments
    assert len({each[14:] for each in made}) == len(made)


async def test_names_are_found_without_dots_and_rings_and_best_first(page: Page) -> None:
    """A whole name before its beginning, a beginning before a part."""
    options = [
        {"value": value, "label": label} for value, label in (("a", "Norra Järva"), ("b", "Järva"), ("c", "Solna"))
    ]
    found = await page.evaluate(
        f"""async (options) => {{
          const m = await import("{COMBO}");
          return ["jarva", "JÄRVA ", "sol", "x"].map((text) => m.matching(options, text).map((each) => each.value));
        }}""",
        options,
    )
    assert found == [["b", "a"], ["b", "a"], ["c"], []]
