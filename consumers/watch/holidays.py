"""Public holidays in Sweden (helgdagar) and the eves that are kept like them.

Source: lag (1989:253) om allmänna helgdagar; for the eves, what offices do.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

_FIXED: Final = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
#: Days from Easter Sunday: Good Friday, Easter Sunday and Monday, Ascension Day, Whit Sunday.
_FROM_EASTER: Final = (-2, 0, 1, 39, 49)
_FRIDAY: Final = 4
_YEARS: Final = 8


def is_holiday(day: date) -> bool:
    """Whether offices are closed although it may be a weekday."""
    return day in _of_year(day.year)


@lru_cache(maxsize=_YEARS)
def _of_year(year: int) -> frozenset[date]:
    easter = _easter(year)
    midsummer_eve = _first(date(year, 6, 19), _FRIDAY)
    moving = (easter + timedelta(days=days) for days in _FROM_EASTER)
    return frozenset((*(date(year, month, day) for month, day in _FIXED), *moving, midsummer_eve))


def _first(day: date, weekday: int) -> date:
    """The first such weekday from a day on."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _easter(year: int) -> date:
    """Easter Sunday. Source: Meeus, Jones and Butcher's algorithm for the Gregorian calendar."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    left = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * left) // 451
    month, day = divmod(h + left - 7 * m + 114, 31)
    return date(year, month, day + 1)
