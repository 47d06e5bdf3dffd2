"""The values that pass between transport and lanes: a fetched batch, and the protocol of a Kafka record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

#: Headers by which the bus's own facts of an accepted event travel beside its unchanged bytes.
FROM_HEADER = "sambus_accepted_from"  # topic:partition:offset of the record as published
AT_HEADER = "sambus_published_at"  # its log time there, ms since 1970
SAID_HEADER = "sambus_said"  # the digest of what it says, for telling retries from revisions
#: On an assessed event whose deliveries were written in the same transaction: the share agent passes it by.
SHARED_HEADER = "sambus_shared"
#: On records that stand in every partition of ``events.accepted``, one copy for each lane (docs/adr/0010). Intake
#: passes on no header of a publisher's that begins with ``sambus_``, so only workers can write them.
ORDER_HEADER = "sambus_order"  # the value is an assessed order: a correction, a release, a circle ...
RESTRAINT_HEADER = "sambus_restraint"  # the value lists events and what binds everything that is built on them
PACK_HEADER = "sambus_pack"  # the value is the pack record by which the lanes change to another rule pack
INQUIRY_HEADER = "sambus_inquiry"  # the value lists events that wait, and those that their rules ask about
#: On a record for the lane that asked alone: the value lists what another lane knows of the events asked about.
KNOWN_HEADER = "sambus_known"
#: On records of ``entities``: the value is a pack of sightings to compare, or an errand on its way through lanes.
SIGHTING_HEADER = "sambus_sighting"
ERRAND_HEADER = "sambus_errand"
#: On an event that comes home from an errand: the value says what other lanes found of its neighbours.
FOUND_HEADER = "sambus_found"
#: On an accepted test event of the watch: it is decided on like any, and reaches nobody (docs/adr/0031).
CANARY_HEADER = "sambus_canary"
#: On records of ``pictures.facts``: the value is a pack of what situation pictures count.
FACT_HEADER = "sambus_fact"


class Record(Protocol):
    """What the engine reads of an aiokafka ``ConsumerRecord``."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Batch:
    """The records that one fetch gave for one partition.

    ``start`` is where the batch fetched before it ended, None for the first after a seek to the committed offset;
    ``end`` is the position it left. Between them lie the records and the markers of transactions, never handed
    out. A batch that was fetched and not handed over leaves its neighbours with a gap between end and start.
    """

    topic: str
    partition: int
    start: int | None
    end: int
    generation: int
    records: Sequence[Any]


def moment(at_ms: int) -> datetime:
    """Log time (ms since 1970) as aware UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def header(record: Record, name: str) -> str | None:
    """A header as text, or None when it is missing or not text."""
    for key, value in record.headers:
        if key == name:
            try:
                return value.decode()
            except UnicodeDecodeError:
                return None
    return None


def place(record: Record) -> str:
    """Where a record stands: topic:partition:offset."""
    return f"{record.topic}:{record.partition}:{record.offset}"
