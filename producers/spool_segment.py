"""One file of a spool: encrypted frames, each written whole or not at all, and marks of those that are confirmed.

A segment is written by one process from its first frame to its last, and never opened for writing again, so a number
is never used twice under its key. What a crash leaves at its end is no frame, and was never said to be taken.
"""

import contextlib
import os
import secrets
import struct
from array import array
from binascii import crc32
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from producers.spool_keys import SpoolKeys, name_of

SUFFIX: Final = ".spool"
DONE: Final = ".done"
DAMAGED: Final = ".damaged"

_MAGIC: Final = b"SAMBUSSP"
_VERSION: Final = 1
#: Magic, version, name of the key, salt; then their checksum.
_HEAD: Final = struct.Struct(">8sB8s16s")
_CHECK: Final = struct.Struct(">I")
_HEAD_BYTES: Final = _HEAD.size + _CHECK.size
#: Size of what follows, and a checksum of frame number and size: so that a torn end is told from damage.
_FRAME: Final = struct.Struct(">II")
_NUMBER: Final = struct.Struct(">I")
_TAG_BYTES: Final = 16


class DamagedError(ValueError):
    """A frame, or the file from here on, that is not as it was written. Its file is kept."""


class LockedError(ValueError):
    """A segment under a key that is not here; ``key`` is the name of the key. Its file is kept."""

    def __init__(self, key: str) -> None:
        super().__init__(f"needs the key {key}")
        self.key = key


