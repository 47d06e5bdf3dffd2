"""Intake (mottagning): whether a record is an event that the bus can accept, and who really published it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from schemas.admission import origin_of, origin_problems, reference_problems, time_problems
from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec, UndecodableError
from schemas.envelope import Event, Origin
from schemas.fingerprint import fingerprint, said, telling
from schemas.flash import is_flash
from schemas.problems import DropCode, Problem, RejectCode
from schemas.validation import validate
from streams.core.outcome import Drop, Forward, Reject
from streams.core.reference import Reference


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
    """An accepted event: who published it, the key it is deduplicated by, digests of telling and content.

    Shape: ``flash`` is whether it may overtake, which its publisher cannot decide.
    """

    event_id: str
    event_type: str
    revision: int
    origin: Origin
    fingerprint: str
    digest: bytes
    content: bytes
    #: The record as it goes on: as published, or encrypted, if the event holds sealed fields.
    data: bytes
    flash: bool = False


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
        flash = is_flash(body, self._reference.substances)
        digest = telling(body, content)
        data = self._codec.sealed(decoded.name, body, record.value)
        accepted = Accepted(found.event_id, decoded.name, found.revision, origin, key, digest, content, data, flash)
        return Reading(peek, accepted)

    def _problems(self, event: Event[Any], body: Mapping[str, Any], record: Published) -> tuple[Problem, ...]:
        gazetteer, substances = self._reference
        problems = [*_key_problems(event, record), *origin_problems(event, record.writer, gazetteer)]
        problems += time_problems(event, record.at)
        problems += reference_problems(body, gazetteer, substances)
        return tuple(problems)


class Reading(NamedTuple):
    """What intake read of one record: enough to index it, and what came of it."""

    peek: Peek
    outcome: Accepted | Reject


def settle(accepted: Accepted, known: Known | None, *, again: bool = False) -> Forward[Accepted] | Drop | Reject:
    """Tell a new event from a retry and from an id used twice for different things.

    Shape: ``again`` is for what was accepted here, met a fault of ours behind, and is sent again from quarantine: it
    goes on once more. If it had come through after all, assess knows the telling and drops it.
    """
    if known is None or (again and known.digest == accepted.digest):
        return Forward(accepted)
    if known.digest == accepted.digest:
        return Drop(DropCode.RETRY_SAME_ID)
    return Reject((Problem(RejectCode.ID_REUSED, "/event_id"),))


def _key_problems(event: Event[Any], record: Published) -> list[Problem]:
    if record.key == event.event_id.encode():
        return []
    return [Problem(RejectCode.KEY_NOT_EVENT_ID, "/event_id")]
