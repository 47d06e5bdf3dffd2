"""An entry of the index as bytes: when it leaves, whose it is, its blocks here, its partners, and its sighting."""

import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from streams.core.link.form import BLOCK_BYTES, ID_BYTES, Sighting, event_id_of

#: when it leaves, how many blocks, partners, and bytes of the group follow
_HEAD: Final = struct.Struct(">qHHB")
GROUP_BYTES: Final = 8
OPEN: Final = b""


class Entry(NamedTuple):
    """What an index keeps of one matter.

    Shape: ``group`` is that of the desk whose hidden matter it is, empty for an open one; ``blocks`` are those that
    lie in this lane; ``data`` the bytes of its sighting. Units: ``due_ms`` is log time, ms since 1970.
    """

    due_ms: int
    group: bytes
    blocks: tuple[bytes, ...]
    partners: tuple[bytes, ...]
    data: bytes


def pack(due_ms: int, group: bytes, blocks: Sequence[bytes], partners: Sequence[bytes], data: bytes) -> bytes:
    """The entry as bytes."""
    return b"".join((_HEAD.pack(due_ms, len(blocks), len(partners), len(group)), group, *blocks, *partners, data))


def unpack(entry: bytes) -> Entry:
    """The entry of bytes."""
    due_ms, blocks, partners, group = _HEAD.unpack_from(entry)
    start = _HEAD.size + group
    middle = start + blocks * BLOCK_BYTES
    end = middle + partners * ID_BYTES
    return Entry(
        due_ms,
        entry[_HEAD.size : start],
        tuple(entry[at : at + BLOCK_BYTES] for at in range(start, middle, BLOCK_BYTES)),
        tuple(entry[at : at + ID_BYTES] for at in range(middle, end, ID_BYTES)),
        entry[end:],
    )


def event_in(entry: bytes) -> bytes:
    """The event id of an entry, without reading the rest."""
    _, blocks, partners, group = _HEAD.unpack_from(entry)
    return event_id_of(memoryview(entry)[_HEAD.size + group + blocks * BLOCK_BYTES + partners * ID_BYTES :])


def group_of(sighting: Sighting) -> bytes:
    """Among whose hidden matters one belongs: those of the desk that told it; ``OPEN`` for one that is not hidden."""
    return blake2b(sighting.origin.encode(), digest_size=GROUP_BYTES).digest() if sighting.hidden else OPEN