class Segment:
    """A segment's frames by number, in the order in which they were put.

    Shape: ``urgency`` and ``number`` stand in its name; ``torn`` are the bytes of a write that never ended; ``broken``
    tells that something in it cannot be read, so that the file stays when all else is confirmed.
    Errors: ``OSError`` of the disk.
    """

    def __init__(self, path: Path, head: bytes, key: bytes) -> None:
        self.path = path
        self.urgency, self.number = numbers_in(path)
        self.broken = False
        self.torn = 0
        self.writable = False
        #: Whether it is being written to: then it cannot leave.
        self.busy = False
        self._head = head
        self._cipher = _cipher(key, head)
        self._ends = array("Q", [_HEAD_BYTES])  # where the head ends, then each frame
        self._done: set[int] = set()
        self._waiting: list[int] = []  # given back, to be taken again, the oldest last
        self._cursor = 0
        self._file: int | None = None
        self._marks: int | None = None

    @classmethod
    def create(cls, folder: Path, urgency: int, number: int, keys: SpoolKeys) -> Self:
        """A new segment, under the key in use. It counts once its first frames do."""
        before = _HEAD.pack(_MAGIC, _VERSION, name_of(keys.current), secrets.token_bytes(16))
        head = before + _CHECK.pack(crc32(before))
        made = cls(folder / f"{urgency}-{number:012}{SUFFIX}", head, keys.current)
        made._file = os.open(made.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        made.writable = True
        try:
            _write(made._file, head)
            _sync_folder(folder)
        except OSError:
            made.abandon()
            raise
        return made

    @classmethod
    def load(cls, path: Path, keys: SpoolKeys) -> Self:
        """A segment that another process wrote, with what is confirmed of it by now.

        Errors: ``LockedError``, ``DamagedError`` when not even its head can be read.
        """
        data = path.read_bytes()
        head = data[:_HEAD_BYTES]
        if len(head) < _HEAD_BYTES or _CHECK.pack(crc32(head[: _HEAD.size])) != head[_HEAD.size :]:
            raise DamagedError("the head is not as it was written")
        magic, version, key_name, _ = _HEAD.unpack_from(head)
        if magic != _MAGIC or version != _VERSION:
            raise DamagedError("written by another version")
        key = keys.find(key_name)
        if key is None:
            raise LockedError(key_name.hex())
        found = cls(path, head, key)
        found._index(data)
        found._read_marks()
        return found

    def __len__(self) -> int:
        """How many of its frames are not confirmed."""
        return self._count - len(self._done)

    @property
    def end(self) -> int:
        """Its size on the disk."""
        return self._ends[-1]

    @property
    def waits(self) -> bool:
        """Whether there is a frame to take."""
        return bool(self._waiting) or self._cursor < self._count

    def append(self, payloads: Sequence[bytes]) -> range:
        """Write frames and wait until the disk has them; returns their numbers.

        Errors: ``OSError``; none of them counts then, and nothing more may be written to this segment.
        """
        first, file = self._count, self._opened()
        ends, parts, end = array("Q"), [], self.end
        for number, payload in enumerate(payloads, first):
            sealed = self._cipher.encrypt(_nonce(number), payload, self._head)
            parts += [_frame_head(number, len(sealed)), sealed]
            end += _FRAME.size + len(sealed)
            ends.append(end)
        try:
            _write(file, b"".join(parts))
            os.fsync(file)
        except OSError:
            self.writable = False
            with contextlib.suppress(OSError):
                os.ftruncate(file, self.end)
            raise
        self._ends.extend(ends)
        return range(first, first + len(payloads))

    def take(self) -> int | None:
        """The oldest frame that is not taken or confirmed, now taken."""
        if self._waiting:
            return self._waiting.pop()
        while self._cursor < self._count:
            number = self._cursor
            self._cursor += 1
            if number not in self._done:
                return number
        return None

    def give_back(self, numbers: Iterable[int]) -> None:
        """Let frames be taken again, as they were not confirmed."""
        self._waiting = sorted({*self._waiting, *numbers} - self._done, reverse=True)

    def read(self, number: int) -> bytes:
        """What was put as this frame. Errors: ``DamagedError``; it counts as done then, and the file will be kept."""
        start = self._ends[number] + _FRAME.size
        try:
            sealed = os.pread(self._opened(), self._ends[number + 1] - start, start)
            return self._cipher.decrypt(_nonce(number), sealed, self._head)
        except (InvalidTag, OSError):
            self.broken = True
            self._done.add(number)
        raise DamagedError("a frame is not as it was written")

    def confirm(self, numbers: Iterable[int]) -> None:
        """Remember that frames have arrived. The mark is not forced to the disk: lost, it costs a retry.

        Errors: none; a mark that the disk does not take is lost in the same way.
        """
        news = [number for number in numbers if number not in self._done]
        self._done.update(news)
        if not news:
            return
        with contextlib.suppress(OSError):
            if self._marks is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._marks = os.open(self.path.with_suffix(DONE), flags, 0o600)
            _write(self._marks, b"".join(map(self._mark, news)))

    def remove(self) -> None:
        """Take the file away, as all of it has arrived; one that is broken is put aside under another name."""
        self.close()
        if self.broken:
            self.path.replace(self.path.with_suffix(DAMAGED))
        else:
            self.path.unlink(missing_ok=True)
        self.path.with_suffix(DONE).unlink(missing_ok=True)

    def abandon(self) -> None:
        """Take away a segment that never held a frame."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files."""
        self.writable = False
        for file in (self._file, self._marks):
            if file is not None:
                os.close(file)
        self._file = self._marks = None

    @property
    def _count(self) -> int:
        return len(self._ends) - 1

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        return self._file

    def _index(self, data: bytes) -> None:
        """Find the frames. What is left at the end is a write that never ended, unless a frame's head is damaged."""
        while len(data) - self.end >= _FRAME.size:
            size, _ = _FRAME.unpack_from(data, self.end)
            if data[self.end : self.end + _FRAME.size] != _frame_head(self._count, size):
                self.broken = True
                return
            if len(data) - self.end - _FRAME.size < size:
                break
            self._ends.append(self.end + _FRAME.size + size)
        self.torn = len(data) - self.end

    def _read_marks(self) -> None:
        with contextlib.suppress(OSError):
            data = self.path.with_suffix(DONE).read_bytes()
            for start in range(0, len(data) - _FRAME.size + 1, _FRAME.size):
                (number,) = _NUMBER.unpack_from(data, start)
                if data[start : start + _FRAME.size] == self._mark(number) and number < self._count:
                    self._done.add(number)

    def _mark(self, number: int) -> bytes:
        """The mark of a frame of this very segment: no other's, and nothing torn, looks like it."""
        told = _NUMBER.pack(number)
        return told + _CHECK.pack(crc32(self._head + told))


def numbers_in(path: Path) -> tuple[int, int]:
    """Urgency and number of a segment, from its name. Errors: ``ValueError`` for another file's name."""
    urgency, dash, number = path.stem.partition("-")
    if not dash or not (urgency + number).isascii() or not (urgency + number).isdigit():
        raise ValueError("the name of no segment")
    return int(urgency), int(number)


def sealed_size(payload: bytes) -> int:
    """How many bytes a frame takes on the disk."""
    return _FRAME.size + len(payload) + _TAG_BYTES


def _frame_head(number: int, size: int) -> bytes:
    told = _NUMBER.pack(size)
    return told + _CHECK.pack(crc32(_NUMBER.pack(number) + told))


def _cipher(key: bytes, head: bytes) -> AESGCM:
    """The cipher of one segment: its key is derived from its head, so that numbers alone make nonces unique."""
    derived = HKDF(SHA256(), length=32, salt=head, info=b"sambus spool segment").derive(key)
    return AESGCM(derived)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _write(file: int, data: bytes) -> None:
    """Write all of it: a disk that is nearly full takes a part, and refuses the rest."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
