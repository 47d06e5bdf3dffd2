"""A stream gives what was committed for the desk, in order, live and after any break, and nobody waits for anybody."""

import asyncio
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import orjson
import pytest

from consumers.client import FeedClient, Received, Start
from consumers.gateway.cursors import Cursors, new_key
from consumers.sse import Parser, ServerEvent
from deploy.cluster.ports import free_port
from schemas.codec import Codec
from schemas.figures import Figure
from tests.consumers.gateway.serving import (
    LIMITS,
    PATIENCE,
    Served,
    deliver,
    fresh_subject,
    ids,
    joined,
    reading,
    served,
    taken,
    until,
    wish,
)
from tests.consumers.made import Sent, delivery, new_id, write
from tests.consumers.test_feed import fresh_desk

pytestmark = pytest.mark.kafka
TOPIC = "deliver.stockholm"
CUSTOMS = "partner.tullverket/coordination"


async def test_what_is_committed_is_told_within_a_second(gateway: Served, bus: str, codec: Codec) -> None:
    """Live, in order, with its meta data and the view, as straight from Kafka."""
    desk = fresh_desk()
    async with reading(gateway, desk) as items:
        coming = asyncio.create_task(taken(items, 3))
        await joined(gateway, desk)
        made = await deliver(bus, codec, desk, 3)
        began = time.monotonic()
        found = await coming
        assert time.monotonic() - began < 1
    assert ids(found) == made
    first = found[0]
    assert isinstance(first, Received)
    assert first.delivery.meta.desk == desk
    assert first.delivery.event["occurred_from"] == datetime(2026, 7, 8, 12, 30, tzinfo=UTC)
    assert first.standing == "stands"


async def test_how_long_deliveries_take_to_a_stream_is_counted(gateway: Served, bus: str, codec: Codec) -> None:
    """Those that somebody is shown, by no desk's name; whoever reads is counted as long as they do."""
    desk = fresh_desk()

    def told() -> dict[str, float]:
        shown = gateway.feeds.figures()
        return {each.metric.name: each.value if isinstance(each, Figure) else sum(each.counts) for each in shown}

    async with reading(gateway, desk) as items:
        coming = asyncio.create_task(taken(items, 3))
        await joined(gateway, desk)
        before = told().get("sambus_stream_delay_seconds", 0)
        assert told()["sambus_readers"] >= 1
        await deliver(bus, codec, desk, 3)
        await deliver(bus, codec, fresh_desk(), 2)
        await coming
        async with asyncio.timeout(PATIENCE):
            while told().get("sambus_stream_delay_seconds", 0) < before + 3:
                await asyncio.sleep(0.05)
    assert not any(desk in "".join(each.labels) for each in gateway.feeds.figures())


async def test_a_stream_begins_after_a_cursor_at_a_time_or_now(gateway: Served, bus: str, codec: Codec) -> None:
    """And where its reader said last that it had come, when it names nothing."""
    desk = fresh_desk()
    await deliver(bus, codec, desk)
    await asyncio.sleep(0.01)  # records of one millisecond cannot be told apart by time
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    made = await deliver(bus, codec, desk, 4)
    async with gateway.client(desk, fresh_subject()) as client:
        subscription = await client.subscribe(wish())

        async def read(start: Start, count: int) -> list[Received]:
            async with client.stream(subscription, start) as items:
                return [item for item in await taken(items, count) if isinstance(item, Received)]

        since = await read(Start(since=moment), 4)
        assert ids(since) == made
        assert ids(await read(Start(cursor=since[1].cursor), 2)) == made[2:]
        await client.commit(subscription, since[2].cursor)
        assert ids(await read(Start(), 1)) == made[3:]
        async with client.stream(subscription, Start(now=True)) as items:
            coming = asyncio.create_task(taken(items, 1))
            await joined(gateway, desk)
            latest = await deliver(bus, codec, desk)
            assert ids(await coming) == latest


