"""Which numbers of a table go with the small ones, so that no small one can be worked out (sekundär undertryckning).

A table has a number for each measure, area and substance. Two kinds of sums tie them together: an area is its parts,
and all of a measure is its substances. They are taken as exact, though a seizure may hold two substances and an event
may lie in two areas: that only hides more.
Source: D. Gusfield, "A graph theoretic approach to statistical data security" (1988), for sums in two directions.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

#: The smallest number of people or cases that may be shown; none at all is nobody.
SMALLEST: Final = 5

#: What a number is of: its measure, area and substance, None for all substances together.
Of = tuple[str, Any, Any]
Numbers = Mapping[Of, int | None]


class Sum(NamedTuple):
    """A number and what it is the sum of; parts of nought are not listed."""

    total: Of
    parts: tuple[Of, ...]


def small(number: object) -> bool:
    """Whether a number is too small to be shown."""
    return isinstance(number, int) and 0 < number < SMALLEST


def left_out(numbers: Numbers) -> set[Of]:
    """The numbers that may not be shown: the small ones, and as many others as it takes to hide these.

    Shape: None is a number that is not shown anyway. Of what is left out nothing follows from what is shown: no sum
    has one hidden number alone, no sums together give one, and no hidden parts are seen to be all one.
    """
    hidden = {of for of, number in numbers.items() if small(number)}
    if not hidden:
        return hidden
    unknown = {of for of, number in numbers.items() if number is None}
    sums = list(sums_of(numbers))
    while (more := _one_more(sums, numbers, hidden | unknown)) is not None:
        hidden.add(more)
    return hidden


def sums_of(numbers: Numbers) -> Iterator[Sum]:
    """The sums that a reader of a table can make."""
    kinds: dict[Of, list[Of]] = {}
    for of in numbers:
        measure, area, substance = of
        if substance is not None and (measure, area, None) in numbers:
            kinds.setdefault((measure, area, None), []).append(of)
        whole = _around(str(area))
        above = next((each for each in whole if (measure, each, substance) in numbers), None)
        if above is not None:
            kinds.setdefault((measure, above, substance), []).append(of)
    for total, parts in kinds.items():
        for same_area in (True, False):
            found = tuple(part for part in parts if (part[1] == total[1]) is same_area)
            if found:
                yield Sum(total, found)


def fixed(sums: Iterable[Sum], hidden: Iterable[Of]) -> set[Of]:
    """The hidden numbers that follow from the shown ones by adding and subtracting.

    Sums in two directions, areas within areas in one of them, make a matrix whose rank is the same over any field: so
    it is worked out over bits.
    """
    bit = {of: 1 << number for number, of in enumerate(hidden)}
    rows: dict[int, int] = {}  # by their highest bit
    for total, parts in sums:
        row = 0
        for of in (total, *parts):
            row ^= bit.get(of, 0)
        while row and (pivot := row.bit_length()) in rows:
            row ^= rows[pivot]
        if row:
            rows[row.bit_length()] = row
    for pivot in sorted(rows):
        for other, row in rows.items():
            if other > pivot and row >> pivot - 1 & 1:
                rows[other] = row ^ rows[pivot]
    alone = set(rows.values())
    return {of for of, mask in bit.items() if mask in alone}


def _one_more(sums: list[Sum], numbers: Numbers, hidden: set[Of]) -> Of | None:
    """The next number that must go; None when nothing can be worked out any more, or nothing is left to hide."""
    for each in sums:
        if _tells(each, numbers, hidden) and (found := _next(each, numbers, hidden)) is not None:
            return found
    told = fixed(sums, sorted(hidden, key=str))
    if not told:
        return None
    near = [each for each in sums if not told.isdisjoint((each.total, *each.parts))]
    around = [each for each in sums if not hidden.isdisjoint((each.total, *each.parts))]
    return _smallest(near, numbers, hidden) or _smallest(around, numbers, hidden)


def _smallest(sums: Iterable[Sum], numbers: Numbers, hidden: set[Of]) -> Of | None:
    """The smallest number that can go of any of these sums."""
    found = (_next(each, numbers, hidden) for each in sums)
    return min((of for of in found if of is not None), key=lambda of: _size(of, numbers), default=None)


def _tells(each: Sum, numbers: Numbers, hidden: set[Of]) -> bool:
    """Whether one sum alone tells a hidden number: the only one in it, or one of several that are all one."""
    total, parts = each
    inside = [part for part in parts if part in hidden]
    if total in hidden:
        return not inside
    rest = (numbers[total] or 0) - sum(numbers[part] or 0 for part in parts if part not in hidden)
    return len(inside) == 1 or 0 < len(inside) == rest


def _next(each: Sum, numbers: Numbers, hidden: set[Of]) -> Of | None:
    """The smallest other part of a sum, or its total when there is none."""
    shown = [part for part in each.parts if part not in hidden and numbers[part]]
    spare = None if each.total in hidden or not numbers[each.total] else each.total
    return min(shown, key=lambda of: _size(of, numbers), default=spare)


def _size(of: Of, numbers: Numbers) -> tuple[int, str]:
    return numbers[of] or 0, str(of)


def _around(area: str) -> Iterator[str]:
    """The areas around one, the nearest first."""
    while "." in area:
        area = area.rpartition(".")[0]
        yield area
