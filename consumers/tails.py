"""Tails of partitions: how many committed records stand between two offsets, and how old the first of them is."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.bus import answered, milliseconds, moment_of

#: So many records of a partition are counted one by one; beyond, the difference of offsets is told as a bound.
COUNTED = 2_000
#: Counting stops after this, so that a status answer is quick also when a bus is far behind.
COUNT_SECONDS = 3.0
_WAIT_MS = 100


@dataclass(frozen=True, slots=True)
class Tail:
    """The committed records between two offsets of a partition. When not ``exact``, ``records`` is an upper bound."""

    records: int
    exact: bool
    first: datetime | None


async def tails_of(
    consumer: AIOKafkaConsumer,
    begin: Mapping[TopicPartition, int],
    end: Mapping[TopicPartition, int],
    counted: int = COUNTED,
) -> dict[TopicPartition, Tail]:
    """Count the committed records from ``begin`` to ``end``, as far as the bounds on records and time allow.

    Of a partition with more offsets than are counted, the first records alone are read: how old they are is what
    counts, and how many they are is told as a bound anyhow.
    """
    counts: Counter[TopicPartition] = Counter()
    firsts: dict[TopicPartition, datetime] = {}
    waiting = {place for place, offset in begin.items() if offset < end[place]}
    long = {place for place in waiting if end[place] - begin[place] > counted}
    reached_offset = dict(begin)
    read_from(consumer, {place: begin[place] for place in waiting})
    stop = time.monotonic() + COUNT_SECONDS
    while waiting and time.monotonic() < stop:
        fetched = await consumer.getmany(*waiting, timeout_ms=_WAIT_MS, max_records=counted)
        for place, records in fetched.items():
            seen = [record for record in records if record.offset < end[place]]
            counts[place] += len(seen)
            if seen:
                firsts.setdefault(place, moment_of(seen[0].timestamp))
        for place in tuple(waiting):
            reached_offset[place] = await consumer.position(place)
            if reached_offset[place] >= end[place] or (place in long and place in firsts):
                waiting.discard(place)
                consumer.pause(place)
    left = {place: max(0, end[place] - reached_offset[place]) for place in begin}
    return {place: Tail(counts[place] + left[place], left[place] == 0, firsts.get(place)) for place in begin}


def read_from(consumer: AIOKafkaConsumer, begin: Mapping[TopicPartition, int]) -> None:
    """Stand at these offsets, and nowhere else."""
    if begin:
        consumer.assign(list(begin))
    for place, offset in begin.items():
        consumer.seek(place, offset)


async def since(
    reader: AIOKafkaConsumer, places: Collection[TopicPartition], moment: datetime
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """For each partition, the first offset at or after a moment, and the end."""
    end, found = await asyncio.gather(
        answered(reader.end_offsets(list(places))),
        answered(reader.offsets_for_times(dict.fromkeys(places, milliseconds(moment)))),
    )
    begin = {place: (at.offset if (at := found.get(place)) is not None else end[place]) for place in places}
    return begin, dict(end)
