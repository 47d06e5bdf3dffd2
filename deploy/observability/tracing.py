"""Traces by OpenTelemetry's own libraries, if its standard variables (OTEL_*) ask for them; else none, at no cost.

The libraries are the extra ``otel`` and are imported only then. A trace is sampled where it begins
(``OTEL_TRACES_SAMPLER``); every other process does as its parent did.
"""

import atexit
import os
from typing import TYPE_CHECKING, Final

from schemas.traces import NO_FACTS, Fact, Facts, Span, SpanName, Tracer

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SCOPE: Final = "sambus"


class TracingError(Exception):
    """Traces are asked for in a way that cannot be had; the text says what to do."""


def tracer_from_environment(service: str) -> Tracer | None:
    """A tracer that exports over OTLP/HTTP, or None when no variable asks for one.

    Shape: ``service`` names the process where ``OTEL_SERVICE_NAME`` does not.
    Errors: ``TracingError`` when the libraries are missing, or another protocol or exporter is asked for.
    """
    if not _asked_for():
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TracingError("OTEL_* asks for traces: install them with `pip install 'sambus[otel]'`.") from None
    named = Resource({"service.name": service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    atexit.register(provider.shutdown)
    return OtelTracer(provider)


def _asked_for() -> bool:
    """Whether traces are to be exported. Errors: ``TracingError``."""
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    if exporter not in {"", "otlp"}:
        raise TracingError(f"OTEL_TRACES_EXPORTER={exporter} is not known here: otlp or none.")
    if not exporter and not any(os.environ.get(name) for name in _ENDPOINTS):
        return False
    protocol = next((found for name in _PROTOCOLS if (found := os.environ.get(name))), "http/protobuf")
    if protocol != "http/protobuf":
        raise TracingError(f"OTLP goes over http/protobuf here, not {protocol}: see OTEL_EXPORTER_OTLP_PROTOCOL.")
    return True


class OtelTracer:
    """A ``Tracer`` over a provider of OpenTelemetry's SDK."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace

        self._trace = trace
        self._tracer = provider.get_tracer(_SCOPE)
        self._kinds = {
            SpanName.PUBLISH: trace.SpanKind.PRODUCER,
            SpanName.INTAKE: trace.SpanKind.CONSUMER,
            SpanName.SHARE: trace.SpanKind.CONSUMER,
            SpanName.DELIVER: trace.SpanKind.CONSUMER,
        }

    def begin(self, name: SpanName, parent: bytes | None, facts: Facts = NO_FACTS) -> Span:
        """As ``Tracer`` has it."""
        trace = self._trace
        context = None
        if parent is not None:
            flags = trace.TraceFlags(int(parent[53:], 16))
            told = trace.SpanContext(int(parent[3:35], 16), int(parent[36:52], 16), is_remote=True, trace_flags=flags)
            context = trace.set_span_in_context(trace.NonRecordingSpan(told))
        said = {fact.value: value for fact, value in facts.items()}
        span = self._tracer.start_span(name.value, context, self._kinds[name], said)
        return OtelSpan(span, trace.Status(trace.StatusCode.ERROR))


class OtelSpan:
    """A ``Span`` of OpenTelemetry's."""

    def __init__(self, span: "trace.Span", failure: "trace.Status") -> None:
        self._span = span
        self._failure = failure

    @property
    def header(self) -> bytes:
        """As ``Span`` has it."""
        context = self._span.get_span_context()
        return b"00-%032x-%016x-%02x" % (context.trace_id, context.span_id, context.trace_flags)

    def tell(self, facts: Facts) -> None:
        """As ``Span`` has it."""
        for fact, value in facts.items():
            self._span.set_attribute(fact.value, value)

    def end(self, failed: str = "") -> None:
        """As ``Span`` has it."""
        if failed:
            self._span.set_attribute(Fact.OUTCOME.value, failed)
            self._span.set_status(self._failure)
        self._span.end()
