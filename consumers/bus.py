"""Reaching Kafka as a reader: quick refusals with a remedy instead of hangs, partitions, where to start and end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError
from aiokafka.partitioner import murmur2

#: How long a broker may take to answer the first time before it counts as unreachable.
REACH_SECONDS = 3.0
#: How long one question (offsets, metadata) may take once the broker was reached.
ANSWER_SECONDS = 10.0

T = TypeVar("T")


class BusUnreachableError(Exception):
    """The brokers do not answer. Its text names the address and what to do; never a credential."""

    def __init__(self, bootstrap: object) -> None:
        super().__init__(
            f"The bus does not answer at {bootstrap}. Start it with `sambus up`, or name another one with "
            "--bootstrap or SAMBUS_BOOTSTRAP; with SASL or TLS, check the user and the certificates."
        )


class TopicMissingError(Exception):
    """A topic that should be read is not there, or may not be read."""

    def __init__(self, topic: str, *, forbidden: bool = False) -> None:
        self.topic = topic
        super().__init__(
            f"This user may not read topic {topic}. Ask for the ACL with `sambus acls plan`."
            if forbidden
            else f"Topic {topic} is not on the bus. Create the topics with `sambus topics apply`."
        )


async def reached(starting: Awaitable[T], bootstrap: object) -> T:
    """Wait for a client to connect, for a few seconds at most. Errors: ``BusUnreachableError``."""
    try:
        return await asyncio.wait_for(starting, REACH_SECONDS)
    except (TimeoutError, KafkaConnectionError, OSError) as problem:
        raise BusUnreachableError(bootstrap) from problem


@asynccontextmanager
async def committed_reader(options: Mapping[str, Any], **settings: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group that sees committed records only. It never commits: reading leaves no trace.

    Errors: ``BusUnreachableError`` when no broker answers in time, or stops answering questions later on.
    """
    consumer = AIOKafkaConsumer(
        **options,
        **{
            "group_id": None,
            "enable_auto_commit": False,
            "isolation_level": "read_committed",
            # The default once made a reader start at the end of a topic after its offset had left it.
            "auto_offset_reset": "earliest",
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
        await consumer.stop()


async def answered(question: Awaitable[T]) -> T:
    """One question to a broker that was reached. Errors: ``TimeoutError`` when it stays silent."""
    return await asyncio.wait_for(question, ANSWER_SECONDS)


async def partitions(consumer: AIOKafkaConsumer, topic: str) -> tuple[TopicPartition, ...]:
    """Every partition of a topic, in order. Errors: ``TopicMissingError``."""
    try:
        if topic not in await answered(consumer.topics()):
            raise TopicMissingError(topic)
        first = TopicPartition(topic, 0)
        consumer.assign([first])
        await answered(consumer.beginning_offsets([first]))  # waits until the topic's metadata is here
    except TopicAuthorizationFailedError as problem:
        raise TopicMissingError(topic, forbidden=True) from problem
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise TopicMissingError(topic)
    return tuple(TopicPartition(topic, number) for number in sorted(numbers))


def partition_of(key: str, count: int) -> int:
    """The partition that a key's records are on: Kafka's own partitioner (murmur2), as every client here uses it."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % count)


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


def milliseconds(moment: datetime) -> int:
    """A moment as Kafka counts it: milliseconds since 1970, UTC."""
    return int(moment.timestamp() * 1000)


def moment_of(timestamp: int) -> datetime:
    """A record's time as an aware UTC moment."""
    return datetime.fromtimestamp(timestamp / 1000, UTC)


__all__ = [
    "BusUnreachableError",
    "KafkaError",
    "TopicMissingError",
    "answered",
    "committed_reader",
    "end_of",
    "milliseconds",
    "moment_of",
    "offset_at",
    "partition_of",
    "partitions",
    "reached",
    "start_of",
]
