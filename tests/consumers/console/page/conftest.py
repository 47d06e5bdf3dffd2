"""A whole bus for the console's page: Kafka, a worker, the gateway and its provider, and a real browser."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from playwright.async_api import Browser, expect

from consumers.watch.snapshot import WATCH_KEY, Snapshot, write_snapshot
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from schemas.topics import HEALTH
from tests.browser import chromium
from tests.bus import Bus
from tests.consumers.console.snapshots import well
from tests.gateway import Processes, processes

__all__ = ["chromium"]


@pytest.fixture(scope="package")
async def console_bus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """A running bus with one worker, on a cluster of its own."""
    home: Path = tmp_path_factory.mktemp("console")
    with LocalCluster(home / "kafka", port=free_port()) as cluster:
        async with Bus(cluster.bootstrap, home, partitions=1) as running:
            yield running


@pytest.fixture(scope="package")
def console_gateway(console_bus: Bus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """The gateway over that bus."""
    with processes(console_bus.bootstrap, tmp_path_factory.mktemp("console-gateway")) as both:
        yield both


@pytest.fixture(autouse=True)
def patient(chromium: Browser) -> None:
    """What is waited for here comes by way of Kafka, the watch and the gateway: on a busy machine it takes its time."""
    assert chromium.is_connected()
    expect.set_options(timeout=60_000)


@pytest.fixture
def watcher(console_bus: Bus, tmp_path: Path) -> Iterator[Path]:
    """``sambus watch`` over that bus, as a process; its log."""
    log = tmp_path / "watch.log"
    command = [sys.executable, "-m", "deploy.cli", "watch", "--bootstrap", console_bus.bootstrap, "--no-canaries"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        yield log
        process.terminate()
        process.wait(30)


class Saying:
    """Writes made-up snapshots as the watcher would, one after the other; ``make`` makes each."""

    def __init__(self, make: Callable[[datetime], Snapshot]) -> None:
        self.make = make

    async def run(self, bootstrap: str) -> None:
        """Write until cancelled."""
        async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
            while True:
                value = write_snapshot(self.make(datetime.now(UTC)))
                await producer.send_and_wait(HEALTH, value, key=WATCH_KEY)
                await asyncio.sleep(1)


@pytest.fixture
async def saying(console_bus: Bus) -> AsyncIterator[Saying]:
    """Made-up snapshots of a bus that is well, until the test makes others."""
    made = Saying(well)
    task = asyncio.create_task(made.run(console_bus.bootstrap))
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