async def test_only_what_the_subscription_names_is_told(gateway: Served, bus: str, codec: Codec) -> None:
    """By type, area and logical feed; other desks' deliveries on the partition are never there."""
    desk = fresh_desk()
    async with gateway.client(desk, fresh_subject()) as client:
        narrow = await client.subscribe(wish(types=["open_drug_scene"], areas=["se.syd"], topics=["alert.*"]))
        async with client.stream(narrow) as items:
            coming = asyncio.create_task(taken(items, 1))
            await joined(gateway, desk)
            view, right = {"areas": ["se.syd.malmo"]}, {"event_type": "open_drug_scene", "feed": "alert.substance"}
            wrong = (
                (view, right | {"event_type": "violence_incident"}),
                ({"areas": ["se.sydost"]}, right),
                (view, right | {"feed": "feed.alert.x"}),
            )
            meant = new_id()
            records = [Sent(TOPIC, desk, delivery(codec, desk, new_id(), each, **said)) for each, said in wrong]
            await write(bus, [*records, Sent(TOPIC, desk, delivery(codec, desk, meant, view, **right))])
            assert ids(await coming) == [meant]


async def test_what_the_tail_no_longer_holds_comes_from_kafka(bus: str, codec: Codec, tmp_path: Path) -> None:
    """With a tail of nothing everything is past, and the way back to live loses and doubles nothing."""
    desk = fresh_desk()
    before = await deliver(bus, codec, desk, 30)
    async with (
        served(bus, tmp_path, limits=replace(LIMITS, tail_bytes=1)) as gateway,
        reading(gateway, desk, Start(since="1h")) as items,
    ):
        coming = asyncio.create_task(taken(items, 60))
        more = [one for _ in range(10) for one in await deliver(bus, codec, desk, 3)]
        assert ids(await coming) == [*before, *more]


async def test_a_stream_goes_on_where_it_was_through_a_restart(bus: str, codec: Codec, tmp_path: Path) -> None:
    """The gateway ends, deliveries are made meanwhile, it starts again: the reader notices nothing but a wait."""
    desk, port, cursors = fresh_desk(), free_port(), Cursors([new_key()])
    async with served(bus, tmp_path, port=port, cursors=cursors) as first:
        tokens = [first.token(desk, "made-up-restarts")]
        client = FeedClient(first.url, lambda: tokens[-1])
        subscription = await client.subscribe(wish())
        stream = client.stream(subscription)
        items = await stream.__aenter__()
        coming = asyncio.create_task(taken(items, 2))
        await joined(first, desk)
        made = await deliver(bus, codec, desk, 2)
        assert ids(await coming) == made
    missed = await deliver(bus, codec, desk, 3)
    async with served(bus, tmp_path, port=port, cursors=cursors) as second:
        tokens.append(second.token(desk, "made-up-restarts"))
        assert ids(await taken(items, 3)) == missed
        assert stream.reconnects >= 1
        await stream.__aexit__(None, None, None)
        await client.__aexit__(None, None, None)


@pytest.mark.parametrize("tail_bytes", [1, 3_000, 32 * 1024 * 1024])
async def test_breaks_at_any_place_lose_and_double_nothing(
    bus: str, codec: Codec, tmp_path: Path, tail_bytes: int
) -> None:
    """A reader that goes away again and again, while deliveries come, has in the end each of them once, in order."""
    desk, random, other = fresh_desk(), Random(tail_bytes), Random(7)  # noqa: S311 - the same breaks each time
    async with served(bus, tmp_path, limits=replace(LIMITS, tail_bytes=tail_bytes)) as gateway:
        token = gateway.token(desk, fresh_subject())
        subscription = await gateway.subscribed(token)
        async with gateway.wire(token, subscription) as wire:
            cursor = (await wire.next("hello")).last_id
        writing = asyncio.create_task(_at_random(bus, codec, desk, other))
        found: list[str] = []
        while len(found) < 60:
            async with gateway.wire(token, subscription, {"last-event-id": cursor}) as wire:
                for _ in range(min(random.randint(1, 9), 60 - len(found))):
                    told = await wire.next("delivery")
                    found.append(orjson.loads(told.data)["meta"]["event_id"])
                    cursor = told.last_id
        assert found == await writing


