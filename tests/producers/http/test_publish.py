"""Publishing over HTTP to a real Kafka: what is taken stands there as a client would send it, else it is told."""

import asyncio
import gzip
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from producers.client import new_event_id
from schemas.codec import ORIGIN_HEADER, Codec
from schemas.example_data import good_examples
from tests.gateway import DESK, Running
from tests.producers.conftest import ReadAll
from tests.producers.made import SECRET, notice

PATH = "/v1/events"
BATCHED = {"content-type": "application/cloudevents-batch+json"}
STRUCTURED = {"content-type": "application/cloudevents+json"}


def cloud_event(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A CloudEvent of an event, changed."""
    told = {
        "specversion": "1.0",
        "id": body["event_id"],
        "source": f"/{DESK}",
        "type": f"se.sambus.{body['event_type']}.v1",
        "time": body["reported_at"],
        "datacontenttype": "application/json",
        "data": body,
    }
    return told | changes


async def test_an_event_stands_on_the_bus_as_a_client_would_have_sent_it(
    gateway: Running, topic: str, read_all: ReadAll
) -> None:
    """Key, value, CloudEvents headers, and the desk of the token as origin."""
    body = notice()
    async with gateway.client() as client:
        answer = await client.post(PATH, json=body)
    assert (answer.status_code, answer.json()) == (202, {"event_id": body["event_id"], "status": "taken"})
    (record,) = await read_all(topic)
    assert record.key == body["event_id"].encode()
    decoded = Codec().decode(record.value)
    assert (decoded.name, decoded.value["payload"]["title"]) == ("public_notice", SECRET)
    headers = dict(record.headers)
    assert headers[ORIGIN_HEADER] == DESK.encode()
    assert headers["ce_id"] == body["event_id"].encode()
    assert headers["ce_source"] == f"/{DESK}".encode()
    assert headers["ce_type"] == b"se.sambus.public_notice.v1"


async def test_a_retry_answers_the_same(gateway: Running, topic: str, read_all: ReadAll) -> None:
    """Sent again with the same id, the event gets the same answer and the same bytes; the bus drops the second."""
    body = notice()
    async with gateway.client() as client:
        first, second = [await client.post(PATH, json=body) for _ in range(2)]
    assert (first.status_code, first.content) == (second.status_code, second.content)
    one, two = await read_all(topic)
    assert (one.partition, one.key, one.value) == (two.partition, two.key, two.value)


async def test_each_event_of_a_batch_has_its_result(gateway: Running, topic: str, read_all: ReadAll) -> None:
    """Bad ones spoil only themselves; results stand in the order of the events."""
    bodies: list[Any] = [notice(), notice(purpose="P99"), "no event", notice(), notice(areas=["se.nowhere"])]
    async with gateway.client() as client:
        answer = await client.post(PATH, json=bodies)
    told = answer.json()
    assert answer.status_code == 207
    assert [result["status"] for result in told["results"]] == ["taken", "rejected", "rejected", "taken", "rejected"]
    assert [result.get("errors", [{}])[0].get("code") for result in told["results"]] == [
        None, "FIELD_INVALID", "FIELD_INVALID", None, "AREA_UNKNOWN",
    ]  # fmt: skip
    assert (told["taken"], told["rejected"], told["unconfirmed"]) == (2, 3, 0)
    keys = {record.key.decode() for record in await read_all(topic)}
    assert keys == {bodies[0]["event_id"], bodies[3]["event_id"]}


async def test_a_cloud_event_of_the_official_sdk_is_taken(gateway: Running, topic: str, read_all: ReadAll) -> None:
    """Structured mode, as the SDK writes it."""
    body = notice()
    kind = "se.sambus.public_notice.v1"
    event = CloudEvent(
        {"id": body["event_id"], "source": f"/{DESK}", "type": kind, "datacontenttype": "application/json"}, body
    )
    message = to_structured_event(event, JSONFormat())
    async with gateway.client() as client:
        answer = await client.post(PATH, content=message.body, headers=dict(message.headers))
    assert answer.status_code == 202, answer.text
    (record,) = await read_all(topic)
    assert Codec().decode(record.value).value["payload"]["title"] == SECRET


async def test_a_batch_of_cloud_events_is_taken(gateway: Running, topic: str, read_all: ReadAll) -> None:
    """Batched mode; attributes stand for what the event itself leaves out."""
    whole, bare = notice(), notice()
    sent = [cloud_event(whole), cloud_event(bare)]
    sent[1]["data"] = {name: bare[name] for name in bare if name not in {"event_id", "event_type", "reported_at"}}
    async with gateway.client() as client:
        answer = await client.post(PATH, content=orjson.dumps(sent), headers=BATCHED)
    assert [result["status"] for result in answer.json()["results"]] == ["taken", "taken"], answer.text
    values = [Codec().decode(record.value).value for record in await read_all(topic)]
    assert {value["event_id"] for value in values} == {whole["event_id"], bare["event_id"]}
    assert len({value["reported_at"] for value in values}) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"specversion": "0.3"}, [("FIELD_INVALID", "/specversion")]),
        ({"id": None}, [("FIELD_MISSING", "/id")]),
        pytest.param({"id": new_event_id()}, [("FIELD_INVALID", "/id")], id="another id"),
        ({"type": "com.example.other"}, [("SCHEMA_UNKNOWN", "/type")]),
        ({"type": "se.sambus.drug_seizure.v1"}, [("FIELD_INVALID", "/type")]),
        ({"type": "se.sambus.public_notice.v999"}, [("FIELD_INVALID", "/type")]),
        ({"source": "/se.noa/intelligence"}, [("ORIGIN_MISMATCH", "/source")]),
        ({"source": "se.noa/intelligence"}, [("ORIGIN_MISMATCH", "/source")]),
        ({"datacontenttype": "application/xml"}, [("FIELD_INVALID", "/datacontenttype")]),
        ({"data": None}, [("FIELD_MISSING", "/data")]),
        ({"data": "text"}, [("FIELD_INVALID", "/data")]),
        ({"data_base64": "e30="}, [("FIELD_INVALID", "/data_base64")]),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_what_is_wrong_with_a_cloud_event_is_told_where_it_was_sent(
    gateway: Running, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Pointers lead into the CloudEvent."""
    async with gateway.client() as client:
        answer = await client.post(PATH, content=orjson.dumps(cloud_event(notice(), **changes)), headers=STRUCTURED)
    assert answer.status_code == 422
    assert [(error["code"], error["pointer"]) for error in answer.json()["errors"]] == expected


async def test_a_problem_inside_a_cloud_event_points_into_its_data(gateway: Running) -> None:
    """And to the attribute, when that stood for the field."""
    sent = cloud_event(notice(sensitivity=9), id="no-uuid")
    del sent["data"]["event_id"]
    async with gateway.client() as client:
        answer = await client.post(PATH, content=orjson.dumps(sent), headers=STRUCTURED)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/id", "/data/sensitivity"]


@pytest.mark.parametrize(
    ("lang", "title"), [("sv-SE,sv;q=0.9,en;q=0.5", "Händelsen är inte riktig"), ("en", "The event is not right")]
)
async def test_a_problem_speaks_the_askers_language(gateway: Running, lang: str, title: str) -> None:
    """RFC 9457, with code, pointer and remedy; and not a word of what was sent."""
    async with gateway.client() as client:
        answer = await client.post(PATH, json=notice(sensitivity=9), headers={"accept-language": lang})
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert (told["title"], told["status"], told["code"]) == (title, 422, "EVENT_REJECTED")
    (error,) = told["errors"]
    assert (error["code"], error["pointer"]) == ("FIELD_INVALID", "/sensitivity")
    assert error["remedy_sv"].startswith("Fältets värde")
    assert error["remedy_en"].startswith("The field's value")
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"origin_unit": {"unit": "se.noa", "function": "intelligence"}}, "ORIGIN_MISMATCH", "/origin_unit"),
        ({"areas": ["se.syd.malmo", "se.atlantis"]}, "AREA_UNKNOWN", "/areas/1"),
        ({"occurred_from": "2099-01-01T00:00:00Z"}, "TIME_IN_FUTURE", "/occurred_from"),
        ({"enrichment": {"digital": True}}, "ENGINE_FIELD", "/enrichment"),
        ({"event_id": "00000000-0000-7000-8000-000000000000"}, "ID_TIME_OUT_OF_WINDOW", "/event_id"),
    ],
)
async def test_what_the_bus_would_refuse_is_told_at_once(
    gateway: Running, changes: dict[str, Any], code: str, pointer: str
) -> None:
    """Who sends it, areas, times and the age of the id are looked at before it is sent."""
    async with gateway.client() as client:
        answer = await client.post(PATH, json=notice(**changes))
    assert answer.status_code == 422
    assert (code, pointer) in {(error["code"], error["pointer"]) for error in answer.json()["errors"]}


