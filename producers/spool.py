"""The spool: events on disk until the bus has confirmed them, encrypted, forced to the disk, bounded.

What is put is taken: it is on the disk when ``put`` returns, survives kill -9 and a power cut, and leaves only once it
is confirmed. The most urgent goes first, and of those the oldest. See docs/adr/0019.
"""

import contextlib
import fcntl
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, NamedTuple, Self

from producers.spool_keys import SpoolKeys
from producers.spool_record import DANGER, SpoolRecord, packed, unpacked
from producers.spool_refusal import Refusal, SpoolRefusedError, refusal_of
from producers.spool_segment import (
    DAMAGED,
    DONE,
    SUFFIX,
    DamagedError,
    LockedError,
    Segment,
    numbers_in,
    sealed_size,
)

MIB: Final = 1024 * 1024
#: How much a spool may take of the disk unless told otherwise.
MAX_BYTES: Final = 256 * MIB
#: A segment is closed at this size, or earlier in a small spool: confirmed bytes leave the disk with their segment.
_SEGMENT_BYTES: Final = 4 * MIB
_SEGMENTS: Final = 16
#: This part of a spool is kept for danger to life: an ordinary event is refused before it.
_RESERVE: Final = 16


class SpoolError(Exception):
    """A spool cannot be opened. The text has the remedy."""


class Ticket(NamedTuple):
    """What names one spooled record until it is confirmed."""

    segment: Segment
    number: int


class Taken(NamedTuple):
    """A record on its way, with its ticket."""

    ticket: Ticket
    record: SpoolRecord


class Kept(NamedTuple):
    """A file of the spool that cannot be sent: it stays until somebody sees to it.

    Shape: ``key`` is the name of the key that it needs; empty when it is damaged.
    """

    path: Path
    size: int
    key: str = ""


