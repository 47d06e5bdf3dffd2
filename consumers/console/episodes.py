"""From when to when each alarm lasted, as one snapshot after the other tells it. Values in, values out."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from consumers.health import Reason
from schemas.alarms import AlarmCode

#: An alarm that comes back so soon was not over.
_TOGETHER: Final = timedelta(seconds=12)
#: So many that are over are remembered, and so long.
_MOST: Final = 300
_KEPT: Final = timedelta(hours=24)

Alarm = tuple[str, str]  # code, where


@dataclass(slots=True)
class Episode:
    """One alarm while it lasted. ``value`` is its last one; ``ended_at`` is None while it lasts."""

    code: AlarmCode
    where: str
    began_at: datetime
    value: float
    ended_at: datetime | None = None


class Episodes:
    """Takes what each look at the bus found; gives what lasts, and what is over.

    Shape: looks come in their order; one that is no later than the last is passed over.
    Units: ``fresh`` is how long a look holds good: after that nobody knows, which is an alarm of its own.
    """

    def __init__(self, fresh: timedelta) -> None:
        self._fresh = fresh
        self._lasting: dict[Alarm, Episode] = {}
        self._over: deque[Episode] = deque(maxlen=_MOST)
        self._at: datetime | None = None
        self.well_since: datetime | None = None

    def take(self, at: datetime, reasons: Iterable[Reason]) -> None:
        """What was found at a moment."""
        before, found = self._at, {(reason.code, reason.where): reason for reason in reasons}
        if before is not None and at <= before:
            return
        if before is not None and at - before > self._fresh:
            gap = Episode(AlarmCode.NOT_WATCHED, "watch", before + self._fresh, 1, at)
            self._over.append(gap)
        for alarm in self._lasting.keys() - found.keys():
            ended = self._lasting.pop(alarm)
            ended.ended_at = at
            self._over.append(ended)
        for alarm, reason in found.items():
            if alarm in self._lasting:
                self._lasting[alarm].value = reason.value
            else:
                self._lasting[alarm] = self._again(alarm, at) or Episode(reason.code, reason.where, at, reason.value)
        self.well_since = None if found else self.well_since or at
        self._at = at

    def lasting(self) -> tuple[Episode, ...]:
        """What lasts, in the order in which to look at it; of one kind, the longest first."""
        order = {code: number for number, code in enumerate(AlarmCode)}
        return tuple(sorted(self._lasting.values(), key=lambda each: (order[each.code], each.began_at, each.where)))

    def over(self) -> tuple[Episode, ...]:
        """What was over within the last day before the last look, the latest first."""
        return tuple(
            each
            for each in reversed(self._over)
            if self._at is not None and each.ended_at is not None and self._at - each.ended_at <= _KEPT
        )

    def _again(self, alarm: Alarm, at: datetime) -> Episode | None:
        """An episode that ended a moment ago and now goes on."""
        for each in reversed(self._over):
            if each.ended_at is None or at - each.ended_at > _TOGETHER:
                return None
            if (each.code, each.where) == alarm:
                self._over.remove(each)
                each.ended_at = None
                return each
        return None
