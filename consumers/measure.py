"""Measuring the bus from outside: what is unread, how old it is, how fast it comes, who works, what was refused."""

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from consumers.audit import read_heads
from consumers.bus import administrator, answered, committed_reader, settled, topics_of
from consumers.health import LaneHead, Measured, PartitionLag, Worker, stage_of
from consumers.tails import COUNTED, tails_of
from consumers.windows import Rates, Refused
from schemas.codec import Codec
from schemas.topics import HEADS, QUARANTINE

_FETCH_BYTES = 256 * 1024


async def measure(options: Mapping[str, Any], group: str, expected: Collection[str], codec: Codec) -> Measured:
    """One measurement of the whole bus.

    Shape: connection options, the streams' group and the topic names that should be there in.
    Units: lag in records and, by the records' time, seconds; rates over the last minute; quarantine over the last hour.
    Errors: ``BusUnreachableError`` when the brokers do not answer.
    """
    async with Meter(options, group, expected, codec) as meter:
        return await meter.measure()


class Meter:
    """Measures the bus again and again over the same connections; what it counted before it does not read again.

    Shape: as of ``measure``; ``counted`` records of a partition are counted one by one at most.
    Errors: ``BusUnreachableError`` on entering; later those of Kafka. After one it is to be made anew.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        group: str,
        expected: Collection[str],
        codec: Codec,
        counted: int = COUNTED,
    ) -> None:
        self._options, self._group, self._expected, self._counted = options, group, expected, counted
        self._refused = Refused(codec)
        self._rates = Rates()
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        enter = self._closing.enter_async_context
        try:
            self._admin = await enter(administrator(self._options))
            self._reader = await enter(committed_reader(self._options, max_partition_fetch_bytes=_FETCH_BYTES))
            self._watcher = await enter(committed_reader(self._options, isolation_level="read_uncommitted"))
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.__aexit__(kind, problem, trace)

    async def measure(self) -> Measured:
        """The bus as it is now."""
        now = datetime.now(UTC)
        there = await topics_of(self._admin)
        sources = [place for topic, places in there.items() if stage_of(topic) for place in places]
        state, workers, owners = await _members(self._admin, self._group)
        committed = await _committed(self._admin, self._group)
        lags = await _lags(self._reader, self._watcher, sources, committed, self._counted)
        return Measured(
            at=now,
            lags=lags,
            last_minute=await self._rates.of(self._reader, sources, now),
            workers=workers,
            group_state=state,
            quarantined=await self._refused.of(self._reader, there.get(QUARANTINE, ()), now),
            missing_topics=sorted(set(self._expected) - set(there)),
            heads=await _heads(self._reader, there.get(HEADS, ())),
            owners=owners,
        )


async def _heads(reader: AIOKafkaConsumer, places: Collection[TopicPartition]) -> list[LaneHead]:
    heads = await read_heads(reader, places)
    return [LaneHead(lane, head.number, head.digest.hex()) for lane, head in heads.items()]


async def _members(admin: AIOKafkaAdminClient, group: str) -> tuple[str, list[Worker], dict[tuple[str, int], str]]:
    """The group's state and members, and who of them has which partition.

    One group a question: aiokafka reads an answer about two wrongly (0.14).
    """
    (described,) = await settled(lambda: admin.describe_consumer_groups([group]))
    (_, _, state, _, _, members, *_) = described.groups[0]
    workers = sorted((Worker(str(m[0]), str(m[2]).lstrip("/")) for m in members), key=lambda worker: worker.name)
    return str(state), workers, {place: str(m[0]) for m in members for place in _assigned(m[4])}


def _assigned(told: bytes) -> list[tuple[str, int]]:
    """The partitions of a member, which has none while the group divides them anew."""
    if not told:
        return []
    shares = ConsumerProtocolMemberAssignment.decode(told).assignment
    return [(str(topic), int(partition)) for topic, partitions in shares for partition in partitions]


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    offsets = await settled(lambda: admin.list_consumer_group_offsets(group))
    return {partition: int(at.offset) for partition, at in offsets.items() if at.offset >= 0}


async def _lags(
    reader: AIOKafkaConsumer,
    watcher: AIOKafkaConsumer,
    sources: Collection[TopicPartition],
    committed: Mapping[TopicPartition, int],
    counted: int,
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
    tails = await tails_of(reader, begin, stable, counted)
    open_since = await _open_since(watcher, stable)
    return [
        PartitionLag(
            place.topic,
            place.partition,
            unread=tails[place].records,
            exact=tails[place].exact,
            oldest=tails[place].first,
            open_since=open_since.get(place),
            begin=begin[place],
        )
        for place in sources
    ]


async def _open_since(
    watcher: AIOKafkaConsumer, stable: Mapping[TopicPartition, int]
) -> dict[TopicPartition, datetime]:
    """When the oldest unfinished transaction on each partition wrote its first record there."""
    high = await answered(watcher.end_offsets(list(stable)))
    held = {place: offset for place, offset in stable.items() if high[place] > offset}
    tails = await tails_of(watcher, held, {place: offset + 1 for place, offset in held.items()})
    return {place: tail.first for place, tail in tails.items() if tail.first is not None}
