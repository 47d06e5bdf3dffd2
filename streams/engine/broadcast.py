"""What every lane must meet at one offset each: written to all partitions of ``events.accepted`` (docs/adr/0010)."""

from typing import Final

from schemas.codec import ORIGIN_HEADER
from schemas.topics import ACCEPTED, FLASH_ACCEPTED
from streams.engine.memory import LaneMemory
from streams.engine.outbox import Header, Outbox, Output
from streams.engine.records import (
    FOUND_HEADER,
    FROM_HEADER,
    INQUIRY_HEADER,
    KNOWN_HEADER,
    ORDER_HEADER,
    PACK_HEADER,
    RESTRAINT_HEADER,
    Record,
)

_KINDS: Final = frozenset({ORDER_HEADER, RESTRAINT_HEADER, PACK_HEADER, INQUIRY_HEADER, KNOWN_HEADER, FOUND_HEADER})
_CARRIED: Final = frozenset({ORIGIN_HEADER, FROM_HEADER})


def kind_of(record: Record) -> str | None:
    """What a record tells lanes, by its first header; None for an event."""
    headers = record.headers
    return headers[0][0] if headers and headers[0][0] in _KINDS else None


def send_order(record: Record, value: bytes, out: Outbox) -> None:
    """Send an assessed order to every lane. Shape: the record that it was accepted as, and its bytes as assessed."""
    _send(
        ORDER_HEADER, record.key or b"", value, record.timestamp, out, [h for h in record.headers if h[0] in _CARRIED]
    )


def send_bounds(memory: LaneMemory, at_ms: int, out: Outbox) -> None:
    """Send what binds whatever is built on the events just shared: one record, not one an event.

    On the flash lane too: what is built on an event may overtake, and must not overtake what binds it. A lane that
    takes the same bounds twice knows what it knew.
    """
    for value in memory.take_bounds():
        _send(RESTRAINT_HEADER, b"bounds", value, at_ms, out)
        out.add_everywhere(Output(FLASH_ACCEPTED, b"bounds", value, at_ms, [(RESTRAINT_HEADER, b"1")]))


def send_inquiries(memory: LaneMemory, at_ms: int, out: Outbox) -> None:
    """Send the questions of this lane to every lane, and its answers to the lanes that asked.

    Bounds must be sent before: who hears of an event has met what binds whatever is built on it.
    """
    for value in memory.inquiries.take_questions():
        _send(INQUIRY_HEADER, b"inquiry", value, at_ms, out)
    for home, value in memory.inquiries.take_answers():
        out.add(Output(ACCEPTED, b"known", value, at_ms, [(KNOWN_HEADER, b"1")], home))


def send_pack(value: bytes, at_ms: int, out: Outbox) -> None:
    """Send the record of the pack that decides from here on."""
    _send(PACK_HEADER, b"pack", value, at_ms, out)


def _send(kind: str, key: bytes, value: bytes, at_ms: int, out: Outbox, headers: list[Header] | None = None) -> None:
    out.add_everywhere(Output(ACCEPTED, key, value, at_ms, [(kind, b"1"), *(headers or ())]))
