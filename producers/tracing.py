"""The first span of an event's way: a publisher hands it over. What it wrote in the record's headers is followed."""

import asyncio
from typing import Any, Final

from producers.encoding import Encoded, Refused
from schemas.traces import TRACEPARENT, Fact, Span, SpanName, Tracer, is_sampled

#: What a span says when neither the bus nor a spool has said that it has the event.
UNCONFIRMED: Final = "unconfirmed"


def published(tracer: Tracer | None, record: Encoded | Refused, topic: str, parent: bytes | None = None) -> Span | None:
    """A span for a record that is about to be sent, and its context among the record's headers.

    Shape: ``parent`` is the context that came with the event; without a tracer it is passed on as it came. What nobody
    samples has no header: whoever reads the record begins no trace, and need not look for one.
    """
    if not isinstance(record, Encoded):
        return None
    if tracer is None:
        if parent is not None and is_sampled(parent):
            record.headers.append((TRACEPARENT, parent))
        return None
    span = tracer.begin(SpanName.PUBLISH, parent, {Fact.TOPIC: topic, Fact.EVENT_TYPE: record.event_type})
    header = span.header
    if is_sampled(header):
        record.headers.append((TRACEPARENT, header))
    return span


def ended(span: Span | None, failed: str = "") -> None:
    """End a span, if there is one."""
    if span is not None:
        span.end(failed)


def ended_with(span: Span | None, confirmation: "asyncio.Future[Any]") -> None:
    """End a span, if there is one, when the record is taken, or is not."""
    if span is not None:
        confirmation.add_done_callback(lambda done: span.end("" if _is_well(done) else UNCONFIRMED))


def _is_well(done: "asyncio.Future[Any]") -> bool:
    return not done.cancelled() and done.exception() is None
