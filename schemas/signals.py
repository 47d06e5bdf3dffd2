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

# What the watch tells of publishers. Desks are named only when something is wrong with them.
PUBLISHERS: Final = Metric("sambus_publishers", Kind.GAUGE, "desks", (), "desks that are expected to publish")
SILENT_S: Final = Metric(
    "sambus_publisher_silent_seconds", Kind.GAUGE, "seconds", ("origin",), "how long a silent publisher has been quiet"
)
SKEW_S: Final = Metric(
    "sambus_publisher_clock_skew_seconds",
    Kind.GAUGE,
    "seconds",
    ("origin",),
    "how far the clock of a publisher is ahead, when that is too much",
)
_PUBLISHERS: Final = (PUBLISHERS, SILENT_S, SKEW_S)

# What the watch tells of its test events; they count nowhere else.
CANARY_S: Final = Metric(
    "sambus_canary_seconds", Kind.GAUGE, "seconds", ("rule",), "how long the last test event of a rule's way took"
)
CANARIES: Final = Metric(
    "sambus_canaries_total", Kind.COUNTER, "events", ("end",), "test events, by how they ended since the watch began"
)
_CANARIES: Final = (CANARY_S, CANARIES)

# What the watch tells of what desks owe.
DUTIES_DUE: Final = Metric(
    "sambus_duties", Kind.GAUGE, "obligations", ("state",), "obligations that are open, near their time, or late"
)
FLASH_OLDEST_S: Final = Metric(
    "sambus_flash_unacknowledged_seconds", Kind.GAUGE, "seconds", (), "age of the oldest unacknowledged flash alert"
)
_DUTIES: Final = (DUTIES_DUE, FLASH_OLDEST_S)

# Quarantine.
SOURCE_PAUSED: Final = Metric(
    "sambus_source_paused",
    Kind.GAUGE,
    "1 while it lasts",
    ("source", "where"),
    "intake of a source that waits because it would fill quarantine",
)

# Completeness.
SEQUENCE_STREAMS: Final = Metric(
    "sambus_sequence_streams", Kind.GAUGE, "streams", (), "publishers' numbered streams that are followed"
)
SEQUENCE_MISSING: Final = Metric(
    "sambus_sequence_missing_records", Kind.GAUGE, "records", ("desk",), "promised numbers of a desk that never came"
)
SEQUENCE_DOUBLES: Final = Metric(
    "sambus_sequence_doubled_records", Kind.GAUGE, "records", (), "records that came under a number that was there"
)

METRICS: Final = (
    ALARM,
    WATCHED_AT,
    AGENT_LAG_S,
    AGENT_UNREAD,
    TOPIC_RATE,
    QUARANTINED,
    WORKERS,
    *_PROBES,
    *_PUBLISHERS,
    *_CANARIES,
    *_DUTIES,
    SOURCE_PAUSED,
    SEQUENCE_STREAMS,
    SEQUENCE_MISSING,
    SEQUENCE_DOUBLES,
)
