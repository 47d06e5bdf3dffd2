"""Which events are one matter (ärende): revisions of a report, and reports that somebody said are of one thing.

Every matter is named by the least of its ids, whatever the order in which its events were read; so a report counts
once however often it is retried, revised or told by others as well.
"""

from collections.abc import Iterable
from typing import Final

from consumers.steering.facts import Line
from schemas.sayings import JOINED, PARTED

Pair = tuple[bytes, bytes]
_ENDS: Final = 2


class Joins:
    """Collects what belongs together, then names the matter of any event.

    Shape: a pair that somebody parted is not joined, whoever else joined it and when. Only what belongs together with
    something else costs memory.
    """

    def __init__(self) -> None:
        self._replaced: set[Pair] = set()
        self._joined: set[Pair] = set()
        self._parted: set[Pair] = set()
        self._above: dict[bytes, bytes] | None = None

    def take(self, line: Line) -> None:
        """Take in what a line says of events that belong together."""
        self._above = None
        if line.replaces is not None and line.first:
            self._replaced.add(_pair(line.event_id, line.replaces))
        if len(line.about) == _ENDS and line.said in (JOINED, PARTED):
            (self._joined if line.said == JOINED else self._parted).add(_pair(*line.about))

    def matter(self, event_id: bytes) -> bytes:
        """The matter that an event belongs to."""
        if self._above is None:
            self._above = _united(self._replaced | (self._joined - self._parted))
        return self._above.get(event_id, event_id)


def _pair(a: bytes, b: bytes) -> Pair:
    return (a, b) if a < b else (b, a)


def _united(pairs: Iterable[Pair]) -> dict[bytes, bytes]:
    """Every id in the pairs with the least id that it is joined with."""
    above: dict[bytes, bytes] = {}
    for a, b in pairs:
        first, second = sorted((_top(above, a), _top(above, b)))
        above[second] = first
        above.setdefault(first, first)
    return {each: _top(above, each) for each in above}


def _top(above: dict[bytes, bytes], each: bytes) -> bytes:
    while (found := above.setdefault(each, each)) != each:
        above[each] = above[found]
        each = found
    return each
