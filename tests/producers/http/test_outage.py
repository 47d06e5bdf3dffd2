"""Kafka away: told at once with a time to come again, never taken without being safe, and well again by itself."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.encoding import Encoded
from producers.http.durable import DurableSpool
from producers.spool import Spool
from producers.spool_keys import SpoolKeys
from schemas.codec import ORIGIN_HEADER
from tests.bus import committed
from tests.gateway import DESK, PATIENCE, Running, in_process, until_ready
from tests.producers.conftest import make_topic
from tests.producers.http.conftest import intake_on
from tests.producers.made import SECRET, notice

PATH = "/v1/events"
TOPIC = "in.outage"

pytestmark = pytest.mark.kafka


class Disk:
    """A spool that writes each record to a file, as long as there is room."""

    def __init__(self, folder: Path, room: int) -> None:
        self._folder = folder
        self._room = room

    async def keep(self, record: Encoded) -> bool:
        """Write it, or say that there is no room."""
        if len(self.kept()) >= self._room:
            return False
        told = [record.key.decode(), dict(record.headers)[ORIGIN_HEADER].decode()]
        (self._folder / record.event_id).write_bytes(orjson.dumps(told))
        return True

    def kept(self) -> list[list[str]]:
        """Key and origin of each."""
        return sorted(orjson.loads(path.read_bytes()) for path in self._folder.iterdir())


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A broker that these tests may stop; its data stays."""
    cluster = LocalCluster(tmp_path_factory.mktemp("own"), port=free_port())
    with cluster:
        yield cluster


