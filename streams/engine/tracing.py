"""Spans of a worker: one for each agent that decides on a traced event, from its decision to the cycle's commit."""

from typing import Final, NamedTuple

from schemas.traces import Fact, Facts, Span, SpanName, Tracer, carried, is_sampled, trace_id
from streams.engine.outbox import Outbox
from streams.engine.records import Record


class Traces:
    """Begins spans below what a record carries. Without a tracer, and for what nobody samples, nothing is done."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer

    def begin(self, name: SpanName, record: Record, out: Outbox) -> "Followed":
        """The span of a record, which ends when the cycle is committed, if there is one to begin."""
        parent = carried(record.headers)
        if parent is None:
            return NOT_FOLLOWED
        if self._tracer is None or not is_sampled(parent):
            return Followed(None, parent)
        span = self._tracer.begin(name, parent, {Fact.TOPIC: record.topic, Fact.LANE: record.partition})
        out.spans.append(span)
        return Followed(span, span.header)


class Followed(NamedTuple):
    """How a record is followed: its span, and the context for what is written of it; the record's own without one."""

    span: Span | None
    context: bytes | None

    def tell(self, facts: Facts) -> None:
        """Say more of the span, if there is one."""
        if self.span is not None:
            self.span.tell(facts)


NOT_FOLLOWED: Final = Followed(None, None)


def named(record: Record) -> dict[str, str]:
    """The trace's id for a log line about a record, if it has one."""
    parent = carried(record.headers)
    return {} if parent is None else {"trace_id": trace_id(parent)}
