"""Over HTTP: curl, and CloudEvents as the official SDKs of JavaScript and Python write them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import to_structured
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas.codec import Codec
from schemas.topics import GATEWAY_IN
from tests.bus import Bus, committed
from tests.examples import EXAMPLES, npm_folder, ran, tool
from tests.gateway import Processes, processes
from tests.registry.conftest import DESK
from tests.registry.made import seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def gateway(bus: Bus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A gateway with its made-up people, as processes."""
    home: Path = tmp_path_factory.mktemp("gateway")
    with processes(bus.bootstrap, home) as both:
        yield both


@pytest.fixture
def variables(gateway: Processes) -> dict[str, str]:
    """What tells an example where the gateway is, and who it is."""
    return {"SAMBUS_GATEWAY": gateway.address, "SAMBUS_TOKEN": gateway.token(DESK)}


async def decided(bus: Bus, said: str) -> str:
    """The id in what an example said, once the rules have decided on its event."""
    found = _ID.search(said)
    assert found is not None, said
    await bus.until(lambda books: books.decided[found[0]] == 1, f"{found[0]} decided", within=60)
    return found[0]


async def test_curl_publishes(bus: Bus, variables: dict[str, str]) -> None:
    """The guide's first ten minutes."""
    said = ran([tool("sh", "a shell"), "publish.sh"], EXAMPLES / "curl", variables)
    assert json.loads(said)["status"] == "taken"
    await decided(bus, said)


async def test_javascripts_sdk_publishes_in_structured_mode(bus: Bus, variables: dict[str, str]) -> None:
    """The example in Node without Kafka."""
    said = ran([tool("node", "Node.js"), "http.mjs"], npm_folder(EXAMPLES / "node", "http.mjs"), variables)
    assert said.startswith("202 ")
    await decided(bus, said)


async def test_pythons_sdk_publishes_in_structured_mode_and_reads_it_from_kafka(bus: Bus, gateway: Processes) -> None:
    """One CloudEvent in, and the same one out of the gateway's topic: id, type, source and time."""
    body = seizure()
    event_id, reported = body.pop("event_id"), body.pop("reported_at")
    del body["event_type"]
    event = _cloud_event(event_id, datetime.fromisoformat(reported), body)
    message = to_structured(event, JSONFormat())
    headers = {**message.headers, "authorization": f"Bearer {gateway.token(DESK)}"}
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{gateway.address}/v1/events", content=message.body, headers=headers)
    assert answer.status_code == 202, answer.text
    await decided(bus, event_id)
    (read,) = [
        from_binary(KafkaMessage(dict(record.headers), record.key, record.value or b""), JSONFormat())
        async for record in committed(bus.options, (GATEWAY_IN,))
        if record.key == event_id.encode()
    ]
    assert (read.get_id(), read.get_type(), read.get_source()) == (event_id, event.get_type(), event.get_source())
    found = read.get_time()
    assert found is not None
    assert abs((found - datetime.fromisoformat(reported)).total_seconds()) < 0.001
    data = read.get_data()
    value = Codec().decode(data if isinstance(data, bytes) else str(data).encode()).value
    assert value["payload"]["seizure_no"] == body["payload"]["seizure_no"]


def _cloud_event(event_id: str, at: datetime, data: dict[str, Any]) -> CloudEvent:
    attributes = {
        "specversion": "1.0",
        "id": event_id,
        "type": "se.sambus.drug_seizure.v1",
        "source": f"/{DESK}",
        "time": at.astimezone(UTC),
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, data)
