"""A feed gives exactly what was committed for its desk, in order, from where it was asked to start."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from consumers.bus import BusUnreachableError, TopicMissingError, partition_of
from consumers.feed import Delivery, Feed, Unreadable, WrongStartError, delivery_topic, without_hidden
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.problems import RejectCode
from tests.consumers.made import AT, REGION, SOLNA, Sent, delivery, new_id, write

pytestmark = pytest.mark.kafka

TOPIC = "deliver.stockholm"
PARTITIONS = 4
LONG_AGO = timedelta(hours=1)


def options(bootstrap: str) -> dict[str, Any]:
    """What a feed needs to reach the cluster."""
    return {"bootstrap_servers": bootstrap}


#: What tests name themselves lies here; other desks of the region are given out once each.
NAMED = "se.stockholm.stockholm-nord"


def _region() -> Iterator[str]:
    gazetteer = load_gazetteer()
    codes = [unit for unit in gazetteer.units if unit.startswith("se.stockholm.")]
    return (desk for code in codes for desk in gazetteer.desks(code))


_FRESH = (desk for desk in _region() if not desk.startswith(NAMED))


def desks_beside(desk: str) -> list[str]:
    """Other desks of the region whose deliveries lie on the same partition."""
    wanted = partition_of(desk, PARTITIONS)
    return [other for other in _region() if other.startswith(NAMED) and partition_of(other, PARTITIONS) == wanted]


def fresh_desk() -> str:
    """A desk of the region that no other test reads: each call gives another one."""
    return next(_FRESH)


async def everything(feed: Feed) -> list[Delivery | Unreadable]:
    """All that a feed gives until its end."""
    async with feed as items:
        return [item async for item in items]


def ids(items: list[Delivery | Unreadable]) -> list[str]:
    """The event ids of the deliveries, in the order they came."""
    return [item.meta.event_id for item in items if isinstance(item, Delivery)]


@pytest.mark.parametrize(
    ("key", "hashed"), [("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536)]
)
def test_partitions_are_those_of_the_java_client(key: str, hashed: int) -> None:
    """The vectors of Kafka's own UtilsTest: a record's writer may be any client."""
    for count in (1, 4, 7, 50):
        assert partition_of(key, count) == (hashed & 0x7FFFFFFF) % count


async def test_a_feed_is_what_was_committed_for_the_desk_and_nothing_else(bus: str, codec: Codec) -> None:
    """Aborted transactions, other desks on the same partition and later records are not in it; order is kept."""
    desk = fresh_desk()
    beside = desks_beside(desk)[0]
    expected = []
    for round_number in range(6):
        mine = [new_id() for _ in range(5)]
        records = [Sent(TOPIC, to, delivery(codec, to, event_id)) for event_id in mine for to in (desk, beside)]
        committed = round_number % 3 != 1
        await write(bus, records, commit=committed)
        expected += mine if committed else []
    items = await everything(Feed(options(bus), desk, since=LONG_AGO))
    assert ids(items) == expected
    assert len({item.position for item in items}) == len(expected)


async def test_following_shows_a_delivery_soon_after_its_commit(bus: str, codec: Codec) -> None:
    """Live: what comes after the start is shown, and a stop is clean."""
    desk, seen = fresh_desk(), []
    async with Feed(options(bus), desk, follow=True) as items:
        for _ in range(3):
            event_id = new_id()
            await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, event_id))])
            item = await asyncio.wait_for(anext(items), 5)
            assert isinstance(item, Delivery)
            seen.append(item.meta.event_id == event_id)
    assert seen == [True, True, True]


async def test_a_feed_stops_at_the_end_known_at_its_start(bus: str, codec: Codec) -> None:
    """A reader that does not follow ends, also while more keeps coming."""
    desk = fresh_desk()
    first, later = new_id(), new_id()
    await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, first))])
    async with Feed(options(bus), desk, since=LONG_AGO) as items:
        await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, later))])
        assert ids([item async for item in items]) == [first]


async def test_a_start_is_a_time_an_offset_or_now(bus: str, codec: Codec) -> None:
    """Each start gives exactly what comes after it."""
    desk = fresh_desk()
    before, between, after = new_id(), new_id(), new_id()
    await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, before))])
    await asyncio.sleep(0.01)  # records of one millisecond cannot be told apart by time
    moment = datetime.now(UTC)
    places = await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, event_id)) for event_id in (between, after)])
    assert ids(await everything(Feed(options(bus), desk, since=moment))) == [between, after]
    assert ids(await everything(Feed(options(bus), desk, since=places[1][1]))) == [after]
    assert ids(await everything(Feed(options(bus), desk, since=LONG_AGO))) == [before, between, after]
    assert await everything(Feed(options(bus), desk)) == []


async def test_looking_back_gives_what_came_before_the_start_and_says_so(bus: str, codec: Codec) -> None:
    """For a reader that must know of it; the start itself stays where it was asked for."""
    desk = fresh_desk()
    before, after = new_id(), new_id()
    places = await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, each)) for each in (before, after)])
    await write(bus, [Sent(TOPIC, desk, b"junk")])
    for since in (places[1][1], None):
        async with Feed(options(bus), desk, since=since, look_back=LONG_AGO) as feed:
            items = [(item, feed.before_start(item)) async for item in feed]
        assert ids([item for item, _ in items]) == [before, after]
        known = [old for _, old in items]
        assert known == ([True, False, False] if since is not None else [True, True, True])
        assert feed.unreadable == known.count(False) - (since is not None)


async def test_what_is_held_back_comes_when_its_time_has_come_and_no_earlier(bus: str, codec: Codec) -> None:
    """A feed read to its end leaves it out and counts it; one that is followed shows it at that moment."""
    desk = fresh_desk()
    held, free = new_id(), new_id()
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=24)
    late = delivery(codec, desk, held, not_before=until)
    await write(bus, [Sent(TOPIC, desk, late), Sent(TOPIC, desk, delivery(codec, desk, free))])
    reading = Feed(options(bus), desk, since=LONG_AGO)
    assert ids(await everything(reading)) == [free]
    assert reading.held == 1
    async with Feed(options(bus), desk, since=LONG_AGO, follow=True) as items:
        assert ids([await anext(items)]) == [free]
        items.clock = lambda: until
        assert ids([await asyncio.wait_for(anext(items), 5)]) == [held]


async def test_an_offset_that_is_not_there_yet_is_refused(bus: str) -> None:
    """Reading on from elsewhere would repeat everything, which is what the client library would do."""
    with pytest.raises(WrongStartError):
        await everything(Feed(options(bus), fresh_desk(), since=10_000_000))


async def test_an_unreadable_record_is_told_and_does_not_end_the_feed(bus: str, codec: Codec) -> None:
    """Junk, an event that is no delivery, and a delivery made for another desk are values, counted, never shown."""
    desk, good = fresh_desk(), new_id()
    foreign = delivery(codec, SOLNA, new_id())
    cut = delivery(codec, desk, new_id())[:-1]
    bad = [b"", b"\xc3\x01junk", cut, foreign]
    await write(bus, [*(Sent(TOPIC, desk, value) for value in bad), Sent(TOPIC, desk, delivery(codec, desk, good))])
    feed = Feed(options(bus), desk, since=LONG_AGO)
    items = await everything(feed)
    assert [item.code for item in items if isinstance(item, Unreadable)] == [
        RejectCode.UNREADABLE,
        RejectCode.UNREADABLE,
        RejectCode.UNREADABLE,
        RejectCode.FIELD_INVALID,
    ]
    assert feed.unreadable == 4
    assert ids(items) == [good]


async def test_only_the_asked_types_are_given(bus: str, codec: Codec) -> None:
    """A type filter leaves the rest out, and nothing of the asked type."""
    desk, seizure, scene = fresh_desk(), new_id(), new_id()
    await write(
        bus,
        [
            Sent(TOPIC, desk, delivery(codec, desk, seizure)),
            Sent(TOPIC, desk, delivery(codec, desk, scene, {"areas": []}, event_type="open_drug_scene")),
        ],
    )
    found = await everything(Feed(options(bus), desk, since=LONG_AGO, types=["open_drug_scene"]))
    assert ids(found) == [scene]


async def test_a_delivery_shows_its_meta_and_no_hidden_field(bus: str, codec: Codec) -> None:
    """What the view left out is not there, not even as a null."""
    desk, event_id = fresh_desk(), new_id()
    await write(bus, [Sent(TOPIC, desk, delivery(codec, desk, event_id))])
    (item,) = await everything(Feed(options(bus), desk, since=LONG_AGO))
    assert isinstance(item, Delivery)
    assert (item.meta.desk, item.meta.rules, item.meta.published_at) == (desk, ["S01"], AT)
    assert item.event == {
        "areas": ["se.stockholm.stockholm-nord.jarva"],
        "occurred_from": AT,
        "payload": {"seizing_authority": "police", "seizure_context": "street"},
    }


def test_hidden_fields_go_at_every_depth() -> None:
    """Also inside lists; false, zero and empty are values."""
    view = {"a": None, "b": {"c": None, "d": 0}, "e": [{"f": None, "g": False}], "h": []}
    assert without_hidden(view) == {"b": {"d": 0}, "e": [{"g": False}], "h": []}


def test_a_desk_reads_its_area_or_its_own_topic() -> None:
    """The region's topic, the national one, or the one of a desk with its own access."""
    gazetteer = load_gazetteer()
    assert delivery_topic(REGION, gazetteer) == "deliver.stockholm"
    assert delivery_topic("se.noa-fipo/finance", gazetteer) == "deliver.national"
    assert delivery_topic("partner.tullverket/investigation", gazetteer) == "deliver.partners"
    assert delivery_topic(REGION, gazetteer, own_topic=True) == "desk.se.stockholm.intelligence"


