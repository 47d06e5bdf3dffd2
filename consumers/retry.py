"""Sending a quarantined record again, as it came or mended by its publisher. The event keeps its id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

from consumers.bus import answered, reached
from consumers.quarantine import Entry
from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.envelope import Event
from schemas.problems import Problem, RejectCode
from schemas.validation import validate

#: Topics that units publish on; other topics are written by workers alone.
INTAKE_PREFIX = "in."


@dataclass(frozen=True, slots=True)
class Again:
    """A record to publish once more: the topic it first came on, its key, bytes and headers."""

    topic: str
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def as_it_came(entry: Entry) -> Again:
    """The record exactly as it was, for a fault that lay elsewhere: an area or a substance that is known by now."""
    record = entry.record
    headers = tuple((header.name, header.value) for header in record.headers)
    return Again(record.topic, record.key, record.value, headers)


def mended(entry: Entry, body: Mapping[str, Any], codec: Codec) -> Again | tuple[Problem, ...]:
    """The record with a corrected body, or what is still wrong with that body.

    Shape: ``body`` is the event's JSON. The id stays: a mended event is the same event, so another id is refused.
    What intake had accepted (it was rejected later) cannot be mended: its id stands for the content it came with.
    """
    if not entry.record.topic.startswith(INTAKE_PREFIX):
        return (Problem(RejectCode.ID_REUSED, "/event_id"),)
    event_type = body.get("event_type")
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        return (Problem(RejectCode.SCHEMA_UNKNOWN, "/event_type"),)
    if entry.record.event_id is not None and body.get("event_id") != entry.record.event_id:
        return (Problem(RejectCode.FIELD_INVALID, "/event_id"),)
    event = validate(event_type, body)
    if not isinstance(event, Event):
        return event
    value = codec.encode(event_type, event.model_dump(mode="python"))
    came = as_it_came(entry)
    return Again(came.topic, event.event_id.encode(), value, came.headers)


async def send(options: Mapping[str, Any], again: Again) -> tuple[int, int]:
    """Publish it and wait until every replica has it; gives partition and offset.

    Errors: ``BusUnreachableError``; ``KafkaError`` when the user may not write the topic.
    """
    producer = AIOKafkaProducer(**options, enable_idempotence=True, acks="all")
    try:
        await reached(producer.start(), options.get("bootstrap_servers"))
        sent = await answered(
            producer.send_and_wait(again.topic, again.value, key=again.key, headers=list(again.headers))
        )
    finally:
        await producer.stop()
    return int(sent.partition), int(sent.offset)
