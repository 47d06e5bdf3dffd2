"""The console's part of the gateway: for operations alone, also while Kafka is away, in both languages."""

import re
from collections.abc import AsyncIterator

import pytest

from consumers.console.router import STATIC
from deploy.gateway import console, feeds
from deploy.gateway.context import Context
from deploy.gateway.part import Part
from schemas.alarms import AlarmCode
from tests.gateway import Running, in_process

NOWHERE = {"bootstrap_servers": "127.0.0.1:9"}
EVENT = "01a209f2-7e49-7630-b62d-6a4639bc8f59"


def made_of(context: Context) -> tuple[Part, ...]:
    """The parts that have routes of operations."""
    return feeds.part(context), console.part(context)


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A gateway without Kafka."""
    async with in_process(NOWHERE, tmp_path_factory.mktemp("console"), made_of) as gateway:
        yield gateway


async def test_every_route_of_operations_is_closed_to_others(running: Running) -> None:
    """An analyst and a publisher are refused, nobody is asked who they are: on every route that there is."""
    paths = running.gateway.api.openapi()["paths"]
    routes = [
        (method, path.replace("{event_id}", EVENT))
        for path, operations in paths.items()
        if path.startswith("/v1/operations/")
        for method in operations
    ]
    assert len(routes) >= 13
    async with running.client(roles=["reader", "publisher"]) as analyst, running.client(None) as nobody:
        for method, path in routes:
            body = BODIES.get(path)
            refused = await analyst.request(method, path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "ROLE_MISSING"), path
            assert (await nobody.request(method, path, json=body)).status_code == 401, path


BODIES = {
    "/v1/operations/alarms/take": {"code": "LATE", "where": "x"},
    "/v1/operations/alarms/hand-back": {"code": "LATE", "where": "x"},
    "/v1/operations/redelivery/preview": {"desk": "se/coordination", "since": "1h"},
    "/v1/operations/redelivery": {
        "desk": "se/coordination",
        "since": "1h",
        "subscriptions": ["x"],
        "deliveries": 1,
        "reason": "a reason, made up",
    },
}


async def test_without_kafka_the_console_says_that_nobody_watches(running: Running) -> None:
    """The page and the health are there; what needs Kafka says 503 and when to come back."""
    async with running.client(roles=["operations"]) as client:
        told = (await client.get("/v1/operations/health")).json()
        assert [reason["code"] for reason in told["reasons"]] == ["NOT_WATCHED"]
        page = await client.get("/operations")
        assert (page.status_code, "text/html" in page.headers["content-type"]) == (200, True)
        for path in ("desks", "duties", "acts", "packs"):
            answer = await client.get(f"/v1/operations/{path}")
            assert (answer.status_code, answer.json()["code"]) == (503, "BUS_UNREACHABLE"), path
            assert int(answer.headers["retry-after"]) > 0


async def test_the_page_knows_every_alarm_in_both_languages(running: Running) -> None:
    """Meaning, remedy and runbook page of each, and titles of areas and rules; nothing of anybody."""
    async with running.client(None) as client:
        names = (await client.get("/operations/names.json")).json()
        assert set(names["alarms"]) == set(AlarmCode)
        assert all(len(alarm["meaning"]) == len(alarm["remedy"]) == 2 for alarm in names["alarms"].values())
        assert names["areas"]["stockholm"]
        for code in AlarmCode:
            steps = await client.get(f"/operations/runbook/{code}.md")
            assert (steps.status_code, steps.headers["content-type"]) == (200, "text/markdown; charset=utf-8"), code
        assert (await client.get("/operations/runbook/NONE_SUCH.md")).status_code == 404
        assert (await client.get("/operations/runbook/..%2Foperations.md")).status_code == 404


def test_every_alarm_leads_to_a_panel() -> None:
    """The page says where to look for each, but for those of which no panel tells more."""
    text = (STATIC / "page.js").read_text("utf-8")
    named = set(re.findall(r"([A-Z_]{4,}): \"", text))
    assert set(AlarmCode) - named == {AlarmCode.BUS_UNREACHABLE, AlarmCode.NOT_WATCHED}