async def test_a_substance_that_nobody_knows_is_told(gateway: Running) -> None:
    """With its place in the payload."""
    body = next(iter(good_examples("drug_seizure"))).body
    body["payload"]["items"][0]["substance_id"] = "moon_dust"
    async with gateway.client() as client:
        answer = await client.post(PATH, json=body)
    found = {(error["code"], error["pointer"]) for error in answer.json()["errors"]}
    assert ("SUBSTANCE_UNKNOWN", "/payload/items/0/substance_id") in found


async def test_a_packed_body_is_unpacked(gateway: Running, topic: str, read_all: ReadAll) -> None:
    """gzip, of one member or of several."""
    bodies = [notice() for _ in range(50)]
    raw = orjson.dumps(bodies)
    whole, halves = gzip.compress(raw), gzip.compress(raw[:999]) + gzip.compress(raw[999:])
    async with gateway.client() as client:
        for packed in (whole, halves):
            headers = {"content-encoding": "gzip", "content-type": "application/json"}
            answer = await client.post(PATH, content=packed, headers=headers)
            assert (answer.status_code, answer.json()["taken"]) == (207, 50)
    assert len(await read_all(topic)) == 100


async def test_many_publishers_at_once_each_get_their_own_answer(
    gateway: Running, topic: str, read_all: ReadAll
) -> None:
    """Records that go to the bus in one batch are still each confirmed by themselves."""
    bodies = [notice() for _ in range(300)]
    async with gateway.client() as client:
        answers = await asyncio.gather(*(client.post(PATH, json=body) for body in bodies))
    assert [answer.json() for answer in answers] == [{"event_id": b["event_id"], "status": "taken"} for b in bodies]
    assert sorted(record.key.decode() for record in await read_all(topic)) == sorted(b["event_id"] for b in bodies)


async def test_nothing_of_an_event_stands_in_a_log(gateway: Running, caplog: pytest.LogCaptureFixture) -> None:
    """Taken or refused, at the most talkative level."""
    with caplog.at_level("DEBUG"):
        async with gateway.client() as client:
            await client.post(PATH, json=[notice(), notice(sensitivity=9)])
    assert SECRET not in caplog.text