async def _at_random(bus: str, codec: Codec, desk: str, random: Random) -> list[str]:
    """Sixty deliveries in batches of any size, some of them in transactions that are given up."""
    made: list[str] = []
    while len(made) < 60:
        batch = [new_id() for _ in range(min(random.randint(1, 8), 60 - len(made)))]
        commit = random.random() < 0.8
        await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, each)) for each in batch], commit=commit)
        made += batch if commit else []
    return made


def slow_reader(url: str, token: str, subscription: str) -> socket.socket:
    """A connection that asks for a stream and takes nothing of it."""
    address = urlsplit(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((address.hostname, address.port))
    connection.setblocking(False)  # noqa: FBT003 - the socket's own form
    request = (
        f"GET /v1/subscriptions/{subscription}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    connection.sendall(request.encode())
    return connection


async def events_of(connection: socket.socket, last: str) -> list[ServerEvent]:
    """What a connection holds, read at last, up to the delivery of an event."""
    parser, found, raw = Parser(), list[ServerEvent](), b""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        while not any(last in event.data for event in found if event.name == "delivery"):
            data = await loop.sock_recv(connection, 65536)
            assert data
            raw += data
            *chunks, raw = _chunks(raw)
            found += [event for chunk in chunks for event in parser.feed(chunk)]
    return found


def _chunks(raw: bytes) -> list[bytes]:
    """The whole chunks of a chunked answer, and what is left."""
    found = []
    if raw.startswith(b"HTTP/"):
        raw = raw.partition(b"\r\n\r\n")[2] if b"\r\n\r\n" in raw else raw
    while b"\r\n" in raw and not raw.startswith(b"HTTP/"):
        size, _, rest = raw.partition(b"\r\n")
        length = int(size, 16)
        if len(rest) < length + 2:
            break
        found.append(rest[:length])
        raw = rest[length + 2 :]
    return [*found, raw]


async def test_a_stalled_reader_holds_nobody_up_and_loses_nothing(gateway: Served, bus: str, codec: Codec) -> None:
    """Others stay live; it is told that it fell behind, and then reads everything, once and in order, from Kafka."""
    desk, subject = fresh_desk(), fresh_subject()
    token = gateway.token(desk, subject)
    slow = slow_reader(gateway.url, token, await gateway.subscribed(token))
    long_text = {"areas": ["se.stockholm"], "payload": {"summary": "x" * 100_000}}
    try:
        async with reading(gateway, desk) as items:
            coming = asyncio.create_task(taken(items, 80))
            await joined(gateway, desk, 2)
            made = [
                each
                for _ in range(8)
                for each in await deliver(bus, codec, desk, 10, long_text, event_type="intelligence_report")
            ]
            assert ids(await coming) == made
        assert gateway.feeds.open.hub.out.overruns > 0
        found = await events_of(slow, made[-1])
    finally:
        slow.close()
    told = [orjson.loads(event.data)["meta"]["event_id"] for event in found if event.name == "delivery"]
    assert told == made
    assert "behind" in {event.name for event in found}


async def test_a_connection_that_takes_nothing_for_long_is_cut(bus: str, codec: Codec, tmp_path: Path) -> None:
    """What it holds of the gateway's memory is given back."""
    desk = fresh_desk()
    async with served(bus, tmp_path, limits=replace(LIMITS, stalled=timedelta(seconds=1))) as gateway:
        token = gateway.token(desk)
        slow = slow_reader(gateway.url, token, await gateway.subscribed(token))
        await joined(gateway, desk)
        view = {"areas": ["se.stockholm"], "payload": {"summary": "x" * 100_000}}
        for _ in range(6):
            await deliver(bus, codec, desk, 10, view, event_type="intelligence_report")

        async def gone() -> bool:
            return not gateway.feeds.open.hub.open

        await until(gone, "the reader is cut off")
        assert gateway.feeds.open.hub.cut == 1
        slow.close()


async def test_a_heartbeat_moves_the_place_on(gateway: Served, bus: str, codec: Codec) -> None:
    """A reader for whom nothing comes has no long way back: its last id passes by what was for others."""
    desk = fresh_desk()
    token = gateway.token(desk, fresh_subject())
    subscription = await gateway.subscribed(token, types=["open_drug_scene"])
    async with gateway.wire(token, subscription) as wire:
        first = (await wire.next("hello")).last_id
        await joined(gateway, desk)
        await deliver(bus, codec, desk, 5)
        beat = first
        async with asyncio.timeout(PATIENCE):
            while beat == first:
                beat = (await wire.next("")).last_id
    async with gateway.wire(token, subscription, {"last-event-id": beat}) as wire:
        await wire.next("hello")
        await joined(gateway, desk)
        (scene,) = await deliver(bus, codec, desk, 1, {"areas": []}, event_type="open_drug_scene")
        assert scene in (await wire.next("delivery")).data
        assert wire.raw.count(b"event: delivery") == 1


async def test_what_is_held_back_comes_at_its_time_also_after_a_break(bus: str, codec: Codec, tmp_path: Path) -> None:
    """Never earlier, to a stream that is there and to one that was away when its time came, and once to each."""
    ahead = [timedelta(0)]
    until_then = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=24)
    async with served(bus, tmp_path, clock=lambda: datetime.now(UTC) + ahead[0]) as gateway:
        token = gateway.token(CUSTOMS, "made-up-holder", sensitivity=["3"])
        subscription = await gateway.subscribed(token)
        async with gateway.wire(token, subscription) as wire, gateway.wire(token, subscription) as other:
            await wire.next("hello")
            await other.next("hello")
            await joined(gateway, CUSTOMS, 2)
            (held,) = await deliver(bus, codec, CUSTOMS, not_before=until_then)
            (free,) = await deliver(bus, codec, CUSTOMS)
            told = await wire.next("delivery")
            assert free in told.data
            assert free in (await other.next("delivery")).data
            cursor = told.last_id
        ahead[0] = timedelta(hours=25)
        async with gateway.wire(token, subscription, {"last-event-id": cursor}) as wire:
            assert held in (await wire.next("delivery")).data
            (after,) = await deliver(bus, codec, CUSTOMS)
            last = await wire.next("delivery")
            assert after in last.data
        async with gateway.wire(token, subscription, {"last-event-id": last.last_id}) as wire:
            (final,) = await deliver(bus, codec, CUSTOMS)
            assert final in (await wire.next("delivery")).data


async def test_a_stream_ends_with_its_subscription_and_its_session(bus: str, tmp_path: Path) -> None:
    """Ended by its owner at once; a session in its time, so that a token is looked at again."""
    desk = fresh_desk()
    async with served(bus, tmp_path, limits=replace(LIMITS, session=timedelta(seconds=2))) as gateway:
        token = gateway.token(desk)
        subscription = await gateway.subscribed(token)
        async with gateway.wire(token, subscription) as wire:
            await wire.next("hello")
            assert (await wire.ends())[-1] == "ended"
        async with gateway.wire(token, subscription) as wire:
            await wire.next("hello")
            await gateway.ask(token, "DELETE", f"/v1/subscriptions/{subscription}")
            assert (await wire.ends())[-1] == "ended"
        answer = await gateway.ask(token, "GET", f"/v1/subscriptions/{subscription}/stream")
        assert answer.status_code == 404


async def test_nobody_opens_streams_without_end(bus: str, tmp_path: Path) -> None:
    """One person's streams are counted, and a closed one counts no more."""
    desk = fresh_desk()
    async with served(bus, tmp_path, limits=replace(LIMITS, streams_of_one=2)) as gateway:
        token = gateway.token(desk)
        subscription = await gateway.subscribed(token)
        async with gateway.wire(token, subscription) as one, gateway.wire(token, subscription) as two:
            await one.next("hello")
            await two.next("hello")
            refused = await gateway.ask(token, "GET", f"/v1/subscriptions/{subscription}/stream")
            assert (refused.status_code, refused.json()["code"]) == (429, "STREAMS_TOO_MANY")

        async def free() -> bool:
            return gateway.feeds.streams.total() == 0

        await until(free, "both streams are closed")
        async with gateway.wire(token, subscription) as again:
            await again.next("hello")
