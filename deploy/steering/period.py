"""The days that a report covers, as people give them: whole days in Sweden, a calendar month unless told otherwise."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from consumers.steering.tally import Period

_SWEDEN = ZoneInfo("Europe/Stockholm")
_ONE = timedelta(days=1)


class Days(NamedTuple):
    """From the first day to the last, both included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """When they begin in Sweden."""
        return datetime.combine(self.first, time(), _SWEDEN)

    @property
    def end(self) -> datetime:
        """When they have ended in Sweden: the first moment after them."""
        return datetime.combine(self.last + _ONE, time(), _SWEDEN)

    @property
    def period(self) -> Period:
        """The same as readers of logs count it."""
        return Period(round(self.start.timestamp() * 1000), round(self.end.timestamp() * 1000))

    @property
    def whole_months(self) -> bool:
        """Whether they are one or several calendar months: reports on such days never overlap but for whole months."""
        return self.first.day == 1 and (self.last + _ONE).day == 1


def days_of(first: date | None, last: date | None, today: date) -> Days:
    """The days that are meant: the last calendar month that has ended, unless somebody names others.

    Shape: with a first day alone, to the end of its month, or to today if that is sooner; with a last day alone, from
    the beginning of its month.
    Errors: ``ValueError`` for days that end before they begin.
    """
    if first is None and last is None:
        last = today.replace(day=1) - _ONE
    if last is None:
        last = min(_month_end(first or today), max(today, first or today))
    first = first or last.replace(day=1)
    if last < first:
        raise ValueError(f"{last} is before {first}")
    return Days(first, last)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - _ONE
