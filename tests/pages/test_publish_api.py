"""What the publishing page asks: the rules' word before sending is what happens, and no more than one may know."""

from typing import Any

import httpx
import orjson
import pytest

from consumers.resending import write_marks
from producers.client import GATEWAY_TOPIC, Producer, new_event_id
from schemas.codec import MAX_BUS_BYTES
from schemas.example_data import altered
from schemas.records import QuarantineDrop
from schemas.topics import QUARANTINE
from tests.bus import CODEC, committed
from tests.pages.conftest import Standing
from tests.pages.made import JARVA, SECRET, desk_for, outcome_of, report, reports

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

DESK = f"{JARVA}/investigation"


async def previewed(client: httpx.AsyncClient, event: dict[str, Any]) -> dict[str, Any]:
    """What the rules would do, or what is wrong."""
    told: dict[str, Any] = (await client.post("/publish/preview", json=event)).raise_for_status().json()
    return told


async def ends(standing: Standing, topic: str) -> int:
    """How many records a topic has had."""
    return len([record async for record in committed(standing.bus.options, (topic,))])


async def test_what_is_foretold_is_what_happens(standing: Standing) -> None:
    """For every good example of every form: the real bus reaches and keeps away as many desks as was foretold."""
    foretold: dict[tuple[str, str, str], tuple[str, int, int]] = {}
    clients = {desk: standing.gateway.client(desk) for desk in {desk_for(name) for name, _ in reports()}}
    for name, event in reports():
        client = clients[desk_for(name)]
        answer = await previewed(client, event)
        assert answer["errors"] == [], name
        told = answer["told"]
        foretold[name, desk_for(name), event["event_id"]] = ("accepted", told["desks"], told["kept_from"])
        assert sum(each["desks"] for each in told["reached"]) == told["desks"]
        assert (await client.post("/publish/events", json=event)).status_code == 202
    became = {}
    for key in foretold:
        outcome = await outcome_of(clients[key[1]], key[2])
        became[key] = (outcome["state"], outcome["desks"], outcome["kept_from"])
    assert became == foretold
    for client in clients.values():
        await client.aclose()


async def test_a_preview_leaves_nothing_behind(standing: Standing) -> None:
    """No record, and no word of it in the gateway's log."""
    before = await ends(standing, GATEWAY_TOPIC)
    event = report("intelligence_report")
    event["payload"]["summary"] = SECRET
    async with standing.gateway.client(f"{JARVA}/intelligence") as client:
        assert (await previewed(client, event))["told"]["outcome"] in {"shared", "origin_only"}
        assert (await previewed(client, event | {"purpose": SECRET}))["told"] is None
    assert await ends(standing, GATEWAY_TOPIC) == before
    assert SECRET not in standing.gateway.log.read_text("utf-8")


async def test_a_preview_tells_numbers_and_rules_and_no_desk(standing: Standing) -> None:
    """What is told holds no address of a desk, and no more than ``sambus explain`` tells the publisher."""
    event = report("intelligence_report")
    del event["grading"]
    async with standing.gateway.client(f"{JARVA}/intelligence") as client:
        told = (await previewed(client, event))["told"]
    titles = {line["rule"]: line["title_sv"] for line in told["withheld"]}
    assert titles["B01"] == "Ovärderad uppgift stannar i enheten"
    assert all(line["desks"] > 0 for line in told["withheld"])
    assert "se." not in orjson.dumps(told | {"pack_version": ""}).decode()


async def test_a_preview_says_what_only_the_bus_decides(standing: Standing) -> None:
    """What circles, case teams and the events it is built on may change is named, and not looked up."""
    async with standing.gateway.client(DESK) as client:
        plain = (await previewed(client, altered(report("drug_seizure"), {}, ["/case_ref", "/topics"])))["told"]
        more = altered(report("drug_seizure"), {"/provenance/derived_from": [new_event_id()]})
        assert plain["decided_later"] == []
        assert (await previewed(client, more))["told"]["decided_later"] == ["case_team", "circles", "built_on"]


async def test_what_is_wrong_has_its_place(standing: Standing) -> None:
    """All faults at once, with pointers into what was sent; nothing is sent by a refusal either."""
    event = altered(report("drug_seizure"), {"/payload/items/0/gross_mass_g": "1", "/areas/0": "se.nowhere"})
    async with standing.gateway.client(DESK) as client:
        told = await previewed(client, event)
        refused = await client.post("/publish/events", json=event)
    assert [(each["code"], each["pointer"]) for each in told["errors"]] == [
        ("FIELD_INVALID", "/payload/items/0/gross_mass_g")
    ]
    assert (refused.status_code, refused.json()["code"]) == (422, "EVENT_REJECTED")
    assert refused.json()["errors"] == told["errors"]


