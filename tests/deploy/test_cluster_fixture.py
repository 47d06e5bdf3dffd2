"""The Kafka that the tests share: it speaks everything that the engine needs."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from tests.consumers.made import MARKED_WITHIN_S

pytestmark = pytest.mark.kafka


async def make_topic(bootstrap: str, name: str, partitions: int = 1) -> None:
    """Make a topic, with an error when the broker refuses."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        made = await admin.create_topics([NewTopic(name, partitions, 1)])
        assert [error for _, error, *_ in made.topic_errors] == [0]
    finally:
        await admin.close()


async def test_a_transaction_is_read_whole_or_not_at_all(kafka: str, topic_prefix: str) -> None:
    """A committed transaction with offsets is seen by a read_committed reader, an aborted one is not."""
    topic, group = f"{topic_prefix}out", f"{topic_prefix}group"
    await make_topic(kafka, topic)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"{topic_prefix}1", acks="all")
    await producer.start()
    try:
        for word, kept in ((b"aborted", False), (b"kept", True)):
            await producer.begin_transaction()
            await producer.send(topic, word)
            await producer.send_offsets_to_transaction({TopicPartition(topic, 0): 7}, group)
            await (producer.commit_transaction() if kept else producer.abort_transaction())
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        assert (await consumer.getone()).value == b"kept"
    finally:
        await consumer.stop()
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await reader.start()
    try:
        async with asyncio.timeout(MARKED_WITHIN_S):
            while (committed := await reader.committed(TopicPartition(topic, 0))) is None:
                pass  # decided, and marked a moment later in each partition, the offsets' own too
        assert committed == 7
    finally:
        await reader.stop()


@pytest.mark.parametrize("compression", ["gzip", "lz4", "zstd"])
async def test_the_broker_takes_what_the_client_can_compress(kafka: str, topic_prefix: str, compression: str) -> None:
    """A record of two million bytes comes back unchanged through every compression that the bus may use."""
    topic = f"{topic_prefix}large"
    await make_topic(kafka, topic)
    content = bytes(range(250)) * 8_000
    async with AIOKafkaProducer(
        bootstrap_servers=kafka, compression_type=compression, max_request_size=4 << 20
    ) as producer:
        await producer.send_and_wait(topic, content)
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == content


async def test_a_topic_is_never_made_by_mistake(kafka: str, topic_prefix: str) -> None:
    """Sending to a topic that nobody made fails: a misspelt name must not become a topic."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, request_timeout_ms=2_000) as producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.partitions_for(f"{topic_prefix}mistake")
