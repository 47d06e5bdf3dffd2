"""Reading the life of the rule pack: every step on ``rules.packs``, in the one order in which they are judged."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from consumers.bus import TopicMissingError, administrator, committed_reader, moment_of, start_of, topics_of
from consumers.ledger import to_the_end
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.records import PackRecord
from schemas.topics import PACKS

#: Every step is judged in this partition; the rules agent brings there what was written to another.
JUDGED_IN: Final = 0
_FETCH_BYTES: Final = 4 * 1024 * 1024


async def pack_records(options: Mapping[str, Any], codec: Codec) -> list[tuple[PackRecord, datetime]]:
    """Every step with the moment at which the bus took it.

    Errors: ``BusUnreachableError``, ``TopicMissingError``. What is no pack record is passed over: it changes nothing.
    """
    async with administrator(options) as admin:
        places = (await topics_of(admin)).get(PACKS)
    if not places:
        raise TopicMissingError(PACKS)
    place = places[JUDGED_IN]
    found = []
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as consumer:
        async for record in to_the_end(consumer, place, await start_of(consumer, place)):
            step = _record(codec, record.value or b"")
            if step is not None:
                found.append((step, moment_of(record.timestamp)))
    return found


def _record(codec: Codec, value: bytes) -> PackRecord | None:
    try:
        decoded = codec.decode(value, limit=MAX_BUS_BYTES)
        return PackRecord.model_validate(decoded.value) if decoded.name == "pack_record" else None
    except (UndecodableError, ValidationError):
        return None
