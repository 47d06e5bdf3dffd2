"""Cards over HTTP and on streams: one a real event, with everything that a person needs, as the desk has it by now."""

import asyncio
from typing import Any

import orjson
import pytest

from consumers.client import CardTold, Start
from schemas.codec import Codec
from schemas.records import BUS_DESK
from tests.consumers.gateway.serving import (
    Served,
    deliver,
    fresh_subject,
    joined,
    reading,
    taken,
)
from tests.consumers.made import Sent, delivery, new_id, write
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka
TOPIC = "deliver.stockholm"


def linked(codec: Codec, desk: str, one: str, other: str, **payload: Any) -> Sent:
    """A link of the bus between two events: a duplicate, unless told otherwise."""
    said = {
        "a_id": one,
        "b_id": other,
        "features": ["kind", "place"],
        "score": 0.97,
        "status": "suggested",
        "relation": "duplicate",
        "same_origin": True,
    } | payload
    unit, _, function = BUS_DESK.partition("/")
    return Sent(
        TOPIC,
        desk,
        delivery(
            codec,
            desk,
            new_id(),
            {"payload": said},
            event_type="link_suggestion",
            origin={"unit": unit, "function": function},
        ),
    )


async def test_two_reports_of_one_event_are_one_card(gateway: Served, bus: str, codec: Codec) -> None:
    """With the grading, handling and origin of each, the most urgent priority with its reason, and what joins them."""
    desk = fresh_desk()
    view = {"areas": ["se.stockholm"], "grading": {"source": "B", "info": 2, "by": "a", "at": "2026-07-08T12:00:00Z"}}
    (one,) = await deliver(bus, codec, desk, 1, {"areas": ["se.stockholm"]}, priority=4, priority_reason="rutin")
    (other,) = await deliver(bus, codec, desk, 1, {"areas": view["areas"]}, priority=2, priority_reason="brådskar")
    token = gateway.token(desk, fresh_subject())
    root = f"/v1/subscriptions/{await gateway.subscribed(token)}"
    assert len((await gateway.ask(token, "GET", f"{root}/cards?since=999d")).json()["cards"]) == 2
    await write(bus, [linked(codec, desk, one, other)])
    async with asyncio.timeout(10):
        while len((told := (await gateway.ask(token, "GET", f"{root}/cards?since=999d")).json())["cards"]) != 1:
            await asyncio.sleep(0.05)
    (card,) = told["cards"]
    assert [report["event_id"] for report in card["reports"]] == [one, other]
    assert (card["priority"], card["priority_reason"]) == (2, "brådskar")
    assert card["same_origin"] == [[one, other]]
    assert (card["reports"][0]["handling"], card["origin_units"]) == ("H1", ["se.stockholm.stockholm-nord.jarva"])
    (join,) = card["joins"]
    assert (join["by"], join["relation"], join["state"]) == (BUS_DESK, "duplicate", "joined")
    assert card["reports"][0]["views"][0]["meta"]["rules"] == ["S01"]
    assert (await gateway.ask(token, "GET", f"{root}/cards/{other}")).json() == card


async def test_a_stream_with_cards_tells_each_card_as_it_becomes(gateway: Served, bus: str, codec: Codec) -> None:
    """A report makes one, a link joins two into one; and the cursor of the cards leaves nothing out between."""
    desk = fresh_desk()
    (one,) = await deliver(bus, codec, desk)
    async with reading(gateway, desk, Start(since="1h"), cards=True) as items:
        client, subscription = items.client, items.subscription
        first = await client.call("GET", f"/v1/subscriptions/{subscription}/cards?since=999d")
        assert [card["card_id"] for card in first["cards"]] == [one]
    async with reading(gateway, desk, cards=True) as items:
        coming = asyncio.create_task(taken(items, 4))
        await joined(gateway, desk)
        (other,) = await deliver(bus, codec, desk)
        await write(bus, [linked(codec, desk, one, other)])
        cards = [item.card for item in await coming if isinstance(item, CardTold)]
    assert [len(card["reports"]) for card in cards] == [1, 2]
    assert [report["event_id"] for report in cards[1]["reports"]] == [one, other]


async def test_unread_is_what_was_not_committed(gateway: Served, bus: str, codec: Codec) -> None:
    """Of what the subscription names, and nothing else."""
    desk = fresh_desk()
    await deliver(bus, codec, desk, 3)
    token = gateway.token(desk, fresh_subject())
    root = f"/v1/subscriptions/{await gateway.subscribed(token, types=['drug_seizure'])}"
    assert (await gateway.ask(token, "GET", f"{root}/unread")).json() == {"unread": 3}
    page = (await gateway.ask(token, "GET", f"{root}/deliveries?since=1h&limit=2")).json()
    assert (len(page["deliveries"]), page["more"]) == (2, True)
    await gateway.ask(token, "PUT", f"{root}/cursor", {"cursor": page["cursor"]})
    await deliver(bus, codec, desk, 1, {"areas": []}, event_type="open_drug_scene")
    assert (await gateway.ask(token, "GET", f"{root}/unread")).json() == {"unread": 1}
    assert (await gateway.ask(token, "GET", f"{root}/cursor")).json()["cursor"] is not None


async def test_pages_come_in_order_and_leave_nothing_out(gateway: Served, bus: str, codec: Codec) -> None:
    """However small the page, and also when what is between is for somebody else."""
    desk = fresh_desk()
    made = await deliver(bus, codec, desk, 7)
    token = gateway.token(desk, fresh_subject())
    root = f"/v1/subscriptions/{await gateway.subscribed(token)}"
    found, place, more = list[str](), "since=1h", True
    while more:
        page = (await gateway.ask(token, "GET", f"{root}/deliveries?limit=3&{place}")).json()
        found += [each["meta"]["event_id"] for each in page["deliveries"]]
        place, more = f"cursor={page['cursor']}", page["more"]
    assert found == made
    assert orjson.dumps(found)