class Spool:
    """Records on disk, for one process at a time; its methods may be called from several threads.

    Shape: ``kept`` are files that cannot be sent, ``torn`` the bytes of writes that a crash cut off: no record in
    them had been taken; ``damaged`` counts records that could not be read. ``freed`` is called when there is more room.
    Units: ``max_bytes`` on the disk, all files together.
    """

    def __init__(self, folder: Path, keys: SpoolKeys, *, max_bytes: int = MAX_BYTES) -> None:
        """Open a spool, made if there is none.

        Errors: ``SpoolError`` when another process has it, or the folder cannot be used.
        """
        self.folder = folder
        self.max_bytes = max_bytes
        self.kept: list[Kept] = []
        self.torn = 0
        self.damaged = 0
        self.freed: Callable[[], None] = _nothing
        self._keys = keys
        self._segment_bytes = min(_SEGMENT_BYTES, max(max_bytes // _SEGMENTS, 1))
        self._writing, self._state = Lock(), Lock()
        self._segments: dict[int, list[Segment]] = defaultdict(list)  # by urgency, the oldest first
        self._kept_bytes = 0
        self._next = 1
        held = _locked(folder)
        self._lock: int | None = held
        try:
            self._load()
        except OSError as problem:
            os.close(held)
            raise SpoolError(f"The spool {folder} cannot be read: {problem.strerror}. Check its rights.") from None

    def __len__(self) -> int:
        """How many records wait or are on their way: all that is taken and not confirmed."""
        with self._state:
            return sum(map(len, self._all()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        """What it takes of the disk."""
        with self._state:
            return self._size()

    def waiting(self) -> dict[int, int]:
        """How many records are not confirmed, by urgency."""
        with self._state:
            return {
                urgency: count for urgency, many in sorted(self._segments.items()) if (count := sum(map(len, many)))
            }

    def put(self, record: SpoolRecord) -> Ticket:
        """Take one record: on the disk when this returns. Errors: ``SpoolRefusedError``; it was not taken then."""
        (found,) = self.put_all([record])
        if isinstance(found, SpoolRefusedError):
            raise found
        return found

    def put_all(self, records: Sequence[SpoolRecord]) -> list[Ticket | SpoolRefusedError]:
        """Take several with one wait for the disk; for each, in order, its ticket or why it was not taken."""
        found: list[Ticket | SpoolRefusedError] = [SpoolRefusedError(Refusal.CLOSED)] * len(records)
        by_urgency: dict[int, list[int]] = defaultdict(list)
        for at, record in enumerate(records):
            by_urgency[record.urgency].append(at)
        with self._writing:
            for urgency, places in sorted(by_urgency.items()):
                results = self._put(urgency, [packed(records[at]) for at in places])
                for at, result in zip(places, results, strict=True):
                    found[at] = result
        return found

    def take(self, most: int) -> list[Taken]:
        """The next records to send, the most urgent and oldest first; each is handed out once, until it is given back.

        Errors: none; what turns out to be damaged is kept, told in ``kept`` and passed by.
        """
        taken: list[Taken] = []
        with self._state:
            for segment in [each for _, many in sorted(self._segments.items()) for each in many]:
                while len(taken) < most and (number := segment.take()) is not None:
                    record = self._read(segment, number)
                    if record is not None:
                        taken.append(Taken(Ticket(segment, number), record))
        return taken

    def waits(self) -> bool:
        """Whether there is something to take."""
        with self._state:
            return any(segment.waits for segment in self._all())

    def confirm(self, tickets: Iterable[Ticket]) -> None:
        """The bus has these: they leave the spool. A segment leaves the disk when all of it has arrived."""
        by_segment: dict[Segment, list[int]] = defaultdict(list)
        for segment, number in tickets:
            by_segment[segment].append(number)
        with self._state:
            for segment, numbers in by_segment.items():
                segment.confirm(numbers)
                self._leave(segment)
        self.freed()

    def give_back(self, tickets: Iterable[Ticket]) -> None:
        """These were not confirmed: they will be taken again, before what is younger."""
        by_segment: dict[Segment, list[int]] = defaultdict(list)
        for segment, number in tickets:
            by_segment[segment].append(number)
        with self._state:
            for segment, numbers in by_segment.items():
                segment.give_back(numbers)

    def close(self) -> None:
        """Let go of the files; what is not confirmed stays. May be called more than once."""
        with self._writing, self._state:
            for segment in list(self._all()):
                segment.writable = False
                self._leave(segment)
                segment.close()
            self._segments.clear()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    # Writing

    def _put(self, urgency: int, payloads: Sequence[bytes]) -> list[Ticket | SpoolRefusedError]:
        """Take payloads of one urgency, as many as there is room for, a segment's worth at a time."""
        room = self._room(urgency)
        chunks: list[list[bytes]] = [[]]
        size = fitting = 0
        for payload in payloads:
            room -= sealed_size(payload)
            if room < 0:
                break
            if size >= self._segment_bytes:
                chunks.append([])
                size = 0
            chunks[-1].append(payload)
            size += sealed_size(payload)
            fitting += 1
        found = [each for chunk in chunks if chunk for each in self._written(urgency, chunk)]
        refused = SpoolRefusedError(Refusal.CLOSED if self._lock is None else Refusal.SPOOL_FULL)
        return [*found, *[refused] * (len(payloads) - fitting)]

    def _written(self, urgency: int, payloads: Sequence[bytes]) -> list[Ticket | SpoolRefusedError]:
        segment: Segment | None = None
        try:
            segment = self._writable(urgency)
            numbers = segment.append(payloads)
        except OSError as problem:
            return [SpoolRefusedError(refusal_of(problem))] * len(payloads)
        finally:
            if segment is not None:
                self._end_writing(segment)
        return [Ticket(segment, number) for number in numbers]

    def _writable(self, urgency: int) -> Segment:
        """The youngest segment of this urgency, or a new one, for as long as it is busy. Errors: ``OSError``."""
        with self._state:
            many = self._segments[urgency]
            if many and many[-1].writable:
                many[-1].busy = True
                return many[-1]
        made = Segment.create(self.folder, urgency, self._next, self._keys)
        made.busy = True
        self._next += 1
        with self._state:
            self._segments[urgency].append(made)
        return made

    def _end_writing(self, segment: Segment) -> None:
        with self._state:
            segment.busy = False
            if segment.end >= self._segment_bytes:
                segment.writable = False
            self._leave(segment)

    def _room(self, urgency: int) -> int:
        with self._state:
            if self._lock is None:
                return 0
            reserve = 0 if urgency == DANGER else self.max_bytes // _RESERVE
            return self.max_bytes - reserve - self._size()

    # Reading and leaving

    def _read(self, segment: Segment, number: int) -> SpoolRecord | None:
        try:
            return unpacked(segment.read(number), segment.urgency)
        except DamagedError:
            self.damaged += 1
            self._leave(segment)
            return None

    def _leave(self, segment: Segment) -> None:
        """Take a segment off the disk when nothing in it is unconfirmed and nothing more will be written to it."""
        if len(segment) or segment.busy or (segment.writable and segment.end < self._segment_bytes // 4):
            return
        with contextlib.suppress(OSError):  # left there, it is found confirmed at the next opening
            segment.remove()
        if segment.broken:
            self._keep(segment.path.with_suffix(DAMAGED))
        with contextlib.suppress(ValueError):
            self._segments[segment.urgency].remove(segment)

    def _load(self) -> None:
        paths = sorted(self.folder.iterdir())
        for path in paths:
            if path.suffix == SUFFIX:
                self._load_segment(path)
            elif path.suffix == DAMAGED:
                self._keep(path)
            elif path.suffix == DONE and path.with_suffix(SUFFIX) not in paths:
                path.unlink()  # its segment had arrived

    def _load_segment(self, path: Path) -> None:
        try:
            urgency, number = numbers_in(path)
            self._next = max(self._next, number + 1)
            segment = Segment.load(path, self._keys)
        except LockedError as problem:
            self._keep(path, problem.key)
            return
        except DamagedError:
            if path.stat().st_size:  # a crash before its head was written leaves an empty file
                self._keep(path)
            else:
                path.unlink()
            return
        except ValueError:
            return  # not ours
        self.torn += segment.torn
        self._segments[urgency].append(segment)
        self._leave(segment)

    def _keep(self, path: Path, key: str = "") -> None:
        with contextlib.suppress(OSError):
            kept = Kept(path, path.stat().st_size, key)
            self.kept.append(kept)
            self._kept_bytes += kept.size

    def _all(self) -> Iterable[Segment]:
        return (segment for many in self._segments.values() for segment in many)

    def _size(self) -> int:
        return self._kept_bytes + sum(segment.end for segment in self._all())


def _locked(folder: Path) -> int:
    """The folder's lock, held until it is closed. Errors: ``SpoolError``."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise SpoolError(f"The spool {folder} cannot be used: {problem.strerror}. Name another folder.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise SpoolError(f"Another process has the spool {folder}. Stop it first, or name another folder.") from None
    return file


def _nothing() -> None:
    pass
