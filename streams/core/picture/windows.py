"""Windows of pictures: rolling ones that end with the running hour, and calendar periods in Swedish time."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

HOUR_MS: Final = 3_600_000
_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")


class Span(NamedTuple):
    """Whole hours since 1970, the end left out. Swedish days begin and end with whole hours of UTC."""

    first: int
    end: int

    @property
    def end_ms(self) -> int:
        """When it ends."""
        return self.end * HOUR_MS


class Period(NamedTuple):
    """Calendar days in Sweden, both included, as hours."""

    first_day: date
    last_day: date
    span: Span


def hour_of(at_ms: int) -> int:
    """The hour that holds a moment."""
    return at_ms // HOUR_MS


def rolling(hours: int, now_ms: int) -> Span:
    """The window of so many hours that ends with the running one."""
    end = hour_of(now_ms) + 1
    return Span(end - hours, end)


def before(span: Span) -> Span:
    """The span of the same length before."""
    return Span(2 * span.first - span.end, span.first)


@lru_cache(maxsize=16384)
def period_of(hour: int, days: int) -> Period:
    """The calendar period of so many days that holds an hour: a day, a week from Monday, four such weeks."""
    day = datetime.fromtimestamp(hour * 3600, UTC).astimezone(_STOCKHOLM).date()
    return _period(day.toordinal() - (day.toordinal() - 1) % days, days)  # day 1 was a Monday


def period_before(period: Period) -> Period:
    """The calendar period of the same length before."""
    return _period(2 * period.first_day.toordinal() - period.last_day.toordinal() - 1, _days(period))


def period_after(period: Period) -> Period:
    """The calendar period of the same length that follows."""
    return _period(period.last_day.toordinal() + 1, _days(period))


def day_start_ms(day: date) -> int:
    """When a day begins in Sweden."""
    return int(datetime(day.year, day.month, day.day, tzinfo=_STOCKHOLM).timestamp() * 1000)


def _days(period: Period) -> int:
    return (period.last_day - period.first_day).days + 1


@lru_cache(maxsize=4096)
def _period(first: int, days: int) -> Period:
    first_day, last_day = date.fromordinal(first), date.fromordinal(first + days - 1)
    start, end = day_start_ms(first_day), day_start_ms(last_day + timedelta(days=1))
    return Period(first_day, last_day, Span(hour_of(start), hour_of(end)))
