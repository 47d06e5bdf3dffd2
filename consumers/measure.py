"""Measuring the bus from outside: what is unread, how old it is, how fast it comes, who works, what was refused."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

from consumers.audit import read_heads
from consumers.bus import administrator, answered, committed_reader, milliseconds, moment_of, topics_of
from consumers.health import LaneHead, Measured, PartitionLag, Worker, stage_of
from consumers.ledger import quarantined
from schemas.codec import Codec
from schemas.topics import HEADS, QUARANTINE

#: So many records of a partition are counted one by one; beyond, the difference of offsets is told as a bound.
COUNTED = 2_000
#: Counting stops after this, so that a status answer is quick also when a bus is far behind.
COUNT_SECONDS = 3.0
SETTLE_SECONDS = 5.0
_WAIT_MS = 100
_FETCH_BYTES = 256 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tail:
    """The committed records between two offsets of a partition. When not ``exact``, ``records`` is an upper bound."""

    records: int
    exact: bool
    first: datetime | None


async def measure(options: Mapping[str, Any], group: str, expected: Collection[str], codec: Codec) -> Measured:
    """One measurement of the whole bus.

    Shape: connection options, the streams' group and the topic names that should be there in.
    Units: lag in records and, by the records' time, seconds; rates over the last minute; quarantine over the last hour.
    Errors: ``BusUnreachableError`` when the brokers do not answer.
    """
    now = datetime.now(UTC)
    async with (
        administrator(options) as admin,
        committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader,
        committed_reader(options, isolation_level="read_uncommitted") as watcher,
    ):
        there = await topics_of(admin)
        sources = [place for topic, places in there.items() if stage_of(topic) for place in places]
        state, workers = await _members(admin, group)
        lags = await _lags(reader, watcher, sources, await _committed(admin, group))
        return Measured(
            at=now,
            lags=lags,
            last_minute=await _last_minute(reader, sources, now),
            workers=workers,
            group_state=state,
            quarantined=await _quarantined(reader, there.get(QUARANTINE, ()), now, codec),
            missing_topics=sorted(set(expected) - set(there)),
            heads=await _heads(reader, there.get(HEADS, ())),
        )


async def _heads(reader: AIOKafkaConsumer, places: Collection[TopicPartition]) -> list[LaneHead]:
    heads = await read_heads(reader, places)
    return [LaneHead(lane, head.number, head.digest.hex()) for lane, head in heads.items()]


async def _members(admin: AIOKafkaAdminClient, group: str) -> tuple[str, list[Worker]]:
    """The group's state and members. One group a question: aiokafka reads an answer about two wrongly (0.14)."""
    (described,) = await _settled(lambda: admin.describe_consumer_groups([group]))
    (_, _, state, _, _, members, *_) = described.groups[0]
    return str(state), sorted(
        (Worker(str(m[0]), str(m[2]).lstrip("/")) for m in members), key=lambda worker: worker.name
    )


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    offsets = await _settled(lambda: admin.list_consumer_group_offsets(group))
    return {partition: int(at.offset) for partition, at in offsets.items() if at.offset >= 0}


async def _settled(ask: Callable[[], Awaitable[T]]) -> T:
    """An answer about a group; a cluster that has just started needs a moment to say who keeps its offsets."""
    stop = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            return await answered(ask())
        except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError):
            if time.monotonic() > stop:
                raise
            await asyncio.sleep(0.1)


async def _lags(
    reader: AIOKafkaConsumer,
    watcher: AIOKafkaConsumer,
    sources: Collection[TopicPartition],
    committed: Mapping[TopicPartition, int],
) -> list[PartitionLag]:
    """What each source partition still holds.

    A commit marker takes an offset, so "end minus committed" never reaches zero on a transactional topic. What
    counts is whether a ``read_committed`` reader would still meet a record: so the tail is read.
    """
    if not sources:
        return []
    starts = await answered(reader.beginning_offsets(list(sources)))
    stable = await answered(reader.end_offsets(list(sources)))
    begin = {place: max(committed.get(place, 0), starts[place]) for place in sources}
    tails = await tails_of(reader, begin, stable)
    open_since = await _open_since(watcher, stable)
    return [
        PartitionLag(
            place.topic,
            place.partition,
            unread=tails[place].records,
            exact=tails[place].exact,
            oldest=tails[place].first,
            open_since=open_since.get(place),
        )
        for place in sources
    ]


