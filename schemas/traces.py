"""Traces: how an event's way is followed from its publication to its deliveries, without a word of what it says.

The context travels as W3C's ``traceparent``, one header of the Kafka record (docs/adr/0028). Rooms are given a
``Tracer`` or none; who makes one of OpenTelemetry is ``deploy/observability/tracing.py``. No I/O here.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol

TRACEPARENT: Final = "traceparent"
_FORM: Final = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_SAMPLED: Final = 1
#: Where the flags stand, and the trace's id.
_FLAGS: Final = 53
_TRACE: Final = slice(3, 35)


class SpanName(StrEnum):
    """The parts of an event's way, in their order."""

    PUBLISH = "publish"  # a publisher or a gateway hands it over, until Kafka or the spool has it
    INTAKE = "intake"  # the intake agent decides, until that is committed
    SHARE = "share"  # the assess agent assesses and shares it, until that is committed
    DELIVER = "deliver"  # a reader takes a delivery, until it is handed on


class Fact(StrEnum):
    """What a span may say: codes, numbers, names of topics. Never content, a person, a case or an event's id."""

    EVENT_TYPE = "sambus.event_type"
    OUTCOME = "sambus.outcome"
    LANE = "sambus.lane"
    DELIVERIES = "sambus.deliveries"
    TOPIC = "messaging.destination.name"


Facts = Mapping[Fact, str | int]
NO_FACTS: Final[Facts] = {}


class Span(Protocol):
    """A part of an event's way that has begun."""

    @property
    def header(self) -> bytes:
        """Its ``traceparent``, by which what follows is its child."""

    def tell(self, facts: Facts) -> None:
        """Say more of it."""

    def end(self, failed: str = "") -> None:
        """It is over; ``failed`` is a code."""


class Tracer(Protocol):
    """Begins spans, and brings those that are sampled to wherever they are kept."""

    def begin(self, name: SpanName, parent: bytes | None, facts: Facts = NO_FACTS) -> Span:
        """A span below its parent; without one, below the program's own span if it has any, else a trace begins.

        Shape: ``parent`` is a ``traceparent`` that ``traced`` has found.
        """


def traced(value: bytes | None) -> bytes | None:
    """The same bytes if they are a ``traceparent``: what comes from outside may be anything."""
    return value if value is not None and _FORM.fullmatch(value) else None


def carried(headers: Iterable[tuple[str, bytes]]) -> bytes | None:
    """The ``traceparent`` among a record's headers; None when there is none, or it is none."""
    for name, value in headers:
        if name == TRACEPARENT:
            return traced(value)
    return None


def is_sampled(parent: bytes) -> bool:
    """Whether whoever began the trace wants it kept."""
    return bool(int(parent[_FLAGS:], 16) & _SAMPLED)


def trace_id(parent: bytes) -> str:
    """The trace's id, for a log line."""
    return parent[_TRACE].decode()
