"""What is owed: how every obligation of every desk stands, from the compacted topic that the workers keep of them."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from consumers.bus import administrator, answered, committed_reader, topics_of
from schemas.codec import Codec, UndecodableError
from schemas.duties import Duty, DutyState
from schemas.topics import LEDGER_DUTIES

#: How a duty stands, as a header beside its record: those that have ended are counted without being decoded.
STATE_HEADER: Final = "sambus_duty"
_OWED: Final = frozenset({DutyState.OPEN, DutyState.LATE})
_WAIT_MS = 250
_BATCH = 5_000
_FETCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Owed:
    """One kind of obligation: how many are open and late, and when the first of them falls or fell due."""

    obligation: str
    open: int
    late: int
    first_due: datetime


@dataclass(frozen=True, slots=True)
class Duties:
    """How obligations stand: those that are owed, the most urgent first, and how many have ended, by state."""

    owed: tuple[Duty, ...]
    ended: Mapping[str, int]

    @property
    def by_obligation(self) -> tuple[Owed, ...]:
        """What is owed, by kind: what is late first."""
        kinds: dict[str, list[Duty]] = {}
        for duty in self.owed:
            kinds.setdefault(duty.obligation, []).append(duty)
        found = (
            Owed(
                obligation=name,
                open=sum(duty.duty_state is DutyState.OPEN for duty in duties),
                late=sum(duty.duty_state is DutyState.LATE for duty in duties),
                first_due=min(duty.due_at for duty in duties),
            )
            for name, duties in kinds.items()
        )
        return tuple(sorted(found, key=lambda kind: (-kind.late, kind.first_due, kind.obligation)))

    def of(self, desk: str) -> tuple[Duty, ...]:
        """What one desk owes."""
        return tuple(duty for duty in self.owed if duty.owed_by == desk)


async def duties(options: Mapping[str, Any], codec: Codec) -> Duties | None:
    """How every obligation stands now; None when there is no such topic, or this user may not see it.

    Errors: ``BusUnreachableError``. A record that cannot be read is passed over.
    """
    async with administrator(options) as admin:
        places = (await topics_of(admin)).get(LEDGER_DUTIES)
    if not places:
        return None
    latest: dict[bytes, ConsumerRecord] = {}
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        async for record in _whole(reader, places):
            latest[record.key or b""] = record
    return summed_up([(_state(record), record.value or b"") for record in latest.values()], codec)


def summed_up(records: Sequence[tuple[str, bytes]], codec: Codec) -> Duties:
    """How obligations stand, from the last record of each with its state."""
    ended = Counter(state for state, _ in records if state not in _OWED)
    found = (_duty(codec, value) for state, value in records if state in _OWED)
    owed = sorted((duty for duty in found if duty is not None), key=lambda duty: (duty.due_at, duty.duty_id))
    return Duties(tuple(owed), dict(ended))


async def _whole(reader: AIOKafkaConsumer, places: Iterable[TopicPartition]) -> AsyncIterator[ConsumerRecord]:
    """Every committed record, from the beginning to the end as it is now."""
    reader.assign(list(places))
    ends = await answered(reader.end_offsets(list(places)))
    await reader.seek_to_beginning()
    left = set(places)
    while left := {place for place in left if await reader.position(place) < ends[place]}:
        for records in (await reader.getmany(*left, timeout_ms=_WAIT_MS, max_records=_BATCH)).values():
            for record in records:
                yield record


def _state(record: ConsumerRecord) -> str:
    return next((value.decode("ascii", "replace") for name, value in record.headers if name == STATE_HEADER), "")


def _duty(codec: Codec, value: bytes) -> Duty | None:
    try:
        return Duty.model_validate(codec.decode(value).value)
    except (UndecodableError, ValidationError):
        return None