async def tails_of(
    consumer: AIOKafkaConsumer, begin: Mapping[TopicPartition, int], end: Mapping[TopicPartition, int]
) -> dict[TopicPartition, Tail]:
    """Count the committed records from ``begin`` to ``end``, as far as the bounds on records and time allow."""
    counts: Counter[TopicPartition] = Counter()
    firsts: dict[TopicPartition, datetime] = {}
    waiting = {place for place, offset in begin.items() if offset < end[place]}
    reached_offset = dict(begin)
    _read_from(consumer, {place: begin[place] for place in waiting})
    stop = time.monotonic() + COUNT_SECONDS
    while waiting and time.monotonic() < stop:
        fetched = await consumer.getmany(*waiting, timeout_ms=_WAIT_MS, max_records=COUNTED)
        for place, records in fetched.items():
            seen = [record for record in records if record.offset < end[place]]
            counts[place] += len(seen)
            if seen:
                firsts.setdefault(place, moment_of(seen[0].timestamp))
        for place in tuple(waiting):
            reached_offset[place] = await consumer.position(place)
            if reached_offset[place] >= end[place] or counts[place] >= COUNTED:
                waiting.discard(place)
                consumer.pause(place)
    left = {place: max(0, end[place] - reached_offset[place]) for place in begin}
    return {place: Tail(counts[place] + left[place], left[place] == 0, firsts.get(place)) for place in begin}


def _read_from(consumer: AIOKafkaConsumer, begin: Mapping[TopicPartition, int]) -> None:
    if begin:
        consumer.assign(list(begin))
    for place, offset in begin.items():
        consumer.seek(place, offset)


async def _open_since(
    watcher: AIOKafkaConsumer, stable: Mapping[TopicPartition, int]
) -> dict[TopicPartition, datetime]:
    """When the oldest unfinished transaction on each partition wrote its first record there."""
    high = await answered(watcher.end_offsets(list(stable)))
    held = {place: offset for place, offset in stable.items() if high[place] > offset}
    tails = await tails_of(watcher, held, {place: offset + 1 for place, offset in held.items()})
    return {place: tail.first for place, tail in tails.items() if tail.first is not None}


async def _last_minute(reader: AIOKafkaConsumer, sources: Collection[TopicPartition], now: datetime) -> dict[str, int]:
    """Records of the last minute by topic."""
    if not sources:
        return {}
    begin, end = await _since(reader, sources, now - timedelta(minutes=1))
    tails = await tails_of(reader, begin, end)
    counted: Counter[str] = Counter()
    for place, tail in tails.items():
        counted[place.topic] += tail.records
    return dict(counted)


async def _since(
    reader: AIOKafkaConsumer, places: Collection[TopicPartition], moment: datetime
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """For each partition, the first offset at or after a moment, and the end."""
    end, found = await asyncio.gather(
        answered(reader.end_offsets(list(places))),
        answered(reader.offsets_for_times(dict.fromkeys(places, milliseconds(moment)))),
    )
    begin = {place: (at.offset if (at := found.get(place)) is not None else end[place]) for place in places}
    return begin, dict(end)


async def _quarantined(
    reader: AIOKafkaConsumer, places: Collection[TopicPartition], now: datetime, codec: Codec
) -> dict[str, int]:
    """Records quarantined in the last hour, by their first reject code. Codes only, never what they hold."""
    if not places:
        return {}
    begin, end = await _since(reader, places, now - timedelta(hours=1))
    codes: Counter[str] = Counter()
    waiting = {place for place in places if begin[place] < end[place]}
    _read_from(reader, {place: begin[place] for place in waiting})
    stop = time.monotonic() + COUNT_SECONDS
    while waiting and time.monotonic() < stop:
        fetched = await reader.getmany(*waiting, timeout_ms=_WAIT_MS, max_records=COUNTED)
        for record in (record for records in fetched.values() for record in records):
            entry = quarantined(codec, record.value or b"")
            codes[entry.problems[0].code if entry is not None else "UNREADABLE"] += 1
        for place in tuple(waiting):
            if await reader.position(place) >= end[place]:
                waiting.discard(place)
    return dict(codes)
