"""Prometheus's rules: an alert for each alarm, with its meaning, remedy and runbook page, and figures worked out once.

An alert must be there 15 seconds after its cause: the watcher looks every 3 s, Prometheus asks it every 3 s and
evaluates every 3 s (``prometheus.yml``). So no alert waits: what passes by itself has its patience in the watcher's
limits.
"""

from typing import Any, Final

from schemas.alarms import ALARMS, Alarm, AlarmCode
from schemas.signals import ALARM, DELIVERY_S, LATE, REJECTED, SHARED, STREAM_S, TRANSACTION_S, WATCHED_AT, Metric

#: How often rules are evaluated, and how old the watcher's last look may be. Seconds.
EVERY_S: Final = 3
STALE_S: Final = 10

#: Quantiles that are worked out once for all who look, of these histograms.
_QUANTILES: Final = (0.5, 0.99)
_SPREAD: Final = (DELIVERY_S, TRANSACTION_S, STREAM_S)


def rules(runbooks: str) -> dict[str, Any]:
    """The rules file. ``runbooks`` is the folder or address of the runbook's pages."""
    alerts = [_alert(code, alarm, f"{runbooks.rstrip('/')}/{code}.md") for code, alarm in ALARMS.items()]
    return {
        "groups": [
            {"name": "sambus-alarms", "interval": f"{EVERY_S}s", "rules": alerts},
            {"name": "sambus-figures", "interval": "15s", "rules": _recorded()},
        ]
    }


def _alert(code: AlarmCode, alarm: Alarm, page: str) -> dict[str, Any]:
    """One alert for each place of an alarm: two watchers that say the same are one."""
    told = f'max by (code, where) ({ALARM.name}{{code="{code}"}}) > 0'
    where = "{{ $labels.where }}: "
    if code is AlarmCode.NOT_WATCHED:  # nobody is there to say so
        told = f"absent({WATCHED_AT.name}) or time() - max({WATCHED_AT.name}) > {STALE_S}"
        where = ""
    return {
        "alert": code.value,
        "expr": told,
        "labels": {"severity": alarm.severity.value, "service": "sambus"},
        "annotations": {
            "summary": f"{where}{alarm.meaning_en}",
            "summary_sv": f"{where}{alarm.meaning_sv}",
            "description": alarm.remedy_en,
            "description_sv": alarm.remedy_sv,
            "runbook_url": page,
        },
    }


def _recorded() -> list[dict[str, str]]:
    made = [
        {"record": f"{_short(metric)}:p{quantile * 100:.0f}", "expr": quantile_of(metric, quantile, "5m")}
        for metric in _SPREAD
        for quantile in _QUANTILES
    ]
    return [
        *made,
        {
            "record": "sambus:late_events:share",
            "expr": f"sum(rate({LATE.name}[5m])) / sum(rate({SHARED.name}[5m]))",
        },
        {"record": "sambus:rejected_events:rate5m", "expr": f"sum by (code) (rate({REJECTED.name}[5m]))"},
    ]


def quantile_of(metric: Metric, quantile: float, window: str) -> str:
    """The expression for a quantile of a histogram, by its labels."""
    by = ", ".join(("le", *metric.labels))
    return f"histogram_quantile({quantile}, sum by ({by}) (rate({metric.name}_bucket[{window}])))"


def _short(metric: Metric) -> str:
    return metric.name.replace("sambus_", "sambus:", 1)
