"""Made-up records for tests of readers, and the ways in which they get onto a real Kafka."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import uuid_utils
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from consumers.bus import committed_reader
from schemas.codec import Codec
from schemas.envelope import Event, Origin
from schemas.example_data import good_examples
from schemas.gazetteer import load_gazetteer
from schemas.problems import Problem as Found
from schemas.problems import RejectCode
from schemas.records import (
    Decision,
    DeliveryMeta,
    Quarantined,
    QuarantinedHeader,
    QuarantinedProblem,
    Receiver,
    Withheld,
)
from schemas.topics import catalogue
from schemas.validation import validate
from schemas.vocabulary import Function, Handling

JARVA = "se.stockholm.stockholm-nord.jarva/surveillance"
SOLNA = "se.stockholm.stockholm-nord.solna/intelligence"
REGION = "se.stockholm/intelligence"
ORIGIN = Origin(unit="se.stockholm.stockholm-nord.jarva", function=Function.INVESTIGATION)
PUBLISHER = "se.stockholm.stockholm-nord.jarva/investigation"
AT = datetime(2026, 7, 8, 12, 30, tzinfo=UTC)
#: Seconds for the brokers to mark a transaction that is decided.
MARKED_WITHIN_S = 30.0


class Sent(NamedTuple):
    """A record for a topic."""

    topic: str
    key: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def new_id() -> str:
    """A fresh event id, UUIDv7."""
    return str(uuid_utils.uuid7())


def delivery_meta(desk: str, event_id: str, **changes: Any) -> DeliveryMeta:
    """A delivery's meta data."""
    fields: dict[str, Any] = {
        "delivery_id": f"{event_id}:1:{desk}:main",
        "desk": desk,
        "event_id": event_id,
        "event_type": "drug_seizure",
        "revision": 1,
        "view_group": "main",
        "view": ["seizure_local"],
        "rules": ["S01"],
        "feed": "feed.local.se.stockholm.stockholm-nord.jarva",
        "priority": 3,
        "priority_reason": "rule S01",
        "obligations": ["audit"],
        "marks": [],
        "handling": Handling.H1,
        "sensitivity": 2,
        "origin": ORIGIN,
        "published_at": AT,
        "pack_version": "2026.1",
        "synthetic": True,
    }
    return DeliveryMeta(**fields | changes)


def seizure_view() -> dict[str, Any]:
    """A minimised drug seizure: most of it hidden."""
    return {
        "areas": ["se.stockholm.stockholm-nord.jarva"],
        "occurred_from": AT,
        "payload": {"seizure_context": "street", "seizing_authority": "police"},
    }


def delivery(codec: Codec, desk: str, event_id: str, view: Mapping[str, Any] | None = None, **changes: Any) -> bytes:
    """A delivery's bytes, as the share agent writes them."""
    meta = delivery_meta(desk, event_id, **changes)
    event = seizure_view() if view is None else view
    return codec.encode(f"delivery.{meta.event_type}", meta.model_dump(mode="python") | {"event": event})


def receiver(desk: str, *rules: str, **changes: Any) -> Receiver:
    """One receiver of a decision."""
    fields: dict[str, Any] = {
        "desk": desk,
        "view_group": "main",
        "view": ["seizure_local"],
        "rules": list(rules) or ["S01"],
        "priority": 3,
        "priority_reason": "rule S01",
        "feed": "feed.local.se.stockholm.stockholm-nord.jarva",
        "obligations": ["audit"],
        "marks": [],
    }
    return Receiver(**fields | changes)


def decision(
    event_id: str, receivers: Iterable[Receiver] = (), withheld: Iterable[Withheld] = (), **changes: Any
) -> Decision:
    """A ledger line."""
    fields: dict[str, Any] = {
        "event_id": event_id,
        "event_type": "drug_seizure",
        "revision": 1,
        "outcome": "shared",
        "origin": ORIGIN,
        "input_hash": "0" * 64,
        "pack_version": "2026.1",
        "gazetteer_version": "2026-07",
        "receivers": list(receivers),
        "withheld": list(withheld),
        "published_at": AT,
        "accepted_from": "in.gateway:0:17",
        "synthetic": True,
    }
    return Decision(**fields | changes)


def quarantined(origin: str | None, event_id: str | None, value: bytes = b"junk", **changes: Any) -> Quarantined:
    """A record that intake could not accept."""
    found = Found(RejectCode.AREA_UNKNOWN, "/areas/0")
    problem = QuarantinedProblem(
        code=found.code, pointer=found.pointer, remedy_sv=found.remedy_sv, remedy_en=found.remedy_en
    )
    fields: dict[str, Any] = {
        "problems": [problem],
        "origin": origin,
        "event_id": event_id,
        "event_type": "drug_seizure",
        "at": datetime.now(UTC),
        "topic": "in.gateway",
        "partition": 0,
        "offset": 5,
        "key": (event_id or "").encode(),
        "headers": [QuarantinedHeader(name="sambus_origin", value=(origin or "").encode())],
        "value": value,
    }
    return Quarantined(**fields | changes)


async def create_topics(bootstrap: str) -> None:
    """Every topic of the catalogue, where it is not there yet."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        response = await admin.create_topics(
            [
                NewTopic(topic.name, topic.partitions, 1, topic_configs=topic.configs())
                for topic in catalogue(load_gazetteer())
            ]
        )
    except TopicAlreadyExistsError:
        return
    finally:
        await admin.close()
    for _, code, *_ in response.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise for_code(code)


async def write(bootstrap: str, records: Iterable[Sent], *, commit: bool = True) -> list[tuple[int, int]]:
    """Write records in one transaction, and commit or abort it; readers see the end of it when this is done.

    Gives partition and offset of each.
    """
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"test-{uuid.uuid4()}")
    await producer.start()
    try:
        await producer.begin_transaction()
        pending = [await producer.send(r.topic, r.value, key=r.key.encode(), headers=list(r.headers)) for r in records]
        await producer.flush()
        await (producer.commit_transaction() if commit else producer.abort_transaction())
        written = [await sent for sent in pending]
    finally:
        await producer.stop()
    await passed(bootstrap, {TopicPartition(at.topic, at.partition): at.offset for at in written})
    return [(at.partition, at.offset) for at in written] if commit else []


async def passed(bootstrap: str, last: Mapping[TopicPartition, int]) -> None:
    """Until readers may pass the last record in each partition.

    Kafka answers a commit when it is decided; the brokers mark it in each partition a moment later.
    """
    async with (
        committed_reader({"bootstrap_servers": bootstrap}) as reader,
        asyncio.timeout(MARKED_WITHIN_S),
    ):
        while any(end <= last[place] for place, end in (await reader.end_offsets(list(last))).items()):
            pass


def example(event_type: str) -> Event[Any]:
    """The first good example of an event type."""
    event = validate(event_type, good_examples(event_type)[0].body)
    if not isinstance(event, Event):
        raise TypeError(f"the example of {event_type} is not good: {event}")
    return event
