"""Whoever tries to get at what is not theirs gets nothing, and cannot tell whether there was something to get."""

import json
import logging
import statistics
import time
from typing import Any

import httpx
import orjson
import pytest

from consumers.sse import Parser
from schemas.codec import Codec
from tests.consumers.gateway.serving import Served, deliver, form, fresh_subject, joined
from tests.consumers.made import Sent, delivery, new_id, write
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka

MALMO = "se.syd.malmo/intelligence"
FOSIE = "se.syd.malmo.fosie/intelligence"
#: What a text would need to end an event and begin one of its own, to forge a log line, or to run in a page or a sheet.
HOSTILE = (
    "\n\nevent: recall\ndata: {}\n\n",
    "\r\n\r\nid: 7\r\nretry: 1\r\n\r\n",
    "\u2028data: x\u2029\u0085\x0b\x0c",
    "</script><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\x1b[2J\x00\ufeff\u202e",
    "ERROR sambus.gateway request_failed\n2026-01-01 INFO root everything is well",
)


async def reply(gateway: Served, token: str, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    """An answer's status and what it says."""
    answer = await gateway.ask(token, method, path, body)
    return answer.status_code, answer.json() if answer.content else {}


def requests_by(subscription: str, event_id: str, delivery_id: str) -> list[tuple[str, str, Any]]:
    """Everything that can be asked with somebody's subscription, or of somebody's event and delivery."""
    root = f"/v1/subscriptions/{subscription}"
    return [
        ("GET", root, None),
        ("DELETE", root, None),
        ("GET", f"{root}/stream", None),
        ("GET", f"{root}/deliveries", None),
        ("GET", f"{root}/cursor", None),
        ("PUT", f"{root}/cursor", {"cursor": "A" * 52}),
        ("GET", f"{root}/cards", None),
        ("GET", f"{root}/cards/{event_id}", None),
        ("GET", f"{root}/unread", None),
        ("GET", f"{root}/duties", None),
        ("GET", f"{root}/requests", None),
        ("GET", f"{root}/explanations/{event_id}", None),
        ("POST", f"{root}/receipts", {"delivery_id": delivery_id, "kind": "acknowledged"}),
        ("POST", f"{root}/feedback", {"about_id": event_id, "kind": "used"}),
        ("POST", f"{root}/links", {"a_id": event_id, "b_id": new_id(), "status": "confirmed", "reason": "samma"}),
        ("POST", f"{root}/requests", {"question": "Vem?", "legal_basis": "2:8", "about_id": event_id}),
        ("POST", f"{root}/requests/{event_id}/replies", {"result": "none", "legal_basis": "2:8"}),
        ("POST", f"{root}/readings/r-1/gone", {"order_delivery": delivery_id, "event_id": event_id}),
    ]


async def test_anothers_subscription_is_one_that_does_not_exist(gateway: Served) -> None:
    """For every route, to another desk, a colleague, one above and one below: the same answer, word for word."""
    owner = gateway.token(MALMO, fresh_subject())
    theirs = await gateway.subscribed(owner)
    event_id = new_id()
    about = (event_id, f"{event_id}:1:{MALMO}:main")
    for desk in (MALMO, FOSIE, "se.syd/intelligence", "partner.tullverket/coordination"):
        token = gateway.token(desk, fresh_subject())
        for one, other in zip(requests_by(theirs, *about), requests_by(new_id(), *about), strict=True):
            found = await reply(gateway, token, *one)
            assert found == await reply(gateway, token, *other)
            assert (found[0], found[1]["code"]) == (404, "NOT_FOUND")
    assert (await reply(gateway, owner, "GET", f"/v1/subscriptions/{theirs}"))[0] == 200


async def test_a_request_that_names_another_desk_is_still_ones_own(gateway: Served) -> None:
    """The desk comes from the token alone: no body, parameter or header sets it."""
    token = gateway.token(FOSIE, fresh_subject())
    status, said = await reply(gateway, token, "POST", "/v1/subscriptions", form() | {"desk": MALMO})
    assert (status, said["errors"][0]["code"]) == (400, "FIELD_UNKNOWN")
    headers = {"x-sambus-desk": MALMO, "x-forwarded-user": "chief", "sambus_desk": MALMO}
    answer = await gateway.ask(token, "POST", "/v1/subscriptions?desk=" + MALMO, form(), headers)
    assert answer.json()["desk"] == FOSIE


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"roles": ["operations", "publisher"]}, 403), ({"roles": []}, 403), ({"roles": ["chief"]}, 403)],
)
async def test_without_the_role_nothing_is_read(gateway: Served, changes: dict[str, list[str]], status: int) -> None:
    """Operations see numbers and no content; an unknown role gives nothing."""
    token = gateway.token(MALMO, fresh_subject(), **changes)
    assert (await reply(gateway, token, "GET", "/v1/subscriptions"))[0] == status
    assert (await reply(gateway, token, "GET", "/v1/pictures"))[0] == status
    assert (await reply(gateway, gateway.token(MALMO), "GET", "/v1/operations/recalls"))[0] == 403
    reader = gateway.token(MALMO, fresh_subject(), roles=["reader"])
    root = f"/v1/subscriptions/{await gateway.subscribed(reader)}"
    about = {"delivery_id": f"{new_id()}:1:{MALMO}:main", "kind": "acknowledged"}
    assert (await reply(gateway, reader, "POST", f"{root}/receipts", about))[0] == 403


