"""What a process tells of itself: values of the metrics of ``schemas/signals.py``, counted where things happen.

Values alone: whoever serves them to Prometheus makes its forms of them when it asks (``deploy/metrics.py``).
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from schemas.signals import Metric


class Figure(NamedTuple):
    """One value of a metric; ``labels`` in the order in which the metric names them."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


class Spread(NamedTuple):
    """A histogram's values: how many in each bucket, and at the end how many beyond the last; their sum."""

    metric: Metric
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    total: float


#: One thing that is served.
Shown = Figure | Spread


class Histogram:
    """Observations of one metric, counted as they come: a search among a few bounds and two additions, no lock.

    Shape: ``cell`` gives the counts of some labels, for whoever observes many under the same.
    """

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._cells: dict[tuple[str, ...], Cell] = {}

    def cell(self, *labels: str) -> "Cell":
        """The counts under these labels."""
        found = self._cells.get(labels)
        if found is None:
            found = self._cells[labels] = Cell(self.metric.buckets)
        return found

    def observe(self, value: float, *labels: str) -> None:
        """Count one observation."""
        self.cell(*labels).observe(value)

    def spreads(self) -> Iterator[Spread]:
        """What was observed so far."""
        for labels, cell in list(self._cells.items()):
            yield Spread(self.metric, labels, tuple(cell.counts), cell.total)


class Cell:
    """The counts of one histogram under the same labels."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one observation; a value equal to a bound is within it, as Prometheus has it."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value
