"""A recall takes content away at once, everywhere: from open streams, from cards, from every later read."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from consumers.client import Recalled, Received, Start
from consumers.reads import who_read
from schemas.codec import Codec
from tests.consumers.gateway.serving import (
    PATIENCE,
    Served,
    deliver,
    fresh_subject,
    joined,
    reading,
    served,
    taken,
    until,
)
from tests.consumers.made import Sent, delivery, new_id, write
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka

SECRET = "Påhittad uppgift om fel person"
VIEW = {"areas": ["se.stockholm"], "payload": {"summary": SECRET}}
REPORT = {"event_type": "intelligence_report"}


def order(codec: Codec, desk: str, target: str, action: str = "recall", **changes: Any) -> Sent:
    """An order that the bus passed on to a desk that had its target."""
    order_id, group = new_id(), f"recall:{target}"
    now = datetime.now(UTC)
    payload = {
        "order_no": "ko-1",
        "action": action,
        "target_ids": [target],
        "effective_at": now,
        "confirm_by": now + timedelta(hours=24),
    }
    said = {
        "event_type": "correction_order",
        "view_group": group,
        "delivery_id": f"{order_id}:1:{desk}:{group}",
        "obligations": ["confirm_within_24h"],
        "rules": ["RECALL"],
        "published_at": now,
    } | changes
    return Sent("deliver.stockholm", desk, delivery(codec, desk, order_id, {"payload": payload}, **said))


@pytest.mark.parametrize("action", ["recall", "restrict", "erase"])
async def test_an_open_stream_hears_at_once_and_later_reads_hide(
    gateway: Served, bus: str, codec: Codec, action: str
) -> None:
    """Also a stream that subscribes to something else entirely; the content is on no route any more."""
    desk = fresh_desk()
    (target,) = await deliver(bus, codec, desk, 1, VIEW, **REPORT)
    token = gateway.token(desk, fresh_subject())
    everything = await gateway.subscribed(token)
    narrow = await gateway.subscribed(token, types=["open_drug_scene"], areas=["se.nord"])
    root = f"/v1/subscriptions/{everything}"
    before = await gateway.ask(token, "GET", f"{root}/deliveries?since=1h")
    assert SECRET in before.text
    assert SECRET in (await gateway.ask(token, "GET", f"{root}/cards/{target}")).text
    async with gateway.wire(token, narrow) as wire:
        await wire.next("hello")
        await joined(gateway, desk)
        await write(bus, [order(codec, desk, target, action)])
        told = orjson.loads((await wire.next("recall")).data)
    assert (told["event_id"], told["action"]) == (target, action)
    for path in ("deliveries?since=1h", "cards?since=999d", f"cards/{target}", "requests"):
        answer = await gateway.ask(token, "GET", f"{root}/{path}")
        assert answer.status_code == 200
        assert SECRET not in answer.text, path
    page = (await gateway.ask(token, "GET", f"{root}/deliveries?since=1h")).json()["deliveries"]
    (withdrawn,) = [each for each in page if each["meta"]["event_id"] == target]
    assert withdrawn["event"] == {}
    assert withdrawn["standing"] == {"recall": "recalled", "restrict": "restricted", "erase": "erased"}[action]
    async with gateway.wire(token, everything, since="1h") as wire:
        told = orjson.loads((await wire.next("delivery")).data)
        assert (told["meta"]["event_id"], told["event"]) == (target, {})


async def test_what_was_recalled_before_the_gateway_started_is_hidden(bus: str, codec: Codec, tmp_path: Path) -> None:
    """Orders are read before anything is shown, whatever the tail holds."""
    desk = fresh_desk()
    (target,) = await deliver(bus, codec, desk, 1, VIEW, **REPORT)
    await write(bus, [order(codec, desk, target)])
    async with served(bus, tmp_path) as gateway:
        token = gateway.token(desk)
        subscription = await gateway.subscribed(token)
        async with gateway.wire(token, subscription, since="1h") as wire:
            told = orjson.loads((await wire.next("delivery")).data)
    assert (told["standing"], told["event"]) == ("recalled", {})


async def test_a_correction_on_its_way_hides_nothing(gateway: Served, bus: str, codec: Codec) -> None:
    """The new revision comes; until then the old one says that it is being corrected."""
    desk = fresh_desk()
    (target,) = await deliver(bus, codec, desk, 1, VIEW, **REPORT)
    await write(bus, [order(codec, desk, target, "correct")])
    token = gateway.token(desk, fresh_subject())
    root = f"/v1/subscriptions/{await gateway.subscribed(token)}"

    async def corrected() -> bool:
        card = (await gateway.ask(token, "GET", f"{root}/cards/{target}")).json()
        return bool(card["reports"][0]["standing"] == "corrected")

    await until(corrected, "the card says that it is being corrected")
    assert SECRET in (await gateway.ask(token, "GET", f"{root}/deliveries?since=1h")).text


async def test_whoever_could_not_see_the_event_hears_of_no_recall(gateway: Served, bus: str, codec: Codec) -> None:
    """For them there was nothing; a colleague who could is told."""
    desk = fresh_desk()
    (target,) = await deliver(bus, codec, desk, 1, VIEW, sensitivity=3, **REPORT)
    plain = gateway.token(desk, fresh_subject(), sensitivity=["2"])
    cleared = gateway.token(desk, fresh_subject(), sensitivity=["3"])
    async with (
        gateway.wire(plain, await gateway.subscribed(plain)) as dark,
        gateway.wire(cleared, await gateway.subscribed(cleared)) as light,
    ):
        await dark.next("hello")
        await light.next("hello")
        await joined(gateway, desk, 2)
        await write(bus, [order(codec, desk, target, sensitivity=3)])
        assert target in (await light.next("recall")).data
        (after,) = await deliver(bus, codec, desk)
        assert after in (await dark.next("delivery", "recall")).data
        assert target.encode() not in dark.raw


async def test_the_client_confirms_and_operations_see_who_has_not(gateway: Served, bus: str, codec: Codec) -> None:
    """Told, taken away, confirmed in the read log; a stream that says nothing is counted, by number alone."""
    desk = fresh_desk()
    (target,) = await deliver(bus, codec, desk, 1, VIEW, **REPORT)
    silent = gateway.token(desk, fresh_subject())
    async with (
        gateway.wire(silent, await gateway.subscribed(silent)) as wire,
        reading(gateway, desk, Start(since="1h")) as items,
    ):
        await wire.next("hello")
        coming = asyncio.create_task(taken(items, 3))
        await joined(gateway, desk, 2)
        await write(bus, [order(codec, desk, target)])
        had, recalled, ordered = await coming
        assert isinstance(had, Received)
        assert isinstance(recalled, Recalled)
        assert isinstance(ordered, Received)
        assert (recalled.event_id, recalled.standing) == (target, "recalled")
        operator = gateway.token(desk, fresh_subject(), roles=["operations"])

        async def counted() -> bool:
            told = (await gateway.ask(operator, "GET", "/v1/operations/recalls")).json()["recalls"]
            (ours,) = [each for each in told if each["event_id"] == target]
            assert "subject" not in ours
            return (ours["asked"], ours["confirmed"]) == (2, 1)

        await until(counted, "one of two has confirmed")
    (seen,) = await who_read({"bootstrap_servers": bus}, target, codec)
    assert (seen.reading, seen.gone_at is not None) == (items.reading, True)


async def test_a_reading_that_comes_back_confirms_as_itself(gateway: Served, bus: str, codec: Codec) -> None:
    """It was away when the recall came; under its own name it is told, and counted once."""
    desk = fresh_desk()
    (target,) = await deliver(bus, codec, desk, 1, VIEW, **REPORT)
    token = gateway.token(desk, fresh_subject())
    subscription = await gateway.subscribed(token)
    async with gateway.wire(token, subscription, since="1h") as wire:
        name = orjson.loads((await wire.next("hello")).data)["reading"]
        cursor = (await wire.next("delivery")).last_id
    await write(bus, [order(codec, desk, target)])
    async with gateway.wire(token, subscription, {"last-event-id": cursor}, reading=name) as wire:
        assert orjson.loads((await wire.next("hello")).data)["reading"] == name
        told = orjson.loads((await wire.next("recall")).data)
        body = {"order_delivery": told["order_delivery"], "event_id": target}
        path = f"/v1/subscriptions/{subscription}/readings/{name}/gone"
        assert (await gateway.ask(token, "POST", path, body)).status_code == 204
        stranger = gateway.token(desk, fresh_subject())
        other = f"/v1/subscriptions/{await gateway.subscribed(stranger)}/readings/{name}/gone"
        assert (await gateway.ask(stranger, "POST", other, body)).status_code == 404
    (seen,) = await who_read({"bootstrap_servers": bus}, target, codec)
    assert (seen.reading, seen.channel) == (name, "stream")
    assert seen.gone_at is not None


async def test_nobody_confirms_in_anothers_name(gateway: Served) -> None:
    """A reading's name that somebody learned or guessed opens nothing."""
    desk = fresh_desk()
    token, thief = (gateway.token(desk, fresh_subject()) for _ in range(2))
    async with gateway.wire(token, await gateway.subscribed(token)) as wire:
        name = orjson.loads((await wire.next("hello")).data)["reading"]
        async with gateway.wire(thief, await gateway.subscribed(thief), reading=name) as other:
            async with asyncio.timeout(PATIENCE):
                assert orjson.loads((await other.next("hello")).data)["reading"] != name
