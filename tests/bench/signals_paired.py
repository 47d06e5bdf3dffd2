"""What the signals cost the decisions, without Kafka: the same events in small pieces, with and without, side by side.

Each piece is decided on by each kind of worker before the next, in another order each time, and what counts is the
median of the pieces' differences: whatever else the machine does, it does to all kinds alike.
"""

import random
import statistics
import time
from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from deploy.observability.tracing import OtelTracer
from schemas.codec import Codec
from schemas.topics import ACCEPTED, GATEWAY_IN
from schemas.traces import TRACEPARENT, Tracer
from streams.core.reference import Reference, load_reference
from streams.core.share import Pack
from streams.engine.assess_step import AssessStep
from streams.engine.intake_step import IntakeStep
from streams.engine.outbox import Outbox
from streams.engine.share_step import ShareStep
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.tally import Tally
from tests.bench.signals_off import Nothing
from tests.load import Made, load
from tests.streams.engine.lanes import Held, now_ms

#: One event in so many is followed, by kind of worker; 0 is none, and nothing is counted by ``off``.
KINDS: Final = {"off": 0, "counted": 0, "on": 20, "followed": 1}
_PIECE: Final = 40


class _Encoding(SpanExporter):
    """Makes of spans what would be sent, and sends nothing."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Encode."""
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


class _Worker:
    """The agents of one kind of worker."""

    def __init__(self, kind: str, codec: Codec, reference: Reference, pack: Pack) -> None:
        self._sampled = KINDS[kind]
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Encoding()))
        tracer: Tracer | None = OtelTracer(self._provider) if self._sampled else None
        self._tally = None if kind == "off" else Tally()
        share = ShareStep(codec, reference, pack)
        self._intake = IntakeStep(codec, reference, tracer=tracer)
        self._assess = AssessStep(codec, reference, share, tracer=tracer)
        self._states = State(10**12), State(10**12)

    def decide(self, piece: Sequence[Made]) -> float:
        """Decide on some events as two cycles do; processor seconds, spans sent included."""
        counters, at_ms = Counters(), now_ms()
        records = [self._record(number, made, at_ms) for number, made in enumerate(piece)]
        began = time.process_time()
        taken, shared = Outbox({}), Outbox({})
        for each in records:
            self._intake(each, self._states[0], taken, counters)
        self._commit(taken)
        if self._tally is None:
            shared.shared = Nothing()
        for output in [made for made in taken.outputs if made.topic == ACCEPTED]:
            record: Any = Held(ACCEPTED, 0, 0, output.at_ms, output.key, output.value, output.headers)
            self._assess(record, self._states[1], shared, counters)
        self._commit(shared)
        self._provider.force_flush()
        return time.process_time() - began

    def _commit(self, outbox: Outbox) -> None:
        if self._tally is not None:
            self._tally.committed(outbox.shared, 0.02, time.time() * 1000)
        for span in outbox.spans:
            span.end()

    def _record(self, number: int, made: Made, at_ms: int) -> Any:
        headers = list(made.record.headers)
        if self._sampled:
            flags = b"01" if number % self._sampled == 0 else b"00"
            headers.append((TRACEPARENT, b"00-%032x-%016x-%b" % (number + 1, number + 1, flags)))
        return Held(GATEWAY_IN, 0, number, at_ms, made.record.key, made.record.value, headers)


def measure(pieces: int) -> dict[str, float]:
    """Microseconds of processor time an event without signals, and what each kind takes more, as shares of that."""
    codec, reference, pack = Codec(), load_reference(), Pack.load()
    workers = {kind: _Worker(kind, codec, reference, pack) for kind in KINDS}
    rng = random.Random(7)  # noqa: S311 - an order
    spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
    events = list(load((pieces + 2) * _PIECE, seed=9))
    for number in range(pieces + 2):
        piece = events[number * _PIECE : (number + 1) * _PIECE]
        for kind in rng.sample(list(KINDS), len(KINDS)):
            took = workers[kind].decide(piece)
            if number >= 2:  # the first fill the caches
                spent[kind].append(took / _PIECE * 1e6)
    off = statistics.median(spent["off"])
    more = {
        kind: statistics.median(one - other for one, other in zip(spent[kind], spent["off"], strict=True))
        for kind in KINDS
        if kind != "off"
    }
    return {"off_us": round(off, 1)} | {f"{kind}_costs": round(extra / off, 4) for kind, extra in more.items()}
