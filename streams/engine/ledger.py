"""Ledger lines: one for each event that was decided on, and one for each that was dropped (liggare)."""

from typing import Any

from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.problems import DropCode
from streams.core.intake import Accepted
from streams.engine.outbox import Output
from streams.engine.records import Record, moment

LEDGER = "ledger.decisions"


def dropped(codec: Codec, record: Record, accepted: Accepted, code: DropCode) -> Output:
    """The line of an event that goes no further because it has been told before."""
    return line(
        codec,
        {
            "event_id": accepted.event_id,
            "event_type": accepted.event_type,
            "revision": 1,
            "outcome": code.value,
            "origin": origin_value(accepted.origin),
            "input_hash": accepted.digest.hex(),
            "published_at": moment(record.timestamp),
            "accepted_from": f"{record.topic}:{record.partition}:{record.offset}",
        },
        record.timestamp,
    )


def line(codec: Codec, decision: dict[str, Any], at_ms: int) -> Output:
    """One ledger line, keyed by event id; what a drop does not have is left at its default."""
    whole = {**_DEFAULTS, **decision}
    return Output(LEDGER, decision["event_id"].encode(), codec.encode("decision", whole), at_ms)


def origin_value(origin: Origin) -> dict[str, str]:
    """An origin as the codec writes it."""
    return {"unit": origin.unit, "function": origin.function.value}


_DEFAULTS: dict[str, Any] = {
    "pack_version": None,
    "gazetteer_version": None,
    "receivers": [],
    "withheld": [],
    "synthetic": False,
}
