"""Kafka's records as bytes and back: offset, time, key, value, headers, each exactly as it was read."""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

#: Offset, timestamp in ms, length of key and of value (-1: none), number of headers.
_RECORD: Final = struct.Struct(">qqiiH")
_NAME: Final = struct.Struct(">Hi")
_NONE: Final = -1


class Record(NamedTuple):
    """One record of a partition. ``time`` is its timestamp in milliseconds."""

    offset: int
    time: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def pack(records: Iterable[Record]) -> bytes:
    """Records as bytes, one behind the other."""
    parts: list[bytes] = []
    for each in records:
        key, value = each.key, each.value
        parts += [_RECORD.pack(each.offset, each.time, _length(key), _length(value), len(each.headers))]
        parts += [key or b"", value or b""]
        for name, held in each.headers:
            told = name.encode()
            parts += [_NAME.pack(len(told), _length(held)), told, held or b""]
    return b"".join(parts)


def unpack(data: bytes) -> Iterator[Record]:
    """The records that were packed."""
    at = 0

    def taken(length: int) -> bytes | None:
        nonlocal at
        if length == _NONE:
            return None
        at += length
        return data[at - length : at]

    while at < len(data):
        offset, time, key_length, value_length, count = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        key, value = taken(key_length), taken(value_length)
        headers = []
        for _ in range(count):
            name_length, held_length = _NAME.unpack_from(data, at)
            at += _NAME.size
            name = taken(name_length) or b""
            headers.append((name.decode(), taken(held_length)))
        yield Record(offset, time, key, value, tuple(headers))


def _length(data: bytes | None) -> int:
    return _NONE if data is None else len(data)
