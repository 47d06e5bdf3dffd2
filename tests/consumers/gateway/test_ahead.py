"""What is on danger to life reaches a desk's streams ahead of all that waits there, and comes in its order too."""

import orjson
import pytest

from consumers.gateway.ahead import FLASH
from consumers.gateway.live import MOST_FRAMES
from schemas.codec import Codec
from tests.consumers.gateway.serving import Served, fresh_subject, joined
from tests.consumers.gateway.test_live import frame, reader
from tests.consumers.made import Sent, delivery, new_id, write
from tests.consumers.test_feed import fresh_desk

AHEAD = "alert.flash.stockholm"


async def test_it_overtakes_what_waits_for_a_slow_reader_and_moves_no_place() -> None:
    """Also when so much waits that the reader must read it from Kafka instead."""
    one = reader()
    one.push([frame(1), frame(2)])
    one.push_ahead([frame(9)])
    assert [each.offset for each in await one.frames()] == [9, 1, 2]
    one.push([frame(n) for n in range(MOST_FRAMES + 1)])
    assert one.overrun
    one.push_ahead([frame(9)])
    assert [each.offset for each in one.take_ahead()] == [9]
    assert one.take_ahead() == []


@pytest.mark.kafka
async def test_a_stream_is_told_of_a_flash_and_gets_the_delivery_in_its_order(
    gateway: Served, bus: str, codec: Codec
) -> None:
    """By the name of its own, the same delivery, without a step of the reader's place; other desks' are not there."""
    desk, event_id, other = fresh_desk(), new_id(), new_id()
    token = gateway.token(desk, fresh_subject())
    subscription = await gateway.subscribed(token)
    async with gateway.wire(token, subscription) as wire:
        await joined(gateway, desk)
        value = delivery(codec, desk, event_id, priority=1)
        await write(bus, [Sent(AHEAD, fresh_desk(), delivery(codec, desk, other)), Sent(AHEAD, desk, value)])
        flash = await wire.next(FLASH, "delivery")
        await write(bus, [Sent("deliver.stockholm", desk, value)])
        ordinary = await wire.next("delivery")
    told, later = orjson.loads(flash.data), orjson.loads(ordinary.data)
    assert (flash.name, told["meta"]["event_id"]) == (FLASH, event_id)
    assert {**told, "position": None} == {**later, "position": None}
    async with gateway.wire(token, subscription, {"last-event-id": flash.last_id}) as wire:
        again = await wire.next("delivery")
    assert again.data == ordinary.data


@pytest.mark.kafka
async def test_whoever_may_not_see_it_is_not_told_early_either(gateway: Served, bus: str, codec: Codec) -> None:
    """Access is asked for each reader, as for any delivery."""
    desk, secret, plain = fresh_desk(), new_id(), new_id()
    token = gateway.token(desk, fresh_subject(), sensitivity=["2"])
    async with gateway.wire(token, await gateway.subscribed(token)) as wire:
        await joined(gateway, desk)
        values = [delivery(codec, desk, secret, sensitivity=3), delivery(codec, desk, plain, sensitivity=1)]
        await write(bus, [Sent(AHEAD, desk, value) for value in values])
        flash = await wire.next(FLASH)
    assert orjson.loads(flash.data)["meta"]["event_id"] == plain
