"""What an archiver has done, counted where it is done, for its metrics; it outlives the connections that it makes."""

from collections import Counter
from collections.abc import Mapping

from consumers.archive.writer import Written
from schemas.figures import Figure, Shown
from schemas.signals import ARCHIVE_BEHIND, ARCHIVE_FAULTS, ARCHIVED


class Archived:
    """The counts of one archiver. They are read from another thread: each is whole by itself."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._behind: dict[tuple[str, int], int] = {}

    def written(self, written: Written) -> None:
        """Count what a batch came to."""
        for kind, rows in written._asdict().items():
            self.rows[kind] += rows

    def reached(self, ends: Mapping[tuple[str, int], tuple[int | None, int]]) -> None:
        """Note where partitions end, if that is known, and the next offset of each to be archived."""
        self._behind = {place: max(0, end - offset) for place, (end, offset) in ends.items() if end is not None}

    def figures(self) -> list[Shown]:
        """The counts now."""
        behind = Counter[str]()
        for (topic, _), positions in self._behind.items():
            behind[topic] += positions
        return [
            *(Figure(ARCHIVED, (kind,), rows) for kind, rows in list(self.rows.items())),
            *(Figure(ARCHIVE_FAULTS, (code,), count) for code, count in list(self.faults.items())),
            *(Figure(ARCHIVE_BEHIND, (topic,), positions) for topic, positions in behind.items()),
        ]
