"""Each fault that operations must see, provoked on a real bus: how soon `sambus watch` tells it, and that it ends.

What the watch tells stands at once on its ``/metrics`` (from there the alert: ``tests/deploy/observability``) and on
``bus.health``, which the console and ``sambus status`` read. ``pytest -s`` prints the seconds.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx
import pytest
import yaml

from consumers.watch.snapshot import latest_snapshot
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.topics import apply
from producers.client import GATEWAY_TOPIC, RawRecord, publish_raw
from schemas.gazetteer import load_gazetteer
from schemas.topics import PACKS, catalogue, intake_topic
from streams.core.share.bundle import open_bundle
from tests.bus import Bus
from tests.faults.random.cluster import Disk, disk
from tests.faults.test_watchdog import Troubled
from tests.flow.test_flooding import LIMITS, MOST, UNIT
from tests.flow.test_flow import seizure
from tests.load import load
from tests.orders import published
from tests.signed import activation, bundle, unpacked

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

#: A fault shall be told in 15 s; a test waits longer, because its machine may be busy with other things.
_DEADLINE_S: Final = 120.0
_MIB: Final = 1 << 20
_RULES, _NEXT = bundle("2031.1"), bundle("2031.2")


class Neighbour:
    """Something beside the bus that the watch asks over HTTP: it answers, or it is gone."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Answer whatever is asked."""

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b'{"parts": {}}'
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Answer)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Told:
    """What a `sambus watch` process tells, on both ways."""

    def __init__(self, bootstrap: str, port: int) -> None:
        self._options = {"bootstrap_servers": bootstrap}
        self._url = f"http://127.0.0.1:{port}/metrics"
        self.seconds: dict[str, float] = {}

    async def on_metrics(self) -> set[str]:
        """The codes of the alarms that Prometheus would find."""
        try:
            async with httpx.AsyncClient() as client:
                text = (await client.get(self._url)).text
        except httpx.HTTPError:
            return set()
        begin = 'sambus_alarm{code="'
        return {line.removeprefix(begin).partition('"')[0] for line in text.splitlines() if line.startswith(begin)}

    async def on_health(self) -> set[str]:
        """The codes that the console and `sambus status` find."""
        snapshot = await latest_snapshot(self._options)
        return set() if snapshot is None else {reason.code.value for reason in snapshot.reasons}

    async def until(self, fault: str, code: str, *, holds: bool = True, published: bool = True) -> None:
        """Wait until an alarm holds, or does no longer, and note how long that took. Errors: ``AssertionError``."""
        began = time.monotonic()
        ways = (self.on_metrics, self.on_health) if published else (self.on_metrics,)
        for way in ways:
            while (code in await way()) is not holds:
                assert time.monotonic() - began < _DEADLINE_S, f"{fault}: {code}, {await self.on_metrics()}"
                await asyncio.sleep(0.1)
        self.seconds[fault] = round(time.monotonic() - began, 1)


class Surroundings:
    """A bus with a watch that has all of these to look at."""

    def __init__(self, cluster: LocalCluster, home: Path, bounded: Disk) -> None:
        self.cluster, self.home, self.disk = cluster, home, bounded
        self.gateway, self.registry = Neighbour(), Neighbour()
        limits = home / "pausing.yaml"
        limits.write_text(yaml.safe_dump(LIMITS), "utf-8")
        rules = ("--rules", str(unpacked(_RULES, home / "rules")))
        self.bus = Bus(cluster.bootstrap, home, arguments=("--own-access", UNIT, "--pausing", str(limits), *rules))

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Told]:
        """With a watch as a process of its own, as an authority runs it."""
        port = free_port()
        asked = ("--gateway", self.gateway.url, "--registry", self.registry.url, "--disk", str(self.disk.folder))
        command = (sys.executable, "-m", "deploy.cli", "watch", "--bootstrap", self.cluster.bootstrap, "--no-canaries")
        with (self.home / "watch.log").open("ab") as log:
            watch = subprocess.Popen([*command, *asked, "--metrics-port", str(port)], stdout=log, stderr=log)  # noqa: ASYNC220
        try:
            yield Told(self.cluster.bootstrap, port)
        finally:
            watch.terminate()
            watch.wait(30)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    """A cluster of its own: its broker is stopped."""
    with LocalCluster(tmp_path / "kafka", port=free_port()) as kafka:
        yield kafka


