"""The steering report: tables that may be shown, for one area and period. Values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from consumers.steering.areas import LEVELS, within
from consumers.steering.hiding import alike
from consumers.steering.numbers import OF_WAYS, Cell, Measure, Numbers, Pair, of_matters, of_ways
from consumers.steering.owed import Owed
from consumers.steering.parts import Carried, Direction, Part, Standing, standing
from consumers.steering.tally import Counted
from schemas.gazetteer import Gazetteer
from schemas.suppression import SMALLEST

_NOTHING: Final[Numbers] = dict.fromkeys(Measure, 0)


class About(NamedTuple):
    """What a report is about, and what it rests on.

    Shape: ``area`` is a unit's code; ``whole_months`` whether the period is one or several calendar months;
    ``packs`` the versions of the rules that decided; ``unlogged`` how many desks read past the gateway.
    """

    start: datetime
    end: datetime
    as_of: datetime
    area: str
    synthetic: bool
    whole_months: bool
    packs: tuple[str, ...]
    unlogged: int = 0


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part of the strategy: how it stands, and its numbers, in all, by area and by level of who shared."""

    part: Part
    carried: Carried
    standing: Standing
    whole: Numbers
    areas: Mapping[str, Numbers]
    levels: Mapping[str, Numbers]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Deliveries from one side to another. Shape: ``cells`` by sender and receiver, None for all of them."""

    names: tuple[str, ...]
    cells: Mapping[tuple[str | None, str | None], Numbers]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. ``whole`` counts every matter of the area once; parts overlap, so they do not add up to it."""

    about: About
    whole: PartLine
    parts: tuple[PartLine, ...]
    functions: Exchange
    levels: Exchange
    owed: tuple[Owed, ...]

    def standing(self, *wanted: Standing) -> tuple[PartLine, ...]:
        """The parts that stand so."""
        return tuple(line for line in self.parts if line.standing in wanted)

    def of(self, direction: Direction) -> tuple[PartLine, ...]:
        """The parts of one direction."""
        return tuple(line for line in self.parts if line.part.direction is direction)


def report(
    about: About,
    counted: Counted,
    parts: Sequence[Part],
    carried: Mapping[str, Carried],
    owed: Iterable[Owed],
    gazetteer: Gazetteer,
) -> Report:
    """The report on what was counted. Shape: ``carried`` by id of the part, for the pack that runs."""
    numbers = of_matters(counted, gazetteer)
    areas = tuple(within(about.area, gazetteer))
    served = {part for kind in counted.matters for part in kind.parts}

    def line(part: Part) -> PartLine:
        by = carried.get(part.id, Carried())
        stands = standing(part, by, matters=part.id in served, stirred=part.id in counted.stirred)
        return PartLine(part, by, stands, *_rows(numbers, part.id, about.area, areas))

    whole = Part(id="S0-00", sv="Alla ärenden", en="All matters")
    ways = of_ways(counted, gazetteer)
    return Report(
        about=about,
        whole=PartLine(whole, Carried(), Standing.TRAFFIC, *_rows(numbers, None, about.area, areas)),
        parts=tuple(map(line, parts)),
        functions=_exchange(ways, "function", _functions(ways)),
        levels=_exchange(ways, "level", LEVELS),
        owed=tuple(owed),
    )


def share(numbers: Mapping[Measure, int | None], measure: Measure) -> float | None:
    """The share of a measure in what it could be, 0 to 1; None when one of the two is left out, or nothing was."""
    whole = numbers.get(Measure.READABLE if measure is Measure.IN_TIME else Measure.SHARED)
    number = numbers.get(measure)
    return number / whole if whole and number is not None else None


def told(found: Report) -> dict[str, Any]:
    """The report for programs: numbers that are left out are null."""

    def numbers(each: Numbers) -> dict[str, Any]:
        shares = {f"{measure}_share": share(each, measure) for measure in each if measure not in _BASES}
        return {str(measure): number for measure, number in each.items()} | shares

    def line(each: PartLine) -> dict[str, Any]:
        return {
            "numbers": numbers(each.whole),
            "areas": {area: numbers(its) for area, its in each.areas.items()},
            "levels": {level: numbers(its) for level, its in each.levels.items()},
        }

    def exchange(each: Exchange) -> list[dict[str, Any]]:
        return [{"from": origin, "to": to} | numbers(its) for (origin, to), its in each.cells.items()]

    return {
        "about": found.about._asdict(),
        "smallest_shown": SMALLEST,
        "whole": line(found.whole),
        "parts": [
            {
                "id": each.part.id,
                "direction": each.part.direction,
                "sv": each.part.sv,
                "en": each.part.en,
                "standing": each.standing,
                "rules": each.carried.shares,
                "rules_that_hold_back": each.carried.holds_back,
                **line(each),
            }
            for each in found.parts
        ],
        "functions": exchange(found.functions),
        "levels": exchange(found.levels),
        "obligations": [asdict(each) for each in found.owed],
    }


_BASES: Final = frozenset({Measure.SHARED, Measure.READABLE})


def _rows(
    numbers: Mapping[Cell, Numbers], part: str | None, scope: str, areas: Sequence[str]
) -> tuple[Numbers, dict[str, Numbers], dict[str, Numbers]]:
    """One part's numbers in all, by area and by level. In a row, nought looks like what is left out beside it."""
    whole = numbers.get(Cell(part, scope, None), _NOTHING)
    by_area = {area: numbers.get(Cell(part, area, None), _NOTHING) for area in areas}
    by_level = {level: numbers.get(Cell(part, scope, level), _NOTHING) for level in LEVELS}
    return whole, _alike(by_area), _alike(by_level)


def _alike(row: Mapping[str, Numbers]) -> dict[str, Numbers]:
    by_measure = {measure: alike({name: each[measure] for name, each in row.items()}) for measure in Measure}
    return {name: {measure: by_measure[measure][name] for measure in Measure} for name in row}


def _functions(ways: Mapping[Pair, Numbers]) -> tuple[str, ...]:
    there = {name for pair in ways if pair.by == "function" for name in (pair.origin, pair.to) if name is not None}
    return tuple(sorted(there))


def _exchange(ways: Mapping[Pair, Numbers], by: str, names: Sequence[str]) -> Exchange:
    """A matrix with its sums. One hidden number anywhere in it hides its noughts: they are tied both ways."""
    nothing = dict.fromkeys(OF_WAYS, 0)
    ends = (*names, None)
    keys = [(origin, to) for origin in ends for to in ends]
    found = {key: ways.get(Pair(by, *key), nothing) for key in keys}
    by_measure = {measure: alike({key: found[key][measure] for key in keys}) for measure in OF_WAYS}
    cells = {key: {measure: by_measure[measure][key] for measure in OF_WAYS} for key in keys}
    return Exchange(tuple(names), cells)
