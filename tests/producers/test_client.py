"""Publishing to a real Kafka: what is taken stands there as promised, what is not is told and not sent."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import (
    BusUnreachable,
    Producer,
    RawRecord,
    Receipt,
    new_event_id,
    publish_raw,
)
from schemas.codec import ORIGIN_HEADER, Codec
from schemas.envelope import Event
from schemas.problems import Problem, RejectCode
from schemas.validation import validate
from tests.producers.conftest import PARTITIONS, ReadAll
from tests.producers.made import SECRET, huge, notice

DESK = "se.syd.malmo/intelligence"


def producer(kafka: str, topic: str, **options: Any) -> Producer:
    """A producer of one desk on a test's own topic."""
    return Producer({"bootstrap_servers": kafka, **options}, origin=DESK, topic=topic)


async def test_a_taken_event_stands_on_the_topic_as_promised(kafka: str, topic: str, read_all: ReadAll) -> None:
    """Key, headers and value are those of the wire format; the receipt names its place."""
    body = notice()
    async with producer(kafka, topic) as bus:
        receipt = await bus.publish(body)
    (record,) = await read_all(topic)
    assert receipt == Receipt(body["event_id"], "taken", (), topic, record.partition, record.offset)
    assert record.key == body["event_id"].encode()
    decoded = Codec().decode(record.value)
    assert decoded.name == "public_notice"
    assert decoded.value["payload"]["title"] == SECRET
    headers = dict(record.headers)
    assert headers[ORIGIN_HEADER] == DESK.encode()
    assert headers["ce_id"] == body["event_id"].encode()
    assert headers["ce_type"] == b"se.sambus.public_notice.v1"
    assert headers["ce_source"] == b"/se.syd.malmo/intelligence"
    assert headers["ce_specversion"] == b"1.0"


async def test_an_event_model_is_taken_as_well(kafka: str, topic: str, read_all: ReadAll) -> None:
    """What is already a model needs no second validation."""
    event = validate("public_notice", notice())
    assert isinstance(event, Event)
    async with producer(kafka, topic) as bus:
        receipt = await bus.publish(event)
    assert receipt.status == "taken"
    assert [record.key for record in await read_all(topic)] == [event.event_id.encode()]


async def test_a_rejected_event_is_told_and_not_sent(kafka: str, topic: str, read_all: ReadAll) -> None:
    """The problem has a code and a pointer; nothing reaches the topic."""
    async with producer(kafka, topic) as bus:
        receipt = await bus.publish(notice(sensitivity=9))
    assert receipt.status == "rejected"
    assert receipt.problems == (Problem(RejectCode.FIELD_INVALID, "/sensitivity"),)
    assert await read_all(topic) == []


@pytest.mark.parametrize(
    ("event_type", "code"),
    [(None, RejectCode.FIELD_MISSING), ("no_such_type", RejectCode.SCHEMA_UNKNOWN), (7, RejectCode.SCHEMA_UNKNOWN)],
)
async def test_a_body_without_a_known_type_is_told(kafka: str, topic: str, event_type: object, code: str) -> None:
    """Before anything else can be said of it."""
    async with producer(kafka, topic) as bus:
        receipt = await bus.publish(notice(event_type=event_type))
    assert receipt.problems == (Problem(RejectCode(code), "/event_type"),)


async def test_a_batch_has_a_receipt_for_each_in_its_order(kafka: str, topic: str, read_all: ReadAll) -> None:
    """One bad event spoils only itself."""
    bodies = [notice() if number % 10 else notice(purpose="P99") for number in range(500)]
    async with producer(kafka, topic) as bus:
        receipts = await bus.publish_many(bodies)
    assert [receipt.event_id for receipt in receipts] == [body["event_id"] for body in bodies]
    assert [receipt.status for receipt in receipts] == ["taken" if n % 10 else "rejected" for n in range(500)]
    sent = {record.key.decode() for record in await read_all(topic)}
    assert sent == {receipt.event_id for receipt in receipts if receipt.status == "taken"}


