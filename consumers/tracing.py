"""The last span of an event's way: a reader takes its delivery."""

from collections.abc import Iterable

from schemas.traces import Fact, Span, SpanName, Tracer, carried, is_sampled


def delivered(tracer: Tracer | None, topic: str, headers: Iterable[tuple[str, bytes]]) -> Span | None:
    """A span below the delivery's own context; None for a delivery without one, or that nobody samples."""
    if tracer is None:
        return None
    parent = carried(headers)
    if parent is None or not is_sampled(parent):
        return None
    return tracer.begin(SpanName.DELIVER, parent, {Fact.TOPIC: topic})
