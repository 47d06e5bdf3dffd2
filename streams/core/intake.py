"""Intake (mottagning): whether a record is an event that the bus can accept, and who really published it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec, UndecodableError
from schemas.envelope import Event, Origin
from schemas.fingerprint import fingerprint, said, telling
from schemas.partners import PARTNERS
from schemas.problems import DropCode, Problem, RejectCode
from schemas.unknown_names import unknown_names
from schemas.validation import validate
from schemas.vocabulary import Function
from streams.core.outcome import Drop, Forward, Reject
from streams.core.reference import Reference

#: An id is remembered as long as it is accepted, so a retry can never slip through as new (docs/adr/0005).
ID_WINDOW = timedelta(days=400)
#: How far a publisher's clock may run ahead.
CLOCK_SKEW = timedelta(minutes=10)


class Published(NamedTuple):
    """One record as it stood on an intake topic. ``at`` is the broker's time, aware UTC."""

    key: bytes | None
    value: bytes
    #: The desk that the topic's writer proves, or None when it proves nothing.
    writer: str | None
    at: datetime


class Known(NamedTuple):
    """What is remembered of an event id: a digest of the content it came with."""

    digest: bytes


class Accepted(NamedTuple):
    """An accepted event: who published it, the key it is deduplicated by, digests of telling and content."""

    event_id: str
    event_type: str
    revision: int
    origin: Origin
    fingerprint: str
    digest: bytes
    content: bytes


class Peek(NamedTuple):
    """What could be read of a record that is not accepted, for the quarantine's index."""

    event_id: str | None
    event_type: str | None


class Intake:
    """The intake stage, with the codec and reference data it decides by.

    Shape: one published record and what is known of its id in, one outcome out.
    Errors: none raised for what a record says; every problem found is in ``Reject``.
    Source: domain rules, section 1, step 1; clarifications 48-50.
    """

    def __init__(self, codec: Codec, reference: Reference) -> None:
        self._codec = codec
        self._reference = reference

    def read(self, record: Published) -> "Reading":
        """Decode and validate a record; what remains is whether its id is known."""
        try:
            decoded = self._codec.decode(record.value)
        except UndecodableError as problem:
            return Reading(Peek(None, None), Reject((Problem(problem.code),)))
        if decoded.name not in EVENT_TYPES:
            return Reading(Peek(None, None), Reject((Problem(RejectCode.SCHEMA_UNKNOWN),)))
        body = decoded.value
        peek = Peek(body.get("event_id"), decoded.name)
        found = validate(decoded.name, body)
        if not isinstance(found, Event):
            return Reading(peek, Reject(found))
        problems = self._problems(found, body, record)
        if problems:
            return Reading(peek, Reject(problems))
        origin = origin_of(record.writer)
        if origin is None:  # cannot be: _problems has said so already
            return Reading(peek, Reject((Problem(RejectCode.ORIGIN_UNPROVEN, "/origin_unit"),)))
        content = said(body)
        # Keys name the publisher, and only the proven one counts: the body may leave it out.
        proven = {**body, "origin_unit": {"unit": origin.unit, "function": origin.function}}
        key = fingerprint(decoded.name, proven)
        accepted = Accepted(found.event_id, decoded.name, found.revision, origin, key, telling(body, content), content)
        return Reading(peek, accepted)

    def _problems(self, event: Event[Any], body: Mapping[str, Any], record: Published) -> tuple[Problem, ...]:
        problems = [*_key_problems(event, record), *self._origin_problems(event, record.writer)]
        problems += _time_problems(event, record.at)
        problems += unknown_names(body, self._reference.gazetteer, self._reference.substances)
        return tuple(problems)

    def _origin_problems(self, event: Event[Any], writer: str | None) -> list[Problem]:
        origin = origin_of(writer)
        if origin is None:
            return [Problem(RejectCode.ORIGIN_UNPROVEN, "/origin_unit")]
        if not is_known_desk(self._reference, origin):
            return [Problem(RejectCode.UNIT_UNKNOWN, "/origin_unit")]
        if event.origin_unit is not None and event.origin_unit != origin:
            return [Problem(RejectCode.ORIGIN_MISMATCH, "/origin_unit")]
        kind = EVENT_TYPES[event.event_type]
        if kind.bus_only or (kind.publishers and origin.function not in kind.publishers):
            return [Problem(RejectCode.PUBLISHER_NOT_ALLOWED, "/event_type")]
        return []


class Reading(NamedTuple):
    """What intake read of one record: enough to index it, and what came of it."""

    peek: Peek
    outcome: Accepted | Reject


def settle(accepted: Accepted, known: Known | None) -> Forward[Accepted] | Drop | Reject:
    """Tell a new event from a retry and from an id used twice for different things."""
    if known is None:
        return Forward(accepted)
    if known.digest == accepted.digest:
        return Drop(DropCode.RETRY_SAME_ID)
    return Reject((Problem(RejectCode.ID_REUSED, "/event_id"),))


@lru_cache(maxsize=4096)
def origin_of(writer: str | None) -> Origin | None:
    """The desk that a writer's address names, or None when it names none."""
    unit, _, function = (writer or "").partition("/")
    if not unit or function not in set(Function):
        return None
    return Origin.model_construct(unit=unit, function=Function(function))


def is_known_desk(reference: Reference, origin: Origin) -> bool:
    """Whether the gazetteer has this unit with this function; partners stand in their own list."""
    unit = reference.gazetteer.unit(origin.unit)
    if unit is None:
        return origin.unit in PARTNERS
    return origin.function in unit.functions


def _key_problems(event: Event[Any], record: Published) -> list[Problem]:
    if record.key == event.event_id.encode():
        return []
    return [Problem(RejectCode.KEY_NOT_EVENT_ID, "/event_id")]


def _time_problems(event: Event[Any], at: datetime) -> list[Problem]:
    latest = at + CLOCK_SKEW
    problems = [
        Problem(RejectCode.TIME_IN_FUTURE, f"/{name}")
        for name in ("occurred_from", "occurred_to", "reported_at")
        if (moment := getattr(event, name)) is not None and moment > latest
    ]
    made_at_ms = int(event.event_id[:8] + event.event_id[9:13], 16)
    at_ms = at.timestamp() * 1000
    if not at_ms - ID_WINDOW.total_seconds() * 1000 <= made_at_ms <= at_ms + CLOCK_SKEW.total_seconds() * 1000:
        problems.append(Problem(RejectCode.ID_TIME_OUT_OF_WINDOW, "/event_id"))
    return problems
