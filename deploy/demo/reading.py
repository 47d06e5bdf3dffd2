"""Reading the whole bus as it was committed: what was published, decided, quarantined and delivered."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.bus import administrator, answered, committed_reader, topics_of
from consumers.ledger import to_the_end
from deploy.demo.books import Books
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.topics import DECISIONS, QUARANTINE
from streams.engine.records import FROM_HEADER

_FETCH_BYTES = 4 * 1024 * 1024
#: How long books are read anew at most while something comes meanwhile: links of a day come within seconds.
_STILL_WITHIN_S = 60.0


def is_watched(topic: str) -> bool:
    """Whether a topic tells of an end or a delivery."""
    return topic in {DECISIONS, QUARANTINE} or topic.startswith("deliver.")


async def places_of(options: Mapping[str, Any]) -> dict[str, tuple[TopicPartition, ...]]:
    """Every topic with its partitions."""
    async with administrator(options) as admin:
        return await topics_of(admin)


async def audit(options: Mapping[str, Any]) -> Books:
    """The books, read anew from the beginning of every topic, and again while the bus still tells something of its own.

    Topics are read one after the other: what came in between would stand in one of them and not in another.

    Errors: ``BusUnreachableError``.
    """
    there = await places_of(options)
    wanted = [
        place for topic, found in there.items() if is_watched(topic) or topic.startswith("in.") for place in found
    ]
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        stop = time.monotonic() + _STILL_WITHIN_S
        while True:
            ends = await answered(reader.end_offsets(wanted))
            books = await _read(reader, wanted)
            if await answered(reader.end_offsets(wanted)) == ends or time.monotonic() > stop:
                return books


async def _read(reader: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> Books:
    books, codec = Books(), Codec()
    starts = await answered(reader.beginning_offsets(places))
    for place in places:
        async for record in to_the_end(reader, place, starts[place]):
            enter(books, codec, record)
    return books


def enter(books: Books, codec: Codec, record: ConsumerRecord) -> Mapping[str, Any] | None:
    """Enter one record into the books; its value, unless it is one as published or cannot be read."""
    if record.topic.startswith("in."):
        books.publish(f"{record.topic}:{record.partition}:{record.offset}")
        return None
    try:
        value = codec.decode(record.value or b"", limit=MAX_BUS_BYTES).value
    except UndecodableError:
        books.unreadable += 1
        return None
    if record.topic == DECISIONS:
        books.decide(value)
    elif record.topic == QUARANTINE:
        books.quarantine(published_at(value), value["problems"][0]["code"])
    else:
        books.deliver(value["delivery_id"], (record.key or b"").decode())
    return value


def published_at(quarantined: Mapping[str, Any]) -> str:
    """Where a quarantined record was published: its own place, or that in its header when a later agent refused it."""
    for header in quarantined["headers"]:
        if header["name"] == FROM_HEADER:
            return bytes(header["value"]).decode()
    return f"{quarantined['topic']}:{quarantined['partition']}:{quarantined['offset']}"
