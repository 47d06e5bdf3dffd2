"""Published records for core tests, made from the examples: nothing here is a real matter."""

from datetime import UTC, datetime
from typing import Any

from schemas.codec import Codec
from schemas.example_data import good_examples
from schemas.validation import validate
from streams.core.intake import Intake, Published
from streams.core.link.keys import made_keys
from streams.core.reference import load_reference

CODEC = Codec()
REFERENCE = load_reference()
INTAKE = Intake(CODEC, REFERENCE)
#: A moment shortly after the examples were written.
NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
#: Keys for matching that are no secret.
KEYS = made_keys("test", bytes(range(96)))
JARVA = "se.stockholm.stockholm-nord.jarva"


def example(event_type: str, number: int = 0) -> dict[str, Any]:
    """The body of a good example, free to change."""
    return good_examples(event_type)[number].body


def encoded(body: dict[str, Any]) -> bytes:
    """A valid body's Avro bytes."""
    event = validate(body["event_type"], body)
    if isinstance(event, tuple):
        raise TypeError([problem.pointer for problem in event])
    return CODEC.encode(body["event_type"], event.model_dump(mode="python"))


def published(body: dict[str, Any], writer: str | None = f"{JARVA}/investigation", at: datetime = NOW) -> Published:
    """The record as a unit's producer would have written it."""
    return Published(body["event_id"].encode(), encoded(body), writer, at)


def native(body: dict[str, Any]) -> dict[str, Any]:
    """The body as it is decoded from the wire."""
    return CODEC.decode(encoded(body)).value
