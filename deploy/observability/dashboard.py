"""The Grafana dashboard: a row for each kind of process, a panel for each metric, with its meaning and unit."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from deploy.observability.alerts import quantile_of
from schemas.signals import (
    ALARM,
    DUPLICATES,
    METRICS,
    OF_ARCHIVERS,
    OF_GATEWAYS,
    OF_THE_BUS,
    OF_THE_WATCH,
    OF_WORKERS,
    WATCHED_AT,
    WITHHELD,
    Kind,
    Metric,
)

ROWS: Final = (
    ("The bus", OF_THE_BUS),
    ("What the watch finds", OF_THE_WATCH),
    ("Workers", OF_WORKERS),
    ("Gateways", OF_GATEWAYS),
    ("Archivers", OF_ARCHIVERS),
)
#: Grafana's own word for the window that fits what is looked at.
WINDOW: Final = "$__rate_interval"
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
_WIDTH: Final = 8
_HEIGHT: Final = 7
_ACROSS: Final = 24
#: What goes in steps says little of a minute.
_STEPPED: Final = (DUPLICATES, WITHHELD)

Target = tuple[str, str]


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it; the same tables give the same dashboard."""
    return {
        "uid": "sambus",
        "title": "Sambus",
        "tags": ["sambus"],
        "editable": True,
        "schemaVersion": 39,
        "version": 1,
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": list(_panels()),
    }


def expressions(metric: Metric) -> Sequence[Target]:
    """What a panel asks Prometheus of a metric, each with its legend."""
    legend = " ".join(f"{{{{{label}}}}}" for label in metric.labels)
    by = f" by ({', '.join(metric.labels)})" if metric.labels else ""
    if metric is ALARM:
        return ((f"max by (code, where) ({metric.name}) > 0", legend),)
    if metric is WATCHED_AT:
        return ((f"time() - max({metric.name})", "seconds since the last look"),)
    if metric.kind is Kind.HISTOGRAM:
        return tuple(
            (quantile_of(metric, quantile, WINDOW), f"p{quantile * 100:.0f} {legend}".strip())
            for quantile in (0.5, 0.99)
        )
    if metric in _STEPPED:
        return ((f"sum{by} (increase({metric.name}[1h]))", legend),)
    if metric.kind is Kind.COUNTER:
        return ((f"sum{by} (rate({metric.name}[{WINDOW}]))", legend or "all"),)
    return ((f"sum{by} ({metric.name})", legend or "all"),)


def _panels() -> Iterator[dict[str, Any]]:
    """Every row and panel, placed from the top down. A metric of no kind of process comes last."""
    number, down = 0, 0
    known = {metric for _, metrics in ROWS for metric in metrics}
    rest = tuple(metric for metric in METRICS if metric not in known)
    for title, metrics in (*ROWS, ("More", rest)):
        if not metrics:
            continue
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": _place(0, down, _ACROSS, 1),
            "panels": [],
        }
        down += 1
        for place, metric in enumerate(metrics):
            number += 1
            across = place * _WIDTH % _ACROSS
            yield _panel(number, metric, _place(across, down + place * _WIDTH // _ACROSS * _HEIGHT, _WIDTH, _HEIGHT))
        down += -(-len(metrics) * _WIDTH // _ACROSS) * _HEIGHT


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(number: int, metric: Metric, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": metric.name.removeprefix("sambus_").removesuffix("_total").replace("_", " "),
        "description": f"{metric.name}: {metric.meaning} ({metric.unit}).",
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": _unit(metric), "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": _SOURCE, "expr": expr, "legendFormat": legend}
            for n, (expr, legend) in enumerate(expressions(metric))
        ],
    }


def _unit(metric: Metric) -> str:
    """Grafana's word for the unit of what a panel shows: of a counter that is its rate."""
    if metric is WATCHED_AT or "_seconds" in metric.name:
        return "percentunit" if metric.kind is Kind.COUNTER else "s"
    if metric.unit.startswith("bytes"):
        return "bytes"
    return "cps" if metric.kind is Kind.COUNTER and metric not in _STEPPED else "short"