async def test_a_token_that_was_tampered_with_is_none(gateway: Served) -> None:
    """Another desk in its claims, no signature, another's signature, a cut one: nobody is signed in."""
    token = gateway.token(FOSIE)
    head, claims, sign = token.split(".")
    other_claims, other_sign = gateway.token(MALMO).split(".")[1:]
    forged = (f"{head}.{other_claims}.{sign}", f"{head}.{claims}.", f"{head}.{claims}.{other_sign}", token[:-4], "x")
    for each in forged:
        answer = await gateway.ask(each, "GET", "/v1/subscriptions")
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


async def test_anothers_cursor_is_useless_and_a_changed_one_too(gateway: Served, bus: str, codec: Codec) -> None:
    """A colleague's of the same desk, one's own of another subscription, one with another offset: the same refusal."""
    desk = fresh_desk()
    await deliver(bus, codec, desk, 3)
    mine, theirs = (gateway.token(desk, fresh_subject()) for _ in range(2))
    own, second, other = [await gateway.subscribed(each) for each in (mine, mine, theirs)]

    async def cursor(token: str, subscription: str) -> str:
        page = (await gateway.ask(token, "GET", f"/v1/subscriptions/{subscription}/deliveries?since=1h&limit=1")).json()
        return str(page["cursor"])

    good, foreign, sibling = await cursor(mine, own), await cursor(theirs, other), await cursor(mine, second)
    bad = [foreign, sibling, good[:-1] + ("A" if good[-1] != "A" else "B"), "A" * 52, "x", "", good + good]
    head = {"authorization": f"Bearer {mine}"}
    root = f"{gateway.url}/v1/subscriptions/{own}"
    for each in bad:
        answers = [
            await gateway.http.get(f"{root}/deliveries", params={"cursor": each}, headers=head),
            await gateway.http.get(f"{root}/stream", params={"cursor": each}, headers=head),
            await gateway.http.get(f"{root}/stream", headers=head | {"last-event-id": each or "-"}),
        ]
        assert {(a.status_code, a.json()["code"]) for a in answers} == {(400, "CURSOR_INVALID")}, each
        commit = await gateway.http.put(f"{root}/cursor", json={"cursor": each}, headers=head)
        assert commit.status_code == 400
    page = (await gateway.ask(mine, "GET", f"/v1/subscriptions/{own}/deliveries?cursor={good}")).json()
    assert len(page["deliveries"]) == 2
    assert (await gateway.ask(mine, "GET", f"/v1/subscriptions/{own}/cursor")).json() == {"cursor": None}


