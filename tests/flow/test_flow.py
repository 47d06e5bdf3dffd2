"""The whole way on a real Kafka: published, decided, delivered, refused, told; nothing lost, no content in a log."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from consumers.feed import Delivery, Feed
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, Producer, RawRecord, new_event_id, publish_raw
from schemas.codec import MAX_BUS_BYTES, MAX_RECORD_BYTES, ORIGIN_HEADER, Codec
from schemas.example_data import good_examples, moved_in_time
from schemas.topics import QUARANTINE
from schemas.validation import validate
from tests.bus import Bus, committed

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

JARVA = "se.stockholm.stockholm-nord.jarva"
SECRET = "Hemlig-uppgift-4711"  # synthetic content that no log may hold
CODEC = Codec()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("flow"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus")) as running:
        yield running


def seizure(**changes: Any) -> dict[str, Any]:
    """A seizure in Järva, reported now, with an id of its own; its text carries the secret."""
    body = moved_in_time(good_examples("drug_seizure")[0].body, *_to_now())
    body["event_id"] = new_event_id()
    body["provenance"] = {"root_ids": [body["event_id"]]}
    body["payload"]["seizure_no"] = new_event_id().replace("-", "").ljust(64, "0")
    body["payload"]["items"][0]["packaging"] = SECRET
    return body | changes


def _to_now() -> tuple[Any, str]:
    from datetime import UTC, datetime, timedelta

    written = datetime.fromisoformat(good_examples("drug_seizure")[0].body["reported_at"])
    return datetime.now(UTC) - timedelta(hours=1) - written, new_event_id()


def forged(**changes: Any) -> RawRecord:
    """A record that our own client would refuse to send."""
    event = validate("drug_seizure", seizure())
    assert not isinstance(event, tuple)
    value = event.model_dump(mode="python") | changes
    return raw(value["event_id"], CODEC.encode("drug_seizure", value))


def raw(event_id: str, value: bytes, origin: str = f"{JARVA}/investigation") -> RawRecord:
    """A record as it would stand on the gateway's topic."""
    return RawRecord(event_id.encode(), value, ((ORIGIN_HEADER, origin.encode()),))


async def quarantined(bus: Bus, key: bytes) -> dict[str, Any]:
    """The quarantine record of the record with this key, once it is there."""
    async with asyncio.timeout(90):  # the first record waits for the worker to start
        while True:
            async for record in committed(bus.options, (QUARANTINE,)):
                value = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
                if value["key"] == key:
                    return value


def _grading_d() -> RawRecord:
    from datetime import UTC, datetime

    return forged(grading={"source": "D", "info": 2, "by": "desk", "at": datetime.now(UTC)})


def _far_future() -> RawRecord:
    from datetime import UTC, datetime

    return forged(occurred_from=datetime(9999, 12, 31, tzinfo=UTC), occurred_to=None)


def _truncated() -> RawRecord:
    whole = forged()
    return whole._replace(value=whole.value[: len(whole.value) // 2])


BAD: dict[str, tuple[Callable[[], RawRecord], tuple[str, str]]] = {
    "a wrong unit": (
        lambda: forged(origin_unit={"unit": "se.syd.malmo", "function": "investigation"}),
        ("ORIGIN_MISMATCH", "/origin_unit"),
    ),
    "an unknown area": (lambda: forged(areas=[JARVA, "se.atlantis"]), ("AREA_UNKNOWN", "/areas/1")),
    "grading D": (_grading_d, ("GRADING_INVALID", "/grading/source")),
    "a missing purpose": (lambda: forged(purpose=""), ("PURPOSE_MISSING", "/purpose")),
    "a truncated record": (_truncated, ("UNREADABLE", "")),
    "a text of two megabytes": (
        lambda: raw(new_event_id(), forged().value + SECRET.encode() * (2 * MAX_RECORD_BYTES // len(SECRET) - 200)),
        ("TOO_LARGE", ""),
    ),
    "a date in the year 9999": (_far_future, ("TIME_IN_FUTURE", "/occurred_from")),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_accepted_is_kept_whole_and_told(bus: Bus, name: str) -> None:
    """Each gets its code, its pointer and its remedy in two languages; the record is kept as it came."""
    make, (code, pointer) = BAD[name]
    record = make()
    await publish_raw(bus.options, GATEWAY_TOPIC, [record])
    told = await quarantined(bus, record.key or b"")
    problem = told["problems"][0]
    assert (problem["code"], problem["pointer"]) == (code, pointer)
    assert problem["remedy_sv"]
    assert problem["remedy_en"]
    assert told["value"] == record.value
    assert told["origin"] == f"{JARVA}/investigation"


async def test_a_seizure_reaches_its_area_once_and_nobody_else(bus: Bus) -> None:
    """S01 and S06 to Järva and its police area; a retry changes nothing; a desk elsewhere sees nothing."""
    before = await bus.books()
    body = seizure()
    async with Producer(bus.options, origin=f"{JARVA}/investigation") as producer:
        receipts = [await producer.publish(body), await producer.publish(body)]
    assert [receipt.status for receipt in receipts] == ["taken", "taken"]
    books = await bus.settled(before.settled + 2)
    assert books.dropped[body["event_id"]] == 1
    for desk in (f"{JARVA}/intelligence", "se.stockholm.stockholm-nord/surveillance"):
        (delivery,) = [d for d in await read(bus, desk) if d.meta.event_id == body["event_id"]]
        assert delivery.meta.rules
        assert delivery.event["payload"]["items"][0]["substance_id"] == "cocaine"
    elsewhere = await read(bus, "se.syd.malmo/intelligence")
    assert [d for d in elsewhere if d.meta.event_id == body["event_id"]] == []


async def read(bus: Bus, desk: str) -> list[Delivery]:
    """Everything on a desk's feed."""
    from datetime import timedelta

    async with Feed(bus.options, desk, since=timedelta(days=1), follow=False) as feed:
        return [delivery async for delivery in feed if isinstance(delivery, Delivery)]


async def test_no_content_stands_in_a_workers_log(bus: Bus) -> None:
    """Whatever was accepted, refused and dropped above."""
    logs = "".join(worker.log.read_text() for worker in bus.workers)
    assert "worker_started" in logs
    assert SECRET not in logs
    assert JARVA not in logs