async def test_every_fault_is_told_in_seconds(cluster: LocalCluster, tmp_path: Path) -> None:
    """One after the other; those that can be healed end by it. Silence and clocks: ``tests/deploy/test_watch.py``."""
    await apply({"bootstrap_servers": cluster.bootstrap}, catalogue(load_gazetteer(), own_access_units=[UNIT]))
    with disk(tmp_path / "disk", 64 * _MIB) as bounded:
        if not isinstance(bounded, Disk):
            assert "CI" not in os.environ, bounded
            pytest.skip(bounded)
        around = Surroundings(cluster, tmp_path, bounded)
        around.gateway.start()
        around.registry.start()
        try:
            async with around.bus, around.watched() as told:
                await publish_raw(around.bus.options, GATEWAY_TOPIC, [made.record for made in load(5, seed=11)])
                await around.bus.settled(5)
                await _well(told)
                await _neighbours(around, told)
                await _content(around, told)
                await _workers(around, told)
                await _broker(around, told)
        finally:
            around.gateway.stop()
            around.registry.stop()
    print(told.seconds)  # noqa: T201 - pytest -s tells what was measured


async def _well(told: Told) -> None:
    """Wait until nothing is wrong."""
    deadline = time.monotonic() + _DEADLINE_S
    while found := await told.on_health() | await told.on_metrics():
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)


async def _neighbours(around: Surroundings, told: Told) -> None:
    """What stands beside the bus."""
    around.gateway.stop()
    await told.until("gateway gone", "GATEWAY_GONE")
    around.gateway.start()
    await told.until("gateway back", "GATEWAY_GONE", holds=False)
    around.registry.stop()
    await told.until("registry gone", "REGISTRY_GONE")
    around.registry.start()
    await told.until("registry back", "REGISTRY_GONE", holds=False)
    around.disk.fill()
    await told.until("disk full", "DISK_NEARLY_FULL")
    around.disk.make_room()
    await told.until("disk with room", "DISK_NEARLY_FULL", holds=False)


async def _content(around: Surroundings, told: Told) -> None:
    """What is sent to the bus: a client that floods, a pack that one person alone signed."""
    records = [published(seizure(areas=["se.atlantis"]), f"{UNIT}/investigation") for _ in range(8 * MOST)]
    await publish_raw(around.bus.options, intake_topic(UNIT), records)
    await told.until("flooding client", "SOURCE_PAUSED")
    alone: RawRecord = activation(_NEXT, open_bundle(_RULES), second="anna.ek")
    await publish_raw(around.bus.options, PACKS, [alone])
    await told.until("pack refused", "PACK_REFUSED")


async def _workers(around: Surroundings, told: Told) -> None:
    """The worker is frozen, goes on, is killed; another one meets an event that it fails on."""
    (worker,) = around.bus.workers
    worker.signal(signal.SIGSTOP)
    await told.until("worker hung", "NO_WORKER")
    worker.kill()
    worker.start()
    await told.until("worker started anew", "NO_WORKER", holds=False)
    worker.kill()
    await told.until("worker killed", "NO_WORKER")
    troubled = Troubled("poison", around.cluster.bootstrap, around.home)
    troubled.start()
    try:
        await told.until("another worker", "NO_WORKER", holds=False)
        troubled.trigger.touch()
        await publish_raw(around.bus.options, GATEWAY_TOPIC, [made.record for made in load(1, seed=12)])
        await told.until("poisoned event", "OWN_FAULT")
    finally:
        troubled.stop()


async def _broker(around: Surroundings, told: Told) -> None:
    """No broker answers: then nothing can be published, and the console sees the age of what it has."""
    (broker,) = [each.pid for each in around.cluster.brokers[0].identities()[1:]]
    os.kill(broker, signal.SIGSTOP)
    try:
        await told.until("broker gone", "BUS_UNREACHABLE", published=False)
    finally:
        os.kill(broker, signal.SIGCONT)
    await told.until("broker back", "BUS_UNREACHABLE", holds=False)