async def test_what_a_person_may_not_see_is_not_there_for_them(gateway: Served, bus: str, codec: Codec) -> None:
    """Their desk has it, a colleague sees it: to one without the clearance each route says what it says of nothing."""
    desk = fresh_desk()
    (strict,) = await deliver(bus, codec, desk, sensitivity=3)
    (usual,) = await deliver(bus, codec, desk, sensitivity=1)
    cleared = gateway.token(desk, fresh_subject(), sensitivity=["3"])
    plain = gateway.token(desk, fresh_subject(), sensitivity=["2"])
    root = f"/v1/subscriptions/{await gateway.subscribed(cleared)}"
    assert (await reply(gateway, cleared, "GET", f"{root}/cards/{strict}"))[0] == 200
    subscription = await gateway.subscribed(plain)
    for path in ("deliveries?since=1h", "cards?since=999d", "duties", "requests", "unread"):
        answer = await gateway.ask(plain, "GET", f"/v1/subscriptions/{subscription}/{path}")
        assert strict not in answer.text
    assert usual in (await gateway.ask(plain, "GET", f"/v1/subscriptions/{subscription}/deliveries?since=1h")).text
    absent = new_id()
    for one, other in zip(
        requests_by(subscription, strict, f"{strict}:1:{desk}:main")[7:],
        requests_by(subscription, absent, f"{absent}:1:{desk}:main")[7:],
        strict=True,
    ):
        assert await reply(gateway, plain, *one) == await reply(gateway, plain, *other), one[1].rpartition("/")[2]


async def test_unknown_and_forbidden_take_the_same_time(gateway: Served, bus: str, codec: Codec) -> None:
    """Medians of interleaved requests differ by far less than the requests among themselves."""
    desk = fresh_desk()
    (strict,) = await deliver(bus, codec, desk, sensitivity=3)
    plain, owner = (gateway.token(desk, fresh_subject(), sensitivity=["2"]) for _ in range(2))
    own, theirs = await gateway.subscribed(plain), await gateway.subscribed(owner)

    async def took(subscription: str, event_id: str) -> float:
        began = time.perf_counter()
        answer = await gateway.ask(plain, "GET", f"/v1/subscriptions/{subscription}/cards/{event_id}")
        assert answer.status_code == 404
        return time.perf_counter() - began

    for forbidden, unknown in (((own, strict), (own, new_id())), ((theirs, strict), (new_id(), strict))):
        await took(*forbidden)
        pairs = [(await took(*forbidden), await took(*unknown)) for _ in range(60)]
        one, other = (sorted(side) for side in zip(*pairs, strict=True))
        spread = one[-6] - one[6]
        assert abs(statistics.median(one) - statistics.median(other)) < max(spread, 0.002)


# Injection


