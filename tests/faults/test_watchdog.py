"""A worker of which a part stands still says what and ends by itself; the next goes on, nothing is lost or doubled."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from streams.engine.watchdog import EXIT_STUCK
from tests.bench.pipeline import fill
from tests.bus import Bus, Worker
from tests.load import Made, load

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]

_SEEDS = count(70)
_WITHIN_S = 120.0


class Troubled(Worker):
    """A worker in which something stands still as long as its trigger is there."""

    def __init__(self, kind: str, bootstrap: str, home: Path) -> None:
        super().__init__(bootstrap, home / f"{kind}.log")
        self.trigger = home / f"{kind}.trigger"
        keys = str(home / "match-keys.json")
        self._command = [sys.executable, "-m", "tests.faults.troubled", kind, bootstrap, keys, str(self.trigger)]

    async def ended(self) -> int | None:
        """Its exit code once it has ended by itself."""
        await until(lambda: self.exit_code() is not None, "the worker ends", self)
        return self.exit_code()


async def until(done: Callable[[], bool], wanted: str, worker: Worker) -> None:
    """Wait for something. Errors: ``TimeoutError`` with the worker's last words."""
    deadline = time.monotonic() + _WITHIN_S
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{wanted}: {worker.log.read_text()[-1500:]}")
        await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A cluster of its own: its broker is stopped."""
    with LocalCluster(tmp_path_factory.mktemp("watchdog"), port=free_port()) as kafka:
        yield kafka


@pytest.fixture(scope="module")
async def bus(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """The topics; each test brings its worker."""
    async with Bus(cluster.bootstrap, tmp_path_factory.mktemp("bus"), workers=0) as running:
        yield running


async def publish(bus: Bus, events: int) -> list[Made]:
    """Publish events that no other test has."""
    made = list(load(events, seed=next(_SEEDS)))
    await fill(bus, [each.record for each in made])
    return made


async def all_decided(bus: Bus, made: list[Made], worker: Worker) -> None:
    """Wait until each of these has been decided on, and see that none was twice, nor any delivery made twice."""
    bus.workers[:] = [worker]  # whose words a failure tells
    books = await bus.until(lambda books: all(books.decided[each.event_id] for each in made), "all decided", _WITHIN_S)
    assert {books.decided[each.event_id] for each in made} == {1}
    assert max(books.delivered.values()) == 1


@pytest.mark.parametrize(
    ("kind", "cause"), [("loop", "LOOP_BLOCKED"), ("lane", "LANE_HUNG"), ("fetch", "FETCH_STALLED")]
)
async def test_a_worker_that_stands_still_ends_and_the_next_goes_on(
    bus: Bus, tmp_path: Path, kind: str, cause: str
) -> None:
    """It was well before; it says what stands still, with codes alone."""
    worker = Troubled(kind, bus.bootstrap, tmp_path)
    worker.start()
    try:
        first = await publish(bus, 10)
        await all_decided(bus, first, worker)
        worker.trigger.touch()
        second = await publish(bus, 20)
        assert await worker.ended() == EXIT_STUCK
        assert f'"cause": "{cause}"' in worker.log.read_text()
        worker.trigger.unlink()
        worker.start()  # as a supervisor does
        await all_decided(bus, [*first, *second], worker)
        assert worker.exit_code() is None
    finally:
        worker.stop()


async def test_one_poisoned_event_stops_nothing(bus: Bus, tmp_path: Path) -> None:
    """A step that raises: the event goes whole into quarantine, and those behind it are decided on."""
    worker = Troubled("poison", bus.bootstrap, tmp_path)
    worker.start()
    try:
        await all_decided(bus, await publish(bus, 5), worker)
        worker.trigger.touch()
        (poisoned,) = await publish(bus, 1)
        await until(lambda: "step_failed" in worker.log.read_text(), "the step fails", worker)
        worker.trigger.unlink()
        await all_decided(bus, await publish(bus, 5), worker)
        books = await bus.until(lambda books: bool(books.codes["INTERNAL"]), "it is in quarantine", _WITHIN_S)
        assert books.codes["INTERNAL"] == 1
        assert not books.decided[poisoned.event_id]
        assert worker.exit_code() is None
    finally:
        worker.stop()


async def test_a_broker_that_stands_still_is_borne_for_a_while_and_then_not(
    cluster: LocalCluster, bus: Bus, tmp_path: Path
) -> None:
    """Brokers come back from a short pause to the same worker; a commit that never ends, ends the worker."""
    worker = Troubled("commit", bus.bootstrap, tmp_path)
    worker.start()
    (broker,) = [each.pid for each in cluster.brokers[0].identities()[1:]]
    try:
        made = await publish(bus, 10)
        await all_decided(bus, made, worker)
        made += await _with_the_broker_stopped(bus, broker, lambda: asyncio.sleep(4))
        await all_decided(bus, made, worker)
        assert worker.exit_code() is None
        made += await _with_the_broker_stopped(bus, broker, worker.ended)
        assert worker.exit_code() == EXIT_STUCK
        assert '"cause": "COMMIT_HUNG"' in worker.log.read_text()
        worker.start()
        await all_decided(bus, made, worker)
    finally:
        os.kill(broker, signal.SIGCONT)
        worker.stop()


async def _with_the_broker_stopped(bus: Bus, broker: int, meanwhile: Callable[[], object]) -> list[Made]:
    """Stop the broker while a worker has much in hand, let something happen, and let it go on."""
    made = await publish(bus, 800)
    await bus.until(lambda books: books.decided[made[0].event_id] > 0, "work begins", _WITHIN_S)
    os.kill(broker, signal.SIGSTOP)
    try:
        await meanwhile()  # type: ignore[misc]
    finally:
        os.kill(broker, signal.SIGCONT)
    return made
