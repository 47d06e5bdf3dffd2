"""Sealed fields on a running bus: no topic holds one but the delivery to whoever may see it."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.bus import administrator, topics_of
from consumers.feed import Delivery, Feed
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import Producer, new_event_id
from schemas.codec import Codec
from schemas.example_data import good_examples, moved_in_time
from schemas.sealing import SEALED, Seals
from schemas.topics import ACCEPTED, ASSESSED, GATEWAY_IN, QUARANTINE
from streams.core.link.keys import made_keys
from streams.engine.match_keys import seal_keys
from tests.bus import Bus, committed
from tests.streams.core.made import KEYS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

SECRET = "Kalla-som-ingen-far-se-4711"  # synthetic
DESK = "se.stockholm/intelligence"
SEALS = Seals(seal_keys(KEYS))
CODEC = Codec()


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: what stands on its topics is all from here."""
    with LocalCluster(tmp_path_factory.mktemp("sealing"), port=free_port()) as cluster:
        yield cluster.bootstrap


@pytest.fixture(scope="module")
async def bus(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module."""
    async with Bus(kafka, tmp_path_factory.mktemp("bus")) as running:
        yield running


def report() -> dict[str, Any]:
    """A report of now whose source is described."""
    example = next(each for each in good_examples("intelligence_report") if each.body["payload"].get("local_report_no"))
    written = datetime.fromisoformat(example.body["reported_at"])
    body = moved_in_time(example.body, datetime.now(UTC) - timedelta(hours=1) - written, new_event_id())
    body["event_id"] = new_event_id()
    body["provenance"] = {"root_ids": [body["event_id"]]}
    body["payload"] |= {"source_description": SECRET, "local_report_no": new_event_id()}
    return body


async def published(bus: Bus, body: dict[str, Any], seals: Seals | None) -> str:
    """Publish one event and wait until it is decided on; its id."""
    async with Producer(bus.options, origin=DESK, seals=seals) as producer:
        receipt = await producer.publish(body)
    assert receipt.status == "taken", receipt
    await bus.until(lambda books: books.decided[body["event_id"]] == 1, "the report decided")
    return str(body["event_id"])


async def holding(bus: Bus, text: bytes) -> set[str]:
    """The topics with a record that holds a text, in its value or in a header."""
    async with administrator(bus.options) as admin:
        names = [name for name in await topics_of(admin) if not name.startswith("__")]
    found = set()
    async for record in committed(bus.options, names):
        parts = (record.value or b"", record.key or b"", *(value for _, value in record.headers))
        if any(text in part for part in parts):
            found.add(record.topic)
    return found


async def test_no_topic_holds_a_sealed_field_but_its_delivery(bus: Bus) -> None:
    """Not even lanes' states; whoever wrote it has it in its feed, open."""
    event_id = await published(bus, report(), SEALS)
    assert {name for name in await holding(bus, SECRET.encode()) if not name.startswith("deliver.")} == set()
    async with Feed(bus.options, DESK, since=timedelta(days=1), follow=False) as feed:
        found = [each async for each in feed if isinstance(each, Delivery) and each.meta.event_id == event_id]
    assert [item.event["payload"]["source_description"] for item in found] == [SECRET]


async def test_what_was_published_open_is_sealed_from_intake_on(bus: Bus) -> None:
    """A unit whose system knows nothing of seals; what it wrote stands on the intake topic alone."""
    await published(bus, report(), None)
    assert {name for name in await holding(bus, SECRET.encode()) if not name.startswith("deliver.")} == {GATEWAY_IN}
    kinds = {
        record.topic: CODEC.name_of(record.value or b"")
        async for record in committed(bus.options, (ACCEPTED, ASSESSED))
        if dict(record.headers).get("ce_type", b"").startswith(b"se.sambus.intelligence_report")
    }
    assert kinds == {ACCEPTED: SEALED, ASSESSED: SEALED}


async def test_a_key_that_workers_do_not_have_is_told_and_loses_nothing(bus: Bus) -> None:
    """It is in quarantine as it came, and is no fault of its publisher."""
    other = Seals(seal_keys(made_keys("other", bytes(range(96)))))
    body = report()
    async with Producer(bus.options, origin=DESK, seals=other) as producer:
        await producer.publish(body)
    await bus.until(lambda books: sum(books.quarantined.values()) == 1, "it is quarantined")
    values = [CODEC.decode(record.value or b"").value async for record in committed(bus.options, (QUARANTINE,))]
    (kept,) = [value for value in values if value["key"] == body["event_id"].encode()]
    assert [problem["code"] for problem in kept["problems"]] == ["SEAL_UNOPENED"]
    assert Codec(seals=other).decode(kept["value"]).value["payload"]["source_description"] == SECRET
