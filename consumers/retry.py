"""Sending a quarantined record again, as it came or mended. The event keeps its id and its place among revisions.

A revision that comes late is ordered by what it says of itself: ``reported_at`` and ``revision``, which no mending may
change unless the fault lies there. So an older one that is retried after a newer one goes to the history, whatever the
order of retries (streams/core/assess.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from consumers.quarantine import Entry
from schemas.admission import origin_problems, reference_problems, time_problems
from schemas.catalogue import EVENT_TYPES
from schemas.codec import AGAIN_HEADER, MAX_RECORD_BYTES, ORIGIN_HEADER, Codec, UndecodableError, UnencodableError
from schemas.envelope import Event
from schemas.gazetteer import Gazetteer
from schemas.problems import Problem, RejectCode
from schemas.records import Quarantined
from schemas.substances import SubstanceRegister
from schemas.topics import ACCEPTED, GATEWAY_IN
from schemas.validation import validate
from schemas.wire_json import plain

#: Topics that units publish on; other topics are written by workers alone.
INTAKE_PREFIX: Final = "in."
#: What places an event among the revisions of the same matter.
ORDER_NOTES: Final = ("revision", "supersedes", "reported_at")

#: Further questions to a valid event of a desk, with its values: what is wrong with it.
Judge = Callable[[Event[Any], Mapping[str, Any], str | None], list[Problem]]


@dataclass(frozen=True, slots=True)
class Again:
    """A record to publish once more: the topic it first came on, its key, bytes and headers."""

    topic: str
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def judge_of(gazetteer: Gazetteer, substances: SubstanceRegister, now: Callable[[], datetime]) -> Judge:
    """What intake asks of an event beyond its form, asked before it is sent."""

    def judge(event: Event[Any], values: Mapping[str, Any], origin: str | None) -> list[Problem]:
        return [
            *origin_problems(event, origin, gazetteer),
            *time_problems(event, now()),
            *reference_problems(values, gazetteer, substances),
        ]

    return judge


def as_it_came(entry: Entry) -> Again:
    """The record as it was, for a fault that lay elsewhere; one header says which place in quarantine it had."""
    record = entry.record
    headers = tuple((header.name, header.value) for header in record.headers if header.name != AGAIN_HEADER)
    return Again(record.topic, record.key, record.value, (*headers, (AGAIN_HEADER, str(entry.place).encode())))


def by_gateway(entry: Entry, again: Again) -> Again | None:
    """The same on the gateway's own topic, which says whose it is; None for what cannot go that way.

    Shape: only events of a proven desk can. What intake had accepted before a fault of ours is let through once more by
    intake, because the gateway says that it is sent again.
    """
    origin, known = entry.record.origin, _event_id(entry)
    came = entry.record.topic
    if origin is None or not (came.startswith(INTAKE_PREFIX) or (came == ACCEPTED and known is not None)):
        return None
    headers = tuple(pair for pair in again.headers if pair[0] in _KEPT or pair[0].startswith("ce_"))
    key = again.key if came.startswith(INTAKE_PREFIX) else str(known).encode()
    return replace(again, topic=GATEWAY_IN, key=key, headers=(*headers, (ORIGIN_HEADER, origin.encode())))


_KEPT: Final = frozenset({AGAIN_HEADER, "content-type", "traceparent"})


def still_wrong(entry: Entry, codec: Codec, judge: Judge) -> tuple[Problem, ...]:
    """What intake would say of a record that is sent again as it came; nothing when it can be accepted now.

    Shape: what intake remembers of ids is not looked at; an id that was used for something else stays wrong.
    """
    record = entry.record
    try:
        decoded = codec.decode(record.value)
    except UndecodableError as problem:
        return (Problem(problem.code),)
    event = validate(decoded.name, decoded.value) if decoded.name in EVENT_TYPES else None
    if event is None:
        return (Problem(RejectCode.SCHEMA_UNKNOWN),)
    if not isinstance(event, Event):
        return event
    if record.topic.startswith(INTAKE_PREFIX) and record.key != event.event_id.encode():
        return (Problem(RejectCode.KEY_NOT_EVENT_ID, "/event_id"),)
    if reused(record):
        return (Problem(RejectCode.ID_REUSED, "/event_id"),)
    return tuple(judge(event, decoded.value, record.origin))


def body_of(entry: Entry, codec: Codec) -> dict[str, Any] | None:
    """The event as its publisher wrote it, in JSON's values; None when it cannot be read."""
    try:
        body = plain(codec.decode(entry.record.value).value)
    except UndecodableError:
        return None
    return body if isinstance(body, dict) else None


def mended(
    entry: Entry, body: Mapping[str, Any], codec: Codec, judge: Judge | None = None
) -> Again | tuple[Problem, ...]:
    """The record with a corrected body, or what is still wrong with that body.

    Shape: ``body`` is the event's JSON. The id stays: a mended event is the same event, so another id is refused; and
    so are other order notes, unless the fault lies there.
    What intake had accepted (it was rejected later) cannot be mended: its id stands for the content it came with.
    """
    refused = _refused(entry, body)
    if refused is not None:
        return (refused,)
    event = validate(str(body["event_type"]), body)
    if not isinstance(event, Event):
        return event
    values = event.model_dump(mode="python")
    wrong = [*_moved(entry, values, codec), *(judge(event, values, entry.record.origin) if judge is not None else ())]
    if wrong:
        return tuple(wrong)
    try:
        value = codec.encode(event.event_type, values)
    except UnencodableError as problem:
        return (Problem(RejectCode.FIELD_INVALID, problem.pointer),)
    if len(value) > MAX_RECORD_BYTES:
        return (Problem(RejectCode.TOO_LARGE),)
    return replace(as_it_came(entry), key=event.event_id.encode(), value=value)


def _refused(entry: Entry, body: Mapping[str, Any]) -> Problem | None:
    """Why a record cannot be mended at all, or not into this event."""
    if not entry.record.topic.startswith(INTAKE_PREFIX) or reused(entry.record):
        return Problem(RejectCode.ID_REUSED, "/event_id")
    event_type = body.get("event_type")
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        return Problem(RejectCode.SCHEMA_UNKNOWN, "/event_type")
    if entry.record.event_id is not None and body.get("event_id") != entry.record.event_id:
        return Problem(RejectCode.FIELD_INVALID, "/event_id")
    return None


def reused(record: Quarantined) -> bool:
    """Whether its id stands for something else already: whatever is sent under it would be refused again."""
    return any(problem.code == RejectCode.ID_REUSED for problem in record.problems)


def _moved(entry: Entry, values: Mapping[str, Any], codec: Codec) -> list[Problem]:
    """Order notes that would change although the record's faults are not theirs."""
    try:
        before = codec.decode(entry.record.value).value
    except UndecodableError:
        return []
    faulty = {problem.pointer for problem in entry.record.problems}
    return [
        Problem(RejectCode.FIELD_INVALID, f"/{name}")
        for name in ORDER_NOTES
        if f"/{name}" not in faulty and name in before and plain(before[name]) != plain(values[name])
    ]


def _event_id(entry: Entry) -> str | None:
    """The id of an event that intake had accepted: its quarantine record may have been written without it."""
    if entry.record.event_id is not None:
        return entry.record.event_id
    said = next((header.value for header in entry.record.headers if header.name == "ce_id"), None)
    return None if said is None else said.decode("ascii", "replace")
