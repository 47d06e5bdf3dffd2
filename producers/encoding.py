"""An event as its record: validated by the models, encoded, with the headers that every publisher gives it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import uuid_utils

from producers.spool_record import urgency_of
from schemas.catalogue import EVENT_TYPES
from schemas.codec import MAX_RECORD_BYTES, ORIGIN_HEADER, Codec, UnencodableError, cloud_event_headers
from schemas.envelope import Event
from schemas.flash import is_flash
from schemas.problems import Problem, RejectCode
from schemas.substances import load_substances
from schemas.validation import validate

#: An event as a model, or as a mapping in the wire's JSON form.
AnyEvent = Event[Any] | Mapping[str, Any]

#: Further questions to a valid event, with its fields.
Check = Callable[[Event[Any], Mapping[str, Any]], Sequence[Problem]]

_ID_LENGTH = len(str(uuid_utils.UUID(int=0)))


class Encoded(NamedTuple):
    """A valid event as it goes to Kafka; its key is the event id. The same event gives the same bytes.

    The event itself is not kept: many records wait for the bus at once, and what they were made of is large.
    """

    event_id: str
    event_type: str
    value: bytes
    headers: list[tuple[str, bytes]]
    #: Whether it goes by the flash lane.
    flash: bool
    #: Before which others it leaves a spool (``producers.spool_record``).
    urgency: int

    @property
    def key(self) -> bytes:
        """The record's key."""
        return self.event_id.encode()


class Refused(NamedTuple):
    """An event that is not sent, with everything that is wrong with it."""

    event_id: str | None
    problems: tuple[Problem, ...]


def new_event_id() -> str:
    """A new event id: a UUIDv7. Make it once, and use the same again when the same event is sent again."""
    return str(uuid_utils.uuid7())


def made_event_id(at: datetime, identity: bytes) -> str:
    """A UUIDv7 of a moment whose other bits are a hash of what the event says: the same event, the same id."""
    milliseconds = int(at.timestamp() * 1000) & (1 << 48) - 1
    chance = int.from_bytes(hashlib.sha256(identity).digest()[:10], "big")
    value = milliseconds << 80 | 7 << 76 | (chance >> 62 & 0xFFF) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    return str(UUID(int=value))


def encode(codec: Codec, event: AnyEvent, origin: str, check: Check | None = None) -> Encoded | Refused:
    """Validate and encode one event of a desk. Errors: none for what an event says; it is refused with problems."""
    found = event if isinstance(event, Event) else _validated(event)
    if not isinstance(found, Event):
        return Refused(_readable_id(event), found)
    values = vars(found)
    if check is not None and (problems := tuple(check(found, values))):
        return Refused(found.event_id, problems)
    try:
        value = codec.encode_model(found.event_type, found)
    except UnencodableError as problem:
        return Refused(found.event_id, (Problem(RejectCode.FIELD_INVALID, problem.pointer),))
    if len(value) > MAX_RECORD_BYTES:
        return Refused(found.event_id, (Problem(RejectCode.TOO_LARGE),))
    flash = is_flash(values, load_substances())
    return Encoded(found.event_id, found.event_type, value, _headers(found, origin), flash, urgency_of(found))


def _headers(event: Event[Any], origin: str) -> list[tuple[str, bytes]]:
    headers = cloud_event_headers(event.event_id, event.event_type, origin, event.reported_at, event.schema_version)
    return [*headers, (ORIGIN_HEADER, origin.encode())]


def _validated(body: Mapping[str, Any]) -> Event[Any] | tuple[Problem, ...]:
    event_type = body.get("event_type")
    if event_type is None:
        return (Problem(RejectCode.FIELD_MISSING, "/event_type"),)
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        return (Problem(RejectCode.SCHEMA_UNKNOWN, "/event_type"),)
    return validate(event_type, body)


def _readable_id(event: AnyEvent) -> str | None:
    """The id that the body claims, only if it has an id's length: anything longer could be content."""
    claimed = event.get("event_id") if isinstance(event, Mapping) else event.event_id
    return claimed if isinstance(claimed, str) and len(claimed) == _ID_LENGTH else None
