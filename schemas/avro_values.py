"""Single Avro values to bytes and back, each checked: what the generated code of ``schemas.avro_code`` calls."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from struct import Struct
from typing import Any, Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
_DOUBLE: Final = Struct("<d")
#: Wide enough that shifting a decimal point never rounds, whatever the thread's own context is.
EXACT: Final = Context(prec=200)
_VARINT_BYTES: Final = 10
_SEVEN, _MORE = 0x7F, 0x80


class MalformedError(ValueError):
    """Bytes that are no value of the schema. It says nothing of what they are."""


def write_long(value: int) -> bytes:
    """A long: zigzag, then seven bits a byte, least first. Small numbers and times in milliseconds take no loop."""
    if not _LONG_MIN <= value <= _LONG_MAX:
        raise OverflowError("an integer of more than 64 bits")
    n = (value << 1) ^ (value >> 63)
    if n < 1 << 7:
        return bytes((n,))
    if n < 1 << 14:
        return bytes((n & 127 | 128, n >> 7))
    if 1 << 35 <= n < 1 << 42:
        return bytes((n & 127 | 128, n >> 7 & 127 | 128, n >> 14 & 127 | 128, n >> 21 & 127 | 128,
                      n >> 28 & 127 | 128, n >> 35))  # fmt: skip
    out = bytearray()
    while n > _SEVEN:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def read_varint(data: bytes, place: int, first: int) -> tuple[int, int]:
    """The unsigned number whose first byte was read and goes on, and where it ends; ten bytes and 64 bits at most."""
    byte = data[place]
    if byte < _MORE:
        return first & 127 | byte << 7, place + 1
    number, shift = first & 127 | (byte & 127) << 7, 14
    for place_now in range(place + 1, place + _VARINT_BYTES - 1):
        byte = data[place_now]
        if byte < _MORE:
            number |= byte << shift
            if number >> 64:
                raise MalformedError
            return number, place_now + 1
        number |= (byte & 127) << shift
        shift += 7
    raise MalformedError


def read_count(data: bytes, place: int, first: int, end: int) -> tuple[int, int]:
    """The item count of an array's block. A negative one is followed by the block's length in bytes."""
    number = first
    if number > _SEVEN:
        number, place = read_varint(data, place, number)
    items = (number >> 1) ^ -(number & 1)
    if items < 0:
        items = -items
        size = data[place]
        place += 1
        if size > _SEVEN:
            size, place = read_varint(data, place, size)
    if items > end - place:
        raise MalformedError
    return items, place


def read_double(data: bytes, place: int, end: int) -> float:
    """Eight bytes, least first."""
    if place + 8 > end:
        raise MalformedError
    number: float = _DOUBLE.unpack_from(data, place)[0]
    return number


def read_date(days: int) -> date:
    """A day, counted from 1 January 1970; outside the years 1 to 9999 it is malformed."""
    return date.fromordinal(days + _EPOCH_ORDINAL)


def write_date(value: date) -> bytes:
    """A day, counted from 1 January 1970. A moment is no day: cutting its time off must be the caller's decision."""
    if isinstance(value, datetime):
        raise TypeError("a moment where a day is meant")
    return write_long(value.toordinal() - _EPOCH_ORDINAL)


def write_millis(value: datetime) -> bytes:
    """A moment in whole milliseconds since 1970 UTC; a naive one raises ``TypeError``."""
    since = value - EPOCH
    return write_long(since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000)


def decimal_limit(precision: int) -> tuple[int, int]:
    """The first number with too many digits, and how many bytes the largest allowed one takes."""
    limit: int = 10**precision
    return limit, limit.bit_length() // 8 + 1


def write_decimal(value: Decimal, limit: int, scale: int) -> bytes:
    """An exact decimal with its length; more digits than the schema holds are refused, never rounded away."""
    shifted = value.scaleb(scale, EXACT)
    unscaled = int(shifted)
    if unscaled != shifted or not -limit < unscaled < limit:
        raise OverflowError("a decimal with more digits than its field holds")
    size = (unscaled if unscaled >= 0 else unscaled + 1).bit_length() // 8 + 1
    return bytes((size + size,)) + unscaled.to_bytes(size, "big", signed=True)


#: What generated code may name.
NAMES_IN_CODE: Final[Mapping[str, Any]] = {
    "BOOLEAN": {False: b"\x00", True: b"\x01"},
    "BOOLEANS": (False, True),
    "EMPTY": (),
    "EPOCH": EPOCH,
    "MalformedError": MalformedError,
    "SHORT": tuple(write_long(length) for length in range(64)),
    "ZERO": b"\x00",
    "from_bytes": int.from_bytes,
    "shift": EXACT.multiply,
    "read_count": read_count,
    "read_date": read_date,
    "read_double": read_double,
    "read_varint": read_varint,
    "timedelta": timedelta,
    "write_date": write_date,
    "write_decimal": write_decimal,
    "write_double": _DOUBLE.pack,
    "write_long": write_long,
    "write_millis": write_millis,
}
