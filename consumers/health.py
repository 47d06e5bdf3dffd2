"""Is the bus well? A verdict with reasons, from what was measured. Values in, values out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from schemas.alarms import AlarmCode
from schemas.topics import ACCEPTED, ASSESSED, DUTIES, ENTITIES, FACTS, FLASH_ACCEPTED, PACKS, is_flash_topic


class Stage(StrEnum):
    """A stage of the way of an event, and the agent that works it."""

    INTAKE = "intake"
    ASSESS = "assess"
    SHARE = "share"
    RULES = "rules"
    DUTIES = "duties"
    LINK = "link"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """What one partition still holds for its agent.

    ``unread`` counts records, never commit markers. When ``exact`` is false it is the most there can be: too much
    was waiting to count. ``oldest`` is the time of the oldest unread record; ``open_since`` that of the oldest
    record in a transaction that is not finished. ``begin`` is the offset that its agent reads next.
    """

    topic: str
    partition: int
    unread: int
    exact: bool
    oldest: datetime | None
    open_since: datetime | None = None
    begin: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """A member of the streams' consumer group."""

    name: str
    host: str


@dataclass(frozen=True, slots=True)
class LaneHead:
    """Where a lane's ledger chain ends: the number of its last line and, in hex, its hash."""

    lane: int
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What was read from the brokers at one moment."""

    at: datetime
    lags: Sequence[PartitionLag]
    last_minute: Mapping[str, int]  # topic → records in the last minute
    workers: Sequence[Worker]
    group_state: str
    quarantined: Mapping[str, int]  # reject code → records in the last hour
    missing_topics: Sequence[str]
    heads: Sequence[LaneHead] = ()
    owners: Mapping[tuple[str, int], str] = field(default_factory=dict)  # topic, partition → the worker that reads it


@dataclass(frozen=True, slots=True)
class Limits:
    """Where good ends. A flash must be seen within 60 s, so no stage may be further behind than a third of that."""

    lag: timedelta = timedelta(seconds=20)
    flash: timedelta = timedelta(seconds=5)
    open_transaction: timedelta = timedelta(seconds=60)
    quarantined_per_hour: int = 100


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is not well: an alarm, and where: a topic, a partition, a desk or a state, never content."""

    code: AlarmCode
    where: str
    value: float


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source topic as its agent sees it."""

    stage: Stage
    topic: str
    unread: int
    exact: bool
    lag_seconds: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict and what it rests on."""

    at: datetime
    sources: tuple[SourceHealth, ...]
    workers: tuple[Worker, ...]
    group_state: str
    quarantined: Mapping[str, int]
    reasons: tuple[Reason, ...] = field(default=())
    heads: tuple[LaneHead, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.reasons


def stage_of(topic: str) -> Stage | None:
    """The agent that reads a topic; None for a topic that no agent reads."""
    if topic.startswith("in."):
        return Stage.INTAKE
    return {
        ACCEPTED: Stage.ASSESS,
        FLASH_ACCEPTED: Stage.ASSESS,
        ASSESSED: Stage.SHARE,
        PACKS: Stage.RULES,
        DUTIES: Stage.DUTIES,
        ENTITIES: Stage.LINK,
        FACTS: Stage.PICTURE,
    }.get(topic)


def evaluate(measured: Measured, limits: Limits) -> Health:
    """The verdict on one measurement.

    Shape: same measurement and limits, same verdict; reasons come in the order in which to look at them.
    Units: times are aware UTC, lag is in seconds between the oldest unread record and the measurement.
    """
    sources = tuple(_sources(measured))
    return Health(
        at=measured.at,
        sources=sources,
        workers=tuple(measured.workers),
        group_state=measured.group_state,
        quarantined=dict(Counter(measured.quarantined).most_common()),
        reasons=tuple(_reasons(measured, sources, limits)),
        heads=tuple(measured.heads),
    )


def _sources(measured: Measured) -> Iterable[SourceHealth]:
    by_topic: defaultdict[str, list[PartitionLag]] = defaultdict(list)
    for lag in measured.lags:
        by_topic[lag.topic].append(lag)
    order = {stage: place for place, stage in enumerate(Stage)}
    staged = [(stage, topic) for topic in by_topic if (stage := stage_of(topic)) is not None]
    for stage, topic in sorted(staged, key=lambda pair: (order[pair[0]], pair[1])):
        lags = by_topic[topic]
        yield SourceHealth(
            stage=stage,
            topic=topic,
            unread=sum(lag.unread for lag in lags),
            exact=all(lag.exact for lag in lags),
            lag_seconds=max((_age(measured.at, lag.oldest) for lag in lags), default=0.0),
            per_second=round(measured.last_minute.get(topic, 0) / 60, 2),
        )


def _age(now: datetime, moment: datetime | None) -> float:
    """Seconds since a moment; a broker's clock that runs ahead gives zero, not a negative lag."""
    return 0.0 if moment is None else max(0.0, round((now - moment).total_seconds(), 3))


def _reasons(measured: Measured, sources: Iterable[SourceHealth], limits: Limits) -> Iterable[Reason]:
    for topic in measured.missing_topics:
        yield Reason(AlarmCode.TOPIC_MISSING, topic, 1)
    if not measured.workers:
        yield Reason(AlarmCode.NO_WORKER, measured.group_state, 0)
    for lag in measured.lags:
        if (stuck := _age(measured.at, lag.open_since)) > limits.open_transaction.total_seconds():
            yield Reason(AlarmCode.TRANSACTION_STUCK, f"{lag.topic}:{lag.partition}", stuck)
    for source in sources:
        flash = is_flash_topic(source.topic)
        if source.lag_seconds > (limits.flash if flash else limits.lag).total_seconds():
            yield Reason(AlarmCode.FLASH_LATE if flash else AlarmCode.LATE, source.topic, source.lag_seconds)
    if (count := sum(measured.quarantined.values())) > limits.quarantined_per_hour:
        yield Reason(AlarmCode.MUCH_QUARANTINED, "quarantine", count)
