"""Traces are had by OpenTelemetry's standard variables alone, and cost nothing where nobody asks for them."""

import os
import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from deploy.observability.tracing import TracingError, tracer_from_environment
from schemas.traces import Fact, SpanName, is_sampled, traced
from tests.traces import Collector, Memory

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has set."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_SERVICE_NAME": "worker"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
    ],
    ids=str,
)
def test_no_trace_is_made_unless_it_is_asked_for(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where it is switched off."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracer_from_environment("sambus-worker") is None


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
    ],
    ids=["exporter", "protocol"],
)
def test_what_cannot_be_had_is_told(variables: dict[str, str], word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces that silently go nowhere help nobody."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TracingError, match=word):
        tracer_from_environment("sambus-worker")


_SPEAKS = """
import sys
from deploy.observability.tracing import tracer_from_environment
from schemas.traces import Fact, SpanName
tracer = tracer_from_environment("sambus-worker")
tracer.begin(SpanName.INTAKE, None, {Fact.OUTCOME: "accepted", Fact.LANE: 3}).end()
"""


def test_spans_go_out_over_otlp_with_the_processes_name() -> None:
    """What a process has not sent when it ends, it sends then."""
    with Collector() as collector:
        environment = {**os.environ, **collector.environment, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
        subprocess.run([sys.executable, "-c", _SPEAKS], env=environment, check=True, timeout=60)
        (span,) = collector.spans
    assert (span.name, span.facts) == ("intake", {"sambus.outcome": "accepted", "sambus.lane": 3})
    assert collector.services == {"sambus-worker"}


def test_a_named_service_goes_before_ours() -> None:
    """As OpenTelemetry has it."""
    with Collector() as collector:
        environment = {**os.environ, **collector.environment, "OTEL_SERVICE_NAME": "stockholm-1"}
        subprocess.run([sys.executable, "-c", _SPEAKS], env=environment, check=True, timeout=60)
    assert collector.services == {"stockholm-1"}


def test_nothing_of_opentelemetrys_sdk_is_loaded_without_need() -> None:
    """A worker without traces starts as it did."""
    code = "import sys, deploy.cli.worker, streams.engine.worker, deploy.observability.tracing as t\n"
    code += "assert t.tracer_from_environment('x') is None\n"
    code += "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    assert subprocess.run([sys.executable, "-c", code], env=clean, check=False, timeout=60).returncode == 0


def test_without_the_libraries_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(TracingError, match="otel"):
        tracer_from_environment("sambus-worker")


def test_a_span_is_the_child_of_the_header_and_makes_one() -> None:
    """The context goes on as W3C has it."""
    kept = Memory()
    span = kept.tracer.begin(SpanName.SHARE, PARENT, {Fact.TOPIC: "events.accepted"})
    span.tell({Fact.DELIVERIES: 7})
    header = span.header
    span.end()
    (seen,) = kept.spans
    assert (seen.trace, seen.parent) == (PARENT[3:35].decode(), PARENT[36:52].decode())
    assert traced(header) == b"00-%b-%b-01" % (seen.trace.encode(), seen.span.encode())
    assert seen.facts == {"messaging.destination.name": "events.accepted", "sambus.deliveries": 7}
    assert not seen.failed


def test_a_failed_span_says_its_code() -> None:
    """And nothing of the exception."""
    kept = Memory()
    kept.tracer.begin(SpanName.INTAKE, PARENT).end("INTERNAL")
    (seen,) = kept.spans
    assert (seen.failed, seen.facts) == (True, {"sambus.outcome": "INTERNAL"})


def test_an_event_is_followed_as_its_parent_was() -> None:
    """What was not sampled where it began is sampled nowhere; its context goes on all the same."""
    kept = Memory()
    span = kept.tracer.begin(SpanName.PUBLISH, PARENT[:-2] + b"00")
    assert not is_sampled(span.header)
    span.end()
    assert kept.spans == []
    none = Memory(ALWAYS_OFF)
    none.tracer.begin(SpanName.PUBLISH, None).end()
    assert none.spans == []


def test_a_program_that_traces_itself_has_ours_below_its_own() -> None:
    """A unit's system sees its events' way in its own trace."""
    kept = Memory()
    own = kept.provider.get_tracer("unit").start_span("report")
    with trace.use_span(own, end_on_exit=True):
        kept.tracer.begin(SpanName.PUBLISH, None).end()
    ours, theirs = kept.spans
    assert (ours.trace, ours.parent) == (theirs.trace, theirs.span)
