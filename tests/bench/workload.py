"""The same work for every engine: decode an Avro event, route it, write it to 1.5 topics on average, exactly once."""

import io
import random
import struct
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer

SOURCE, ROUTED, ESCALATED, CHANGELOG = "bench.in", "bench.out", "bench.up", "state.route"
PARTITIONS = 8
AREAS = [f"se.region-{r}.omrade-{o}.lokal-{lpo}" for r in range(7) for o in range(4) for lpo in range(4)]

SCHEMA: Any = parse_schema(
    {
        "type": "record",
        "name": "BenchEvent",
        "fields": [
            {"name": "event_id", "type": "string"},
            {"name": "event_type", "type": "string"},
            {"name": "area", "type": "string"},
            {"name": "occurred_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "lon", "type": "double"},
            {"name": "lat", "type": "double"},
            {"name": "priority", "type": "int"},
            {"name": "persons", "type": {"type": "array", "items": "string"}},
            {"name": "case_ref", "type": ["null", "string"], "default": None},
            {"name": "summary", "type": "string"},
        ],
    }
)


def decode(value: bytes) -> dict[str, Any]:
    """Read one event."""
    event = schemaless_reader(io.BytesIO(value), SCHEMA, None)
    if not isinstance(event, dict):
        raise TypeError("a bench event is a record")
    return event


def encode(event: dict[str, Any]) -> bytes:
    """Write one event."""
    out = io.BytesIO()
    schemaless_writer(out, SCHEMA, event)
    return out.getvalue()


def route(value: bytes) -> list[tuple[str, bytes, bytes]]:
    """The work: decode, pick the topics, mark and encode again. Half of the events also go up to the region."""
    event = decode(value)
    area = event["area"]
    event["priority"] += 1
    routed = encode(event)
    outputs = [(ROUTED, area.encode(), routed)]
    if event["priority"] <= 3:
        outputs.append((ESCALATED, area.rsplit(".", 2)[0].encode(), routed))
    return outputs


def records(count: int, seed: int = 7) -> list[tuple[bytes, bytes]]:
    """Keys and values of ``count`` synthetic events of about 433 bytes; half have a priority that escalates."""
    rng = random.Random(seed)  # noqa: S311 - made-up load
    made = []
    for number in range(count):
        event_id = struct.pack(">QQ", number, rng.getrandbits(63)).hex()
        event = {
            "event_id": event_id,
            "event_type": "surveillance_observation",
            "area": rng.choice(AREAS),
            "occurred_at": 1_790_000_000_000 + number,
            "lon": 18.0 + rng.random(),
            "lat": 59.0 + rng.random(),
            "priority": 1 + number % 4,
            "persons": [f"pseudonym-{rng.getrandbits(32):08x}" for _ in range(3)],
            "case_ref": None,
            "summary": "Made-up observation for measuring. " * 7,
        }
        made.append((event_id.encode(), encode(event)))
    return made
