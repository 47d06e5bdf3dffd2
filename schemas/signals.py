"""Every metric of the bus: its name in Prometheus's terms, unit, labels and meaning. One table for all processes.

Labels hold codes, names of topics, agents, rules and addresses of desks; never content, a person or a case.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric. ``unit`` is what its name ends with, or what is counted; ``buckets`` bound a histogram."""

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()


# What the watcher (`sambus watch`) tells of the whole bus.
ALARM: Final = Metric(
    "sambus_alarm", Kind.GAUGE, "1 while it lasts", ("code", "where"), "an alarm of schemas/alarms.py"
)
WATCHED_AT: Final = Metric(
    "sambus_watched_timestamp_seconds", Kind.GAUGE, "seconds since 1970", (), "when the bus was last measured"
)
AGENT_LAG_S: Final = Metric(
    "sambus_agent_lag_seconds",
    Kind.GAUGE,
    "seconds",
    ("agent", "topic"),
    "age of the oldest record an agent has not read",
)
AGENT_UNREAD: Final = Metric(
    "sambus_agent_unread_records", Kind.GAUGE, "records", ("agent", "topic"), "records an agent has not read"
)
TOPIC_RATE: Final = Metric(
    "sambus_topic_records_per_second",
    Kind.GAUGE,
    "records a second",
    ("topic",),
    "what came to a topic in the last minute",
)
QUARANTINED: Final = Metric(
    "sambus_quarantined_records", Kind.GAUGE, "records", ("code",), "what went to quarantine in the last hour"
)
WORKERS: Final = Metric("sambus_workers", Kind.GAUGE, "workers", (), "members of the workers' consumer group")

# What the watch's probes tell of what stands beside Kafka.
GATEWAY_READY: Final = Metric(
    "sambus_gateway_ready", Kind.GAUGE, "1 when it can work", ("gateway",), "what /readyz of a gateway answered"
)
REGISTRY_READY: Final = Metric(
    "sambus_registry_ready", Kind.GAUGE, "1 when it answers", (), "whether the schema registry answers"
)
DISK_USED: Final = Metric("sambus_disk_used_ratio", Kind.GAUGE, "share, 0 to 1", ("path",), "what of a disk is used")
_PROBES: Final = (GATEWAY_READY, REGISTRY_READY, DISK_USED)

METRICS: Final = (ALARM, WATCHED_AT, AGENT_LAG_S, AGENT_UNREAD, TOPIC_RATE, QUARANTINED, WORKERS, *_PROBES)
