"""Spans of a worker: one for each agent that decides on a traced event, from its decision to the cycle's commit."""

from schemas.traces import Fact, Facts, Span, SpanName, Tracer, carried, is_sampled, trace_id
from streams.engine.outbox import Outbox
from streams.engine.records import Record


class Traces:
    """Begins spans below what a record carries. Without a tracer, and for what nobody samples, nothing is done."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer

    def begin(self, name: SpanName, record: Record, out: Outbox) -> Span | None:
        """A span that ends when the cycle is committed; None when there is none to begin."""
        if self._tracer is None:
            return None
        parent = carried(record.headers)
        if parent is None or not is_sampled(parent):
            return None
        span = self._tracer.begin(name, parent, {Fact.TOPIC: record.topic, Fact.LANE: record.partition})
        out.spans.append(span)
        return span


def tell(span: Span | None, facts: Facts) -> None:
    """Say more of a span, if there is one."""
    if span is not None:
        span.tell(facts)


def passed_on(span: Span | None, record: Record) -> bytes | None:
    """The context for what is written of a record: the span's, else what the record carried."""
    return carried(record.headers) if span is None else span.header


def named(record: Record) -> dict[str, str]:
    """The trace's id for a log line about a record, if it has one."""
    parent = carried(record.headers)
    return {} if parent is None else {"trace_id": trace_id(parent)}
