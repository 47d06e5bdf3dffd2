"""Does the ledger say what the lanes wrote? Follows every lane's chain and finds where one is broken. Values only.

Two readings: the first (``Walk``) follows the chains in bounded memory and finds each lane's lowest number that does
not fit; the second (``Around``) looks at the lines around it, all at once, and says what happened there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from schemas.chain import NO_LINES, NOTHING_BEFORE, Head, digest, read_link

#: So many lines without a link are told one by one; beyond, they are only counted.
MOST_UNLINKED = 20
#: Numbers on each side of a suspect that tell what happened to it.
_AROUND = 1


class Fault(StrEnum):
    """What happened to a chain. ``REWRITTEN``: it fits in itself, but not the head that somebody kept of it."""

    ALTERED = "ALTERED"
    MISSING = "MISSING"
    SWAPPED = "SWAPPED"
    ADDED = "ADDED"
    REWRITTEN = "REWRITTEN"


class Place(NamedTuple):
    """Where a record of the ledger stands."""

    partition: int
    offset: int


class Line(NamedTuple):
    """What a chain needs of one ledger line."""

    lane: int
    number: int
    before: bytes
    digest: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken place of a lane, or a line that belongs to no lane.

    ``place`` is the line itself; of a missing one it is the first line after the hole, None when the hole is the end.
    ``missing`` counts how many are. ``after`` is the line before in the chain, where there is one.
    """

    fault: Fault
    lane: int | None
    number: int | None
    place: Place | None
    after: Place | None = None
    missing: int = 0


def line_of(place: Place, header: bytes | None, key: bytes, value: bytes) -> Line | None:
    """A line as its chain sees it; None when its header holds no link: no lane wrote it."""
    link = None if header is None else read_link(header)
    if header is None or link is None:
        return None
    return Line(link.lane, link.number, link.before, digest(header, key, value), place)


@dataclass(slots=True)
class LaneWalk:
    """One lane's chain as far as it has been followed."""

    head: Head = NO_LINES
    suspect: int | None = None
    waiting: dict[int, Line] = field(default_factory=dict)
    newest: dict[int, int] = field(default_factory=dict)  # partition → the highest number seen on it
    highest: int = 0

    def suspects(self, number: int) -> None:
        """Something is wrong at this number; what counts is the lowest such number."""
        self.suspect = number if self.suspect is None else min(number, self.suspect)

    def take(self, line: Line, marks: Mapping[int, bytes]) -> None:
        """Take the next line that was read; ``marks`` are the hashes that are known otherwise, by number."""
        self.highest = max(self.highest, line.number)
        newest = self.newest.get(line.place.partition, 0)
        if line.number <= max(self.head.number, newest) or line.number in self.waiting:
            self.suspects(line.number)  # it stands behind a later one, or there is another with its number
        self.newest[line.place.partition] = max(newest, line.number)
        if line.number > self.head.number and (self.suspect is None or line.number <= self.suspect):
            self.waiting.setdefault(line.number, line)
            self._follow(marks)
        if self.suspect is not None and len(self.waiting) > self.suspect - self.head.number:
            self.waiting = {number: kept for number, kept in self.waiting.items() if number <= self.suspect}

    def _follow(self, marks: Mapping[int, bytes]) -> None:
        while (line := self.waiting.get(self.head.number + 1)) is not None:
            if line.before != self.head.digest:
                self.suspects(max(1, line.number - 1))
                return
            del self.waiting[line.number]
            self.head = Head(line.number, line.digest)
            if marks.get(line.number, line.digest) != line.digest:
                self.suspects(line.number)
                return


