"""What the watch found, as Prometheus reads it: made at each scrape from what was told last."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from consumers.watch.findings import Figure
from schemas.signals import Kind, Metric

_FAMILIES: Final = {Kind.GAUGE: GaugeMetricFamily, Kind.COUNTER: CounterMetricFamily}


class Exposed(Collector):
    """The figures as metric families.

    Shape: ``figures`` gives those of now; the watch has gauges and counters only.
    """

    def __init__(self, figures: Callable[[], Iterable[Figure]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """One family for each metric that has a value now."""
        by_metric: dict[Metric, list[Figure]] = {}
        for figure in self._figures():
            by_metric.setdefault(figure.metric, []).append(figure)
        for metric, found in by_metric.items():
            family = _FAMILIES[metric.kind](metric.name, metric.meaning, labels=metric.labels)
            for figure in found:
                family.add_metric(figure.labels, figure.value)
            yield family


def serve(figures: Callable[[], Iterable[Figure]], host: str, port: int) -> Callable[[], None]:
    """Answer ``/metrics`` from a thread of its own, also while the watch waits for a broker. Returns how to end it.

    Errors: ``OSError`` when the address is taken.
    """
    registry = CollectorRegistry()
    registry.register(Exposed(figures))
    server, thread = start_http_server(port, host, registry)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
