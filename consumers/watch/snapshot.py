"""The watch's snapshot of the bus: one JSON record on ``bus.health``, written every few seconds.

It holds codes, numbers and addresses, never content. What cannot be read as a snapshot counts as none.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from consumers.bus import TopicMissingError, answered, committed_reader, partitions
from consumers.health import Reason
from schemas.alarms import ALARMS, AlarmCode
from schemas.topics import HEALTH

#: The key of the snapshot, and of what the watch has learned and needs after a restart.
WATCH_KEY: Final = b"watch"
MEMORY_KEY: Final = b"memory"
#: A snapshot older than this says nothing of now.
FRESH: Final = timedelta(seconds=15)
_WAIT_MS: Final = 250
_FOLLOW_MS: Final = 1_000
#: Offsets from the end in which the latest snapshot is looked for first; the memory is written far more seldom.
_TAIL: Final = 16


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the watch found at one moment.

    Shape: ``health`` is as ``sambus status --json`` gives it (sources, workers, group_state, quarantined, heads), None
    when the bus was not measured yet; ``parts`` has what each part shows, by its name. ``at`` is aware UTC.
    """

    at: datetime
    reasons: tuple[Reason, ...] = ()
    health: Mapping[str, Any] | None = None
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.reasons

    def age(self, now: datetime) -> float:
        """Seconds since it was made; a clock that runs behind gives zero."""
        return max(0.0, (now - self.at).total_seconds())

    def fresh(self, now: datetime) -> bool:
        """Whether it still says something of now."""
        return now - self.at <= FRESH


class _Reason(BaseModel):
    model_config = ConfigDict(extra="ignore")

    code: AlarmCode
    where: str
    value: float


class _Form(BaseModel):
    """The JSON of a snapshot. What a later version adds is passed over."""

    model_config = ConfigDict(extra="ignore")

    form: Literal[1] = 1
    at: AwareDatetime
    reasons: tuple[_Reason, ...]
    health: dict[str, Any] | None
    parts: dict[str, dict[str, Any]]


def write_snapshot(snapshot: Snapshot) -> bytes:
    """The record's value."""
    told = {
        "form": 1,
        "at": snapshot.at,
        "healthy": snapshot.healthy,
        "reasons": [
            {
                "code": reason.code.value,
                "severity": ALARMS[reason.code].severity.value,
                "where": reason.where,
                "value": reason.value,
            }
            for reason in snapshot.reasons
        ],
        "health": snapshot.health,
        "parts": snapshot.parts,
    }
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def read_snapshot(value: bytes | None) -> Snapshot | None:
    """The snapshot in a record; None for what is none."""
    try:
        form = _Form.model_validate_json(value or b"")
    except ValidationError:
        return None
    reasons = tuple(Reason(reason.code, reason.where, reason.value) for reason in form.reasons)
    return Snapshot(form.at.astimezone(UTC), reasons, form.health, form.parts)


async def latest_snapshot(options: Mapping[str, Any]) -> Snapshot | None:
    """The last snapshot on the bus, however old; None when there is none, or this user may not read it.

    Errors: ``BusUnreachableError``.
    """
    value = await latest_value(options, WATCH_KEY)
    return read_snapshot(value)


async def snapshots(options: Mapping[str, Any]) -> AsyncIterator[Snapshot | None]:
    """The last snapshot, then each as it is written; None about once a second while there is no other.

    Errors: ``BusUnreachableError``, ``TopicMissingError``.
    """
    (place,) = await partitions(options, HEALTH)
    async with committed_reader(options) as reader:
        reader.assign([place])
        begin = int((await answered(reader.beginning_offsets([place])))[place])
        end = int((await answered(reader.end_offsets([place])))[place])
        reader.seek(place, max(begin, end - _TAIL))
        found: Snapshot | None = None
        while True:
            for records in (await reader.getmany(place, timeout_ms=_FOLLOW_MS)).values():
                for record in records:
                    found = (read_snapshot(record.value) if record.key == WATCH_KEY else None) or found
            if await reader.position(place) >= end:  # what came before the last one is not worth showing
                yield found
                found = None


async def latest_value(options: Mapping[str, Any], key: bytes) -> bytes | None:
    """The last value of a key of ``bus.health``: looked for at the end first. Errors: ``BusUnreachableError``."""
    try:
        (place,) = await partitions(options, HEALTH)
    except TopicMissingError:
        return None
    async with committed_reader(options) as reader:
        reader.assign([place])
        begin = int((await answered(reader.beginning_offsets([place])))[place])
        end = int((await answered(reader.end_offsets([place])))[place])
        for start in dict.fromkeys((max(begin, end - _TAIL), begin)):
            found = await _last(reader, place, start, end, key)
            if found is not None:
                return found
    return None


async def _last(reader: AIOKafkaConsumer, place: TopicPartition, start: int, end: int, key: bytes) -> bytes | None:
    found: bytes | None = None
    reader.seek(place, start)
    while await reader.position(place) < end:
        for records in (await reader.getmany(place, timeout_ms=_WAIT_MS)).values():
            for record in records:
                found = record.value if record.key == key else found
    return found
