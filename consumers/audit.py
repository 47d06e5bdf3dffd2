"""Auditing the ledger: reads every line from the first to the last, and holds the chains against the lanes' heads."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.bus import TopicMissingError, administrator, answered, committed_reader, topics_of
from consumers.chain import Around, Break, Fault, Place, Walk
from schemas.chain import CHAIN_HEADER, Head, read_head
from schemas.topics import DECISIONS, HEADS

#: A commit reaches a transaction's partitions one after the other: so long a head may be ahead of its lines, or behind.
SETTLE_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.2
_WAIT_MS = 250
_BATCH = 5_000
_FETCH_BYTES = 1024 * 1024
#: Offsets from the end in which a lane's last head is looked for first.
_TAIL = 16

Places = Collection[TopicPartition]
Ends = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit found. ``heads`` are those that the lanes' chains were followed to."""

    lines: int
    heads: Mapping[int, Head]
    breaks: tuple[Break, ...]
    unlinked: int

    @property
    def sound(self) -> bool:
        """Whether the ledger holds what the lanes wrote and nothing else."""
        return not self.breaks


async def verify(
    options: Mapping[str, Any],
    kept: Collection[tuple[int, Head]] = (),
    told: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Read the whole ledger and tell the first broken place of each lane, and every line that no lane wrote.

    Shape: ``kept`` are heads that somebody wrote down before; ``told`` is called now and then with the lines read.
    Errors: ``BusUnreachableError``, ``TopicMissingError``.
    """
    ledger, heads_at = await _places(options)
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        start = await answered(reader.beginning_offsets(list(ledger)))
        before = await read_heads(reader, heads_at)
        walk = Walk([*kept, *before.items()])
        end, heads = await _walk(reader, walk, start, heads_at, told)
        suspects = walk.suspects(heads)
        breaks: list[Break] = []
        if suspects:
            around = Around(suspects)
            async for record in between(reader, start, end):
                around.take(*as_line(record))
            breaks = around.breaks(heads, walk.marks)
    strangers = [Break(Fault.ADDED, None, None, place) for place in sorted(walk.unlinked)]
    followed = {lane: found.head for lane, found in sorted(walk.lanes.items())}
    return Verdict(walk.lines, followed, (*breaks, *strangers), walk.unlinked_count)


async def _walk(
    reader: AIOKafkaConsumer, walk: Walk, start: Ends, heads_at: Places, told: Callable[[int], None]
) -> tuple[Ends, Mapping[int, Head]]:
    """Take every line into the walk, until it agrees with the heads or time shows that it never will."""
    done, end = start, await answered(reader.end_offsets(list(start)))
    stop: float | None = None
    while True:
        async for record in between(reader, done, end):
            walk.take(*as_line(record))
            if walk.lines % _BATCH == 0:
                told(walk.lines)
        done = end
        heads = await read_heads(reader, heads_at)
        stop = stop or time.monotonic() + SETTLE_SECONDS
        behind = walk.behind()
        if not (behind or walk.ahead(heads)) or time.monotonic() > stop:
            return end, heads
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        if behind:
            end = await answered(reader.end_offsets(list(start)))


async def heads_of(options: Mapping[str, Any]) -> dict[int, Head]:
    """The head of every lane's chain. Errors: ``BusUnreachableError``, ``TopicMissingError``."""
    _, heads_at = await _places(options)
    async with committed_reader(options) as reader:
        return await read_heads(reader, heads_at)


async def read_heads(reader: AIOKafkaConsumer, places: Places) -> dict[int, Head]:
    """The last committed head on each partition of the heads' topic; a partition without one has none."""
    if not places:
        return {}
    starts, ends = await asyncio.gather(
        answered(reader.beginning_offsets(list(places))), answered(reader.end_offsets(list(places)))
    )
    found: dict[int, Head] = {}
    left = {place for place in places if starts[place] < ends[place]}
    reach = _TAIL
    while left:
        begin = {place: max(starts[place], ends[place] - reach) for place in left}
        async for record in between(reader, begin, ends):
            head = read_head(record.value or b"")
            if head is not None:
                found[record.partition] = head
        left = {place for place in left if place.partition not in found and begin[place] > starts[place]}
        reach *= 2
    return dict(sorted(found.items()))


async def between(reader: AIOKafkaConsumer, begin: Ends, end: Ends) -> AsyncIterator[ConsumerRecord]:
    """The committed records between two offsets of several partitions, each partition's in order."""
    left = {place for place, offset in begin.items() if offset < end[place]}
    if not left:
        return
    reader.assign(list(left))
    for place in left:
        reader.seek(place, begin[place])
    while left:
        for place, records in (await reader.getmany(*left, timeout_ms=_WAIT_MS, max_records=_BATCH)).items():
            for record in records:
                if record.offset < end[place]:
                    yield record
        for place in tuple(left):
            if await reader.position(place) >= end[place]:
                left.discard(place)
                reader.pause(place)


async def _places(options: Mapping[str, Any]) -> tuple[Places, Places]:
    async with administrator(options) as admin:
        topics = await topics_of(admin)
    for topic in (DECISIONS, HEADS):
        if topic not in topics:
            raise TopicMissingError(topic)
    return topics[DECISIONS], topics[HEADS]


def as_line(record: ConsumerRecord) -> tuple[Place, bytes | None, bytes, bytes]:
    """A record as a chain takes it: its place, its link, key and value."""
    header = chain_header(record)
    return Place(record.partition, record.offset), header, record.key or b"", record.value or b""


def chain_header(record: ConsumerRecord) -> bytes | None:
    """The header that links a ledger line; None when there is none, or more than one."""
    found = [value for name, value in record.headers if name == CHAIN_HEADER]
    return found[0] if len(found) == 1 else None
