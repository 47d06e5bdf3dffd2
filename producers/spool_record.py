"""What a spool holds: one Kafka record, as it will be sent each time that it is sent, and how urgent it is."""

import struct
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas.envelope import Event

#: How urgent an event is for sending: danger to life first, then by its priority.
DANGER, LEAST_URGENT = 0, 5
#: What an event counts as that states no priority: routine.
_USUAL: Final = 4
_SIZE: Final = struct.Struct(">I")
_FORM: Final = b"\x01"


class SpoolRecord(NamedTuple):
    """One record for Kafka. Sent again after a crash it is the same to the byte, and the bus drops it as a retry."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    urgency: int = _USUAL

    def __repr__(self) -> str:
        """Its topic and size alone: what it says stands in no log and no traceback."""
        return f"SpoolRecord({self.topic}, {len(self.value)} bytes)"


def urgency_of(event: Event[Any] | Mapping[str, Any]) -> int:
    """How urgent a valid event is: 0 in danger to life, else its priority (1 to 5), routine when it states none."""
    if isinstance(event, Event):
        danger, priority = event.danger_to_life, event.priority
    else:
        danger, priority = bool(event.get("danger_to_life")), event.get("priority")
    return DANGER if danger else (priority or _USUAL)


def packed(record: SpoolRecord) -> bytes:
    """A record as bytes; its urgency stands in the segment's name."""
    parts = [record.topic.encode(), record.key, record.value]
    for name, value in record.headers:
        parts += [name.encode(), value]
    return _FORM + b"".join(_SIZE.pack(len(part)) + part for part in parts)


def unpacked(data: bytes, urgency: int) -> SpoolRecord:
    """A record from its bytes, which ``packed`` made: the cipher has proven it."""
    parts, start = [], len(_FORM)
    while start < len(data):
        (size,) = _SIZE.unpack_from(data, start)
        start += _SIZE.size
        parts.append(data[start : start + size])
        start += size
    topic, key, value, *rest = parts
    headers = tuple((name.decode(), value) for name, value in zip(rest[::2], rest[1::2], strict=True))
    return SpoolRecord(topic.decode(), key, value, headers, urgency)
