"""What came of each publisher's numbered streams, and what is missing. Values in, values out; kept as plain JSON.

A stream's numbers are kept as ranges: one as long as nothing is missing, however many records came.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from schemas.sequence import Numbered

#: A stream that says nothing for so long is over: intake topics are kept so long, so what is missing comes no more.
OVER: Final = timedelta(days=7)
#: And one of which nothing is missing, so soon.
WHOLE: Final = timedelta(hours=1)
#: More ranges than this are no publisher's, and not kept.
_MOST_RANGES: Final = 1_000

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

Place = tuple[str, int]


class Gap(NamedTuple):
    """What is missing of one stream: how many numbers, and since when that is known."""

    desk: str
    stream: str
    missing: int
    since: datetime


@dataclass(slots=True)
class Stream:
    """One stream: which numbers came, up to where all are promised, how many came twice, and when."""

    ranges: list[list[int]] = field(default_factory=list)
    promised: int = 1
    doubles: int = 0
    last: datetime = _NEVER
    gap_since: datetime | None = None

    def take(self, said: Numbered, at: datetime) -> None:
        """One record."""
        if not self._add(said.number):
            self.doubles += 1
        self.promised = max(self.promised, said.promised)
        self.last = max(self.last, at)
        missing = self.missing
        self.gap_since = (self.gap_since or at) if missing else None

    @property
    def missing(self) -> int:
        """How many of the promised numbers have not come."""
        came = sum(max(0, min(end, self.promised - 1) - start + 1) for start, end in self.ranges)
        return self.promised - 1 - came

    @property
    def came(self) -> int:
        """How many numbers came."""
        return sum(end - start + 1 for start, end in self.ranges)

    def _add(self, number: int) -> bool:
        """Whether a number is new."""
        ranges = self.ranges
        if ranges and ranges[-1][1] == number - 1:  # as nearly always
            ranges[-1][1] = number
            return True
        place = bisect_right(ranges, [number, 1 << 63])
        if place and ranges[place - 1][1] >= number:
            return False
        joins_before = place > 0 and ranges[place - 1][1] == number - 1
        joins_behind = place < len(ranges) and ranges[place][0] == number + 1
        if joins_before and joins_behind:
            ranges[place - 1][1] = ranges.pop(place)[1]
        elif joins_before:
            ranges[place - 1][1] = number
        elif joins_behind:
            ranges[place][0] = number
        elif len(ranges) < _MOST_RANGES:
            ranges.insert(place, [number, number])
        return True


class Streams:
    """All streams of all publishers, and up to which offset of each partition they were read.

    Shape: ``take`` a record once or again: one that was read before changes nothing. ``state`` is everything, for a
    record of its own; ``restored`` takes it back.
    """

    def __init__(self) -> None:
        self.read: dict[Place, int] = {}
        self._streams: dict[tuple[str, str], Stream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def take(self, place: Place, offset: int, desk: str | None, said: Numbered | None, at: datetime) -> None:
        """One record of an intake topic; ``said`` is None for one without a number."""
        if offset < self.read.get(place, 0):
            return
        self.read[place] = offset + 1
        if said is not None and desk is not None:
            self._streams.setdefault((desk, said.stream), Stream()).take(said, at)

    def gaps(self, now: datetime, settle: timedelta) -> list[Gap]:
        """What is missing for longer than a while, by desk."""
        return [
            Gap(desk, stream, found.missing, found.gap_since)
            for (desk, stream), found in sorted(self._streams.items())
            if found.gap_since is not None and now - found.gap_since >= settle
        ]

    def of(self, desk: str) -> Iterator[tuple[str, Stream]]:
        """A desk's streams by their names."""
        return ((stream, found) for (owner, stream), found in sorted(self._streams.items()) if owner == desk)

    @property
    def doubles(self) -> int:
        """How many records came under a number that was there already."""
        return sum(stream.doubles for stream in self._streams.values())

    def forget(self, now: datetime) -> None:
        """Let go of streams that are over."""
        self._streams = {
            key: stream
            for key, stream in self._streams.items()
            if now - stream.last < (WHOLE if stream.gap_since is None and not stream.doubles else OVER)
        }

    def state(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "read": {f"{topic}:{partition}": offset for (topic, partition), offset in self.read.items()},
            "streams": [
                {
                    "desk": desk,
                    "stream": name,
                    "ranges": each.ranges,
                    "promised": each.promised,
                    "doubles": each.doubles,
                    "last": each.last.isoformat(),
                    "gap_since": None if each.gap_since is None else each.gap_since.isoformat(),
                }
                for (desk, name), each in self._streams.items()
            ],
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> "Streams":
        """Everything as it was. Errors: ``KeyError``, ``ValueError``, ``TypeError`` for what ``state`` did not give."""
        made = cls()
        for name, offset in state["read"].items():
            topic, _, partition = name.rpartition(":")
            made.read[topic, int(partition)] = int(offset)
        for told in state["streams"]:
            since = told["gap_since"]
            made._streams[told["desk"], told["stream"]] = Stream(
                [list(each) for each in told["ranges"]],
                int(told["promised"]),
                int(told["doubles"]),
                datetime.fromisoformat(told["last"]),
                None if since is None else datetime.fromisoformat(since),
            )
        return made
