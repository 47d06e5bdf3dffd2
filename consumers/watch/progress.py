"""Partitions without progress: something waits in them, and where their agent stands has not changed for too long."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from consumers.health import PartitionLag, Reason
from schemas.alarms import AlarmCode

#: A lane commits many times a second; the longest that one may need between two commits is its start.
STUCK_AFTER: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Stand:
    begin: int
    since: datetime


class Progress:
    """Remembers where each partition's agent stood, and since when something has waited there."""

    def __init__(self, after: timedelta = STUCK_AFTER) -> None:
        self._after = after
        self._stands: dict[tuple[str, int], _Stand] = {}

    def stuck(self, lags: Iterable[PartitionLag], now: datetime) -> Iterator[Reason]:
        """A reason for each partition that has unread records, and whose offset stands still since ``after``."""
        waiting = {(lag.topic, lag.partition): lag.begin for lag in lags if lag.unread}
        kept = {place: self._stands[place] for place in waiting if place in self._stands}
        self._stands = {
            place: kept[place] if place in kept and kept[place].begin == begin else _Stand(begin, now)
            for place, begin in waiting.items()
        }
        for (topic, partition), stand in self._stands.items():
            if (stands := now - stand.since) >= self._after:
                yield Reason(AlarmCode.PARTITION_STUCK, f"{topic}:{partition}", round(stands.total_seconds(), 1))