async def test_a_desk_with_its_own_topic_reads_it(bus: str, codec: Codec) -> None:
    """The desk's own topic has one partition; the same feed reads it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bus)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("desk.se.stockholm.finance", 1, 1)])
    finally:
        await admin.close()
    desk, event_id = "se.stockholm/finance", new_id()
    await write(bus, [Sent("desk.se.stockholm.finance", desk, delivery(codec, desk, event_id))])
    assert ids(await everything(Feed(options(bus), desk, since=LONG_AGO, own_topic=True))) == [event_id]


async def test_a_missing_topic_is_named_with_its_remedy(bus: str) -> None:
    """Waiting for a topic that nobody made would be a hang."""
    with pytest.raises(TopicMissingError, match=r"desk\.se\.stockholm\.knowledge.*topics apply"):
        await everything(Feed(options(bus), "se.stockholm/knowledge", own_topic=True))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "10.255.255.1:9092"])
async def test_a_bus_that_does_not_answer_is_told_within_seconds(address: str) -> None:
    """A refused connection and one that is swallowed alike."""
    began = time.monotonic()
    with pytest.raises(BusUnreachableError, match="--bootstrap"):
        await everything(Feed(options(address), REGION))
    assert time.monotonic() - began < 5


async def test_a_unit_outside_the_gazetteer_has_no_feed() -> None:
    """Found out before anything is connected."""
    with pytest.raises(KeyError):
        Feed(options("127.0.0.1:1"), "se.atlantis/intelligence")
