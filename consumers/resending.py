"""Sending records of quarantine again and putting that on record, over one connection: for one, or for many."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer

from consumers.bus import answered, reached
from consumers.marks import Mark, encoded_mark, mark_key
from consumers.quarantine import Entry
from consumers.retry import Again
from schemas.codec import MAX_BUS_BYTES, Codec
from schemas.records import QuarantineRetry
from schemas.topics import DROPS


async def resend(
    options: Mapping[str, Any], codec: Codec, records: Iterable[tuple[Entry, Again]], by: str, *, mended: bool
) -> list[str]:
    """Publish records again in their order, each marked once it is safe; where they stand, topic:partition:offset.

    Shape: when it fails half-way, what was marked is done; the rest can be sent again with the same ids.
    Errors: ``BusUnreachableError``; ``KafkaError`` when the user may not write a topic.
    """
    places: list[str] = []
    async with _producer(options) as producer:
        for entry, again in records:
            at = await answered(
                producer.send_and_wait(again.topic, again.value, key=again.key, headers=list(again.headers))
            )
            places.append(f"{at.topic}:{at.partition}:{at.offset}")
            place, event_id = entry.place, entry.record.event_id
            mark = QuarantineRetry(
                partition=place.partition,
                offset=place.offset,
                event_id=event_id,
                by=by,
                mended=mended,
                sent=places[-1],
            )
            await _write(producer, codec, mark, entry.record.origin)
    return places


async def write_marks(options: Mapping[str, Any], codec: Codec, marks: Iterable[tuple[Mark, str | None]]) -> None:
    """Write marks, each with the origin of its record, and wait until every replica has them. Errors: as ``resend``."""
    async with _producer(options) as producer:
        for mark, origin in marks:
            await _write(producer, codec, mark, origin)


@asynccontextmanager
async def _producer(options: Mapping[str, Any]) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**options, enable_idempotence=True, acks="all", max_request_size=2 * MAX_BUS_BYTES)
    try:
        await reached(producer.start(), options.get("bootstrap_servers"))
        yield producer
    finally:
        await producer.stop()


async def _write(producer: AIOKafkaProducer, codec: Codec, mark: Mark, origin: str | None) -> None:
    await answered(producer.send_and_wait(DROPS, encoded_mark(codec, mark), key=mark_key(origin)))
