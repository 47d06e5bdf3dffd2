"""How long a publisher is ever quiet, hour by hour of the week: learned from when it published, and from nothing else.

A gap counts in every hour that it covers: at 08:15 on a Monday, the weekend so far is what that hour has seen. So a
desk that works office hours is quiet at night and silent at ten, and nobody has to say so. What counts is the longest
gap that an hour has seen in the last weeks; silent is who is quiet for three times as long.

Values in, values out: moments are parameters. Hours are Stockholm's. On a public holiday nothing is learned, who may
be quiet on a Sunday or on that weekday may be quiet, and it does not count as time for whoever is quiet on Sundays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from consumers.watch.holidays import is_holiday

#: Weeks that an hour of the week remembers.
WEEKS: Final = 8
#: So many weeks of its own make an hour's word count, and so many values of like hours: the same hour of other working
#: days, or of the other day of the weekend. Before that nobody is called silent.
OWN_WEEKS, ENOUGH = 2, 6
#: What like hours have seen is heard unless it is so many times as long as what the hour itself has seen.
UNLIKE: Final = 3.0
#: Silent is who is quiet so many times as long as it ever was, and at least so long.
TIMES: Final = 3.0
LEAST: Final = timedelta(seconds=60)
#: What an hour learns of a gap at most, as a share of how long one may be quiet in it.
LEARNED: Final = 0.5
#: Whoever has been quiet so long at noon on a Sunday has Sundays off.
OFF: Final = timedelta(hours=12)
#: A gap covers no more hours than this many days have.
_FARTHEST: Final = timedelta(days=14)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_ZONE: Final = ZoneInfo("Europe/Stockholm")
_WORKDAYS: Final = 5
_DAY_HOURS: Final = 24
_SUNDAY: Final = 6
_SUNDAY_NOON: Final = _SUNDAY * _DAY_HOURS + 12


def hour_of(moment: datetime) -> datetime:
    """The beginning of a moment's hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def slot_of(moment: datetime) -> int:
    """The hour of the week, 0 to 167, Monday first."""
    here = moment.astimezone(_ZONE)
    return here.weekday() * _DAY_HOURS + here.hour


def _like(slot: int) -> Iterator[int]:
    """The slots of the same hour on the other days of its kind."""
    day, hour = divmod(slot, _DAY_HOURS)
    days = range(_WORKDAYS) if day < _WORKDAYS else range(_WORKDAYS, _SUNDAY + 1)
    return (each * _DAY_HOURS + hour for each in days)


def _heard_at(moment: datetime) -> Iterator[int]:
    """The slots whose word counts: that of the moment, on a holiday Sunday's, and after holidays those of their days.

    Whoever comes back on a Tuesday has been away as on other Mondays.
    """
    day, hour = moment.astimezone(_ZONE).date(), moment.astimezone(_ZONE).hour
    yield slot_of(moment)
    if is_holiday(day):
        yield _SUNDAY * _DAY_HOURS + hour
    while is_holiday(day := day - _DAY):
        yield day.weekday() * _DAY_HOURS + hour


@dataclass(slots=True)
class Rhythm:
    """What was learned of one publisher.

    Shape: ``longest`` has, for an hour of the week, the longest gap of each of the last weeks, in seconds, oldest
    first; ``current`` is that of the hour of ``last`` so far. Moments come in order; a late one is passed over.
    """

    first: datetime
    last: datetime
    longest: dict[int, list[float]] = field(default_factory=dict)
    current: float = 0.0

    @classmethod
    def begun(cls, moment: datetime) -> "Rhythm":
        """One that has published once."""
        return cls(moment, moment)

    def heard(self, moment: datetime) -> None:
        """It published at this moment."""
        if moment <= self.last:
            return
        hour, until = hour_of(self.last), hour_of(moment)
        if hour == until:
            self.current = max(self.current, (moment - self.last).total_seconds())
        else:
            hour = max(hour, hour_of(moment - _FARTHEST))
            before, self.current = self.current, 0.0
            while hour < until:
                covered = min(self._quiet(hour + _HOUR), self._bound(hour))
                self._keep(hour, max(before, covered.total_seconds()))
                hour, before = hour + _HOUR, 0.0
            self.current = min(self._quiet(moment), self._bound(moment)).total_seconds()
        self.last = moment

    def silent(self, now: datetime) -> bool:
        """Whether it is quiet for longer than it ever is."""
        limit = self.limit(now)
        return limit is not None and self.quiet_for(now) > limit

    def quiet_for(self, now: datetime, since: datetime | None = None) -> timedelta:
        """How long it has said nothing, without the holidays of whoever has them. ``since``: not counting before."""
        return max(timedelta(), self._quiet(now, self.last if since is None else max(self.last, since)))

    def limit(self, now: datetime) -> timedelta | None:
        """How long it may be quiet at this hour; None while that is not known."""
        slots = list(_heard_at(now))
        seen = [self._seen(slot) for slot in slots]
        known = [each for each in seen if each is not None]
        return max(LEAST, timedelta(seconds=TIMES * max(known))) if len(known) == len(slots) else None

    def _seen(self, slot: int) -> float | None:
        """The longest gap that this hour has seen, and hours like it."""
        own = self.longest.get(slot, [])
        if len(own) < OWN_WEEKS:  # Friday afternoons are not Tuesday's
            return None
        alike = [value for like in _like(slot) for value in self.longest.get(like, ())]
        if len(alike) < ENOUGH:
            return None
        longest = max(own)
        return max(longest, *(value for value in alike if value <= UNLIKE * longest))

    def _quiet(self, until: datetime, since: datetime | None = None) -> timedelta:
        begin = self.last if since is None else since
        passed = until - begin
        if passed < OFF or max(self.longest.get(_SUNDAY_NOON, [0.0])) < OFF.total_seconds():
            return passed
        day, off = begin.astimezone(_ZONE).date(), timedelta()
        while (midnight := datetime.combine(day, time(), _ZONE)) < until:
            if is_holiday(day) and day.weekday() < _WORKDAYS:
                off += min(until, midnight + _DAY) - max(begin, midnight)
            day += _DAY
        return passed - off

    def _bound(self, hour: datetime) -> timedelta:
        """What a gap counts as at most in an hour: a little more than the hour has seen.

        So a silence that was an incident does not make the next unseen, and many make a rhythm.
        """
        limit = self.limit(hour)
        return timedelta.max if limit is None else limit * LEARNED

    def _keep(self, hour: datetime, seconds: float) -> None:
        if is_holiday(hour.astimezone(_ZONE).date()):
            return
        kept = self.longest.setdefault(slot_of(hour), [])
        kept.append(round(seconds, 1))
        del kept[:-WEEKS]

    def as_json(self) -> dict[str, Any]:
        """What survives a restart."""
        longest = {str(slot): values for slot, values in self.longest.items()}
        return {"first": self.first, "last": self.last, "longest": longest, "current": self.current}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Rhythm":
        """One that was kept. Errors: ``KeyError``, ``TypeError``, ``ValueError`` for what is none."""
        longest = {int(slot): [float(value) for value in values] for slot, values in told["longest"].items()}
        first, last = (datetime.fromisoformat(told[name]).astimezone(UTC) for name in ("first", "last"))
        return cls(first, last, longest, float(told["current"]))