def hostile_view(text: str) -> dict[str, Any]:
    """A delivery with a text in every field of the event that takes one."""
    return {
        "areas": ["se.stockholm"],
        "handling_text": text[:200],
        "topics": [text[:100]],
        "geo": {"place_label": text[:200]},
        "danger_reason": text[:200],
        "payload": {"summary": text, "source_description": text},
    }


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_text_of_an_event_ends_an_event_of_the_stream(
    gateway: Served, bus: str, codec: Codec, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What a publisher wrote is a value inside one line of JSON: on streams, in pages, on cards; never in a log."""
    desk = fresh_desk()
    token = gateway.token(desk, fresh_subject(), sensitivity=["3"], marks=["source"])
    subscription = await gateway.subscribed(token)
    caplog.set_level(logging.DEBUG)
    async with gateway.wire(token, subscription, cards="true") as wire:
        await wire.next("hello")
        await joined(gateway, desk)
        said = {"priority_reason": text[:150], "event_type": "intelligence_report"}
        (event_id,) = await deliver(bus, codec, desk, 1, hostile_view(text), **said)
        told = await wire.next("delivery")
        assert orjson.loads(told.data)["event"]["payload"]["summary"] == text
        raw = wire.raw
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    fields = {line.partition(b":")[0] for line in lines if line}
    assert fields <= {b"id", b"event", b"data"}
    names = [event.name for event in Parser().feed(raw) if event.name]
    assert set(names) <= {"hello", "card", "delivery"}
    for path in ("deliveries?since=1h", f"cards/{event_id}"):
        answer = await gateway.ask(token, "GET", f"/v1/subscriptions/{subscription}/{path}")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert text in _texts(answer.json())
    _nothing_in(caplog, text)


def _texts(value: Any) -> list[str]:
    """Every text in a value."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _nothing_in(caplog: pytest.LogCaptureFixture, text: str) -> None:
    # pytest listens to the access log, which nobody else does: ``deploy.gateway.serve`` turns it off.
    ours = (record for record in caplog.records if record.name.startswith(("sambus", "uvicorn.error")))
    kept = "".join(record.getMessage() for record in ours)
    assert text.strip() not in kept
    assert "onerror" not in kept


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_text_of_a_request_is_repeated_in_an_error_or_a_log(
    gateway: Served, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In every field that takes one, in addresses and in headers; the answer names the place and never the value."""
    caplog.set_level(logging.DEBUG)
    token = gateway.token(MALMO, fresh_subject())
    root = f"/v1/subscriptions/{await gateway.subscribed(token)}"
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/v1/subscriptions", form(areas=[text])),
        ("/v1/subscriptions", form(types=[text])),
        ("/v1/subscriptions", form(topics=[text])),
        ("/v1/subscriptions", form(case_ref=text, purpose=None)),
        (f"{root}/receipts", {"delivery_id": text, "kind": "acknowledged"}),
        (f"{root}/feedback", {"about_id": text, "kind": text}),
        (f"{root}/links", {"a_id": text, "b_id": text, "status": text, "reason": text}),
        (f"{root}/requests", {"question": text, "legal_basis": text, "asked_of": [text]}),
        (f"{root}/readings/x/gone", {"order_delivery": text, "event_id": text}),
    ]
    unknown = await gateway.ask(token, "POST", "/v1/subscriptions", form() | {text: "värde"})
    assert (unknown.status_code, "värde" in unknown.text) == (400, False)  # the pointer names the asker's own field
    for path, body in bodies:
        answer = await gateway.ask(token, "POST", path, body)
        assert answer.status_code == 400, path
        assert not [said for said in _texts(answer.json()) if text.strip() and text.strip() in said]
    for address in (f"{root}/cards/", f"{root}/explanations/", f"{root}/deliveries?since="):
        asked = httpx.QueryParams({"x": text}).__str__()[2:]
        answer = await gateway.ask(token, "GET", address + asked)
        assert answer.status_code in {400, 404}
        assert text.strip() not in answer.text
    _nothing_in(caplog, text)


async def test_a_name_that_somebody_chose_is_a_name(gateway: Served) -> None:
    """A subscription may be called anything: it comes back as it was, and only to its owner."""
    token = gateway.token(MALMO, fresh_subject())
    name = HOSTILE[3]
    await gateway.subscribed(token, name=name)
    told = (await gateway.ask(token, "GET", "/v1/subscriptions")).json()["subscriptions"]
    assert [each["name"] for each in told] == [name]
    assert name not in json.dumps(
        (await gateway.ask(gateway.token(MALMO, fresh_subject()), "GET", "/v1/subscriptions")).json()
    )


async def test_a_delivery_for_another_desk_under_ones_key_is_never_shown(
    gateway: Served, bus: str, codec: Codec
) -> None:
    """A record whose key and content disagree is unreadable, to the stream and to pages alike."""
    desk = fresh_desk()
    token = gateway.token(desk, fresh_subject())
    subscription = await gateway.subscribed(token)
    secret = new_id()
    async with gateway.wire(token, subscription) as wire:
        await wire.next("hello")
        await joined(gateway, desk)
        await write(bus, [Sent("deliver.stockholm", desk, delivery(codec, MALMO, secret))])
        told = await wire.next("delivery", "unreadable")
        assert told.name == "unreadable"
        assert secret not in told.data
    page = await gateway.ask(token, "GET", f"/v1/subscriptions/{subscription}/deliveries?since=1h")
    assert secret not in page.text
