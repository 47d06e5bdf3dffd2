"""A lane's state: what it remembers, in memory, with a compacted changelog written in the lane's transactions.

Faust tables cannot hold it: recovery of a transactional changelog never ends, because it counts commit markers as
missing records, and a table can only change inside a stream iteration (docs/adr/0003).
"""

import struct
from collections.abc import ItemsView, Iterator, Mapping
from typing import Any

_AT = struct.Struct(">q")
#: Stands for the log time of an entry that is kept without an end.
_ENDLESS = -1
#: The first byte of such an entry; no log time begins with it.
_ENDLESS_BYTE = 0xFF


class State:
    """Remembered values by key, oldest first, each with the log time of its last change.

    Units: ``at_ms`` is the record's log time in ms since 1970. Entries older than ``memory_ms`` before the newest
    log time leave the state, with a tombstone in the changelog: state is bounded by its window. Beside them stand a
    few that are kept until they are dropped: orders in force, and the pack that runs.
    """

    def __init__(self, memory_ms: int) -> None:
        self.memory_ms = memory_ms
        #: What the state's owner has worked out from the entries; made anew by whoever opens the lane.
        self.derived: Any = None
        self._entries: dict[bytes, bytes] = {}
        self._kept: dict[bytes, bytes] = {}
        self._changes: dict[bytes, bytes | None] = {}
        self._newest_ms = 0
        #: Bytes of all keys and values, once it was weighed.
        self.weight = 0
        self._unweighed = False

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._entries) + len(self._kept)

    def get(self, key: bytes) -> bytes | None:
        """What is remembered under this key."""
        entry = self._entries.get(key)
        return None if entry is None else entry[_AT.size :]

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every remembered value with its key, oldest first; those that are kept without an end left out."""
        return ((key, entry[_AT.size :]) for key, entry in self._entries.items())

    def put(self, key: bytes, value: bytes, at_ms: int) -> None:
        """Remember a value; the entry becomes the newest."""
        entry = _AT.pack(at_ms) + value
        former = self._entries.pop(key, None)
        self.weight += len(entry) + len(key) if former is None else len(entry) - len(former)
        self._changes.pop(key, None)  # the changelog has the order of the entries
        self._entries[key] = self._changes[key] = entry
        self._newest_ms = max(self._newest_ms, at_ms)

    def keep(self, key: bytes, value: bytes) -> None:
        """Remember a value until it is dropped; no key is both kept and put."""
        former = self._kept.pop(key, None)
        self.weight += len(value) + len(key) if former is None else len(value) - len(former)
        self._changes.pop(key, None)
        self._kept[key] = value
        self._changes[key] = _AT.pack(_ENDLESS) + value

    def kept(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """What is kept under keys that begin so, in the order in which it was kept."""
        return [(key, value) for key, value in self._kept.items() if key.startswith(prefix)]

    def drop(self, key: bytes) -> None:
        """Forget an entry now, kept or not."""
        kept, entry = self._kept.pop(key, None), self._entries.pop(key, None)
        for former in (kept, entry):
            if former is not None:
                self.weight -= len(key) + len(former)
        if kept is not None or entry is not None:
            self._changes.pop(key, None)
            self._changes[key] = None

    def expire(self) -> int:
        """Forget what has left its window; returns how many entries left."""
        horizon = self._newest_ms - self.memory_ms
        expired = []
        for key, entry in self._entries.items():
            if _AT.unpack_from(entry)[0] >= horizon:
                break
            expired.append(key)
        for key in expired:
            self.weight -= len(key) + len(self._entries.pop(key))
            self._changes.pop(key, None)
            self._changes[key] = None
        return len(expired)

    def take_changes(self) -> ItemsView[bytes, bytes | None]:
        """The changes since the last call, for the changelog."""
        changes, self._changes = self._changes, {}
        return changes.items()

    def restore(self, key: bytes, entry: bytes | None) -> None:
        """Take one changelog record; they come in the order in which they were written."""
        self.restore_all({key: entry})

    def restore_all(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take changelog records, each key once, in the order in which they were written. It is what opening costs."""
        self._unweighed = True
        entries, kept, newest = self._entries, self._kept, _AT.pack(self._newest_ms)
        for key, entry in changes.items():
            if key in entries:
                del entries[key]
            elif kept:
                kept.pop(key, None)
            if entry is None:
                continue
            if entry[0] == _ENDLESS_BYTE:
                kept[key] = entry[_AT.size :]
            else:
                entries[key] = entry
                if entry > newest:  # noqa: PLR1730 - a call costs a third of it all; bytes compare as log times do
                    newest = entry
        self._newest_ms = _AT.unpack_from(newest)[0]

    def weigh(self) -> None:
        """Work out the weight of what was restored: once at the end, for a sum each time would double what it costs."""
        if not self._unweighed:
            return
        self._unweighed = False
        held = (self._entries, self._kept)
        self.weight = sum(sum(map(len, part)) + sum(map(len, part.values())) for part in held)

    def clear(self) -> None:
        """Forget everything, as if it had never been: what was restored was no use."""
        self._entries.clear()
        self._kept.clear()
        self._newest_ms = 0
        self.weight = 0
