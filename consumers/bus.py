"""Reaching Kafka as a reader: quick refusals with a remedy instead of hangs, partitions, where to start and end."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaConnectionError,
    NodeNotReadyError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.structs import ConsumerRecord

from schemas.offsets_told import heed_refusals
from schemas.partition import partition_number
from schemas.tasks import stopped
from schemas.topics_known import make_known

#: How long a broker may take to answer the first time before it counts as unreachable.
REACH_SECONDS = 5.0
#: How long one question (offsets, metadata) may take once the broker was reached.
ANSWER_SECONDS = 10.0
#: How long a cluster may take to say who keeps the offsets of a group, and that broker to load them.
SETTLE_SECONDS = 5.0
STOP_SECONDS = 0.5
_WAIT_MS = 250
_BATCH = 5_000

T = TypeVar("T")


class BusUnreachableError(Exception):
    """The brokers do not answer. Its text names the address and what to do; never a credential."""

    def __init__(self, bootstrap: object) -> None:
        super().__init__(
            f"The bus does not answer at {bootstrap}. Start it with `sambus up`, or name another one with "
            "--bootstrap or SAMBUS_BOOTSTRAP; with SASL or TLS, check the user and the certificates."
        )


class TopicMissingError(Exception):
    """A topic that should be read is not there, or this user may not see it: Kafka does not tell which."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        super().__init__(
            f"Topic {topic} is not on the bus, or this user may not see it. "
            "Create the topics with `sambus topics apply`, or ask for the right to read."
        )


class Reader(AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer that asks where partitions of many topics begin and end in one question, not in one for each topic."""

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The oldest offset that each keeps."""
        make_known(self, partitions)
        found: dict[TopicPartition, int] = await super().beginning_offsets(partitions)
        return found

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each ends now."""
        make_known(self, partitions)
        found: dict[TopicPartition, int] = await super().end_offsets(partitions)
        return found

    async def offsets_for_times(self, timestamps: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
        """The first offset of each at or after a moment, in milliseconds since 1970."""
        make_known(self, timestamps)
        found: dict[TopicPartition, Any] = await super().offsets_for_times(timestamps)
        return found


async def reached(starting: Awaitable[T], bootstrap: object) -> T:
    """Wait for a client to connect, for a few seconds at most. Errors: ``BusUnreachableError``."""
    try:
        return await asyncio.wait_for(starting, REACH_SECONDS)
    except (TimeoutError, KafkaConnectionError, OSError) as problem:
        raise BusUnreachableError(bootstrap) from problem


@asynccontextmanager
async def committed_reader(options: Mapping[str, Any], **settings: Any) -> AsyncIterator[Reader]:
    """A consumer without a group that sees committed records only. It never commits: reading leaves no trace.

    Errors: ``BusUnreachableError`` when no broker answers in time, or stops answering questions later on.
    """
    consumer = Reader(
        **options,
        **{
            "group_id": None,
            "enable_auto_commit": False,
            "isolation_level": "read_committed",
            # The default once made a reader start at the end of a topic after its offset had left it.
            "auto_offset_reset": "earliest",
            # A broker answers a connection's requests in turn: a fetch that waits holds up the questions behind it.
            "fetch_max_wait_ms": 20,
            **settings,
        },
    )
    try:
        await reached(consumer.start(), options.get("bootstrap_servers"))
        try:
            yield consumer
        except (TimeoutError, KafkaConnectionError) as problem:
            raise BusUnreachableError(options.get("bootstrap_servers")) from problem
    finally:
        await _stop(consumer)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, and ask again when it did not hear.

    aiokafka 0.14 swallows the cancellation that ends its fetching when that meets a change of assignment, and then
    waits for ever. When a request of its own has just timed out, the cancellation of what it fetched comes out of its
    closing: that is no cancellation of ours.
    """
    await stopped(consumer.stop(), STOP_SECONDS)


async def answered(question: Awaitable[T]) -> T:
    """One question to a broker that was reached. Errors: ``TimeoutError`` when it stays silent."""
    return await asyncio.wait_for(question, ANSWER_SECONDS)


async def settled(ask: Callable[[], Awaitable[T]]) -> T:
    """An answer about a group, asked for again while its coordinator changes, or the cluster has only just started."""
    stop = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            return await answered(ask())
        except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError):
            if time.monotonic() > stop:
                raise
            await asyncio.sleep(0.1)


@asynccontextmanager
async def administrator(options: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, used here to look only.

    Errors: ``BusUnreachableError``, also when the cluster knows of no broker: one that stood still is fenced at first.
    """
    admin = AIOKafkaAdminClient(**options)
    heed_refusals(admin, for_code)
    try:
        await reached(admin.start(), options.get("bootstrap_servers"))
        yield admin
    except NodeNotReadyError as problem:
        raise BusUnreachableError(options.get("bootstrap_servers")) from problem
    finally:
        await admin.close()


async def topics_of(admin: AIOKafkaAdminClient) -> dict[str, tuple[TopicPartition, ...]]:
    """Every topic that this user may see, with its partitions in order.

    All topics are asked for, because asking for one by name can create it on a cluster that is set so.
    """
    described = await answered(admin.describe_topics())
    return {
        topic["topic"]: tuple(
            TopicPartition(topic["topic"], number)
            for number in sorted(part["partition"] for part in topic["partitions"])
        )
        for topic in described
        if not topic["is_internal"]
    }


async def partitions(options: Mapping[str, Any], topic: str) -> tuple[TopicPartition, ...]:
    """Every partition of a topic, in order. Errors: ``TopicMissingError``, ``BusUnreachableError``."""
    async with administrator(options) as admin:
        found = (await topics_of(admin)).get(topic)
    if not found:
        raise TopicMissingError(topic)
    return found


def partition_of(key: str, count: int) -> int:
    """The partition that a key's records are on: Kafka's own partitioner (murmur2), as every client here uses it."""
    return partition_number(key.encode(), count)


async def offset_at(consumer: AIOKafkaConsumer, partition: TopicPartition, moment: datetime) -> int:
    """The first offset at or after a moment, by the records' time; the end when there is none."""
    found = await answered(consumer.offsets_for_times({partition: milliseconds(moment)}))
    known = found.get(partition)
    return int(known.offset) if known is not None else await end_of(consumer, partition)


async def end_of(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    """Where a ``read_committed`` reader's position ends now: the last stable offset, commit markers included."""
    return int((await answered(consumer.end_offsets([partition])))[partition])


async def start_of(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    """The oldest offset that is still kept."""
    return int((await answered(consumer.beginning_offsets([partition])))[partition])


async def everything(consumer: AIOKafkaConsumer, places: Iterable[TopicPartition]) -> AsyncIterator[ConsumerRecord]:
    """Every committed record of these partitions, from the beginning to the end as it is now."""
    consumer.assign(list(places))
    ends = await answered(consumer.end_offsets(list(places)))
    await consumer.seek_to_beginning()
    left = set(places)
    while left := {place for place in left if await consumer.position(place) < ends[place]}:
        for records in (await consumer.getmany(*left, timeout_ms=_WAIT_MS, max_records=_BATCH)).values():
            for record in records:
                yield record


def milliseconds(moment: datetime) -> int:
    """A moment as Kafka counts it: milliseconds since 1970, UTC."""
    return int(moment.timestamp() * 1000)


def moment_of(timestamp: int) -> datetime:
    """A record's time as an aware UTC moment."""
    return datetime.fromtimestamp(timestamp / 1000, UTC)
