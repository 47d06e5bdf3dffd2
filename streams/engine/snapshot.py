"""A state's changelog once more on this machine's disk, read back many times as quickly (docs/adr/0016).

The changelog stays the truth. What is here was committed before it was written here; it is proven on opening by the
last record that it holds, and thrown away when anything is odd.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from aiokafka import TopicPartition

from streams.engine.frames import HEAD, PART, Changes, Frame, frame, frames
from streams.engine.state import State

#: Kafka keeps the mark of a deletion for a day (delete.retention.ms). What is older may hold entries whose deletion
#: nobody can read any more.
MOST_AGE_S: Final = 12 * 3600.0
#: A file is written anew when it has more changes than this many times the entries that are left, and these beside.
_MOST_CHANGES, _BESIDE = 2, 100_000
#: Loading gives the loop back after so many entries.
_YIELD_AFTER: Final = 10_000


class Last(NamedTuple):
    """The last change that a snapshot holds, and where it stands in the changelog."""

    offset: int
    key: bytes
    entry: bytes | None

    def is_in(self, record: Any) -> bool:
        """Whether a record of the changelog is this change at this place."""
        return self == (record.offset, record.key, record.value)


class _Rewriting(NamedTuple):
    """A process that writes the first ``size`` bytes anew."""

    process: "subprocess.Popen[bytes]"
    size: int
    target: Path


class Snapshot:
    """The changes of one changelog partition in a file, which one worker at a time has.

    Errors: every method raises ``OSError`` when the disk fails; on making it also when another worker has the file.
    """

    #: One file of a worker is written anew at a time: each takes memory and a part of a core.
    _busy: ClassVar["subprocess.Popen[bytes] | None"] = None

    def __init__(self, folder: Path, changelog: TopicPartition) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f"{changelog.topic}-{changelog.partition}"
        self._lock = os.open(f"{self._path}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise
        for left in folder.glob(f"{self._path.name}.new-*"):
            left.unlink()
        self._rewriting: _Rewriting | None = None
        #: How many changes the file holds.
        self.changes = 0
        self._file, self._size = self._opened()

    async def load(self, state: State) -> Last | None:
        """Fill an empty state; returns the last change, for proof. None and an empty state when it is no use."""
        last: Frame | None = None
        unyielded = 0
        with self._path.open("rb") as file:
            for each in frames(file, self._size):
                state.restore_all(each.changes)
                self.changes += len(each.changes)
                last = each
                unyielded += len(each.changes)
                if unyielded > _YIELD_AFTER:
                    unyielded = 0
                    await asyncio.sleep(0)
        if last is None or last.offset == PART or time.time() - last.at_s > MOST_AGE_S:
            self.discard(state)
            return None
        os.truncate(self._path, last.ends)
        self._size = last.ends
        key, entry = next(reversed(last.changes.items()))
        return Last(last.offset, key, entry)

    def append(self, changes: Changes, offset: int, live: int) -> None:
        """Add changes that were committed. Shape: ``offset`` of the last one; ``live``, how many entries there are."""
        data = frame(changes, offset)
        if os.write(self._file, data) != len(data):
            raise OSError("the disk took only a part")
        self._size += len(data)
        self.changes += len(changes)
        if self._rewriting is not None:
            self._take_rewritten(live)
        elif self.changes > _MOST_CHANGES * live + _BESIDE:
            self._rewrite()

    def discard(self, state: State) -> None:
        """Begin anew with nothing, in the state too."""
        state.clear()
        os.close(self._file)
        self._path.unlink()
        self.changes = 0
        self._file, self._size = self._opened()

    def close(self) -> None:
        """Let the file go."""
        if self._rewriting is not None:
            self._rewriting.process.kill()
            self._rewriting.process.wait()
            Snapshot._busy = None
            self._rewriting = None
        os.close(self._file)
        os.close(self._lock)

    def _opened(self) -> tuple[int, int]:
        """The file to write to, and its size."""
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return file, os.fstat(file).st_size or os.write(file, HEAD)

    def _rewrite(self) -> None:
        """Let a process of low priority write the file anew, as far as it goes now; work goes on meanwhile."""
        if Snapshot._busy is not None:
            return
        target = Path(f"{self._path}.new-{os.getpid()}-{time.monotonic_ns()}")
        command = [sys.executable, "-m", "streams.engine.frames", str(self._path), str(self._size), str(target)]
        process = Snapshot._busy = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._rewriting = _Rewriting(process, self._size, target)

    def _take_rewritten(self, live: int) -> None:
        """When the process has ended, put what came meanwhile behind what it wrote, and go on in that file."""
        process, size, target = self._rewriting or (None, 0, self._path)
        if process is None or process.poll() is None:
            return
        Snapshot._busy = self._rewriting = None
        if process.returncode:
            raise OSError("the file could not be written anew")
        with self._path.open("rb") as old, target.open("ab") as new:
            old.seek(size)
            shutil.copyfileobj(old, new)
        target.rename(self._path)
        os.close(self._file)
        self._file, self._size = self._opened()
        self.changes = live
