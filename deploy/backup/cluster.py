"""What a backup asks of a cluster: who reads, how far everybody has read, and from where to where topics go."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError, for_code
from aiokafka.structs import OffsetAndMetadata

from consumers.bus import administrator, answered, committed_reader, settled, topics_of

Offsets = dict[TopicPartition, int]
#: Seconds that Kafka gets to know its groups after its start, and between questions.
KNOW_SECONDS: Final = 60.0
_ASK_EVERY: Final = 0.2
_UNKNOWN: Final = 69  # no such group


class BackupError(Exception):
    """A backup or restore that may not go on. The text says why and what to do."""


@asynccontextmanager
async def looking(options: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client. Errors: ``BusUnreachableError``."""
    async with administrator(options) as admin:
        yield admin


async def require_nobody_reads(options: Mapping[str, Any], groups: Iterable[str]) -> None:
    """See that groups have no members. Errors: ``BackupError`` with the remedy."""
    async with looking(options) as admin:
        for group in groups:
            if members := await _members(admin, group):
                raise BackupError(
                    f"{members} of the group {group} are at work: stop all workers first. Publishers with a "
                    "spool, and gateways with --spool, lose nothing meanwhile"
                )


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    """How many are in a group; asked until Kafka knows, which a new one makes its topic of groups for first."""
    until = time.monotonic() + KNOW_SECONDS
    while True:
        try:
            (answer,) = await answered(admin.describe_consumer_groups([group]))
            code, _, _, _, _, members, *_ = answer.groups[0]
            if code in (0, _UNKNOWN):
                return len(members)
            problem = for_code(code)()
        except KafkaError as refused:
            problem = refused
        if not problem.retriable or time.monotonic() > until:
            raise BackupError(f"Kafka does not tell who is in the group {group}: {type(problem).__name__}")
        await asyncio.sleep(_ASK_EVERY)


async def partitions_of(options: Mapping[str, Any], topics: Collection[str]) -> tuple[TopicPartition, ...]:
    """Every partition of those of the topics that are there."""
    async with looking(options) as admin:
        there = await topics_of(admin)
    return tuple(place for topic in topics for place in there.get(topic, ()))


async def ranges(options: Mapping[str, Any], places: Collection[TopicPartition]) -> tuple[Offsets, Offsets]:
    """Where partitions begin, and where a reader of committed records comes to their end."""
    if not places:
        return {}, {}
    async with committed_reader(options) as reader:
        begin: Offsets = await answered(reader.beginning_offsets(list(places)))
        end: Offsets = await answered(reader.end_offsets(list(places)))
    return begin, end


async def offsets_of_groups(
    options: Mapping[str, Any], topics: Collection[str]
) -> dict[str, list[tuple[str, int, int]]]:
    """How far every consumer group has read of these topics."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    async with looking(options) as admin:
        for group, *_ in await answered(admin.list_consumer_groups()):
            told = await settled(partial(admin.list_consumer_group_offsets, group))
            places = [(tp.topic, tp.partition, at.offset) for tp, at in told.items() if tp.topic in topics]
            if kept := sorted(place for place in places if place[2] >= 0):
                found[group] = kept
    return found


async def set_offsets(options: Mapping[str, Any], group: str, places: Iterable[tuple[str, int, int]]) -> None:
    """Make a group without members go on from these offsets."""
    told = {TopicPartition(topic, partition): OffsetAndMetadata(at, "") for topic, partition, at in places}
    consumer = AIOKafkaConsumer(**options, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(told))
        await consumer.commit(told)
    finally:
        await consumer.stop()


async def forget_before(options: Mapping[str, Any], starts: Offsets) -> None:
    """Delete what stands before an offset of each partition: fillers, and nothing else."""
    if starts:
        async with looking(options) as admin:
            await answered(admin.delete_records({tp: RecordsToDelete(at) for tp, at in starts.items()}))
