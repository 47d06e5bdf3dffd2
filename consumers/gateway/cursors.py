"""Cursors: where a reader stands, signed, so that nobody can make one up or use another's. Values in, values out."""

import binascii
import hmac
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Bytes of a key, and at least so many of one that somebody else made.
KEY_BYTES: Final = 32
#: Characters of a cursor: no other length is looked at.
CURSOR_LENGTH: Final = 52

_VERSION: Final = 1
_PLACE: Final = struct.Struct(">BHQQ")  # version, partition, next offset, milliseconds since 1970
_MAC_BYTES: Final = 20
_PARTITIONS: Final = 2**16
_OFFSETS: Final = 2**63


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands on its desk's partition.

    Shape: ``next_offset`` is the first offset that it has not had. Of what was held back it has had what was due by
    ``seen_ms``. Units: milliseconds since 1970.
    """

    partition: int
    next_offset: int
    seen_ms: int


class Cursors:
    """Signs and reads the cursors of a gateway. The first key signs, all of them are believed: keys can be changed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Errors: ``ValueError`` without a key, or for one that is too short to keep anybody out."""
        if not keys or any(len(key) < KEY_BYTES for key in keys):
            raise ValueError(f"a key for cursors has at least {KEY_BYTES} bytes")
        self._keys = tuple(keys)

    def sealed(self, bound: bytes, place: Place) -> bytes:
        """A cursor, in characters that a URL and a header take.

        Shape: ``bound`` is what ``binding`` gave for the reader's desk and subscription.
        """
        body = _PLACE.pack(_VERSION, place.partition, place.next_offset, place.seen_ms)
        return urlsafe_b64encode(body + self._mac(self._keys[0], bound, body))

    def opened(self, bound: bytes, cursor: str) -> Place | None:
        """The place in a cursor; None, in the same time, for every one that was not made for just this reader."""
        raw = _decoded(cursor)
        body, mac = raw[: _PLACE.size], raw[_PLACE.size :]
        good = [hmac.compare_digest(mac, self._mac(key, bound, body)) for key in self._keys]
        version, partition, next_offset, seen_ms = _PLACE.unpack(body)
        return Place(partition, next_offset, seen_ms) if any(good) and version == _VERSION else None

    @staticmethod
    def _mac(key: bytes, bound: bytes, body: bytes) -> bytes:
        return hmac.digest(key, bound + body, "sha256")[:_MAC_BYTES]


def binding(desk: str, subscription_id: str, topic: str) -> bytes:
    """What a cursor is bound to. The lengths stand before the parts, so that no two readers share one."""
    parts = [part.encode() for part in (desk, subscription_id, topic)]
    return b"sambus.cursor" + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def fits(place: Place) -> bool:
    """Whether a place can stand in a cursor."""
    return 0 <= place.partition < _PARTITIONS and 0 <= place.next_offset < _OFFSETS and 0 <= place.seen_ms < _OFFSETS


def _decoded(cursor: str) -> bytes:
    """The bytes of a cursor; as many zeros for what is none, so that it fails where a wrong signature does."""
    nothing = bytes(_PLACE.size + _MAC_BYTES)
    if len(cursor) != CURSOR_LENGTH or not cursor.isascii():
        return nothing
    try:
        raw = urlsafe_b64decode(cursor)
    except (binascii.Error, ValueError):
        return nothing
    return raw if len(raw) == len(nothing) and urlsafe_b64encode(raw) == cursor.encode() else nothing


def new_key() -> bytes:
    """A key for cursors."""
    return secrets.token_bytes(KEY_BYTES)


def read_keys(path: Path) -> tuple[bytes, ...]:
    """The keys of a file, one in hex a line, the signing one first. Errors: ``ValueError`` without one, ``OSError``."""
    try:
        keys = tuple(bytes.fromhex(line) for line in path.read_text("ascii").split())
    except ValueError:
        raise ValueError(f"{path.name}: each line is a key in hex, at least {KEY_BYTES} bytes") from None
    Cursors(keys)
    return keys
