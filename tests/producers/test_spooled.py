"""Publishing by way of a spool to a real Kafka: taken without the bus, sent with it, the urgent first."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord

from deploy.cluster.ports import free_port
from producers.client import BusUnreachable, Producer, Receipt
from producers.spool import Spool, SpoolError
from producers.spool_keys import SpoolKeys, SpoolKeysError
from producers.spool_refusal import Refusal, SpoolRefusedError
from producers.spooled import SpooledProducer
from producers.sync import SyncProducer
from schemas.codec import ORIGIN_HEADER
from schemas.problems import Problem, RejectCode
from schemas.sequence import SEQUENCE_HEADER, read_sequence
from tests.producers.conftest import PARTITIONS, ReadAll
from tests.producers.made import SECRET, huge, notice

DESK = "se.syd.malmo/intelligence"
KEYS = SpoolKeys([bytes(range(32))])


def spooled(bootstrap: str, topic: str, folder: Path, **options: Any) -> SpooledProducer:
    """A client with a spool."""
    kafka = {"bootstrap_servers": bootstrap}
    return SpooledProducer(kafka, origin=DESK, topic=topic, spool=folder, keys=KEYS, **options)


@pytest.fixture
def nowhere() -> str:
    """An address where nothing listens."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
async def line(kafka: str, topic_prefix: str) -> str:
    """A topic of one partition, in which order can be seen."""
    name = f"{topic_prefix}line"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()
    return name


async def test_what_is_taken_reaches_the_bus_and_leaves_the_disk(
    kafka: str, topic: str, read_all: ReadAll, tmp_path: Path
) -> None:
    """As a producer without a spool would send it."""
    bodies = [notice() for _ in range(300)]
    async with spooled(kafka, topic, tmp_path) as bus:
        receipts = await bus.publish_many(bodies)
        assert await bus.flush(20) == 0
        assert bus.sender.sent == 300
    assert {receipt.kept for receipt in receipts} == {"spool"}
    assert [receipt.event_id for receipt in receipts] == [body["event_id"] for body in bodies]
    records = await read_all(topic)
    assert sorted(record.key for record in records) == sorted(body["event_id"].encode() for body in bodies)
    assert {dict(record.headers)[ORIGIN_HEADER] for record in records} == {DESK.encode()}
    assert os.listdir(tmp_path) == ["lock"]  # noqa: PTH208 - quick, and nothing waits for it


async def test_a_spooled_event_is_the_same_record_as_one_sent_straight(
    kafka: str, topic: str, read_all: ReadAll, tmp_path: Path
) -> None:
    """Key, value and headers but the number: to the bus it makes no difference which way it came."""
    body = notice()
    async with Producer({"bootstrap_servers": kafka}, origin=DESK, topic=topic) as straight:
        assert (await straight.publish(body)).kept == "bus"
    async with spooled(kafka, topic, tmp_path) as bus:
        await bus.publish(body)
        assert await bus.flush(20) == 0
    one, two = await read_all(topic)
    assert (one.key, one.value, unnumbered(one), one.partition) == (two.key, two.value, unnumbered(two), two.partition)
    assert all(read_sequence(dict(each.headers)[SEQUENCE_HEADER]) is not None for each in (one, two))


def unnumbered(record: ConsumerRecord) -> list[tuple[str, bytes]]:
    """Headers without the place in the publisher's stream, which each way has of its own."""
    return [pair for pair in record.headers if pair[0] != SEQUENCE_HEADER]


async def test_without_a_bus_events_are_taken_and_told_to_wait(
    nowhere: str, kafka: str, topic: str, read_all: ReadAll, tmp_path: Path
) -> None:
    """At once; closing does not wait for the bus; the next process sends them."""
    bodies = [notice() for _ in range(50)]
    async with spooled(nowhere, topic, tmp_path, timeout=2) as bus:
        receipts = await bus.publish_many(bodies)
        assert await bus.flush(0.5) == 50
        async with asyncio.timeout(10):
            while bus.sender.trouble is None:
                await asyncio.sleep(0.05)
        assert "cannot be reached" in bus.sender.trouble
        assert await bus.aclose(30) == 50
    assert all(receipt.status == "taken" for receipt in receipts)
    async with spooled(kafka, topic, tmp_path) as again:
        assert await again.flush(20) == 0
        assert again.sender.trouble is None
    assert {record.key.decode() for record in await read_all(topic)} == {body["event_id"] for body in bodies}


async def test_danger_to_life_overtakes_what_waits(nowhere: str, kafka: str, line: str, tmp_path: Path) -> None:
    """Then by priority, then the oldest."""
    ordinary = [notice() for _ in range(20)]
    soon = notice(priority=2)
    danger = notice(danger_to_life=True, danger_reason="Påhittad fara")
    async with spooled(nowhere, line, tmp_path, timeout=1, closing=0) as bus:
        await bus.publish_many([*ordinary, soon, danger])
    async with spooled(kafka, line, tmp_path) as again:
        assert await again.flush(20) == 0
    assert await _keys(kafka, line) == [each["event_id"] for each in [danger, soon, *ordinary]]


async def _keys(bootstrap: str, topic: str) -> list[str]:
    """The keys of a topic with one partition, in order."""
    from aiokafka import AIOKafkaConsumer, TopicPartition

    place = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end, found = (await consumer.end_offsets([place]))[place], list[str]()
        while await consumer.position(place) < end:
            found += [r.key.decode() for r in (await consumer.getmany(timeout_ms=1000)).get(place, [])]
    return found


