"""What the address refuses before it looks at an event: forms, sizes, rates, strangers."""

from pathlib import Path

import orjson
import pytest

from producers.http.limits import Limits
from tests.gateway import Running, in_process, until_ready
from tests.producers.http.conftest import intake_on
from tests.producers.made import huge, notice

PATH = "/v1/events"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "media",
    [
        "",
        "text/plain",
        "application/xml",
        "application/json; charset=latin-1",
        "application/cloudevents+avro",
        "application",
    ],
)
async def test_other_media_types_are_refused(gateway: Running, media: str) -> None:
    """With those that are taken."""
    async with gateway.client() as client:
        answer = await client.post(PATH, content=b"{}", headers={"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNKNOWN")
    assert "application/cloudevents+json" in answer.headers["accept"]


@pytest.mark.parametrize(
    "media", ["application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"']
)
async def test_a_media_type_may_be_written_in_any_way(gateway: Running, media: str) -> None:
    """Capitals, blanks and the charset that JSON has anyway."""
    async with gateway.client() as client:
        answer = await client.post(PATH, content=orjson.dumps(notice()), headers={"content-type": media})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/cloudevents-batch+json", b"{}"),
        ("application/cloudevents+json", b"[]"),
        ("application/json", b"{"),
        ("application/json", b""),
    ],
)
async def test_a_body_that_is_not_what_its_type_says_is_refused(gateway: Running, media: str, body: bytes) -> None:
    """One event is no batch, a batch is no event, and JSON is whole."""
    async with gateway.client() as client:
        answer = await client.post(PATH, content=body, headers={"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (400, "BODY_UNREADABLE")


@pytest.mark.parametrize("body", [b"null", b"1", b'"text"', b"true"])
async def test_a_value_that_is_no_object_is_no_event(gateway: Running, body: bytes) -> None:
    """Told as any wrong event."""
    async with gateway.client() as client:
        answer = await client.post(PATH, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "")


async def test_an_empty_batch_has_no_results(gateway: Running) -> None:
    """It is no mistake."""
    async with gateway.client() as client:
        answer = await client.post(PATH, content=b"[]", headers=JSON)
    assert (answer.status_code, answer.json()["results"]) == (207, [])


async def test_an_event_over_one_mebibyte_is_told(gateway: Running) -> None:
    """The limit of the bus, before it is sent; and too many events, and too large a body."""
    async with gateway.client() as client:
        too_large = await client.post(PATH, json=huge())
        assert (too_large.status_code, too_large.json()["errors"][0]["code"]) == (422, "TOO_LARGE")
        assert (await client.post(PATH, json=[{}] * 1001)).status_code == 413
        assert (await client.post(PATH, json={"text": "x" * (4 << 20)})).status_code == 413
        assert (await client.post(PATH, content=b"x" * (9 << 20), headers=JSON)).status_code == 413


async def test_a_unit_that_sends_too_fast_is_told_when_to_go_on(kafka: str, topic: str, tmp_path: Path) -> None:
    """All desks of the unit share its rate; another unit does not notice."""
    options = {"bootstrap_servers": kafka}
    async with in_process(options, tmp_path, intake_on(topic), limits=Limits(rate=1, burst=10)) as running:
        await until_ready(running)
        async with running.client("se.noa/intelligence") as one, running.client("se.noa/investigation") as same:
            assert (await one.post(PATH, json=[notice() for _ in range(8)])).json()["taken"] == 8
            refused = await same.post(PATH, json=[notice() for _ in range(9)])
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY")
        assert 6 <= int(refused.headers["retry-after"]) <= 8
        async with running.client("se.syd.malmo/intelligence") as other:
            assert (await other.post(PATH, json=notice())).status_code == 202


async def test_a_reader_may_not_publish(gateway: Running) -> None:
    """Who has no such role is refused before the body is looked at."""
    async with gateway.client(roles=["reader"]) as client:
        answer = await client.post(PATH, content=b"{", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING")


async def test_a_stranger_learns_nothing(gateway: Running) -> None:
    """No token, no answer about the body."""
    async with gateway.client(None) as client:
        answer = await client.post(PATH, content=b"{", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_every_answer_is_guarded(gateway: Running) -> None:
    """The short way has the headers of all others."""
    async with gateway.client() as client:
        for answer in (
            await client.post(PATH, json=notice()),
            await client.post(PATH, json={}),
            await client.get("/healthz"),
        ):
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
