"""Cells: the numbers of one area and theme by hours. What lasts is kept as its beginnings and its ends."""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Final, NamedTuple

from streams.core.picture.windows import Span

#: The measure whose numbers last from one hour to another: how many there are in a window is begun minus ended.
LASTING: Final = "active_scenes"
#: Stands beside the measures: how many of what is counted carry conditions (a handling code above H0).
CONDITIONS: Final = "_conditions"


class Key(NamedTuple):
    """What a number is of; ``ended`` marks the ends of what lasts."""

    measure: str
    substance: str
    ended: bool = False


class Where(NamedTuple):
    """Whose numbers: what is made up is never mixed with what is real."""

    area: str
    theme: str
    synthetic: bool


class Cell:
    """The numbers of one area and theme."""

    def __init__(self) -> None:
        self.hours: dict[int, dict[Key, int]] = {}
        #: Hours that have changed since drafts were last looked through.
        self.changed: set[int] = set()

    def add(self, key: Key, hour: int, amount: int) -> None:
        """Add to a number, or take from it."""
        numbers = self.hours.get(hour)
        if numbers is None:
            numbers = self.hours[hour] = {}
        total = numbers.get(key, 0) + amount
        if total:
            numbers[key] = total
        else:
            numbers.pop(key, None)
            if not numbers:
                del self.hours[hour]
        self.changed.add(hour)

    def totals(self, spans: Iterable[Span]) -> list[dict[tuple[str, str], int]]:
        """The numbers of each span."""
        spans = list(spans)
        found: list[dict[tuple[str, str], int]] = [{} for _ in spans]
        for hour, numbers in self.hours.items():
            for span, totals in zip(spans, found, strict=True):
                if hour >= span.end:
                    continue
                _sum_up(numbers, totals, within=hour >= span.first)
        return [{of: amount for of, amount in totals.items() if amount} for totals in found]

    def series(self, span: Span, step: int) -> dict[tuple[str, str], list[int]]:
        """The numbers of a span in steps of so many hours; of what lasts, how many there were in each step."""
        steps = (span.end - span.first) // step
        rises: dict[tuple[str, str], list[int]] = {}
        for hour, numbers in self.hours.items():
            if hour >= span.end:
                continue
            at = (hour - span.first) // step
            for (measure, substance, ended), amount in numbers.items():
                lasting = measure == LASTING
                first = max(at + ended, 0) if lasting else at
                if 0 <= first < steps:
                    values = rises.setdefault((measure, substance), [0] * steps)
                    values[first] += -amount if ended else amount
        return {of: list(accumulate(values)) if of[0] == LASTING else values for of, values in rises.items()}


def _sum_up(numbers: Mapping[Key, int], totals: dict[tuple[str, str], int], *, within: bool) -> None:
    """Add an hour's numbers; of what lasts, also what began before the span, and without what had ended by then."""
    for (measure, substance, ended), amount in numbers.items():
        if measure == LASTING:
            if ended and within:
                continue
        elif not within:
            continue
        of = measure, substance
        totals[of] = totals.get(of, 0) + (-amount if ended else amount)