async def test_what_is_no_event_is_told_and_not_spooled(nowhere: str, topic: str, tmp_path: Path) -> None:
    """As without a spool."""
    async with spooled(nowhere, topic, tmp_path, closing=0) as bus:
        receipts = await bus.publish_many([notice(sensitivity=9), huge(), notice()])
        assert [receipt.status for receipt in receipts] == ["rejected", "rejected", "taken"]
        assert receipts[0].problems == (Problem(RejectCode.FIELD_INVALID, "/sensitivity"),)
        assert receipts[1].problems == (Problem(RejectCode.TOO_LARGE),)
        assert [receipt.kept for receipt in receipts] == [None, None, "spool"]
        assert len(bus.spool) == 1


async def test_a_full_spool_waits_for_room_and_then_says_what_to_do(nowhere: str, topic: str, tmp_path: Path) -> None:
    """Backpressure first, a clear answer after; danger to life still has room, and does not wait behind the others."""
    async with spooled(nowhere, topic, tmp_path, closing=0, max_bytes=20_000, patience=0.5) as bus:
        loop = asyncio.get_running_loop()
        started = loop.time()
        with pytest.raises(SpoolRefusedError) as refused:
            await bus.publish_many([notice() for _ in range(60)])
        assert loop.time() - started >= 0.5
        assert refused.value.refusal is Refusal.SPOOL_FULL
        assert SECRET not in str(refused.value)
        waiting = asyncio.create_task(bus.publish(notice()))
        urgent = await bus.publish(notice(danger_to_life=True, danger_reason="Påhittad fara"))
        assert urgent.status == "taken"
        assert not waiting.done()
        with pytest.raises(SpoolRefusedError):
            await waiting


async def test_a_spool_smaller_than_the_load_passes_all_of_it(
    kafka: str, topic: str, read_all: ReadAll, tmp_path: Path
) -> None:
    """With the bus there, a full spool slows the publisher down and refuses nothing."""
    bodies = [notice() for _ in range(500)]
    async with spooled(kafka, topic, tmp_path, max_bytes=40_000) as bus:
        receipts = await bus.publish_many(bodies)
        assert await bus.flush(20) == 0
    assert {receipt.status for receipt in receipts} == {"taken"}
    assert len({record.key for record in await read_all(topic)}) == 500


async def test_a_missing_topic_is_told_and_nothing_is_lost(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    """The events wait until it is there."""
    async with spooled(kafka, f"{topic_prefix}nowhere", tmp_path, timeout=2, closing=0) as bus:
        bus.sender._options["request_timeout_ms"] = 500
        await bus.publish(notice())
        async with asyncio.timeout(20):
            while bus.sender.trouble is None:
                await asyncio.sleep(0.05)
        assert "sambus topics apply" in bus.sender.trouble
        assert len(bus.spool) == 1


async def test_a_spool_that_another_has_is_told_before_anything_is_taken(nowhere: str, tmp_path: Path) -> None:
    """So is one without keys, at once."""
    with Spool(tmp_path, KEYS), pytest.raises(SpoolError, match="Another process"):
        async with spooled(nowhere, "in.gateway", tmp_path):
            pass
    with pytest.raises(SpoolKeysError, match="sambus spool key make"):
        SpooledProducer({}, origin=DESK, spool=tmp_path)


@pytest.mark.asyncio(loop_scope="function")  # the clients of other tests have tasks of their own
async def test_nothing_goes_on_after_closing(nowhere: str, topic: str, tmp_path: Path) -> None:
    """Closing twice is no mistake, publishing after it is one."""
    before = asyncio.all_tasks()
    async with spooled(nowhere, topic, tmp_path, closing=0) as bus:
        await bus.publish(notice())
        assert await bus.aclose(0) == 1
    assert await bus.aclose(0) == 0
    assert asyncio.all_tasks() <= before
    with pytest.raises(RuntimeError, match="async with"):
        await bus.publish(notice())


def test_a_program_without_a_loop_publishes_straight(kafka: str, topic: str) -> None:
    """One, a batch, a stream: the receipts are those of the client with ``await``."""
    bodies = [notice() for _ in range(30)]
    with SyncProducer(Producer({"bootstrap_servers": kafka}, origin=DESK, topic=topic)) as bus:
        first = bus.publish(bodies[0])
        batch = bus.publish_many(bodies[1:10])
        stream = list(bus.publish_stream(iter([*bodies[10:], notice(sensitivity=9)])))
        assert bus.flush(1) == 0
    assert isinstance(first, Receipt)
    assert first.partition in range(PARTITIONS)
    told = [first, *batch, *stream]
    assert [receipt.event_id for receipt in told[:-1]] == [body["event_id"] for body in bodies]
    assert [receipt.status for receipt in told] == [*["taken"] * 30, "rejected"]


def test_a_program_without_a_loop_publishes_by_a_spool(nowhere: str, tmp_path: Path) -> None:
    """It ends, and leaves its events for the next time."""
    with SyncProducer(spooled(nowhere, "in.gateway", tmp_path, closing=0)) as bus:
        assert bus.publish(notice()).kept == "spool"
        assert len(bus.wrapped.spool) == 1
    with Spool(tmp_path, KEYS) as spool:
        assert len(spool) == 1


def test_a_program_without_a_loop_is_told_what_fails(nowhere: str) -> None:
    """The same errors, and no thread that stays behind."""
    import threading

    with (
        pytest.raises(BusUnreachable, match="cannot be reached"),
        SyncProducer(Producer({"bootstrap_servers": nowhere}, origin=DESK)),
    ):
        pass
    assert not [thread for thread in threading.enumerate() if thread.name == "sambus-client"]
    with pytest.raises(RuntimeError, match="in `with`"):
        SyncProducer(Producer({}, origin=DESK)).publish(notice())