async def test_an_event_goes_where_any_kafka_client_would_put_it(kafka: str, topic: str) -> None:
    """A retry by another client must reach the same partition, or it would not be known as one."""
    async with producer(kafka, topic) as bus:
        receipts = await bus.publish_many([notice() for _ in range(30)])
    partitions = list(range(PARTITIONS))
    usual = DefaultPartitioner()
    assert all(r.partition == usual(str(r.event_id).encode(), partitions, partitions) for r in receipts)


async def test_an_event_over_one_mebibyte_is_told_before_it_is_sent(kafka: str, topic: str, read_all: ReadAll) -> None:
    """The limit is the bus's own, not Kafka's."""
    async with producer(kafka, topic) as bus:
        receipt = await bus.publish(huge())
    assert receipt.problems == (Problem(RejectCode.TOO_LARGE),)
    assert await read_all(topic) == []


async def test_an_address_where_nothing_listens_is_unreachable() -> None:
    """The error says what to look at."""
    with pytest.raises(BusUnreachable, match="cannot be reached"):
        async with producer(f"127.0.0.1:{free_port()}", "in.gateway"):
            pass


async def test_a_missing_topic_is_named_with_its_remedy(kafka: str, topic_prefix: str) -> None:
    """Kafka does not create topics by itself here."""
    with pytest.raises(BusUnreachable, match=r"sambus topics apply") as caught:
        async with producer(kafka, f"{topic_prefix}nowhere", request_timeout_ms=500) as bus:
            await bus.publish(notice())
    assert SECRET not in str(caught.value)


@pytest.mark.asyncio(loop_scope="function")  # the clients of other tests have tasks of their own
async def test_a_bus_that_goes_away_is_told_for_what_it_did_not_confirm(tmp_path: Path) -> None:
    """The first event is confirmed, the second is not; nothing hangs, is said of content, or goes on trying."""
    before = asyncio.all_tasks()
    with LocalCluster(tmp_path, port=free_port()) as cluster:
        bus = Producer(
            {"bootstrap_servers": cluster.bootstrap, "request_timeout_ms": 2000}, origin=DESK, topic="gone", timeout=3
        )
        await publish_topic(cluster.bootstrap)
        async with bus:
            assert (await bus.publish(notice())).status == "taken"
            await asyncio.to_thread(cluster.stop)
            with pytest.raises(BusUnreachable) as caught:
                await bus.publish(notice())
    assert SECRET not in str(caught.value)
    assert asyncio.all_tasks() <= before


async def publish_topic(bootstrap: str) -> None:
    """Make the topic of a cluster of its own."""
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("gone", 1, 1)])
    await admin.close()


async def test_no_content_reaches_the_logs(kafka: str, topic: str, caplog: pytest.LogCaptureFixture) -> None:
    """Not even at the debug level, where the Kafka client would print each record."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="aiokafka")
    async with producer(kafka, topic) as bus:
        await bus.publish(notice())
        await bus.publish(notice(purpose=SECRET))
    assert caplog.records
    assert SECRET not in caplog.text
    assert repr(SECRET.encode())[2:-1] not in caplog.text


async def test_raw_records_are_published_as_they_stand(kafka: str, topic: str, read_all: ReadAll) -> None:
    """For what a well-behaved producer would never send."""
    records = [RawRecord(b"k", b"garbage", (("h", b"v"),)), RawRecord(None, b"x" * 1_500_000)]
    assert await publish_raw({"bootstrap_servers": kafka}, topic, records) == 2
    there = await read_all(topic)
    assert {(r.key, r.value, tuple(r.headers)) for r in there} == {record[:3] for record in records}


async def test_a_producer_is_used_as_a_context(kafka: str, topic: str) -> None:
    """A forgotten ``async with`` is a mistake in the program, told at once."""
    with pytest.raises(RuntimeError, match="async with"):
        await producer(kafka, topic).publish(notice())


def test_event_ids_are_new_and_in_order() -> None:
    """UUIDv7: the time comes first."""
    ids = [new_event_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert ids == sorted(ids)
    assert {event_id[14] for event_id in ids} == {"7"}
