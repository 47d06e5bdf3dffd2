"""The last records of one delivery partition, in memory and bounded, so that most readers never need Kafka. Values."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

#: What an entry takes beside its value, by measure: an object, two deque places and the key.
_OVERHEAD: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its place, its desk, its bytes as delivered."""

    offset: int
    desk: str
    value: bytes


class Tail:
    """The end of a partition.

    Shape: it is whole from ``start`` to ``next_offset``, which is the first offset that was not read yet.
    Units: ``most_bytes`` bounds what it holds, in bytes.
    """

    def __init__(self, most_bytes: int, start: int) -> None:
        self._most = most_bytes
        self._held = 0
        self._all: deque[Entry] = deque()
        self._by_desk: dict[str, deque[Entry]] = defaultdict(deque)
        self.start = start
        self.next_offset = start

    def __len__(self) -> int:
        return len(self._all)

    def take(self, entries: Iterable[Entry], next_offset: int) -> None:
        """Take what was read up to an offset, and let go of the oldest."""
        for entry in entries:
            self._all.append(entry)
            self._by_desk[entry.desk].append(entry)
            self._held += len(entry.value) + _OVERHEAD
        self.next_offset = next_offset
        while self._held > self._most and self._all:
            self._let_go()

    def since(self, desk: str, offset: int) -> list[Entry] | None:
        """A desk's records from an offset on, oldest first; None when the tail begins later than that."""
        if offset < self.start:
            return None
        found = []
        for entry in reversed(self._by_desk.get(desk, ())):
            if entry.offset < offset:
                break
            found.append(entry)
        return found[::-1]

    def desks(self) -> dict[str, int]:
        """How many records are held of each desk."""
        return {desk: len(entries) for desk, entries in self._by_desk.items()}

    def _let_go(self) -> None:
        oldest = self._all.popleft()
        of_desk = self._by_desk[oldest.desk]
        of_desk.popleft()
        if not of_desk:
            del self._by_desk[oldest.desk]
        self._held -= len(oldest.value) + _OVERHEAD
        self.start = oldest.offset + 1