@pytest.fixture
async def running(own_kafka: LocalCluster, tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway on that broker."""
    options = {"bootstrap_servers": own_kafka.bootstrap, "request_timeout_ms": 2_000, "retry_backoff_ms": 50}
    await make_topic(own_kafka.bootstrap, TOPIC)
    async with in_process(options, tmp_path, intake_on(TOPIC, timeout=2.0)) as gateway:
        await until_ready(gateway)
        yield gateway


async def test_a_gateway_without_a_bus_says_when_to_come_again(tmp_path: Path) -> None:
    """From its start, and at once: nobody waits for a bus that is not there."""
    options = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    async with in_process(options, tmp_path, intake_on("in.nowhere")) as gateway, gateway.client() as client:
        began = time.monotonic()
        one, several = await client.post(PATH, json=notice()), await client.post(PATH, json=[notice(), notice()])
        assert time.monotonic() - began < 2
        for answer in (one, several):
            assert (answer.status_code, answer.json()["code"]) == (503, "BUS_UNREACHABLE")
            assert int(answer.headers["retry-after"]) > 0
        assert (await client.post(PATH, json=notice(sensitivity=9))).status_code == 422
        mixed = await client.post(PATH, json=[notice(), notice(sensitivity=9)])
        assert [result["status"] for result in mixed.json()["results"]] == ["unconfirmed", "rejected"]
        assert int(mixed.headers["retry-after"]) > 0
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "parts": {"intake": False}})


async def test_a_topic_that_is_not_there_is_an_outage(kafka: str, tmp_path: Path) -> None:
    """The gateway is not ready, and takes nothing."""
    options = {"bootstrap_servers": kafka, "request_timeout_ms": 1_000}
    made_of = intake_on("in.never-made", timeout=1.0)
    async with in_process(options, tmp_path, made_of) as gateway, gateway.client() as client:
        assert (await client.post(PATH, json=notice())).status_code == 503
        assert (await client.get("/readyz")).status_code == 503


async def test_what_was_answered_as_taken_is_there_through_an_outage(own_kafka: LocalCluster, running: Running) -> None:
    """Publishers go on through a broker that is killed and comes back: each 202 stands on the topic."""
    stop = asyncio.Event()
    taken: list[str] = []
    away: list[str] = []

    async def publisher(client: httpx.AsyncClient) -> None:
        while not stop.is_set():
            body = notice()
            answer = await client.post(PATH, json=body)
            assert answer.status_code in {202, 503}, answer.text
            (taken if answer.status_code == 202 else away).append(body["event_id"])
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) > 0
                await asyncio.sleep(0.05)

    async with running.client() as client:
        publishers = [asyncio.create_task(publisher(client)) for _ in range(8)]
        await _until(lambda: len(taken) > 50)
        await asyncio.to_thread(own_kafka.brokers[0].end)
        await _until(lambda: len(away) > 20)
        before = len(taken)
        await asyncio.to_thread(own_kafka.brokers[0].start)
        await asyncio.to_thread(own_kafka.brokers[0].wait, time.monotonic() + PATIENCE)
        await _until(lambda: len(taken) > before + 50)
        stop.set()
        await asyncio.gather(*publishers)
    options = {"bootstrap_servers": own_kafka.bootstrap}
    stand = {record.key.decode() async for record in committed(options, [TOPIC]) if record.key is not None}
    assert set(taken) <= stand


async def test_with_a_spool_an_outage_is_not_noticed_until_it_is_full(tmp_path: Path) -> None:
    """What the spool has on its disk is taken; what it has no room for is told as before."""
    folder = tmp_path / "spool"
    folder.mkdir()
    spool = Disk(folder, room=3)
    options = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    bodies = [notice() for _ in range(4)]
    async with (
        in_process(options, tmp_path, intake_on("in.nowhere", spool=spool)) as gateway,
        gateway.client() as client,
    ):
        first = await client.post(PATH, json=bodies[0])
        rest = await client.post(PATH, json=bodies[1:])
        assert (first.status_code, first.json()["status"]) == (202, "taken")
        assert [result["status"] for result in rest.json()["results"]] == ["taken", "taken", "unconfirmed"]
        assert spool.kept() == sorted([body["event_id"], DESK] for body in bodies[:3])
        assert (await client.post(PATH, json=notice())).status_code == 503
        assert (await client.get("/readyz")).json()["parts"] == {"intake": True}


async def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_what_the_durable_spool_has_taken_arrives_when_the_bus_is_back(
    own_kafka: LocalCluster, tmp_path: Path
) -> None:
    """Taken on an encrypted disk while the bus is away, also through an end of the gateway; then on the topic, once."""
    topic = "in.durable"
    await make_topic(own_kafka.bootstrap, topic)
    keys = SpoolKeys([bytes(range(32))])
    away = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    there = {"bootstrap_servers": own_kafka.bootstrap}
    bodies = [notice() for _ in range(5)]
    for options, sent in ((away, bodies[:4]), (there, bodies[4:])):
        spool = DurableSpool(options, Spool(tmp_path / "spool", keys), topic=topic)
        async with in_process(options, tmp_path, intake_on(topic), spool=spool) as gateway, gateway.client() as client:
            answer = await client.post(PATH, json=sent)
            assert [result["status"] for result in answer.json()["results"]] == ["taken"] * len(sent)
            if options is away:
                assert spool.waiting == len(sent)
                disk = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
                assert SECRET.encode() not in disk
                assert (await client.get("/readyz")).status_code == 200
            await _until(lambda: options is away or spool.waiting == 0)  # noqa: B023 - awaited here
    stand = [record async for record in committed(there, [topic])]
    assert Counter(record.key.decode() for record in stand if record.key) == Counter(b["event_id"] for b in bodies)
    assert {dict(record.headers)[ORIGIN_HEADER] for record in stand} == {DESK.encode()}


async def test_a_durable_spool_that_is_full_says_when_to_come_again(tmp_path: Path) -> None:
    """Nothing is taken that has no room on the disk."""
    options = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    spool = DurableSpool(options, Spool(tmp_path / "spool", SpoolKeys([bytes(range(32))]), max_bytes=4_000))
    async with (
        in_process(options, tmp_path, intake_on("in.nowhere"), spool=spool) as gateway,
        gateway.client() as client,
    ):
        answer = await client.post(PATH, json=[notice() for _ in range(20)])
        seen = Counter(result["status"] for result in answer.json()["results"])
    assert set(seen) == {"taken", "unconfirmed"}
    assert int(answer.headers["retry-after"]) > 0
