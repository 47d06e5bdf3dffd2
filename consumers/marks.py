"""What was done with records in quarantine: dropped with a reason, or published again. Told beside them, on record.

Nothing is taken from quarantine, so what was published is still accepted, quarantined or a duplicate, and no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from consumers.bus import moment_of, start_of
from consumers.ledger import OPERATIONS, to_the_end
from schemas.codec import Codec, UndecodableError
from schemas.records import QuarantineDrop, QuarantineRetry

#: How people call the origin that no desk was proven to be; the key of its records.
UNPROVEN: Final = "unproven"

Mark = QuarantineDrop | QuarantineRetry


@dataclass(frozen=True, slots=True)
class Drop:
    """That a record was dropped: by whom, when by the bus's clock, and why."""

    by: str
    at: datetime
    reason: str
    steward: str | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """That a record was published again: by whom, when by the bus's clock, mended or as it came, and where it is."""

    by: str
    at: datetime
    mended: bool
    sent: str
    steward: str | None = None


class Named(Protocol):
    """A quarantined record, as far as marks of it must agree with it."""

    @property
    def origin(self) -> str | None:
        """The desk that published it, if one is proven."""

    @property
    def event_id(self) -> str | None:
        """The event's id, where it could be read."""


Told = Mapping[tuple[int, int], Sequence[tuple[Mark, datetime]]]


async def told_marks(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], codec: Codec) -> Told:
    """Every mark that was written, by the place that it names, oldest first; what cannot be read is passed over."""
    found: dict[tuple[int, int], list[tuple[Mark, datetime]]] = {}
    for place in places:
        async for record in to_the_end(consumer, place, await start_of(consumer, place)):
            mark = read_mark(codec, record.value or b"")
            if mark is not None:
                found.setdefault((mark.partition, mark.offset), []).append((mark, moment_of(record.timestamp)))
    return found


def drop_of(record: Named, place: tuple[int, int], told: Told) -> Drop | None:
    """The first drop of a record that counts: by whoever may, and of what stands there now."""
    for mark, at in told.get(place, ()):
        if (
            isinstance(mark, QuarantineDrop)
            and mark.by == who_drops(record.origin)
            and mark.event_id == record.event_id
        ):
            return Drop(mark.by, at, mark.reason, mark.steward)
    return None


def retry_of(record: Named, place: tuple[int, int], told: Told) -> Retried | None:
    """The last retry of a record that counts: by its own desk or in its name, of what stands there now."""
    for mark, at in reversed(told.get(place, ())):
        if (
            isinstance(mark, QuarantineRetry)
            and mark.by in who_retries(record.origin)
            and mark.event_id == record.event_id
        ):
            return Retried(mark.by, at, mark.mended, mark.sent, mark.steward)
    return None


def who_drops(origin: str | None) -> str:
    """The desk that may drop what it published; operations when no origin was proven."""
    return origin or OPERATIONS


def who_retries(origin: str | None) -> tuple[str, ...]:
    """Who may publish a record again as it came: its own desk, and operations. Nobody when no origin was proven."""
    return () if origin is None else (origin, OPERATIONS)


def encoded_mark(codec: Codec, mark: Mark) -> bytes:
    """A mark as it stands on the topic of marks."""
    name = "quarantine_drop" if isinstance(mark, QuarantineDrop) else "quarantine_retry"
    return codec.encode(name, mark.model_dump(mode="python"))


def mark_key(origin: str | None) -> bytes:
    """The key of marks of one desk's records."""
    return (origin or UNPROVEN).encode()


def read_mark(codec: Codec, value: bytes) -> Mark | None:
    """A mark from its bytes; None for what is none."""
    try:
        decoded = codec.decode(value)
        if decoded.name == "quarantine_drop":
            return QuarantineDrop.model_validate(decoded.value)
        return QuarantineRetry.model_validate(decoded.value) if decoded.name == "quarantine_retry" else None
    except (UndecodableError, ValidationError):
        return None
