"""Keyed digests: what must be compared and never read, and cursors that nobody can make up.

A personal number has so few digits that a plain hash of it can be tried out; with a key it cannot (domain event
catalogue, section 5.4). The key is the archive's own, in a file beside it that only its process may read.
"""

import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
_SEAL_BYTES: Final = 16


class Digests:
    """Digests under one key, each kind in a space of its own."""

    def __init__(self, key: bytes) -> None:
        """Errors: ``ValueError`` for a key that is too short to keep anything."""
        if len(key) < KEY_BYTES:
            raise ValueError(f"the archive's key has {KEY_BYTES} bytes")
        self._key = key

    def person(self, ref: str) -> bytes:
        """The digest by which a person is found."""
        return self._digest("person", ref)[:_SEAL_BYTES]

    def matter(self, case: str) -> bytes:
        """The digest of a case."""
        return self._digest("matter", case)[:_SEAL_BYTES]

    def terms(self, told: str) -> str:
        """What the log of readings holds of the words that were searched for."""
        return self._digest("terms", told).hex()

    def sealed(self, kind: str, bound_to: str, value: int) -> str:
        """A number as a token that holds only for what it is bound to."""
        told = value.to_bytes(8, "big")
        seal = self._digest(kind, f"{bound_to}\0{value}")[:_SEAL_BYTES]
        return urlsafe_b64encode(told + seal).decode().rstrip("=")

    def opened(self, kind: str, bound_to: str, token: str) -> int | None:
        """The number in a token; None for one that was made up, changed, or made for something else."""
        try:
            data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        value = int.from_bytes(data[:8], "big")
        right = self._digest(kind, f"{bound_to}\0{value}")[:_SEAL_BYTES]
        return value if hmac.compare_digest(data[8:], right) else None

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.new(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), sha256).digest()


def key_file(path: Path) -> bytes:
    """The key in a file; a new one when there is none. Only its owner may read it.

    Errors: ``OSError`` when the file cannot be read or made, ``ValueError`` when it holds no key.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    return _read(path)


def _read(path: Path) -> bytes:
    text = path.read_text("ascii").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise ValueError(f"{path} holds no key of the archive")
    return key
