"""Quarantine: a record that cannot be accepted, whole, with what is wrong and how to mend it (karantän)."""

from collections.abc import Sequence

from schemas.codec import Codec
from schemas.problems import Problem
from schemas.topics import QUARANTINE
from streams.core.intake import Peek
from streams.engine.outbox import Output
from streams.engine.records import Record, moment

#: The key of records whose origin is not proven.
UNPROVEN = b"unproven"


def quarantined(
    codec: Codec,
    record: Record,
    problems: Sequence[Problem],
    *,
    writer: str | None,
    peek: Peek | None = None,
    value: bytes | None = None,
) -> Output:
    """The quarantine record of a rejected one: everything it was, under the desk that published it.

    Shape: ``value`` takes the place of the record's own where that can be read by fewer.
    """
    body = {
        "problems": [
            {"code": p.code.value, "pointer": p.pointer, "remedy_sv": p.remedy_sv, "remedy_en": p.remedy_en}
            for p in problems
        ],
        "origin": writer,
        "event_id": peek.event_id if peek else None,
        "event_type": peek.event_type if peek else None,
        "at": moment(record.timestamp),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "headers": [{"name": name, "value": value or b""} for name, value in record.headers],
        "value": record.value or b"" if value is None else value,
    }
    key = writer.encode() if writer else UNPROVEN
    return Output(QUARANTINE, key, codec.encode("quarantined", body), record.timestamp)
