"""The numbers of the steering report as they may be shown: all areas, parts and levels are seen together.

They are worked out for the whole country always, whatever area somebody asks about: otherwise one answer would show
what another hides.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from consumers.steering.areas import function, level, path
from consumers.steering.effects import Effect
from consumers.steering.hiding import Atoms, shown
from consumers.steering.tally import Counted
from schemas.gazetteer import Gazetteer


class Measure(StrEnum):
    """What is counted, of matters or of deliveries."""

    SHARED = "shared"
    READABLE = "readable"
    IN_TIME = "in_time"
    USED = "used"
    FED_BACK = "fed_back"
    LED_TO = "led_to"
    PROSECUTED = "prosecuted"


#: The effect that counts towards a measure; everything that was shared counts towards the first.
_EFFECTS: Mapping[Measure, Effect] = {
    Measure.READABLE: Effect.READABLE,
    Measure.IN_TIME: Effect.IN_TIME,
    Measure.USED: Effect.USED,
    Measure.FED_BACK: Effect.FED_BACK,
    Measure.LED_TO: Effect.LED_TO,
    Measure.PROSECUTED: Effect.PROSECUTED,
}
#: What is counted of deliveries.
OF_WAYS = (Measure.SHARED, Measure.READABLE, Measure.IN_TIME, Measure.USED)

Number = int | None
Numbers = dict[Measure, Number]


class Cell(NamedTuple):
    """A number of matters: of one part or any, in one area, from one level or any."""

    part: str | None
    area: str
    level: str | None


class Pair(NamedTuple):
    """A number of deliveries: from one function (or level) to another; None is any."""

    by: str  # "function" or "level"
    origin: str | None
    to: str | None


Of = TypeVar("Of", bound=Hashable)
Atom = TypeVar("Atom", bound=Hashable)
Rank = tuple[int, int, int]


def of_matters(counted: Counted, gazetteer: Gazetteer) -> dict[Cell, Numbers]:
    """Every number of matters, None for those that are left out; what is not there is nought."""
    paths = {kind.unit: path(kind.unit, gazetteer) for kind in counted.matters}
    levels = {kind.unit: level(f"{kind.unit}/", gazetteer) for kind in counted.matters}
    depth = {area: number for areas in paths.values() for number, area in enumerate(areas)}

    def cells(told: tuple[tuple[str, ...], tuple[str, ...], str]) -> Iterable[Cell]:
        parts, areas, at = told
        return (Cell(part, area, each) for part in (None, *parts) for area in areas for each in (None, at))

    def rank(cell: Cell) -> Rank:
        return depth[cell.area], int(cell.level is not None), int(cell.part is None)

    counts = Counter[tuple[tuple[tuple[str, ...], tuple[str, ...], str], Effect]]()
    for kind, count in counted.matters.items():
        counts[(kind.parts, paths[kind.unit], levels[kind.unit]), kind.effect] += count
    return _measured(counts, tuple(Measure), cells, rank)


def of_ways(counted: Counted, gazetteer: Gazetteer) -> dict[Pair, Numbers]:
    """Every number of deliveries from function to function and from level to level."""
    desks = {desk for way in counted.ways for desk in (way.origin, way.desk)}
    told = {desk: (function(desk), level(desk, gazetteer)) for desk in desks}

    def pairs(ends: tuple[tuple[str, str], tuple[str, str]]) -> Iterable[Pair]:
        for by, origin, to in zip(("function", "level"), *ends, strict=True):
            yield from (Pair(by, *each) for each in ((origin, to), (origin, None), (None, to), (None, None)))

    def rank(pair: Pair) -> Rank:
        return int(pair.origin is not None) + int(pair.to is not None), 0, 0

    counts = Counter[tuple[tuple[tuple[str, str], tuple[str, str]], Effect]]()
    for way, count in counted.ways.items():
        counts[(told[way.origin], told[way.desk]), way.effect] += count
    return _measured(counts, OF_WAYS, pairs, rank)


def _measured(
    counts: Mapping[tuple[Atom, Effect], int],
    measures: Sequence[Measure],
    sums: Callable[[Atom], Iterable[Of]],
    rank: Callable[[Of], Rank],
) -> dict[Of, Numbers]:
    """Each measure's numbers. Numbers of equal rank come into question in the order of their size."""
    found: defaultdict[Of, Numbers] = defaultdict(dict)
    for measure in measures:
        effect = _EFFECTS.get(measure, Effect.NONE)
        sizes = Counter[Atom]()
        for (atom, became), count in counts.items():
            if effect in became:
                sizes[atom] += count
        for of, number in _shown(sizes, sums, rank).items():
            found[of][measure] = number
    return {of: {measure: numbers.get(measure, 0) for measure in measures} for of, numbers in found.items()}


def _shown(sizes: Counter[Atom], sums: Callable[[Atom], Iterable[Of]], rank: Callable[[Of], Rank]) -> dict[Of, Number]:
    atoms = sorted(sizes, key=str)
    members: defaultdict[Of, list[int]] = defaultdict(list)
    for number, each in enumerate(atoms):
        for of in sums(each):
            members[of].append(number)
    amount = {of: sum(sizes[atoms[number]] for number in numbers) for of, numbers in members.items()}
    order = sorted(members, key=lambda of: (rank(of), -amount[of], str(of)))
    listed: list[tuple[Of, Atoms]] = [(of, frozenset(members[of])) for of in order]
    return shown(listed, {number: sizes[each] for number, each in enumerate(atoms)})
