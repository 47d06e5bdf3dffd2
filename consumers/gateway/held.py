"""Deliveries that may be shown only from some moment on (``not_before``), ordered by these moments. Values only."""

from bisect import bisect_right, insort
from collections.abc import Iterator
from operator import itemgetter
from typing import Final

from consumers.gateway.tail import Entry

#: Longer than deliveries are kept: nobody comes back for what is older. Units: milliseconds.
KEPT_MS: Final = 8 * 86_400_000

_due = itemgetter(0)


class Held:
    """What was held back on one partition. Units: milliseconds since 1970."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, Entry]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, due_ms: int, entry: Entry) -> None:
        """Keep a delivery, and let go of those that were due long ago."""
        insort(self._entries, (due_ms, entry), key=_due)
        old = bisect_right(self._entries, due_ms - KEPT_MS, key=_due)
        del self._entries[:old]

    def due(self, after_ms: int, until_ms: int) -> list[Entry]:
        """What falls due after one moment and until another, the earliest first."""
        return [entry for _, entry in self._between(after_ms, until_ms)]

    def between(self, desk: str, after_ms: int, until_ms: int, *, before: int) -> list[Entry]:
        """The same for one desk, of what stands before an offset."""
        return [e for _, e in self._between(after_ms, until_ms) if e.desk == desk and e.offset < before]

    def _between(self, after_ms: int, until_ms: int) -> Iterator[tuple[int, Entry]]:
        yield from self._entries[
            bisect_right(self._entries, after_ms, key=_due) : bisect_right(self._entries, until_ms, key=_due)
        ]
