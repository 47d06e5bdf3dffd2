"""The steering report as one flat table (CSV), a line for each number, for spreadsheets."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from consumers.steering.numbers import Measure, Numbers
from consumers.steering.report import Exchange, PartLine, Report, share

HEADS: Final = ("table", "part", "standing", "area", "level", "from", "to", "measure", "number", "share")
_BASES: Final = frozenset({Measure.SHARED, Measure.READABLE})
_Line = dict[str, str]


def sheet(found: Report) -> str:
    """The table as text. A number that is left out is empty, so that no program takes it for nought."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_lines(found))
    return out.getvalue()


def _lines(found: Report) -> Iterator[_Line]:
    for line in (found.whole, *found.parts):
        yield from _part(line, found.about.area)
    yield from _exchange("functions", found.functions)
    yield from _exchange("levels", found.levels)
    for owed in found.owed:
        for how in ("due", "in_time", "late", "unmet"):
            yield {"table": "obligations", "part": owed.obligation, "measure": how, "number": _text(getattr(owed, how))}


def _part(line: PartLine, area: str) -> Iterator[_Line]:
    head = {"part": line.part.id, "standing": str(line.standing)}
    yield from _numbers({"table": "parts", "area": area, **head}, line.whole)
    for name, numbers in line.areas.items():
        yield from _numbers({"table": "areas", "area": name, **head}, numbers)
    for name, numbers in line.levels.items():
        yield from _numbers({"table": "levels of origin", "area": area, "level": name, **head}, numbers)


def _exchange(table: str, exchange: Exchange) -> Iterator[_Line]:
    for (origin, to), numbers in exchange.cells.items():
        yield from _numbers({"table": table, "from": origin or "all", "to": to or "all"}, numbers)


def _numbers(head: Mapping[str, str], numbers: Numbers) -> Iterator[_Line]:
    for measure, number in numbers.items():
        part = None if measure in _BASES else share(numbers, measure)
        yield {
            **head,
            "measure": str(measure),
            "number": _text(number),
            "share": "" if part is None else f"{part:.4f}",
        }


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
