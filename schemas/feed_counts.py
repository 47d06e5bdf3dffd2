"""The number of a delivery among all that its lane made for its desk: whoever reads them sees that none is missing.

It says nothing of others: a desk's numbers move with its own deliveries alone (docs/adr/0030).
"""

import struct
from typing import Final, NamedTuple

#: Kafka header of a delivery: lane (4 bytes), number (8), big-endian; the first of a lane is 1.
COUNT_HEADER: Final = "sambus_count"
#: Topics of deliveries begin so.
DELIVERY_TOPICS: Final = ("deliver.", "desk.", "alert.flash.")

_COUNT: Final = struct.Struct(">IQ")
#: The header of a delivery, from lane and number.
count_header: Final = _COUNT.pack


class Counted(NamedTuple):
    """Where a delivery stands: its lane, and its number there among those of its desk."""

    lane: int
    number: int


def read_count(header: bytes) -> Counted | None:
    """The number in a header; None for what is none."""
    return Counted(*_COUNT.unpack(header)) if len(header) == _COUNT.size else None


def count_key(lane: int, desk: bytes) -> bytes:
    """The key under which a lane keeps how many deliveries it has made for a desk."""
    return b"%d:%s" % (lane, desk)


def read_count_key(key: bytes) -> tuple[int, str] | None:
    """Lane and desk of such a key; None for what is none."""
    lane, colon, desk = key.partition(b":")
    return (int(lane), desk.decode("utf-8", "replace")) if colon and lane.isdigit() else None
