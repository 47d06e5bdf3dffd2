"""Small numbers (små tal): which figures of a picture are left out, so that no number points at a few people.

Shape: figures as dicts in the form of ``Figure`` of a picture, or of ``FigureLine`` of a row. The same code serves the
views of deliveries and whoever shows the tables.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from schemas.suppression import SMALLEST, Of, left_out, small

__all__ = ["SMALLEST", "small", "suppressed"]

#: Each column of numbers, with the masses that stand beside it.
_COLUMNS: Final = (("count", "mass_g"), ("earlier_count", "earlier_mass_g"))
_COUNTS, _MASSES = "counts", "masses_g"


def suppressed(figures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The figures without small numbers, and without what these could be worked out from.

    Shape: a mass goes with the number of seizures of that substance there, and a course with any small number in it.
    """
    out = [dict(figure) for figure in figures]
    cells = {_of(figure): figure for figure in out}
    small_courses = {of for of, figure in cells.items() if any(map(small, figure.get(_COUNTS) or ()))}
    for count, mass in _COLUMNS:
        hidden = left_out({of: figure.get(count) for of, figure in cells.items()})
        for of, figure in cells.items():
            if of in hidden:
                _hide(figure, count)
            elif figure.get(mass) is not None:
                seizures = "seizures", *of[1:]
                if seizures in hidden or cells.get(seizures, {}).get(count) is None:
                    _hide(figure, mass)
    for of, figure in cells.items():
        if of in small_courses or ("seizures", *of[1:]) in small_courses:
            _hide(figure)
    return out


def _hide(figure: dict[str, Any], column: str | None = None) -> None:
    """Leave out a number and its course, which adds up to it; or the course alone."""
    if column is not None:
        figure[column] = None
    for series in (_COUNTS, _MASSES):
        if series in figure:
            figure[series] = []


def _of(figure: Mapping[str, Any]) -> Of:
    return figure.get("measure", ""), figure.get("area"), figure.get("substance_id")
