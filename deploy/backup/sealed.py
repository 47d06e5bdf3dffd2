"""A file of frames, encrypted when there is a key: written once from beginning to end, and read back or refused.

A frame is compressed, then encrypted under a key of the file's own, with its number in it and with whether it is the
last: a file that was cut, swapped or changed is told. The keys are those of a key file as a spool has them.
"""

import os
import secrets
import struct
from binascii import crc32
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import cramjam
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from producers.spool_keys import SpoolKeys, name_of

_MAGIC: Final = b"SAMBUSBK"
_VERSION: Final = 1
#: Magic, version, name of the key (zeros: not encrypted), salt.
_HEAD: Final = struct.Struct(">8sB8s16s")
#: Size of what follows, whether it is the last, and a checksum of its plain bytes.
_FRAME: Final = struct.Struct(">I?I")
_NO_KEY: Final = bytes(8)


class SealedError(ValueError):
    """A file that is not as it was written, or whose key is not here. The text names the file and no content."""


class SealedWriter:
    """Writes one new file, for its owner alone. ``digest`` is its SHA-256 when it is closed. Errors: ``OSError``."""

    def __init__(self, path: Path, keys: SpoolKeys | None) -> None:
        self.path = path
        self.bytes = 0
        key = keys.current if keys else None
        self._head = _HEAD.pack(_MAGIC, _VERSION, name_of(key) if key else _NO_KEY, secrets.token_bytes(16))
        self._cipher = _cipher(key, self._head)
        self._hash = sha256()
        self._number = 0
        self._held: bytes | None = None
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._put(self._head)

    def frame(self, data: bytes) -> None:
        """Write a frame."""
        if self._held is not None:
            self._write(self._held, last=False)
        self._held = data

    def close(self) -> str:
        """Write the last frame and wait until the disk has it; returns the file's digest in hex."""
        self._write(self._held or b"", last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hash.hexdigest()

    def _write(self, data: bytes, *, last: bool) -> None:
        packed = bytes(cramjam.zstd.compress(data))
        if self._cipher is not None:
            packed = self._cipher.encrypt(_nonce(self._number), packed, self._head + bytes([last]))
        self._put(_FRAME.pack(len(packed), last, crc32(data)) + packed)
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.bytes += len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def frames(path: Path, keys: SpoolKeys | None) -> Iterator[bytes]:
    """The frames of a file, in order. Errors: ``SealedError``, ``OSError``."""
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        cipher = _opened(path, head, keys)
        number, last = 0, False
        while not last:
            told = file.read(_FRAME.size)
            if len(told) < _FRAME.size:
                raise SealedError(f"{path.name} is cut off")
            size, last, check = _FRAME.unpack(told)
            yield _frame(path, file, (size, last, check, number), cipher, head)
            number += 1
        if file.read(1):
            raise SealedError(f"{path.name} goes on behind its end")


def digest_of(path: Path) -> str:
    """A file's SHA-256 in hex."""
    with path.open("rb") as file:
        found = sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _frame(path: Path, file: IO[bytes], told: tuple[int, bool, int, int], cipher: AESGCM | None, head: bytes) -> bytes:
    size, last, check, number = told
    packed = file.read(size)
    if len(packed) < size:
        raise SealedError(f"{path.name} is cut off")
    try:
        if cipher is not None:
            packed = cipher.decrypt(_nonce(number), packed, head + bytes([last]))
        data = bytes(cramjam.zstd.decompress(packed))
    except (InvalidTag, cramjam.DecompressionError) as problem:
        raise SealedError(f"{path.name} is not as it was written (frame {number})") from problem
    if crc32(data) != check:
        raise SealedError(f"{path.name} is not as it was written (frame {number})")
    return data


def _opened(path: Path, head: bytes, keys: SpoolKeys | None) -> AESGCM | None:
    if len(head) < _HEAD.size or not head.startswith(_MAGIC):
        raise SealedError(f"{path.name} is no file of a backup")
    _, version, name, _ = _HEAD.unpack(head)
    if version != _VERSION:
        raise SealedError(f"{path.name} was written by another version")
    if name == _NO_KEY:
        return None
    key = keys.find(name) if keys else None
    if key is None:
        raise SealedError(f"{path.name} needs the key {name.hex()}: name the file that has it with --key-file")
    return _cipher(key, head)


def _cipher(key: bytes | None, head: bytes) -> AESGCM | None:
    """Each file has a key of its own, so that numbers of frames may be its nonces."""
    if key is None:
        return None
    return AESGCM(HKDF(SHA256(), 32, salt=head, info=b"sambus backup file").derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
