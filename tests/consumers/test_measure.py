"""Measured on a real, quiet cluster: lag counts records that a reader would still meet, never commit markers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from consumers.bus import BusUnreachableError, administrator, partition_of
from consumers.health import LaneHead, Measured, PartitionLag
from consumers.measure import measure
from consumers.tails import COUNTED
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from schemas.chain import Head, write_head
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.topics import ACCEPTED, HEADS, QUARANTINE, catalogue
from tests.consumers.made import MARKED_WITHIN_S, PUBLISHER, Sent, create_topics, new_id, passed, quarantined, write

pytestmark = pytest.mark.kafka
EXPECTED = [topic.name for topic in catalogue(load_gazetteer())]


@pytest.fixture(scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A cluster that only this module writes to."""
    with LocalCluster(tmp_path_factory.mktemp("quiet"), port=free_port()) as cluster:
        await create_topics(cluster.bootstrap)
        yield cluster.bootstrap


async def measured(bus: str, group: str) -> Measured:
    """One measurement."""
    return await measure({"bootstrap_servers": bus}, group, EXPECTED, Codec())


async def commit(bus: str, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    """Commit a group's offsets in a transaction, as the streams do; who asks is told of them when this is done."""
    producer = AIOKafkaProducer(bootstrap_servers=bus, transactional_id=f"commit-{group}")
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_offsets_to_transaction(dict(offsets), group)
    finally:
        await producer.stop()
    async with administrator({"bootstrap_servers": bus}) as admin, asyncio.timeout(MARKED_WITHIN_S):
        while (await admin.list_consumer_group_offsets(group)).keys() != offsets.keys():
            pass  # the commit is decided, and marked a moment later: each question waits for its answer


def lag_at(found: Measured, place: TopicPartition) -> PartitionLag:
    """The lag of one partition."""
    return next(lag for lag in found.lags if (lag.topic, lag.partition) == (place.topic, place.partition))


async def filled(bus: str, key: str, count: int) -> TopicPartition:
    """A partition of the accepted events with so many more records, one transaction; none of them read yet."""
    await write(bus, [Sent(ACCEPTED, key, b"x")] * count)
    return TopicPartition(ACCEPTED, partition_of(key, 4))


async def end(bus: str, place: TopicPartition) -> int:
    """The last stable offset."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bus, isolation_level="read_committed")
    await consumer.start()
    try:
        return int((await consumer.end_offsets([place]))[place])
    finally:
        await consumer.stop()


async def test_a_commit_marker_is_no_lag(quiet: str) -> None:
    """Everything read, committed at the last record: the marker behind it is not unread."""
    place = await filled(quiet, "a", 3)
    last = await end(quiet, place)
    await commit(quiet, "g-marker", {place: last - 1})
    lag = lag_at(await measured(quiet, "g-marker"), place)
    assert (lag.unread, lag.exact, lag.oldest) == (0, True, None)


async def test_unread_records_are_counted_exactly_with_the_age_of_the_oldest(quiet: str) -> None:
    """Two transactions of two records, one marker between them: three of four unread are three."""
    began = datetime.now(UTC)
    place = await filled(quiet, "b", 2)
    await filled(quiet, "b", 2)
    last = await end(quiet, place)
    await commit(quiet, "g-unread", {place: last - 5})
    lag = lag_at(await measured(quiet, "g-unread"), place)
    assert (lag.unread, lag.exact) == (3, True)
    assert lag.oldest is not None
    assert 0 <= (lag.oldest - began).total_seconds() < 10


async def test_aborted_records_are_no_lag(quiet: str) -> None:
    """A reader never meets them."""
    place = await filled(quiet, "c", 1)
    read = await end(quiet, place)
    await write(quiet, [Sent(ACCEPTED, "c", b"x")] * 7, commit=False)
    await commit(quiet, "g-aborted", {place: read})
    assert await end(quiet, place) > read
    assert lag_at(await measured(quiet, "g-aborted"), place).unread == 0


async def test_a_long_backlog_is_told_as_a_bound(quiet: str) -> None:
    """Counting must not take longer the further behind a worker is."""
    place = await filled(quiet, "d", COUNTED * 3)
    lag = lag_at(await measured(quiet, "g-never-committed"), place)
    assert not lag.exact
    assert lag.unread >= COUNTED * 3
    assert lag.oldest is not None


async def test_an_open_transaction_is_seen_with_its_age(quiet: str) -> None:
    """Nothing behind it can be read, and no committed offset shows why."""
    producer = AIOKafkaProducer(bootstrap_servers=quiet, transactional_id="left-open")
    await producer.start()
    began = datetime.now(UTC)
    await producer.begin_transaction()
    written = await producer.send_and_wait(ACCEPTED, b"x", partition=3)
    found = lag_at(await measured(quiet, "g-open"), TopicPartition(ACCEPTED, 3))
    await producer.abort_transaction()
    await producer.stop()
    await passed(quiet, {TopicPartition(ACCEPTED, 3): written.offset})
    assert found.open_since is not None
    assert abs((found.open_since - began).total_seconds()) < 5
    assert lag_at(await measured(quiet, "g-open"), TopicPartition(ACCEPTED, 3)).open_since is None


async def test_workers_are_the_members_of_the_group(quiet: str) -> None:
    """Those alive, with their host; none in a group that nobody joined."""
    consumer = AIOKafkaConsumer(ACCEPTED, bootstrap_servers=quiet, group_id="g-members")
    await consumer.start()
    try:
        found = await measured(quiet, "g-members")
    finally:
        await consumer.stop()
    assert [worker.host for worker in found.workers] == ["127.0.0.1"]
    assert found.group_state == "Stable"
    assert (await measured(quiet, "g-nobody")).workers == []


async def test_rates_quarantine_and_missing_topics(quiet: str) -> None:
    """Records of the last minute, codes of the last hour, and what the catalogue has and the cluster has not."""
    await write(quiet, [Sent("in.gateway", new_id(), b"x")] * 5)
    entry = quarantined(PUBLISHER, new_id())
    await write(quiet, [Sent(QUARANTINE, PUBLISHER, Codec().encode("quarantined", entry.model_dump(mode="python")))])
    await write(quiet, [Sent(QUARANTINE, "x", b"junk")])
    admin = AIOKafkaAdminClient(bootstrap_servers=quiet)
    await admin.start()
    try:
        await admin.delete_topics(["state.assess"])
    finally:
        await admin.close()
    found = await measured(quiet, "g-rates")
    assert found.last_minute["in.gateway"] == 5
    assert found.quarantined == {"AREA_UNKNOWN": 1, "UNREADABLE": 1}
    assert found.missing_topics == ["state.assess"]


async def test_an_unreachable_bus_is_told_quickly() -> None:
    """Not a hang."""
    with pytest.raises(BusUnreachableError):
        await measured("127.0.0.1:1", "g")


async def test_the_last_committed_head_of_each_lane_is_told(quiet: str) -> None:
    """However many transactions were aborted behind it; a lane that has written nothing has none."""
    for number in (1, 2):
        await write(quiet, [Sent(HEADS, "lane", write_head(Head(number, bytes([number]) * 32)))])
    for _ in range(10):
        await write(quiet, [Sent(HEADS, "lane", write_head(Head(9, bytes(32))))], commit=False)
    found = await measured(quiet, "g-heads")
    assert list(found.heads) == [LaneHead(partition_of("lane", 4), 2, "02" * 32)]


async def test_each_partition_is_told_with_whoever_reads_it(quiet: str) -> None:
    """As the group has divided them; nobody reads a topic that is nobody's."""
    async with AIOKafkaConsumer(ACCEPTED, bootstrap_servers=quiet, group_id="g-owners") as reader:
        while not reader.assignment():
            await reader.getmany(timeout_ms=100)
        found = await measured(quiet, "g-owners")
        assert set(found.owners) == {(place.topic, place.partition) for place in reader.assignment()}
    (worker,) = found.workers
    assert set(found.owners.values()) == {worker.name}
    assert (await measured(quiet, "g-nobody")).owners == {}
