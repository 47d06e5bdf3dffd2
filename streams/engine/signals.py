"""Every signal of the engine: log events and counters, named in the past tense with their units. Never content."""

import sys
import traceback
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import structlog


class Signal(StrEnum):
    """The log events of a worker. Fields are codes, counts, names of topics and exception types, nothing else."""

    WORKER_STARTED = "worker_started"
    WORKER_STOPPED = "worker_stopped"
    WORKER_COUNTED = "worker_counted"
    PARTITIONS_ASSIGNED = "partitions_assigned"
    PARTITIONS_REVOKED = "partitions_revoked"
    LANE_OPENED = "lane_opened"
    LANE_PREPARED = "lane_prepared"
    LANE_CLOSED = "lane_closed"
    LANE_FENCED = "lane_fenced"
    LANE_FAILED = "lane_failed"
    LANE_FOUND_GAP = "lane_found_gap"
    LANE_ABANDONED = "lane_abandoned"
    SNAPSHOT_GIVEN_UP = "snapshot_given_up"
    RECORDS_EXPIRED_UNREAD = "records_expired_unread"
    INTAKE_PAUSED = "intake_paused"
    INTAKE_WENT_ON = "intake_went_on"
    PAUSE_ENDS_UNREAD = "pause_ends_unread"
    SCHEMA_IDS_MISSING = "schema_ids_missing"
    WORKER_STUCK = "worker_stuck"
    LAG_GREW = "lag_grew"
    STEP_FAILED = "step_failed"
    ORDER_NOT_FOLLOWED = "order_not_followed"
    PACK_LET_THROUGH = "pack_let_through"
    PACK_CHANGED = "pack_changed"
    PACK_REFUSED = "pack_refused"


class FlashRefusal(StrEnum):
    """Why an event does not overtake and goes the ordinary way."""

    NOT_ENTITLED = "NOT_ENTITLED"  # published on the flash lane, and nobody's life is in danger, or it needs orders
    TOO_MANY = "TOO_MANY"  # its desk has used up what one may in a minute


@dataclass
class Counters:
    """What one lane has done since the last report. Times are seconds of this process."""

    records_taken: int = 0
    records_written: int = 0
    cycles_committed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    #: Drops by the publisher's unit and outcome; told by area alone, and small ones not at all.
    duplicates: Counter[tuple[str, str]] = field(default_factory=Counter)
    flash_taken: int = 0
    flash_refused: Counter[str] = field(default_factory=Counter)
    deciding_s: float = 0.0
    committing_s: float = 0.0

    def add(self, other: "Counters") -> None:
        """Take another lane's counts into these."""
        self.records_taken += other.records_taken
        self.records_written += other.records_written
        self.cycles_committed += other.cycles_committed
        self.rejected.update(other.rejected)
        self.dropped.update(other.dropped)
        self.duplicates.update(other.duplicates)
        self.flash_taken += other.flash_taken
        self.flash_refused.update(other.flash_refused)
        self.deciding_s += other.deciding_s
        self.committing_s += other.committing_s


def configure(*, json: bool = True) -> None:
    """Send the signals to stderr, as JSON lines or for a person's eyes."""
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def emit(signal: Signal, *, level: str = "info", **fields: str | float | list[str] | dict[str, int]) -> None:
    """Tell of one signal. Callers pass only codes, counts and names."""
    getattr(structlog.get_logger(), level)(signal.value, **fields)


def where(problem: BaseException) -> str:
    """The file and line that raised, without the exception's text, which may hold content."""
    frames = traceback.extract_tb(problem.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
