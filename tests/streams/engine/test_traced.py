"""What a worker does with the trace of an event: carries it on, begins spans where they are wanted, and ends them."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
import structlog

from producers.client import RawRecord
from schemas.topics import ACCEPTED, ASSESSED, DECISIONS, GATEWAY_IN, desk_topic
from schemas.traces import TRACEPARENT, SpanName, carried, trace_id
from streams.engine.assess_step import AssessStep
from streams.engine.intake_step import IntakeStep
from streams.engine.outbox import Outbox, Output
from streams.engine.packs import Packs
from streams.engine.settings import Settings
from streams.engine.share_step import ShareStep
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.tracing import Traces
from streams.engine.work import Work
from tests.load import load
from tests.streams.engine.lanes import CODEC, PACK, REFERENCE, YEAR_MS, Held, now_ms
from tests.traces import Memory

CONTEXT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = CONTEXT[:-2] + b"00"
TRACE = trace_id(CONTEXT)


def _published(context: bytes | None, *, seed: int = 31, bad_share: float = 0.0) -> RawRecord:
    """One event with a trace's context, or without."""
    (made,) = load(1, seed=seed, bad_share=bad_share)
    record = made.record
    return record if context is None else record._replace(headers=(*record.headers, (TRACEPARENT, context)))


class _Way:
    """The way of a record through intake and assess, each in a cycle of its own that is committed."""

    def __init__(self, memory: Memory | None = None, own: Iterable[str] = ()) -> None:
        tracer = None if memory is None else memory.tracer
        share = ShareStep(CODEC, REFERENCE, Packs(CODEC, REFERENCE.gazetteer, PACK), own)
        self._steps: dict[str, Any] = {
            GATEWAY_IN: IntakeStep(CODEC, REFERENCE, own, tracer=tracer),
            ACCEPTED: AssessStep(CODEC, REFERENCE, share, tracer=tracer),
        }
        self._states = {topic: State(YEAR_MS) for topic in self._steps}
        self.written: list[Output] = []

    def publish(self, record: RawRecord) -> "_Way":
        """One record through intake, and what is accepted of it through assess."""
        output = Output(GATEWAY_IN, record.key or b"", record.value, now_ms(), list(record.headers))
        for topic in self._steps:
            output = self._decide(topic, output)
            if output.topic == GATEWAY_IN:
                break
        return self

    def _decide(self, topic: str, output: Output) -> Output:
        out = Outbox(Counter({topic: 1}))
        held: Any = Held(topic, 0, 1, output.at_ms, output.key, output.value, output.headers)
        self._steps[topic](held, self._states[topic], out, Counters())
        self.written += out.outputs
        for span in out.spans:
            span.end()
        return next((each for each in out.outputs if each.topic == ACCEPTED), output._replace(topic=GATEWAY_IN))

    def contexts(self, *topics: str) -> set[bytes | None]:
        """What the records on these topics carry."""
        return {carried(each.headers) for each in self.written if each.topic.startswith(topics)}


def test_a_worker_without_traces_carries_a_context_on() -> None:
    """From the record as published to its deliveries, so that whoever reads these can go on."""
    way = _Way().publish(_published(CONTEXT))
    assert way.contexts(ACCEPTED, ASSESSED) == {CONTEXT}
    assert way.contexts("deliver.") == {CONTEXT}
    assert way.contexts(DECISIONS) == {None}


def test_a_delivery_of_what_nobody_follows_has_no_header() -> None:
    """Neither without a context, nor with one that is not sampled: it would cost bytes in each delivery."""
    for context in (None, UNSAMPLED):
        way = _Way().publish(_published(context))
        assert way.contexts("deliver.") == {None}
    assert _Way().publish(_published(UNSAMPLED)).contexts(ACCEPTED, ASSESSED) == {UNSAMPLED}


@pytest.mark.parametrize("junk", [b"", b"Anna Andersson", CONTEXT + b" Anna", CONTEXT.upper()], ids=str)
def test_what_is_no_context_goes_no_further(junk: bytes) -> None:
    """A header is no way past the views."""
    way = _Way(Memory()).publish(_published(junk))
    assert way.contexts(ACCEPTED, ASSESSED, "deliver.") == {None}


def test_spans_are_below_each_other_and_say_the_outcome() -> None:
    """Intake below the publisher's, share below intake's, deliveries below share's."""
    memory = Memory()
    way = _Way(memory).publish(_published(CONTEXT))
    intake, share = memory.spans
    assert (intake.name, intake.trace, intake.parent) == ("intake", TRACE, "b7ad6b7169203331")
    assert (share.name, share.parent) == ("share", intake.span)
    assert way.contexts(ACCEPTED) == {f"00-{TRACE}-{intake.span}-01".encode()}
    assert way.contexts("deliver.") == {f"00-{TRACE}-{share.span}-01".encode()}
    assert intake.facts["sambus.outcome"] == "accepted"
    assert share.facts["sambus.deliveries"] == sum(each.topic.startswith("deliver.") for each in way.written)


def test_what_is_not_sampled_has_no_span() -> None:
    """And costs nothing but its header."""
    memory = Memory()
    _Way(memory).publish(_published(UNSAMPLED))
    _Way(memory).publish(_published(None, seed=32))
    assert memory.spans == []


def test_a_span_says_why_an_event_went_no_further() -> None:
    """By the code that its publisher is told."""
    memory = Memory()
    way, good = _Way(memory), _published(CONTEXT)
    for record in (_published(CONTEXT, bad_share=1.0), good, good):
        way.publish(record)
    assert [span.facts["sambus.outcome"] for span in memory.spans if span.name == "intake"] == [
        "AREA_UNKNOWN",
        "accepted",
        "RETRY_SAME_ID",
    ]


def test_a_desk_with_a_topic_of_its_own_gets_no_context() -> None:
    """It would tell its tools which events came in one request."""
    record = _published(CONTEXT)
    receivers = [each.key.decode() for each in _Way().publish(record).written if each.topic.startswith("deliver.")]
    own = next(desk for desk in receivers if not desk.startswith("partner."))
    way = _Way(Memory(), [own]).publish(record)
    assert way.contexts(desk_topic(own)) == {None}


class _Failing:
    """A step that begins a span and fails."""

    name, outputs = "assess", ()

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __call__(self, record: Any, _: Any, out: Outbox, __: Any) -> None:
        """Fail as a bug of ours does, with content in the exception's text."""
        Traces(self._memory.tracer).begin(SpanName.SHARE, record, out)
        raise ValueError("Anna Andersson")

    def contain(self, record: Any, out: Outbox) -> None:
        """Put it nowhere."""


def test_a_fault_names_the_trace_and_ends_the_span(capsys: pytest.CaptureFixture[str]) -> None:
    """The log has the id by which the event's way is found, and no word of it; the span is marked."""
    memory = Memory()
    step: Any = _Failing(memory)
    work = Work(step, 0, {}, Settings(kafka={}))
    record: Any = Held(ACCEPTED, 0, 1, now_ms(), b"key", b"value", [(TRACEPARENT, CONTEXT)])
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory())
    try:
        work.apply(record, Outbox({}))
        record.headers = []
        work.apply(record, Outbox({}))
    finally:
        structlog.reset_defaults()
    followed, other = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (followed["event"], followed["trace_id"]) == ("step_failed", TRACE)
    assert "trace_id" not in other
    assert "Anna" not in repr((followed, other))
    (span,) = memory.spans
    assert (span.failed, span.facts["sambus.outcome"]) == (True, "INTERNAL")
