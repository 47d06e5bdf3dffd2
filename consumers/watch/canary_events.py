"""Test events as records: a canary's body with its times moved to now and an id of its own, as publishers send it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import uuid_utils

from consumers.watch.canaries import Canary
from schemas.codec import ORIGIN_HEADER, Codec, cloud_event_headers
from schemas.envelope import Event
from schemas.model import to_wire_time
from schemas.validation import validate

_DAY: Final = timedelta(days=1)
_DATE_LENGTH: Final = 10


class Ready(NamedTuple):
    """A record for ``canary.in``."""

    event_id: str
    value: bytes
    headers: list[tuple[str, bytes]]


def ready(canary: Canary, now: datetime, codec: Codec) -> Ready:
    """A canary's next event. Errors: ``ValueError`` when it is no event any longer."""
    event_id = str(uuid_utils.uuid7())
    body = _named(shifted(canary.body, now - canary.anchor), str(canary.body["event_id"]), event_id)
    event = validate(canary.event_type, body)
    if not isinstance(event, Event):
        raise ValueError(f"canary of type {canary.event_type} is no event")  # noqa: TRY004 - its value is wrong
    value = codec.encode(canary.event_type, event.model_dump(mode="python"))
    headers = cloud_event_headers(event_id, canary.event_type, canary.desk, event.reported_at, event.schema_version)
    return Ready(event_id, value, [*headers, (ORIGIN_HEADER, canary.desk.encode())])


def shifted(value: Any, by: timedelta) -> Any:
    """A body with all its times and dates moved by as much."""
    if isinstance(value, Mapping):
        return {name: shifted(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [shifted(inner, by) for inner in value]
    if isinstance(value, str) and len(value) >= _DATE_LENGTH and value[4] == "-" and value[:4].isdigit():
        try:
            if len(value) == _DATE_LENGTH:
                return (date.fromisoformat(value) + round(by / _DAY) * _DAY).isoformat()
            return to_wire_time(datetime.fromisoformat(value) + by)
        except ValueError:
            return value
    return value


def _named(value: Any, old: str, new: str) -> Any:
    """A body with one id in the place of another."""
    if isinstance(value, Mapping):
        return {name: _named(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner, old, new) for inner in value]
    return new if value == old else value