class Walk:
    """The first reading: every line goes through ``take`` in the order of its partition, the partitions in any order.

    ``known`` are heads of lanes as they were told before the reading began, kept ones before those of now; the lanes
    must reach and match them.
    """

    def __init__(self, known: Collection[tuple[int, Head]]) -> None:
        self.lanes: dict[int, LaneWalk] = {}
        self.lines = 0
        self.unlinked: list[Place] = []
        self.unlinked_count = 0
        self.marks: dict[int, dict[int, bytes]] = {}
        for lane, head in known:
            self.lanes.setdefault(lane, LaneWalk())
            marks = self.marks.setdefault(lane, {})
            if marks.setdefault(head.number, head.digest) != head.digest:
                self.lanes[lane].suspects(max(1, head.number))

    def take(self, place: Place, header: bytes | None, key: bytes, value: bytes) -> None:
        """Take one record of the ledger."""
        self.lines += 1
        line = line_of(place, header, key, value)
        if line is None:
            self.unlinked_count += 1
            if len(self.unlinked) < MOST_UNLINKED:
                self.unlinked.append(place)
            return
        walk = self.lanes.setdefault(line.lane, LaneWalk())
        walk.take(line, self.marks.get(line.lane, {}))

    def behind(self) -> bool:
        """Whether a lane that fits so far has not reached a head that was known: its last lines were not read yet."""
        return any(
            walk.suspect is None and walk.head.number < max(self.marks.get(lane, {0: b""}))
            for lane, walk in self.lanes.items()
        )

    def ahead(self, heads: Mapping[int, Head]) -> bool:
        """Whether a lane that fits has lines beyond its head of now."""
        return any(
            walk.suspect is None and walk.highest > heads.get(lane, NO_LINES).number
            for lane, walk in self.lanes.items()
        )

    def suspects(self, heads: Mapping[int, Head]) -> dict[int, int]:
        """The lowest number of each lane at which something is wrong, when all has been read.

        Shape: ``heads`` as they are after the reading. Lines younger than the heads known before it may be incomplete.
        """
        for lane, walk in self.lanes.items():
            if walk.head.number < max(self.marks.get(lane, {0: b""})):
                walk.suspects(walk.head.number + 1)
            if walk.highest > heads.get(lane, NO_LINES).number:
                walk.suspects(heads.get(lane, NO_LINES).number + 1)
        return {lane: walk.suspect for lane, walk in self.lanes.items() if walk.suspect is not None}


class Around:
    """The second reading: keeps the lines around each lane's suspect, and the first one after a hole."""

    def __init__(self, suspects: Mapping[int, int]) -> None:
        self.suspects = suspects
        self.lines: dict[int, list[Line]] = {lane: [] for lane in suspects}
        self._next: dict[int, Line] = {}

    def take(self, place: Place, header: bytes | None, key: bytes, value: bytes) -> None:
        """Take one record of the ledger."""
        link = None if header is None else read_link(header)
        suspect = None if link is None else self.suspects.get(link.lane)
        if link is None or suspect is None or link.number < suspect - _AROUND:
            return
        known = self._next.get(link.lane)
        near = link.number <= suspect + _AROUND
        if not near and known is not None and known.number <= link.number:
            return
        line = line_of(place, header, key, value)
        if line is not None and near:
            self.lines[line.lane].append(line)
        elif line is not None:
            self._next[line.lane] = line

    def breaks(self, heads: Mapping[int, Head], marks: Mapping[int, Mapping[int, bytes]]) -> list[Break]:
        """What happened in each suspect lane, in the order of the lanes; ``marks`` as the first reading had them."""
        found = []
        for lane, number in sorted(self.suspects.items()):
            lines = [*self.lines[lane], *self._after(lane)]
            found.append(diagnose(lane, number, lines, heads.get(lane, NO_LINES), marks.get(lane, {}).get(number)))
        return found

    def _after(self, lane: int) -> Iterable[Line]:
        return [self._next[lane]] if lane in self._next else []


def diagnose(lane: int, number: int, lines: Sequence[Line], head: Head, mark: bytes | None = None) -> Break:
    """What happened to the line of this number.

    Shape: the lines around it, at least its neighbours in the chain and the first line after it; the lane's head; the
    hash that was kept of this number, if one was.
    """
    here = [line for line in lines if line.number == number]
    before = [line for line in lines if line.number == number - 1]
    after = sorted((line for line in lines if line.number > number), key=lambda line: (line.number, line.place))
    previous = before[0].place if before else None
    if not here:
        following = after[0] if after else None
        end = following.number if following is not None else head.number + 1
        return Break(Fault.MISSING, lane, number, following and following.place, previous, max(1, end - number))
    fitting = [line for line in here if _fits(line, before, after, head)]
    strange = [line for line in here if line not in fitting] or sorted(here, key=lambda line: line.place)[1:]
    if len(here) > 1:
        return Break(Fault.ADDED, lane, number, strange[-1].place, previous)
    if number > head.number:
        return Break(Fault.ADDED, lane, number, here[0].place, previous)
    fault = Fault.SWAPPED if fitting else Fault.ALTERED
    if fitting and mark not in {None, here[0].digest}:
        fault = Fault.REWRITTEN
    return Break(fault, lane, number, here[0].place, previous)


def _fits(line: Line, before: Sequence[Line], after: Sequence[Line], head: Head) -> bool:
    """Whether a line's neighbours, and the head when it is the last, are those that it was written between."""
    if not any(line.before == one.digest for one in before) and (before or line.before != NOTHING_BEFORE):
        return False
    if line.number == head.number:
        return line.digest == head.digest
    following = [one for one in after if one.number == line.number + 1]
    return not following or any(one.before == line.digest for one in following)
