"""Traces under test: spans kept in memory for what runs in this process, a collector over OTLP for what does not."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler

from deploy.observability.tracing import OtelTracer


@dataclass(frozen=True)
class Seen:
    """A span as it was exported; ids in hex, an empty parent for the first of a trace."""

    name: str
    trace: str
    span: str
    parent: str
    facts: Mapping[str, Any]
    failed: bool


class Memory:
    """A tracer whose spans are kept here."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=None if sampler is None else ParentBased(sampler), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.provider = provider
        self.tracer = OtelTracer(provider)

    @property
    def spans(self) -> list[Seen]:
        """The spans that have ended."""
        return [_seen(span) for span in self._exporter.get_finished_spans()]


def _seen(span: ReadableSpan) -> Seen:
    context, parent = span.get_span_context(), span.parent
    assert context is not None
    return Seen(
        span.name,
        f"{context.trace_id:032x}",
        f"{context.span_id:016x}",
        "" if parent is None else f"{parent.span_id:016x}",
        dict(span.attributes or {}),
        failed=not span.status.is_ok and not span.status.is_unset,
    )


class Collector:
    """What OpenTelemetry's collector is to a process: an address that takes spans over HTTP. A context manager."""

    def __init__(self) -> None:
        self._spans: list[Seen] = []
        self.services: set[str] = set()
        outer = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.take(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Tell nobody."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """The standard variables by which a process exports here, soon."""
        address = f"http://127.0.0.1:{self._server.server_port}"
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes) -> None:
        """Take what a process exports."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {a.value.string_value for a in resource.resource.attributes if a.key == "service.name"}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                facts = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
                ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                self._spans.append(
                    Seen(span.name, *ids, facts, failed=span.status.code == span.status.STATUS_CODE_ERROR)
                )

    @property
    def spans(self) -> list[Seen]:
        """What has come so far."""
        return list(self._spans)

    def until(self, trace: str, names: Iterable[str], within: float = 60.0) -> list[Seen]:
        """The spans of a trace once all of these names are among them. Errors: ``TimeoutError``."""
        deadline = time.monotonic() + within
        while True:
            found = [span for span in self.spans if span.trace == trace]
            if set(names) <= {span.name for span in found}:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{sorted(span.name for span in found)} of {sorted(names)}")
            time.sleep(0.05)
