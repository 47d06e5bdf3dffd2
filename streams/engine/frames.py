"""Changes of a state as bytes in a file: frames that are whole or not there."""

import marshal
import os
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

#: Values of changed entries, None for one that is gone, in the order in which they changed last.
Changes = dict[bytes, bytes | None]
#: Stands for the place in the changelog of a frame that is only a part: what comes behind it makes it whole.
PART: Final = -1
#: marshal reads millions of entries in a second. It is Python's own form, so the file says which Python wrote it.
HEAD: Final = b"sambus state 1, python %d.%d\n" % sys.version_info[:2]
_FRAME: Final = struct.Struct(">IIqd")  # size, checksum, offset of the last change in the changelog, wall time
_PART_ENTRIES: Final = 20_000


class Frame(NamedTuple):
    """Some changes, in their order. ``offset`` is that of the last one's record. Units: seconds since 1970."""

    changes: Changes
    offset: int
    at_s: float
    ends: int


def frame(changes: Changes, offset: int, at_s: float | None = None) -> bytes:
    """A frame as bytes."""
    data = marshal.dumps(changes)
    return _FRAME.pack(len(data), zlib.crc32(data), offset, time.time() if at_s is None else at_s) + data


def frames(file: BinaryIO, size: int) -> Iterator[Frame]:
    """The frames of a file up to a size, as far as they are whole: what a crash tore is not read."""
    if file.read(len(HEAD)) != HEAD:
        return
    place = len(HEAD)
    while place + _FRAME.size <= size:
        length, checksum, offset, at_s = _FRAME.unpack(file.read(_FRAME.size))
        place += _FRAME.size + length
        if place > size:
            return
        data = file.read(length)
        if zlib.crc32(data) != checksum:
            return
        value = marshal.loads(data)  # noqa: S302 - only this worker's user can write it  # nosec B302
        yield Frame(value, offset, at_s, place)


def rewrite(source: str, size: int, target: str) -> None:
    """Write anew what the frames up to a size come to: each entry once, in the order of its last change.

    The last frame alone has a place in the changelog. It holds the last change, which proves that the place is right.
    """
    entries: Changes = {}
    last: Frame | None = None
    with open(source, "rb") as file:  # noqa: PTH123 - a process that imports nothing more than it needs
        for last in frames(file, size):
            for key, entry in last.changes.items():
                entries.pop(key, None)
                entries[key] = entry
    if last is None or last.offset == PART:
        raise ValueError("nothing whole to write anew")
    key, entry = entries.popitem()
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:  # noqa: PTH123
        out.write(HEAD)
        part: Changes = {}
        for each, value in entries.items():
            if value is not None:
                part[each] = value
            if len(part) == _PART_ENTRIES:
                out.write(frame(part, PART))
                part = {}
        out.write(frame(part, PART))
        out.write(frame({key: entry}, last.offset, last.at_s))
        out.flush()
        os.fsync(out.fileno())


if __name__ == "__main__":
    os.nice(10)
    rewrite(sys.argv[1], int(sys.argv[2]), sys.argv[3])
