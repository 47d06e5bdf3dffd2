"""The official CloudEvents SDK of Python writes what the bus takes, and reads what it gives.

JavaScript's does the same in the example in Node (``test_languages.py``).
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from deploy.registry import RegistryIds
from producers.client import Producer
from schemas.codec import ORIGIN_HEADER, Codec
from schemas.validation import validate
from tests.bus import Bus, committed
from tests.registry.conftest import DESK, UNIT
from tests.registry.made import seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

OWN_TOPIC = f"in.{UNIT}"


async def messages(bus: Bus, topic: str) -> list[KafkaMessage]:
    """What stands on a topic, as the SDK takes it."""
    return [
        KafkaMessage(dict(record.headers), record.key, record.value or b"")
        async for record in committed(bus.options, (topic,))
    ]


async def test_the_sdk_reads_what_our_client_publishes(bus: Bus) -> None:
    """Attributes from the headers, the event's Avro bytes as data."""
    body = seizure()
    async with Producer(bus.options, origin=DESK, topic=OWN_TOPIC) as producer:
        assert (await producer.publish(body)).status == "taken"
    read = [from_binary(message, JSONFormat()) for message in await messages(bus, OWN_TOPIC)]
    (found,) = [event for event in read if event.get_id() == body["event_id"]]
    assert found.get_type() == "se.sambus.drug_seizure.v1"
    assert found.get_source() == f"/{DESK}"
    assert found.get_datacontenttype() == "application/avro"
    at = found.get_time()
    assert at is not None
    assert at.isoformat(timespec="milliseconds") == _to_milliseconds(body["reported_at"])
    assert Codec().decode(_bytes(found.get_data())).value["event_id"] == body["event_id"]


async def test_the_bus_takes_what_the_sdk_writes_and_the_sdk_reads_the_delivery(bus: Bus, ids: RegistryIds) -> None:
    """Written by the SDK, decided by the rules, read by the SDK from the desk's own topic."""
    event = validate("drug_seizure", seizure())
    assert not isinstance(event, tuple)
    attributes = {
        "specversion": "1.0",
        "id": event.event_id,
        "type": "se.sambus.drug_seizure.v1",
        "source": f"/{DESK}",
        "time": datetime.now(UTC),
        "datacontenttype": "application/avro",
    }
    data = Codec().encode("drug_seizure", event.model_dump(mode="python"))
    message = to_binary(CloudEvent(attributes, data), JSONFormat(), key_mapper=lambda _: event.event_id)
    await _send(bus, message)
    await bus.until(lambda books: event.event_id in books.decided, "it is decided on", within=60)
    read = [from_binary(each, JSONFormat()) for each in await messages(bus, f"desk.{DESK.replace('/', '.')}")]
    (found,) = [each for each in read if each.get_id().startswith(event.event_id)]
    assert found.get_type() == "se.sambus.delivery.drug_seizure.v1"
    assert found.get_source() == "/se.bus"
    await ids.learn([_bytes(found.get_data())])
    delivery = Codec(ids.known).decode(_bytes(found.get_data())).value
    assert (delivery["event_id"], delivery["desk"]) == (event.event_id, DESK)


def _to_milliseconds(text: str) -> str:
    return datetime.fromisoformat(text).isoformat(timespec="milliseconds")


async def _send(bus: Bus, message: KafkaMessage) -> None:
    """Send an SDK's message with nothing of ours but the header that names the desk."""
    assert isinstance(message.key, str)
    async with AIOKafkaProducer(bootstrap_servers=bus.bootstrap, acks="all") as kafka:
        headers = [*message.headers.items(), (ORIGIN_HEADER, DESK.encode())]
        await kafka.send_and_wait(OWN_TOPIC, message.value, key=message.key.encode(), headers=headers)


def _bytes(data: Any) -> bytes:
    """The data as sent: the SDK hands out bytes as text whenever they happen to be UTF-8."""
    return data if isinstance(data, bytes) else str(data).encode()
