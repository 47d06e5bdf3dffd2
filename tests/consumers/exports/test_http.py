"""Search and exports over HTTP, as a gateway plugs them in: who asks decides, refusals tell no more than they must."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Header, HTTPException

from consumers.archive.archive import Archive
from consumers.archive.asker import Asker, Somebody
from consumers.archive.http import archive_router
from consumers.archive.search import View, everything
from consumers.exports.http import exports_router
from schemas.vocabulary import Purpose
from tests.consumers.archive.made import ANNA, BO, DESK, OTHER, Filler, came, order, report
from tests.consumers.exports.made import CUSTOMS, event

WHO = {"anna": ANNA, "bo": BO}


def asker_of(authorization: Annotated[str, Header()] = "") -> Somebody:
    """Who asks: a gateway proves it by a token, this test by a name."""
    if authorization not in WHO:
        raise HTTPException(401)
    return WHO[authorization]


@pytest.fixture
async def receipts() -> list[tuple[str, str]]:
    """The receipts that were sent."""
    return []


@pytest.fixture
async def client(archive: Archive, receipts: list[tuple[str, str]]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that has both routers."""

    async def send(asker: Asker, delivery_id: str) -> None:
        receipts.append((asker.desk, delivery_id))

    async def archive_of() -> Archive:
        return archive

    def view_of(_: Asker, __: Purpose) -> View:
        return everything

    app = FastAPI()
    app.include_router(archive_router(archive_of, asker_of, view_of))
    app.include_router(exports_router(archive_of, asker_of, view_of, receipts=send))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as found:
        yield found


def request(*wanted: str, **said: object) -> dict[str, object]:
    """An export request."""
    fields = {"event_ids": list(wanted), "format": "csv", "receiver": CUSTOMS, "ground": "OSL 10:2", "purpose": "P1"}
    return fields | said


async def test_search(client: httpx.AsyncClient, filler: Filler) -> None:
    """Hits with their cards, for the asker's desk; nobody without a name."""
    one, two = report("ord"), report("ord")
    link = came(
        {"a_id": one.event_id, "b_id": two.event_id, "status": "suggested", "relation": "duplicate", "score": 0.9},
        event_type="link_suggestion",
    )
    filler.write(one, two, link, report("ord", desk=OTHER))
    answer = await client.post("/search", json={"text": "ord", "purpose": "P1"}, headers={"authorization": "anna"})
    assert answer.status_code == 200
    hits = answer.json()["hits"]
    assert [hit["meta"]["event_id"] for hit in hits] == [two.event_id, one.event_id]
    assert {hit["card_id"] for hit in hits} == {min(one.event_id, two.event_id)}
    assert {hit["meta"]["desk"] for hit in hits} == {DESK}
    assert answer.headers["cache-control"] == "no-store"
    assert (await client.post("/search", json={"purpose": "P1"})).status_code == 401


async def test_refusals_are_problem_details(client: httpx.AsyncClient) -> None:
    """With code, pointer and remedy in both languages, and nothing of the question."""
    answer = await client.post("/search", json={"person": "p-77", "purpose": "P1"}, headers={"authorization": "anna"})
    assert (answer.status_code, answer.json()["code"]) == (403, "CASE_MISSING")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "p-77" not in answer.text
    wrong = await client.post(
        "/search", json={"text": "hemligt", "colour": "red", "purpose": "P1"}, headers={"authorization": "anna"}
    )
    assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/colour")
    assert "hemligt" not in wrong.text


async def test_an_export_its_record_and_its_recall(
    client: httpx.AsyncClient, filler: Filler, receipts: list[tuple[str, str]]
) -> None:
    """A file, the register, an order, the confirmation, after which the receipt goes out; nobody else's at any step."""
    one = event()
    filler.write(one)
    anna, bo = {"authorization": "anna"}, {"authorization": "bo"}
    made = await client.post("/exports", json=request(one.event_id), headers=anna)
    assert made.status_code == 200
    export_id = made.headers["sambus-export"]
    assert f'filename="sambus-{export_id}.csv"' in made.headers["content-disposition"]
    assert (await client.get("/exports", headers=anna)).json()["exports"][0]["export_id"] == export_id
    assert (await client.get("/exports", headers=bo)).json() == {"exports": []}
    recall = order(one.event_id)
    filler.write(recall)
    (told,) = (await client.get("/exports/orders", headers=anna)).json()["orders"]
    assert (told["export_id"], told["action"], told["late"]) == (export_id, "recall", True)
    assert (await client.get("/exports/orders", headers=bo)).json() == {"orders": []}
    assert (await client.post(f"/exports/{export_id}/confirm", headers=bo)).status_code == 422
    done = await client.post(f"/exports/{export_id}/confirm", headers=anna)
    assert done.json() == {"receipts": [recall.item.meta.delivery_id]}
    assert receipts == [(DESK, recall.item.meta.delivery_id)]


async def test_another_desks_event_is_as_unknown_as_none(client: httpx.AsyncClient, filler: Filler) -> None:
    """The same answer to the last byte."""
    theirs = event(desk=OTHER)
    filler.write(theirs)
    answers = [
        await client.post("/exports", json=request(event_id), headers={"authorization": "anna"})
        for event_id in (theirs.event_id, came({}).event_id)
    ]
    assert answers[0].content == answers[1].content
    assert answers[0].status_code == answers[1].status_code == 422


async def test_a_refused_export_says_why_for_each_event(client: httpx.AsyncClient, filler: Filler) -> None:
    """The asker's own events only."""
    one, two = event(handling_code="H2"), event(grading=None)
    filler.write(one, two)
    answer = await client.post("/exports", json=request(one.event_id, two.event_id), headers={"authorization": "anna"})
    assert answer.status_code == 403
    assert {event_id: told["code"] for event_id, told in answer.json()["events"].items()} == {
        one.event_id: "HANDLING_H2",
        two.event_id: "UNGRADED",
    }
