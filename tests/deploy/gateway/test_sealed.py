"""What comes over HTTP with a sealed field is sealed before it is on the bus; its own desk's quarantine opens it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deploy.gateway import intake, quarantine
from schemas.codec import Codec
from schemas.sealing import SEALED, Seals
from schemas.topics import GATEWAY_IN, QUARANTINE
from streams.engine.match_keys import seal_keys
from tests.bus import committed
from tests.consumers.made import Sent, create_topics, quarantined, write
from tests.flow.test_sealing import DESK, SECRET, report
from tests.gateway import in_process, until_ready
from tests.streams.core.made import KEYS

pytestmark = pytest.mark.kafka

SEALS = Seals(seal_keys(KEYS))
CODEC = Codec()
PATIENCE = 30.0


async def test_an_event_by_http_is_sealed_on_the_bus(kafka: str, tmp_path: Path) -> None:
    """Twice the same event is twice the same record; in quarantine its publisher sees what it wrote."""
    await create_topics(kafka)
    body = report()

    def parts(context: Any) -> tuple[Any, ...]:
        return (intake.part(context), quarantine.part(context))

    async with in_process({"bootstrap_servers": kafka}, tmp_path, parts, seals=SEALS) as running:
        await until_ready(running)
        async with running.client(DESK, roles=["publisher"]) as client:
            answers = [await client.post("/v1/events", json=body) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [202, 202], answers[0].text
            found = [record async for record in committed(running.context.kafka, (GATEWAY_IN,))]
            first, again = [record.value for record in found if record.key == body["event_id"].encode()]
            assert first == again
            assert CODEC.name_of(first or b"") == SEALED
            assert SECRET.encode() not in (first or b"")

            kept = quarantined(DESK, body["event_id"]).model_copy(update={"value": first, "topic": GATEWAY_IN})
            await write(kafka, [Sent(QUARANTINE, DESK, CODEC.encode("quarantined", kept.model_dump(mode="python")))])
            async with asyncio.timeout(PATIENCE):
                # Until its own part is open the gateway says 503, as to anybody.
                while not (listed := (await client.get("/v1/quarantine")).json().get("items")):
                    await asyncio.sleep(0.1)
            (record,) = [each for each in listed if each["event_id"] == body["event_id"]]
            asked = f"/v1/quarantine/records/{record['place']}"
            shown = (await client.get(asked, params={"content": True})).json()
            assert shown["content"]["payload"]["source_description"] == SECRET
