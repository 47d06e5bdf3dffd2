"""Serves a process's figures to Prometheus, on an address of its own: never on one that the public reaches."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Any, Final, TypeVar

import click
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from deploy.cluster.errors import ClusterError
from deploy.cluster.ports import holder
from schemas.figures import Shown, Spread
from schemas.signals import Kind, Metric

LOOPBACK: Final = "127.0.0.1"

#: Gives what a process has counted, whenever it is asked. It is called in the thread of whoever asks.
Taken = Callable[[], Iterable[Shown]]

F = TypeVar("F", bound=Callable[..., Any])


class Figures(Collector):
    """Figures in Prometheus's forms, made when it asks."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken

    def describe(self) -> Iterable[Family]:
        """Nothing beforehand: a process need not be ready to be asked when it begins to serve."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Every figure, those of one metric together."""
        families: dict[Metric, Any] = {}
        for shown in self._taken():
            family = families.get(shown.metric)
            if family is None:
                family = families[shown.metric] = _family(shown.metric)
            if isinstance(shown, Spread):
                bounds = (*map(str, shown.metric.buckets), "+Inf")
                buckets = list(zip(bounds, accumulate(shown.counts), strict=True))
                family.add_metric(shown.labels, buckets, shown.total)
            else:
                family.add_metric(shown.labels, shown.value)
        yield from families.values()


def _family(metric: Metric) -> Any:
    kinds: dict[Kind, Any] = {
        Kind.COUNTER: CounterMetricFamily,
        Kind.GAUGE: GaugeMetricFamily,
        Kind.HISTOGRAM: HistogramMetricFamily,
    }
    return kinds[metric.kind](metric.name, f"{metric.meaning} ({metric.unit})", labels=metric.labels)


def serve_figures(taken: Taken, port: int | None, host: str = LOOPBACK) -> None:
    """Answer ``GET /metrics`` in a thread of its own, with the process's memory and processor time beside the figures.

    Shape: without a port, nothing. Errors: ``ClusterError`` when the port is taken or the address cannot be used.
    """
    if not port:
        return
    registry = CollectorRegistry()
    registry.register(Figures(taken))
    ProcessCollector(registry=registry)
    try:
        start_http_server(port, addr=host, registry=registry)
    except OSError as problem:
        found = holder(port)
        why = f"is taken by {found}" if found is not None else f"cannot be used: {problem.strerror}"
        raise ClusterError(
            f"Port {port} on {host} {why}.", "Choose another with --metrics-port, or leave it out.", exit_code=2
        ) from None


def metrics_options(command: F) -> F:
    """The options ``--metrics-port`` and ``--metrics-host``; the command receives both."""
    port = click.option(
        "--metrics-port",
        envvar="SAMBUS_METRICS_PORT",
        type=click.IntRange(0, 65535),
        default=0,
        help="Serve Prometheus /metrics on this port; 0 does not. [default: 0]",
    )
    host = click.option(
        "--metrics-host",
        envvar="SAMBUS_METRICS_HOST",
        default=LOOPBACK,
        show_default=True,
        help="Address of --metrics-port: one that Prometheus alone reaches.",
    )
    return port(host(command))
