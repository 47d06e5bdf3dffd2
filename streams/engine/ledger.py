"""Ledger lines: one for each event that was decided on, and one for each that was dropped (liggare)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.problems import DropCode
from schemas.topics import DECISIONS
from streams.engine.outbox import Output
from streams.engine.records import moment


class Told(NamedTuple):
    """What a ledger line says of an event that was dropped. ``source`` is topic:partition:offset as published."""

    event_id: str
    event_type: str
    revision: int
    origin: Origin
    digest: bytes
    source: str


def dropped(codec: Codec, told: Told, code: DropCode, at_ms: int) -> Output:
    """The line of an event that goes no further because it has been told before."""
    return line(
        codec,
        {
            "event_id": told.event_id,
            "event_type": told.event_type,
            "revision": told.revision,
            "outcome": code.value,
            "origin": origin_value(told.origin),
            "input_hash": told.digest.hex(),
            "published_at": moment(at_ms),
            "accepted_from": told.source,
        },
        at_ms,
    )


def line(codec: Codec, decision: dict[str, Any], at_ms: int, receivers: Sequence[bytes] = ()) -> Output:
    """One ledger line, keyed by event id; what a drop does not have is left at its default.

    Shape: ``receivers`` are encoded already (``Codec.encode_receiver``).
    """
    value = codec.encode_decision({**_DEFAULTS, **decision}, receivers)
    return Output(DECISIONS, decision["event_id"].encode(), value, at_ms)


def origin_value(origin: Origin) -> dict[str, str]:
    """An origin as the codec writes it."""
    return {"unit": origin.unit, "function": origin.function.value}


_DEFAULTS: dict[str, Any] = {
    "pack_version": None,
    "gazetteer_version": None,
    "withheld": [],
    "concerns": [],
    "synthetic": False,
    "replaces": None,
    "about": [],
    "said": None,
}
