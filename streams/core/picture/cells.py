"""Cells: the numbers of one area and theme by hours. What lasts is kept as its beginnings and its ends."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from streams.core.picture.windows import Span

#: The measure whose numbers last from one hour to another: how many there are in a window is begun minus ended.
LASTING: Final = "active_scenes"
#: Stands beside the measures: how many of what is counted carry conditions (a handling code above H0).
CONDITIONS: Final = "_conditions"

#: A measure, and the substance that it is of, empty for none.
Of = tuple[str, str]


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
    """The numbers of one area and theme: of each thing that is counted, how much in which hour."""

    def __init__(self) -> None:
        self.numbers: dict[Key, dict[int, int]] = {}
        #: Hours that have changed since drafts were last looked through.
        self.changed: set[int] = set()

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return sum(map(len, self.numbers.values()))

    def add(self, key: Key, hour: int, amount: int) -> None:
        """Add to a number, or take from it."""
        hours = self.numbers.get(key)
        if hours is None:
            hours = self.numbers[key] = {}
        total = hours.get(hour, 0) + amount
        if total:
            hours[hour] = total
        else:
            hours.pop(hour, None)
            if not hours:
                del self.numbers[key]
        self.changed.add(hour)

    def totals(self, spans: Sequence[Span]) -> list[dict[Of, int]]:
        """The numbers of each span; nothing for what there was none of."""
        found: list[dict[Of, int]] = [{} for _ in spans]
        for (measure, substance, ended), hours in self.numbers.items():
            of = measure, substance
            for span, totals in zip(spans, found, strict=True):
                total = _sum_of(hours, span, lasting=measure == LASTING, ended=ended)
                if total:
                    totals[of] = totals.get(of, 0) + total
        return [{of: total for of, total in totals.items() if total} for totals in found]

    def series(self, span: Span, step: int) -> dict[Of, list[int]]:
        """The numbers of a span in steps of so many hours; of what lasts, how many there were in each step."""
        steps = (span.end - span.first) // step
        found: dict[Of, list[int]] = {}
        for (measure, substance, ended), hours in self.numbers.items():
            values = found.setdefault((measure, substance), [0] * steps)
            for hour, amount in hours.items():
                at = (hour - span.first) // step
                if measure == LASTING:
                    at = max(at + ended, 0)
                if 0 <= at < steps:
                    values[at] += -amount if ended else amount
        return {of: list(accumulate(values)) if of[0] == LASTING else values for of, values in found.items()}


def _sum_of(hours: Mapping[int, int], span: Span, *, lasting: bool, ended: bool) -> int:
    """What hours come to in a span; of what lasts, all that began before its end less all that ended before it."""
    first, end = span
    if not lasting:
        return sum(amount for hour, amount in hours.items() if first <= hour < end)
    last = first if ended else end
    total = sum(amount for hour, amount in hours.items() if hour < last)
    return -total if ended else total
