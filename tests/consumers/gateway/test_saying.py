"""What a desk says over HTTP is an event that it publishes: whole, as itself, about what it got and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from consumers.bus import committed_reader, everything, partitions
from schemas.codec import ORIGIN_HEADER, Codec
from schemas.topics import GATEWAY_IN
from schemas.validation import validate
from tests.consumers.gateway.serving import Served, deliver, fresh_subject, until
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka
ORIGINATOR = "se.stockholm.stockholm-nord.jarva"


async def published(bus: str, codec: Codec, event_id: str) -> tuple[str, dict[str, Any]]:
    """By whom, and what was published."""
    options = {"bootstrap_servers": bus}
    async with committed_reader(options) as reader:
        async for record in everything(reader, await partitions(options, GATEWAY_IN)):
            if record.key == event_id.encode():
                return dict(record.headers)[ORIGIN_HEADER].decode(), codec.decode(record.value).value
    raise AssertionError("it was not published")


@pytest.fixture(scope="module")
async def desk(gateway: Served, bus: str, codec: Codec) -> dict[str, str]:
    """A desk that got two reports, as somebody of it: token, root of its addresses, ids."""
    address = fresh_desk()
    one, other = await deliver(bus, codec, address, 2)
    token = gateway.token(address, fresh_subject())
    root = f"/v1/subscriptions/{await gateway.subscribed(token)}"

    async def there() -> bool:
        return (await gateway.ask(token, "GET", f"{root}/cards/{other}")).status_code == 200

    await until(there, "the cards are there")
    return {"desk": address, "token": token, "root": root, "one": one, "other": other}


SAID: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("receipts", "receipt", {"kind": "acknowledged"}, {"kind": "acknowledged"}),
    ("receipts", "receipt", {"kind": "declined", "reason": "Inga resurser."}, {"reason": "Inga resurser."}),
    ("receipts", "receipt", {"kind": "done", "obligation": "triage_within_5d"}, {"obligation": "triage_within_5d"}),
    ("feedback", "feedback_note", {"kind": "led_to", "outcome_ref": "dnr-1"}, {"kind": "led_to"}),
    ("links", "link_suggestion", {"status": "suggested", "reason": "Samma bil"}, {"status": "suggested"}),
    ("links", "link_suggestion", {"status": "rejected", "reason": "Olika gator"}, {"score": 0.0}),
    (
        "requests",
        "information_request",
        {"question": "Känt fordon?", "legal_basis": "2:8", "urgency": "urgent", "common_basis": "3:2 p1a"},
        {"asked_of": [ORIGINATOR], "urgency": "urgent"},
    ),
]


@pytest.mark.parametrize(
    ("path", "event_type", "said", "stands"), SAID, ids=[f"{s[0]}-{n}" for n, s in enumerate(SAID)]
)
async def test_what_is_said_is_published_as_the_askers_desk(  # noqa: PLR0913, PLR0917 - the case and what it needs
    gateway: Served,
    bus: str,
    codec: Codec,
    desk: dict[str, str],
    path: str,
    event_type: str,
    said: dict[str, Any],
    stands: dict[str, Any],
) -> None:
    """Valid, about what it is about, marked as made up when that is; the origin is the desk of the token."""
    about = {
        "receipts": {"delivery_id": f"{desk['one']}:1:{desk['desk']}:main"},
        "feedback": {"about_id": desk["one"]},
        "links": {"a_id": desk["one"], "b_id": desk["other"]},
        "requests": {"about_id": desk["one"]},
    }[path]
    answer = await gateway.ask(desk["token"], "POST", f"{desk['root']}/{path}", about | said)
    assert answer.status_code == 202, answer.text
    origin, event = await published(bus, codec, answer.json()["event_id"])
    assert (origin, event["event_type"], event["synthetic"]) == (desk["desk"], event_type, True)
    assert {name: event["payload"][name] for name in stands} == stands
    assert desk["one"] in event["provenance"]["derived_from"] + event["provenance"]["root_ids"]
    assert not isinstance(validate(event_type, {**event, "published_at": None}), tuple)


@pytest.mark.parametrize(
    ("path", "body", "code", "pointer"),
    [
        ("receipts", {"kind": "declined"}, 422, "/payload/reason"),
        ("feedback", {"kind": "led_to"}, 422, "/payload/outcome_ref"),
        ("links", {"status": "confirmed", "reason": "Samma"}, 400, "/b_id"),
        ("requests", {"question": "Vem?", "legal_basis": "2:8"}, 400, "/common_basis"),
    ],
)
async def test_what_cannot_be_said_is_told_with_its_place(
    gateway: Served, desk: dict[str, str], path: str, body: dict[str, Any], code: int, pointer: str
) -> None:
    """What is missing, one report linked with itself, personal data without a ground."""
    about = {
        "receipts": {"delivery_id": f"{desk['one']}:1:{desk['desk']}:main"},
        "feedback": {"about_id": desk["one"]},
        "links": {"a_id": desk["one"], "b_id": desk["one"]},
        "requests": {"about_id": desk["one"]},
    }[path]
    answer = await gateway.ask(desk["token"], "POST", f"{desk['root']}/{path}", about | body)
    assert answer.status_code == code
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_request_is_answered_to_the_desk_that_asked(gateway: Served, bus: str, codec: Codec) -> None:
    """It stands open with its clock, the answer goes out as ours, and what came back is told with the request."""
    us, subject = fresh_desk(), fresh_subject()
    payload = {
        "request_no": "F-1",
        "question": "Känt fordon?",
        "legal_basis": "2:8",
        "urgency": "normal",
        "due_at": datetime(2026, 7, 1, 12, tzinfo=UTC),
        "asked_of": [us.partition("/")[0]],
    }
    (asked,) = await deliver(bus, codec, us, 1, {"payload": payload}, event_type="information_request")
    token = gateway.token(us, subject)
    root = f"/v1/subscriptions/{await gateway.subscribed(token)}"

    async def listed() -> list[dict[str, Any]]:
        found = (await gateway.ask(token, "GET", f"{root}/requests?box=to_us")).json()["requests"]
        return [each for each in found if each["event_id"] == asked]

    await until(listed, "the request is listed")
    (told,) = await listed()
    assert (told["standing"], told["asker"]) == ("late", f"{ORIGINATOR}/investigation")
    assert told["request"]["question"] == "Känt fordon?"
    said = {"result": "given", "legal_basis": "2:8", "answer": "Ja.", "common_basis": "3:2 p1a"}
    answer = await gateway.ask(token, "POST", f"{root}/requests/{asked}/replies", said)
    assert answer.status_code == 202, answer.text
    origin, event = await published(bus, codec, answer.json()["event_id"])
    assert (origin, event["payload"]["reply_to"]) == (us, f"{ORIGINATOR}/investigation")
    assert event["payload"]["request_id"] == asked
    own = {"origin": {"unit": us.partition("/")[0], "function": us.partition("/")[2]}}
    view = {"payload": {"request_id": asked, "result": "given", "answer": "Ja."}}
    await deliver(bus, codec, us, 1, view, event_type="information_reply", **own)

    async def answered() -> bool:
        return [each["standing"] for each in await listed()] == ["answered_late"]

    await until(answered, "the reply stands with the request")
    assert (await gateway.ask(token, "GET", f"{root}/requests?box=ours")).json() == {"requests": []}
    assert (await gateway.ask(token, "GET", f"{root}/requests?standing=open")).json() == {"requests": []}
