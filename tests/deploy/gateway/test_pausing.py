"""A desk that fills quarantine by way of the gateway is told to wait, alone; it is seen, and let go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.gateway import intake, quarantine
from schemas.codec import Codec
from schemas.pausing import PauseLimits, Pausing
from schemas.topics import QUARANTINE
from tests.consumers.made import Sent, create_topics, new_id, quarantined, write
from tests.flow.test_flow import seizure
from tests.gateway import Running, in_process, until_ready

pytestmark = pytest.mark.kafka

CODEC = Codec()
FLOODING, OTHER = "se.nord.norrbotten/investigation", "se.nord.jamtland/investigation"
MOST, PATIENCE = 5, 60.0
PAUSING = Pausing(
    version="test",
    usual=PauseLimits(
        window_seconds=600,
        most=MOST,
        share=0.5,
        first_pause_seconds=600,
        longest_pause_seconds=600,
        trial=2,
        settle_seconds=1,
    ),
)


@asynccontextmanager
async def standing(kafka: str, folder: Path) -> AsyncIterator[Running]:
    """A gateway that takes events, with limits for a test."""
    await create_topics(kafka)

    def parts(context: Any) -> tuple[Any, ...]:
        return (intake.part(context), quarantine.part(context))

    async with in_process({"bootstrap_servers": kafka}, folder, parts, pausing=PAUSING) as running:
        await until_ready(running)
        yield running


async def test_a_desk_that_floods_is_paused_alone_and_let_go_on(kafka: str, tmp_path: Path) -> None:
    """429 with the time to wait, before its body is looked at; other desks, and operations, go on."""
    async with standing(kafka, tmp_path) as running:
        assert (await sent(running, FLOODING)).status_code == httpx.codes.ACCEPTED
        bad = CODEC.encode("quarantined", quarantined(FLOODING, new_id()).model_dump(mode="python"))
        await write(kafka, [Sent(QUARANTINE, FLOODING, bad)] * (MOST + 1))
        told = await pauses(running)  # waited for without sending: whoever sends what is good is paused the later
        paused = await until(running, FLOODING, 429)
        assert paused.json()["code"] == "SOURCE_PAUSED"
        assert paused.headers["content-type"] == "application/problem+json"
        assert 0 < int(paused.headers["retry-after"]) <= 600
        assert (await sent(running, OTHER)).status_code == httpx.codes.ACCEPTED

        assert (told["where"], told["state"], told["codes"]) == ("gateway", "paused", ["AREA_UNKNOWN"])
        assert told["rejected"] == MOST + 1
        async with running.client(FLOODING, roles=["publisher"]) as own:
            assert [each["origin"] for each in (await own.get("/v1/quarantine/pauses")).json()["pauses"]] == [FLOODING]
            assert (await own.post("/v1/quarantine/resume", json={"origin": FLOODING})).status_code == 403
        async with running.client(OTHER, roles=["publisher"]) as other:
            assert (await other.get("/v1/quarantine/pauses")).json() == {"pauses": []}
        async with running.client(OTHER, roles=["operations"]) as operator:
            assert (await operator.post("/v1/quarantine/resume", json={"origin": OTHER})).status_code == 404
            done = await operator.post("/v1/quarantine/resume", json={"origin": FLOODING})
            assert done.json() == {"origin": FLOODING, "resumed": True}
        await until(running, FLOODING, 202)


async def sent(running: Running, desk: str) -> httpx.Response:
    """One good event of a desk."""
    async with running.client(desk, roles=["publisher"]) as client:
        return await client.post("/v1/events", json=seizure(areas=["se.nord"]))


async def until(running: Running, desk: str, status: int) -> httpx.Response:
    """Send until it is answered so. Errors: ``TimeoutError``."""
    async with asyncio.timeout(PATIENCE):
        while (answer := await sent(running, desk)).status_code != status:
            await asyncio.sleep(0.1)
    return answer


async def pauses(running: Running) -> dict[str, Any]:
    """The one pause that operations sees, once it is told. Errors: ``TimeoutError``."""
    async with asyncio.timeout(PATIENCE), running.client(OTHER, roles=["operations"]) as client:
        while True:
            answer = await client.get("/v1/quarantine/pauses")
            found = answer.json().get("pauses", []) if answer.status_code == httpx.codes.OK else []
            mine: list[dict[str, Any]] = [each for each in found if each["origin"] == FLOODING]
            if mine:
                return mine[0]
            await asyncio.sleep(0.1)
