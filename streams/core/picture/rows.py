"""The figures of pictures: of a rolling window with its course, and of a calendar period for a draft."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from streams.core.picture.cells import CONDITIONS, Cell, Where
from streams.core.picture.settings import PictureSettings
from streams.core.picture.windows import HOUR_MS, before, rolling

_MASS: Final = "mass"
_MILLI: Final = Decimal(1000)

Of = tuple[str, str]


def row(cell: Cell, where: Where, window: str, now_ms: int, settings: PictureSettings) -> dict[str, Any] | None:
    """The row of one area, theme and rolling window, in the form of ``PictureRow``; None for one of nothing."""
    chosen = settings.windows[window]
    span = rolling(chosen.hours, now_ms)
    now, earlier = cell.totals((span, before(span)))
    found = figures(now, earlier)
    if not found:
        return None
    course = cell.series(span, chosen.step_hours)
    still = [0] * (chosen.hours // chosen.step_hours)
    for figure in found:
        values = course.get((figure["measure"], figure["substance_id"] or ""), still)
        mass = figure["measure"] == _MASS
        figure["counts"] = [] if mass else values
        figure["masses_g"] = [value / _MILLI for value in values] if mass else []
    return {
        "area": where.area,
        "theme": where.theme,
        "window": window,
        "synthetic": where.synthetic,
        "as_of": _moment(now_ms),
        "starts_at": _moment(span.first * HOUR_MS),
        "ends_at": _moment(span.end_ms),
        "step_hours": chosen.step_hours,
        "settings_version": settings.version,
        "figures": found,
    }


def figures(now: Mapping[Of, int], earlier: Mapping[Of, int]) -> list[dict[str, Any]]:
    """Every number of a period beside that of the one before, in the form of ``Figure`` without its area."""
    return [
        _figure(measure, substance, now.get((measure, substance), 0), earlier.get((measure, substance), 0))
        for measure, substance in sorted({*now, *earlier})
        if measure != CONDITIONS
    ]


def events_in(totals: Mapping[Of, int], leave: Iterable[str] = ("deaths",)) -> int:
    """How many real events the numbers count. A death is a poisoning, so ``leave`` leaves it out."""
    without = {*leave, _MASS, CONDITIONS}
    return sum(amount for (measure, substance), amount in totals.items() if not substance and measure not in without)


def _figure(measure: str, substance: str, now: int, earlier: int) -> dict[str, Any]:
    mass = measure == _MASS
    return {
        "measure": measure,
        "substance_id": substance or None,
        "count": None if mass else now,
        "earlier_count": None if mass else earlier,
        "mass_g": now / _MILLI if mass else None,
        "earlier_mass_g": earlier / _MILLI if mass else None,
    }


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
