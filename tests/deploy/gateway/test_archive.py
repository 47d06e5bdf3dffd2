"""Search and exports at the gateway: people see what they see on their feed, and nobody learns of anything else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from consumers.archive.archive import open_archive
from deploy.gateway.context import ArchivePlace
from tests.consumers.archive.made import DESK, OTHER, Filler, report
from tests.consumers.exports.made import CUSTOMS
from tests.gateway import Running, in_process

NOWHERE = {"bootstrap_servers": "127.0.0.1:9"}
PLAIN, SECRET = report("spade"), report("spade", sensitivity=3)
SOURCED = report("spade", provenance={"source_key": "kfz-hammare"})
OF_ANOTHER = report("spade", desk=OTHER)


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A gateway whose archive has reports of two desks; Kafka is away."""
    folder = tmp_path_factory.mktemp("gateway")
    place = ArchivePlace(f"sqlite:///{folder / 'archive.db'}", folder / "archive.key")
    with open_archive(*place) as archive:
        Filler(archive).write(PLAIN, SECRET, SOURCED, OF_ANOTHER)
    async with in_process(NOWHERE, folder, archive=place) as gateway:
        yield gateway


async def search(client: httpx.AsyncClient, **fields: Any) -> dict[str, dict[str, Any]]:
    """The events that a search finds, by id."""
    answer = await client.post("/v1/search", json={"text": "spade", "purpose": "P1"} | fields)
    assert answer.status_code == 200, answer.text
    return {hit["meta"]["event_id"]: hit["event"] for hit in answer.json()["hits"]}


async def test_a_desk_finds_its_own_and_no_other(running: Running) -> None:
    """Whatever another desk has is not there."""
    async with running.client(OTHER) as client:
        assert set(await search(client)) == {OF_ANOTHER.event_id}


async def test_a_person_finds_what_they_are_cleared_for(running: Running) -> None:
    """Within one desk: the event above somebody's clearance is not there for them, and their page is no shorter."""
    async with running.client(DESK, sensitivity=["2"]) as client:
        assert set(await search(client)) == {PLAIN.event_id, SOURCED.event_id}
        assert len(await search(client, limit=1)) == 1


async def test_a_field_is_shown_to_whom_it_may_be(running: Running) -> None:
    """What is sealed is left out of a hit for whoever is not cleared for it, and is no way to find the event."""
    async with running.client(DESK, sensitivity=["3"], marks=[]) as client:
        assert "source_key" not in (await search(client))[SOURCED.event_id]["provenance"]
        assert await search(client, text="kfz-hammare") == {}
        assert await search(client, text="hammare") == {}


async def test_the_gateways_document_tells_of_both(running: Running) -> None:
    """With the forms of what is asked, which it holds itself: OpenAPI's own judge finds it valid."""
    async with running.client(None) as client:
        document = (await client.get("/openapi.json")).json()
    validate(document)
    asked = {
        path: document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for path in ("/v1/search", "/v1/exports")
    }
    forms = {path: document["components"]["schemas"][ref.rpartition("/")[2]] for path, ref in asked.items()}
    assert forms["/v1/search"]["required"] == ["purpose"]
    assert set(forms["/v1/exports"]["required"]) == {"format", "receiver", "ground", "purpose"}


async def test_nobody_without_the_role(running: Running) -> None:
    """Nobody, and somebody who may only publish."""
    async with running.client(None) as nobody, running.client(DESK, roles=["publisher"]) as publisher:
        for address in ("/v1/search", "/v1/exports"):
            assert (await nobody.post(address, json={})).status_code == 401
            assert (await publisher.post(address, json={})).status_code == 403


async def test_a_cursor_of_another_opens_nothing(running: Running) -> None:
    """Neither another desk's nor one that was changed."""
    asked = {"text": "spade", "purpose": "P1", "limit": 1}
    async with running.client(DESK) as client, running.client(OTHER) as other:
        cursor = (await client.post("/v1/search", json=asked)).json()["cursor"]
        stolen = await other.post("/v1/search", json=asked | {"cursor": cursor})
        changed = await client.post("/v1/search", json=asked | {"cursor": cursor.swapcase()})
    assert [(each.status_code, each.json()["code"]) for each in (stolen, changed)] == [(422, "CURSOR_INVALID")] * 2


async def test_what_may_not_be_seen_cannot_be_taken_out(running: Running) -> None:
    """One above the clearance, another desk's, and one that never was: the same refusal, to the letter."""
    fields = {"format": "csv", "receiver": CUSTOMS, "ground": "OSL 10:2", "purpose": "P1"}
    never = "01a22489-0205-700f-b1b4-45a6450ed074"
    async with running.client(DESK, sensitivity=["2"]) as client:
        answers = [
            await client.post("/v1/exports", json=fields | {"event_ids": [event_id]})
            for event_id in (SECRET.event_id, OF_ANOTHER.event_id, never)
        ]
        register = await client.get("/v1/exports")
    assert {(each.status_code, each.text) for each in answers} == {(answers[0].status_code, answers[0].text)}
    assert answers[0].json()["code"] == "EVENT_UNKNOWN"
    assert register.json() == {"exports": []}


async def test_an_archive_that_is_away_is_told(tmp_path: Path) -> None:
    """The gateway is there all the same, and asks it again later."""
    place = ArchivePlace("postgresql://127.0.0.1:9/sambus", tmp_path / "archive.key")
    async with in_process(NOWHERE, tmp_path, archive=place) as gateway, gateway.client(DESK) as client:
        for address in ("/v1/search", "/v1/exports"):
            answer = await client.post(address, json={"purpose": "P1"})
            assert (answer.status_code, answer.json()["code"]) == (503, "ARCHIVE_UNREACHABLE")
            assert int(answer.headers["retry-after"]) > 0
        assert (await client.get("/healthz")).status_code == 200
