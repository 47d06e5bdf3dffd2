"""Every read is in the log before it is on a screen, in a chain that shows what is done to it; without it, nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from consumers.audit import between
from consumers.bus import committed_reader, partitions
from consumers.chain import Fault
from consumers.gateway.readlog import ReadLog, ReadLogError
from consumers.reads import verify_reads, who_read
from schemas.codec import Codec
from schemas.reads import ReadKind, ReadLine
from schemas.topics import READS
from tests.consumers.gateway.serving import Served, deliver, fresh_subject, joined, served
from tests.consumers.made import AT, new_id
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka


async def lines(bus: str, codec: Codec) -> list[ReadLine]:
    """Every line of the log."""
    options = {"bootstrap_servers": bus}
    places = await partitions(options, READS)
    async with committed_reader(options) as reader:
        begin, end = await reader.beginning_offsets(list(places)), await reader.end_offsets(list(places))
        values = [record.value async for record in between(reader, begin, end)]
    return [ReadLine.model_validate(codec.decode(value).value) for value in values]


async def test_every_way_of_reading_is_logged_with_who_and_for_what(gateway: Served, bus: str, codec: Codec) -> None:
    """Stream, page, cards: the person, the desk, the subscription, the purpose, the delivery; no content."""
    desk, subject = fresh_desk(), fresh_subject()
    secret = "Påhittad hemlighet 4711"
    (event_id,) = await deliver(
        bus, codec, desk, 1, {"areas": ["se"], "payload": {"summary": secret}}, event_type="intelligence_report"
    )
    token = gateway.token(desk, subject)
    subscription = await gateway.subscribed(token)
    root = f"/v1/subscriptions/{subscription}"
    async with gateway.wire(token, subscription, since="1h") as wire:
        await wire.next("delivery")
    await gateway.ask(token, "GET", f"{root}/deliveries?since=1h")
    await gateway.ask(token, "GET", f"{root}/cards?since=999d")
    found = await who_read({"bootstrap_servers": bus}, event_id, codec)
    assert [seen.channel for seen in found] == ["stream", "page", "cards"]
    assert {(seen.subject, seen.desk, seen.subscription, seen.purpose) for seen in found} == {
        (subject, desk, subscription, "P1")
    }
    own = [line for line in await lines(bus, codec) if line.desk == desk]
    assert secret not in repr(own)
    assert {ReadKind.OPENED, ReadKind.SHOWN, ReadKind.ASKED} <= {line.kind for line in own}


async def test_a_live_delivery_is_logged_once_for_all_who_see_it(gateway: Served, bus: str, codec: Codec) -> None:
    """One line names every reading: a log of each reader for each delivery would be the larger of the two."""
    desk = fresh_desk()
    tokens = [gateway.token(desk, fresh_subject()) for _ in range(2)]
    async with (
        gateway.wire(tokens[0], await gateway.subscribed(tokens[0])) as one,
        gateway.wire(tokens[1], await gateway.subscribed(tokens[1])) as two,
    ):
        await joined(gateway, desk, 2)
        (event_id,) = await deliver(bus, codec, desk)
        await one.next("delivery")
        await two.next("delivery")
    shown = [line for line in await lines(bus, codec) if event_id in {each.event_id for each in line.deliveries}]
    assert [(line.kind, len(line.readings)) for line in shown] == [(ReadKind.SHOWN, 2)]


@pytest.fixture
async def alone(bus: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A gateway whose log may be taken away."""
    async with served(bus, tmp_path) as running:
        yield running


async def test_without_the_log_nothing_is_shown(alone: Served, bus: str, codec: Codec) -> None:
    """Questions are refused, a stream waits; when the log is back, what waited comes, once."""
    desk = fresh_desk()
    token = alone.token(desk)
    subscription = await alone.subscribed(token)
    log = alone.feeds.open.log
    async with alone.wire(token, subscription) as wire:
        await wire.next("hello")
        await joined(alone, desk)
        await log.__aexit__(None, None, None)
        (event_id,) = await deliver(bus, codec, desk)
        async with asyncio.timeout(10):
            while not log.failures:
                await asyncio.sleep(0.05)
        assert event_id.encode() not in wire.raw
        for path in ("deliveries?since=1h", "cards?since=999d", "stream", "requests"):
            answer = await alone.ask(token, "GET", f"/v1/subscriptions/{subscription}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (503, "READ_LOG_DOWN"), path
            assert event_id not in answer.text
        await log.__aenter__()
        assert event_id in (await wire.next("delivery")).data
        assert wire.raw.count(event_id.encode()) == wire.raw.count(b"event: delivery") * 2


async def test_the_chain_shows_a_line_that_was_added_or_left_out(bus: str, codec: Codec) -> None:
    """A writer's own lines fit; a copy of one, one without a link, and a number that is missing do not."""
    options = {"bootstrap_servers": bus}
    line = ReadLine(kind=ReadKind.OPENED, at=AT, desk="se/coordination", readings=["r"])
    assert (await verify_reads(options)).sound
    async with ReadLog(options, codec) as log:
        await log.write([line, line])
        await log.write([line])
        writer = log._writer
        verdict = await verify_reads(options)
        assert (verdict.sound, verdict.heads[writer].number) == (True, 3)
        log._head = log._head._replace(number=5)
        await log.write([line])
    verdict = await verify_reads(options)
    assert [found.fault for found in verdict.breaks if found.lane == writer] == [Fault.MISSING]
    async with AIOKafkaProducer(bootstrap_servers=bus) as producer:
        await producer.send_and_wait(READS, codec.encode("read_line", line.model_dump(mode="python")), key=b"x")
    assert Fault.ADDED in {found.fault for found in (await verify_reads(options)).breaks}


async def test_a_log_that_is_not_open_takes_nothing(codec: Codec) -> None:
    """It says so, without the line in its words."""
    line = ReadLine(kind=ReadKind.OPENED, at=AT, desk="se/coordination", readings=[new_id()])
    with pytest.raises(ReadLogError) as told:
        await ReadLog({"bootstrap_servers": "127.0.0.1:1"}, codec).write([line])
    assert line.readings[0] not in str(told.value)