async def test_numbers_reach_the_bus_as_hashes_alone(standing: Standing) -> None:
    """A seizure's number, a case's and a plate, typed in clear: hashes on the bus, one for one number, in no log."""
    plain = {"/payload/seizure_no": "2026-5000-BG 9137", "/case_ref": "K 9137-26", "/objects/0/ref": "ABC 137"}
    event = altered(report("drug_seizure"), plain)
    other = altered(report("drug_seizure"), plain | {"/payload/seizure_no": "20265000bg9137"})
    async with standing.gateway.client(DESK) as client:
        for each in (event, other):
            assert (await client.post("/publish/events", json=each)).status_code == 202
            assert (await outcome_of(client, each["event_id"]))["state"] == "accepted"
    sent = {}
    async for record in committed(standing.bus.options, (GATEWAY_TOPIC,)):
        assert b"9137" not in (record.value or b"")
        sent[(record.key or b"").decode()] = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
    one, two = sent[event["event_id"]], sent[other["event_id"]]
    assert one["payload"]["seizure_no"] == two["payload"]["seizure_no"]
    assert one["case_ref"] == two["case_ref"] != one["payload"]["seizure_no"]
    assert "9137" not in standing.gateway.log.read_text("utf-8")


async def test_what_came_back_is_shown_to_its_desk_and_to_whoever_may_see_it(standing: Standing) -> None:
    """A report in quarantine: whole to its desk, without content to somebody with less clearance, to nobody else."""
    event = report("drug_seizure", areas=[f"{JARVA}-nowhere"], sensitivity=2)
    event["payload"]["items"][0]["packaging"] = SECRET
    async with Producer(standing.bus.options, origin=DESK) as producer:
        assert (await producer.publish(event)).status == "taken"
    async with standing.gateway.client(DESK) as own:
        outcome = await outcome_of(own, event["event_id"])
        assert outcome["state"] == "quarantined"
        assert [(each["code"], each["pointer"]) for each in outcome["errors"]] == [("AREA_UNKNOWN", "/areas/0")]
        (mine,) = [each for each in await returned(own) if each["event_id"] == event["event_id"]]
        assert mine["content"]["payload"]["items"][0]["packaging"] == SECRET
        assert mine["content"]["payload"]["items"][0]["mass_g"] == "48.200"
    async with standing.gateway.client(DESK, sensitivity="1") as junior:
        (seen,) = [each for each in await returned(junior) if each["event_id"] == event["event_id"]]
        assert seen["content"] is None
        assert SECRET not in str(seen)
    async with standing.gateway.client(f"{JARVA}/intelligence") as other:
        assert event["event_id"] not in {each["event_id"] for each in await returned(other)}
        assert (await other.get(f"/publish/outcomes/{event['event_id']}")).json()["state"] == "unknown"


async def test_what_its_desk_has_dropped_comes_back_no_more(standing: Standing) -> None:
    """The record stays in quarantine; the page shows what waits to be mended."""
    event = report("drug_seizure", areas=[f"{JARVA}-nowhere"])
    async with Producer(standing.bus.options, origin=DESK) as producer:
        assert (await producer.publish(event)).status == "taken"
    async with standing.gateway.client(DESK) as own:
        assert (await outcome_of(own, event["event_id"]))["state"] == "quarantined"
        (mine,) = [each for each in await returned(own) if each["event_id"] == event["event_id"]]
        partition, _, offset = mine["place"].partition(":")
        drop = QuarantineDrop(
            partition=int(partition), offset=int(offset), event_id=event["event_id"], by=DESK, reason="Prov"
        )
        before = await ends(standing, QUARANTINE)
        await write_marks(standing.bus.options, CODEC, [(drop, DESK)])
        assert event["event_id"] not in {each["event_id"] for each in await returned(own)}
    assert await ends(standing, QUARANTINE) == before


async def returned(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """What came back to the desk."""
    found: list[dict[str, Any]] = (await client.get("/publish/returned")).raise_for_status().json()["returned"]
    return found


async def test_quarantine_holds_nothing_of_what_was_refused_at_once(standing: Standing) -> None:
    """What the gateway refuses never reaches the bus."""
    before = await ends(standing, QUARANTINE)
    async with standing.gateway.client(DESK) as client:
        refused = await client.post("/publish/events", json=report("drug_seizure", areas=["se.nowhere"]))
    assert refused.json()["errors"][0]["pointer"] == "/areas/0"
    assert await ends(standing, QUARANTINE) == before
