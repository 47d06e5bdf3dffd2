"""Dropping what is in quarantine: by its own desk, with a reason, on record. The quarantined record itself stays.

Nothing is taken from quarantine, so what was published is still accepted, quarantined or a duplicate, and no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import ValidationError

from consumers.bus import answered, moment_of, reached, start_of
from consumers.ledger import OPERATIONS, to_the_end
from schemas.codec import Codec, UndecodableError
from schemas.records import Quarantined, QuarantineDrop
from schemas.topics import DROPS

#: The key of what no desk was proven to have published.
_UNPROVEN: Final = "unproven"


@dataclass(frozen=True, slots=True)
class Drop:
    """That a record was dropped: by whom, when by the bus's clock, and why."""

    by: str
    at: datetime
    reason: str


Told = Mapping[tuple[int, int], Sequence[tuple[QuarantineDrop, datetime]]]


async def told_drops(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], codec: Codec) -> Told:
    """Every drop that was written, by the place that it names, oldest first; what cannot be read is passed over."""
    found: dict[tuple[int, int], list[tuple[QuarantineDrop, datetime]]] = {}
    for place in places:
        async for record in to_the_end(consumer, place, await start_of(consumer, place)):
            drop = _read(codec, record.value or b"")
            if drop is not None:
                found.setdefault((drop.partition, drop.offset), []).append((drop, moment_of(record.timestamp)))
    return found


def drop_of(record: Quarantined, place: tuple[int, int], told: Told) -> Drop | None:
    """The first drop of a record that counts: by whoever may, and of what stands there now."""
    for drop, at in told.get(place, ()):
        if drop.by == who_drops(record) and drop.event_id == record.event_id:
            return Drop(drop.by, at, drop.reason)
    return None


def who_drops(record: Quarantined) -> str:
    """The desk that may drop a record: its publisher; operations when no origin was proven."""
    return record.origin or OPERATIONS


async def write_drop(options: Mapping[str, Any], drop: QuarantineDrop, origin: str | None, codec: Codec) -> None:
    """Write a drop and wait until every replica has it.

    Errors: ``BusUnreachableError``; ``KafkaError`` when the user may not write the topic.
    """
    producer = AIOKafkaProducer(**options, enable_idempotence=True, acks="all")
    try:
        await reached(producer.start(), options.get("bootstrap_servers"))
        value = codec.encode("quarantine_drop", drop.model_dump(mode="python"))
        await answered(producer.send_and_wait(DROPS, value, key=(origin or _UNPROVEN).encode()))
    finally:
        await producer.stop()


def _read(codec: Codec, value: bytes) -> QuarantineDrop | None:
    try:
        decoded = codec.decode(value)
        return QuarantineDrop.model_validate(decoded.value) if decoded.name == "quarantine_drop" else None
    except (UndecodableError, ValidationError):
        return None
