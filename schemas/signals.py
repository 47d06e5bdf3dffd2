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

_WATCHED: Final = (SOURCE_PAUSED, SEQUENCE_STREAMS, SEQUENCE_MISSING, SEQUENCE_DOUBLES)

OF_THE_BUS: Final = (ALARM, WATCHED_AT, AGENT_LAG_S, AGENT_UNREAD, TOPIC_RATE, QUARANTINED, WORKERS, *_WATCHED)


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
OF_THE_WATCH: Final = (*_PROBES, *_PUBLISHERS, *_CANARIES, *_DUTIES)

# What a worker tells of itself (`sambus worker --metrics-port`).
#: An event that was reported longer ago than this when it came counts as late. Seconds.
LATE_AFTER_S: Final = 900.0
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

DELIVERY_S: Final = Metric(
    "sambus_delivery_seconds",
    Kind.HISTOGRAM,
    "seconds",
    ("priority",),
    "time from an event's publication to the commit of its deliveries, by the most urgent priority among them",
    _SECONDS,
)
SHARED: Final = Metric("sambus_shared_events_total", Kind.COUNTER, "events", (), "events that were decided on")
LATE: Final = Metric(
    "sambus_late_events_total",
    Kind.COUNTER,
    "events",
    (),
    "events decided on that were reported more than 15 minutes before they came",
)
TAKEN: Final = Metric(
    "sambus_agent_taken_records_total", Kind.COUNTER, "records", ("agent",), "records that an agent decided on"
)
WRITTEN: Final = Metric(
    "sambus_agent_written_records_total", Kind.COUNTER, "records", ("agent",), "records that an agent wrote"
)
DECIDING_S: Final = Metric(
    "sambus_agent_deciding_seconds_total", Kind.COUNTER, "seconds", ("agent",), "time that an agent took to decide"
)
TRANSACTION_S: Final = Metric(
    "sambus_transaction_seconds",
    Kind.HISTOGRAM,
    "seconds",
    (),
    "time to commit a cycle, which is one transaction of all agents of a lane; its count is that of transactions",
    _SECONDS,
)
REJECTED: Final = Metric(
    "sambus_rejected_events_total", Kind.COUNTER, "events", ("agent", "code"), "events that went to quarantine"
)
DROPPED: Final = Metric(
    "sambus_dropped_events_total", Kind.COUNTER, "events", ("agent", "outcome"), "events that had been told before"
)
DUPLICATES: Final = Metric(
    "sambus_duplicate_events_total",
    Kind.COUNTER,
    "events, in steps of five",
    ("area", "outcome"),
    "events of publishers in an area that had been told before; small numbers are left out",
)
WITHHELD: Final = Metric(
    "sambus_withheld_events_total",
    Kind.COUNTER,
    "events, in steps of five",
    ("rule",),
    "events that a block rule kept from somebody",
)
STATE_ENTRIES: Final = Metric("sambus_state_entries", Kind.GAUGE, "entries", ("state",), "what a state holds here")
STATE_BYTES: Final = Metric("sambus_state_bytes", Kind.GAUGE, "bytes", ("state",), "keys and values that it holds here")
LANES: Final = Metric("sambus_lanes", Kind.GAUGE, "lanes", ("stage",), "lanes that a worker has: open, or opening")
OPENING_S: Final = Metric(
    "sambus_lane_opening_seconds",
    Kind.HISTOGRAM,
    "seconds",
    ("stage",),
    "recovery: time from a lane's assignment until events are shared (open), links and pictures too (prepared)",
    (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0),
)
REBALANCES: Final = Metric(
    "sambus_rebalances_total", Kind.COUNTER, "rebalances", ("kind",), "times that partitions were assigned or revoked"
)
FLASH: Final = Metric(
    "sambus_flash_events_total",
    Kind.COUNTER,
    "events",
    ("outcome",),
    "events on danger to life: taken on the flash lane, or why they go on as routine",
)
OF_WORKERS: Final = (
    DELIVERY_S,
    SHARED,
    LATE,
    TAKEN,
    WRITTEN,
    DECIDING_S,
    TRANSACTION_S,
    REJECTED,
    DROPPED,
    DUPLICATES,
    WITHHELD,
    FLASH,
    STATE_ENTRIES,
    STATE_BYTES,
    LANES,
    OPENING_S,
    REBALANCES,
)

# What a gateway tells of itself (`sambus gateway --metrics-port`).
REQUESTS: Final = Metric(
    "sambus_http_requests_total",
    Kind.COUNTER,
    "requests",
    ("method", "route", "status"),
    "answers by the route's template, never by a path",
)
ANSWER_S: Final = Metric(
    "sambus_http_answer_seconds", Kind.HISTOGRAM, "seconds", ("route",), "time until an answer begins", _SECONDS
)
REFUSED: Final = Metric("sambus_http_refused_requests_total", Kind.COUNTER, "requests", ("code",), "why not, by code")
INTAKE: Final = Metric(
    "sambus_intake_events_total", Kind.COUNTER, "events", ("status",), "events that were sent over HTTP"
)
INTAKE_REJECTED: Final = Metric(
    "sambus_intake_rejected_events_total", Kind.COUNTER, "events", ("code",), "events refused over HTTP, by first code"
)
READERS: Final = Metric("sambus_readers", Kind.GAUGE, "readers", (), "live streams")
READERS_CUT: Final = Metric(
    "sambus_readers_cut_total", Kind.COUNTER, "readers", ("reason",), "readers that were too slow, or took nothing"
)
STREAM_S: Final = Metric(
    "sambus_stream_delay_seconds",
    Kind.HISTOGRAM,
    "seconds",
    (),
    "time from an event's publication until its delivery goes to the readers of live streams",
    _SECONDS,
)
SPOOL: Final = Metric("sambus_spool_records", Kind.GAUGE, "records", (), "events on a gateway's disk that Kafka lacks")
OF_GATEWAYS: Final = (REQUESTS, ANSWER_S, REFUSED, INTAKE, INTAKE_REJECTED, READERS, READERS_CUT, STREAM_S, SPOOL)

# What an archiver tells of itself (`sambus archive run --metrics-port`).
ARCHIVED: Final = Metric("sambus_archived_rows_total", Kind.COUNTER, "rows", ("kind",), "rows new, known or hidden")
ARCHIVE_FAULTS: Final = Metric(
    "sambus_archive_faults_total", Kind.COUNTER, "records", ("code",), "records that could not be archived"
)
ARCHIVE_BEHIND: Final = Metric(
    "sambus_archive_behind_positions", Kind.GAUGE, "positions", ("topic",), "positions not archived, markers included"
)
OF_ARCHIVERS: Final = (ARCHIVED, ARCHIVE_FAULTS, ARCHIVE_BEHIND)

METRICS: Final = (*OF_THE_BUS, *OF_THE_WATCH, *OF_WORKERS, *OF_GATEWAYS, *OF_ARCHIVERS)
