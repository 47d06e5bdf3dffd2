"""A stream gives what was committed for the desk, in order, live and after any break, and nobody waits for anybody."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from consumers.client import Received
from schemas.codec import Codec
from tests.consumers.gateway.serving import Served, fresh_subject, ids, taken, wish
from tests.consumers.made import Sent, delivery, new_id, write
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka
TOPIC = "deliver.stockholm"


async def deliver(bus: str, codec: Codec, desk: str, count: int = 1, **changes: object) -> list[str]:
    """Commit so many deliveries for a desk; their event ids."""
    made = [new_id() for _ in range(count)]
    await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, each, **changes)) for each in made])
    return made


async def test_what_is_committed_is_told_within_a_second(gateway: Served, bus: str, codec: Codec) -> None:
    """Live, in order, with its meta data and the view, as straight from Kafka."""
    desk = fresh_desk(20)
    async with gateway.client(desk, fresh_subject()) as client:
        subscription = await client.subscribe(wish())
        async with client.stream(subscription) as items:
            opened = asyncio.create_task(taken(items, 3))
            await _joined(gateway, desk)
            made = await deliver(bus, codec, desk, 3)
            began = time.monotonic()
            found = await opened
            assert time.monotonic() - began < 1
    assert ids(found) == made
    first = found[0]
    assert isinstance(first, Received)
    assert first.delivery.meta.desk == desk
    assert first.delivery.event["occurred_from"] == datetime(2026, 7, 8, 12, 30, tzinfo=UTC)


async def _joined(gateway: Served, desk: str) -> None:
    async with asyncio.timeout(10):
        while not any(
            reader.want.lens.rights.desk == desk and reader.attached_ms for reader in gateway.feeds.open.hub.open
        ):
            await asyncio.sleep(0.01)
