"""The chain of a lane's ledger lines: each line names its number and the hash of the line before it (hashkedja).

The hash is SHA-256 over what the header holds (hash before, lane, number), the key's length, the key and the value. A
line that is altered, taken out, moved or put in by somebody else does not fit its neighbours any more. What that
protects against, and what not: docs/adr/0011.
"""

import struct
from hashlib import sha256
from typing import Final, NamedTuple

#: Kafka header of a ledger line: hash before (32 bytes), lane (4), number (8), big-endian.
CHAIN_HEADER: Final = "sambus_chain"
#: What stands for the hash before a lane's first line.
NOTHING_BEFORE: Final = bytes(32)

_LINK: Final = struct.Struct(">32sIQ")
_length: Final = struct.Struct(">I").pack


class Link(NamedTuple):
    """Where a line stands: the hash of the line before it, its lane, and its number there, the first being 1."""

    before: bytes
    lane: int
    number: int


class Head(NamedTuple):
    """The end of a lane's chain: the number of its last line, 0 for none yet, and that line's hash."""

    number: int
    digest: bytes


NO_LINES: Final = Head(0, NOTHING_BEFORE)


#: The header of a line: the hash of the line before it, the lane, the line's number.
link_header: Final = _LINK.pack


def read_link(header: bytes) -> Link | None:
    """The link in a header; None when the header is none that the bus writes."""
    return Link(*_LINK.unpack(header)) if len(header) == _LINK.size else None


def digest(header: bytes, key: bytes, value: bytes) -> bytes:
    """The hash of a line: its header, key and value."""
    return sha256(header + _length(len(key)) + key + value).digest()


def write_head(head: Head) -> bytes:
    """A head as text, for topic ``ledger.heads``, for a screen, and for a paper in a safe: ``<number>:<hash>``."""
    return b"%d:%s" % (head.number, head.digest.hex().encode())


def read_head(text: bytes) -> Head | None:
    """A head from its text; None when it is none."""
    number, mark, hexed = text.partition(b":")
    if not (mark and number.isdigit() and len(number) <= len(str(2**64)) and len(hexed) == 2 * len(NOTHING_BEFORE)):
        return None
    try:
        return Head(int(number), bytes.fromhex(hexed.decode("ascii")))
    except ValueError:
        return None
