"""Topics of their own for the tests of publishing, and what stands on them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 3

ReadAll = Callable[[str], Awaitable[list[Any]]]


@pytest.fixture
async def topic(kafka: str, topic_prefix: str) -> str:
    """An empty intake topic, set as the catalogue sets those."""
    name = f"{topic_prefix}in"
    await make_topic(kafka, name)
    return name


async def make_topic(bootstrap: str, name: str) -> None:
    """Make an empty intake topic; nothing happens when it is there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if name not in await admin.list_topics():
            await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs={"max.message.bytes": "2097152"})])
    finally:
        await admin.close()


@pytest.fixture
async def read_all(kafka: str) -> AsyncIterator[ReadAll]:
    """Everything that stands on a topic now, partition by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()

    async def read(name: str) -> list[Any]:
        partitions = [TopicPartition(name, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        records: list[Any] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                records.extend(batch)
        return records

    yield read
    await consumer.stop()
