"""Reading whole records of quarantine by their places: few at a time, for somebody to see or to send again."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.bus import answered, committed_reader
from consumers.ledger import quarantined
from consumers.quarantine import Entry, Place
from schemas.codec import Codec
from schemas.topics import QUARANTINE

_WAIT_MS: Final = 250
#: Records that lie further apart than this are sought, not read through.
_FAR: Final = 500


async def fetched(options: Mapping[str, Any], places: Iterable[Place], codec: Codec) -> dict[Place, Entry]:
    """The records at these places, whole; without those that are not kept any longer.

    Errors: ``BusUnreachableError``.
    """
    wanted: defaultdict[int, list[int]] = defaultdict(list)
    for place in sorted(places):
        wanted[place.partition].append(place.offset)
    found: dict[Place, Entry] = {}
    async with committed_reader(options, max_partition_fetch_bytes=4 * 1024 * 1024) as reader:
        for partition, offsets in wanted.items():
            async for offset, value in _values(reader, TopicPartition(QUARANTINE, partition), offsets):
                record = quarantined(codec, value)
                if record is not None:
                    found[Place(partition, offset)] = Entry(Place(partition, offset), record)
    return found


async def _values(
    reader: AIOKafkaConsumer, place: TopicPartition, offsets: list[int]
) -> AsyncIterator[tuple[int, bytes]]:
    """The values at these offsets of a partition, in order."""
    reader.assign([place])
    begin = (await answered(reader.beginning_offsets([place])))[place]
    end = (await answered(reader.end_offsets([place])))[place]
    left = [offset for offset in offsets if begin <= offset < end]
    position = -_FAR
    while left:
        if left[0] < position or left[0] > position + _FAR:
            reader.seek(place, left[0])
        for record in (await reader.getmany(place, timeout_ms=_WAIT_MS)).get(place, ()):
            while left and left[0] < record.offset:
                left.pop(0)  # no record stands there
            if left and left[0] == record.offset:
                left.pop(0)
                yield record.offset, record.value or b""
        position = await reader.position(place)
        while left and left[0] < position:
            left.pop(0)
