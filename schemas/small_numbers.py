"""Small numbers (små tal): which figures of a picture are left out, so that no number points at a few people.

Shape: figures as dicts in the form of ``Figure`` of a picture, or of ``FigureLine`` of a row. The same code serves the
views of deliveries and whoever shows the tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

#: The smallest number of people or cases that may be shown; none at all is nobody.
SMALLEST: Final = 5
#: Each column of numbers, with the masses that stand beside it.
_COLUMNS: Final = (("count", "mass_g"), ("earlier_count", "earlier_mass_g"))
_SERIES: Final = ("counts", "masses_g")

_Of = tuple[str, Any, Any]


def small(number: object) -> bool:
    """Whether a number is too small to be shown."""
    return isinstance(number, int) and 0 < number < SMALLEST


def suppressed(figures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The figures without small numbers, and without what these could be worked out from.

    Shape: a mass goes with the number of seizures of that substance there. Where one part of an area is left out and
    its total is not, the smallest other part is left out too, or the total if there is none.
    """
    out = [dict(figure) for figure in figures]
    for count, mass in _COLUMNS:
        cells = {_of(figure): figure for figure in out}
        hidden = {of for of, figure in cells.items() if small(figure.get(count))}
        hidden |= set(_complements(cells, hidden, count))
        for of, figure in cells.items():
            seizures = "seizures", *of[1:]
            if of in hidden:
                _hide(figure, count)
            elif figure.get(mass) is not None and (seizures in hidden or cells.get(seizures, {}).get(count) is None):
                _hide(figure, mass)
    return out


def _hide(figure: dict[str, Any], column: str) -> None:
    figure[column] = None
    for series in _SERIES:  # it adds up to what was left out
        if series in figure:
            figure[series] = []


def _of(figure: Mapping[str, Any]) -> _Of:
    return figure.get("measure", ""), figure.get("area"), figure.get("substance_id")


def _complements(cells: Mapping[_Of, Mapping[str, Any]], hidden: set[_Of], count: str) -> Iterable[_Of]:
    """What must go too, because the one part that was left out is the total less the others."""
    for measure, area, substance in cells:
        total = measure, area, substance
        parts = [of for of in cells if of[0] == measure and of[2] == substance and _lies_in(of[1], area)]
        if total in hidden or sum(part in hidden for part in parts) != 1:
            continue
        shown = [part for part in parts if part not in hidden and cells[part].get(count)]
        yield min(shown, key=lambda part: (cells[part][count], str(part[1])), default=total)


def _lies_in(area: Any, whole: Any) -> bool:
    return str(area).startswith(f"{whole}.")
