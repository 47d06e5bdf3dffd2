"""What the bus decided on in a period, read again: the assessed events, each with the orders in force at its moment.

Reads only.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.bus import TopicMissingError, administrator, committed_reader, moment_of, offset_at, start_of, topics_of
from consumers.ledger import to_the_end
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.problems import RejectCode
from schemas.topics import ASSESSED
from streams.core.share.difference import Replayed
from streams.core.share.orders import Orders
from streams.engine.memory import bears_orders, orders_in_time
from streams.engine.state import State

#: Every lane remembers all orders, so one lane's changelog holds them all.
_ORDERS_OF: Final = ("state.assess", 0)
_FETCH_BYTES: Final = 4 * 1024 * 1024
#: As long as a lane remembers: no order that a lane holds is left out.
_MEMORY_MS: Final = 400 * 86_400_000


class Timeline(NamedTuple):
    """The orders after each log time at which a lane met one. Units: ms since 1970, oldest first."""

    times: list[int]
    orders: list[Orders]

    def at(self, at_ms: int) -> Orders:
        """The orders in force at a moment."""
        return self.orders[bisect_right(self.times, at_ms) - 1]


async def replayed(options: Mapping[str, Any], codec: Codec, since: datetime) -> AsyncIterator[Replayed]:
    """Every event that was decided on since a moment, partition by partition.

    Errors: ``BusUnreachableError``, ``TopicMissingError``; ``UndecodableError`` for what the codec has no keys to open.
    An event that cannot be read otherwise is passed over.
    """
    async with administrator(options) as admin:
        topics = await topics_of(admin)
    if ASSESSED not in topics:
        raise TopicMissingError(ASSESSED)
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as consumer:
        timeline = await _timeline(consumer, topics, codec)
        for place in topics[ASSESSED]:
            async for record in to_the_end(consumer, place, await offset_at(consumer, place, since)):
                event = _event(codec, record.value or b"")
                if event is not None:
                    yield Replayed(event, moment_of(record.timestamp), timeline.at(record.timestamp))


async def _timeline(
    consumer: AIOKafkaConsumer, topics: Mapping[str, tuple[TopicPartition, ...]], codec: Codec
) -> Timeline:
    topic, partition = _ORDERS_OF
    state = State(_MEMORY_MS)
    if topic in topics:
        place = topics[topic][partition]
        async for record in to_the_end(consumer, place, await start_of(consumer, place)):
            if bears_orders(record.key or b""):
                state.restore(record.key, record.value)
    found = orders_in_time(state, codec)
    return Timeline([at_ms for at_ms, _ in found], [orders for _, orders in found])


def _event(codec: Codec, value: bytes) -> dict[str, Any] | None:
    try:
        return codec.decode(value, limit=MAX_BUS_BYTES).value
    except UndecodableError as problem:
        if problem.code is RejectCode.SEAL_UNOPENED:
            raise
        return None
