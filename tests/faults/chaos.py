"""Faults on purpose: workers killed or frozen while events flow; then the books are held against what was published."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from consumers.audit import Verdict
from producers.client import DEFAULTS, GATEWAY_TOPIC
from tests.bus import Books, Bus
from tests.load import Made, load


@dataclass(frozen=True)
class Outcome:
    """What a run showed. ``faults`` counts by kind; all must be zero."""

    published: int
    injected: int
    faults: dict[str, int]
    books: Books
    ledger: Verdict
    seconds: float


Fault = Callable[[Bus, random.Random], Awaitable[None]]


async def kill_one(bus: Bus, rng: random.Random) -> None:
    """Kill -9 a worker in mid-stream, and start it anew as its supervisor would."""
    worker = rng.choice(bus.workers)
    worker.kill()
    worker.start()


async def freeze_one(bus: Bus, rng: random.Random) -> None:
    """Stop a worker's clock until its partitions are taken over, then let it go on."""
    worker = rng.choice(bus.workers)
    worker.signal(signal.SIGSTOP)
    await asyncio.sleep(FREEZE_S)
    worker.signal(signal.SIGCONT)


#: Longer than the session timeout (10 s), so that the partitions have another owner when the worker wakes up.
FREEZE_S = 15.0


async def run(
    bootstrap: str, home: Path, fault: Fault, *, faults: int, rate: float, pause_s: tuple[float, float]
) -> Outcome:
    """Publish at a steady rate with two workers while faults strike, until the last one is over; then check the books.

    Units: ``rate`` in events a second, ``pause_s`` the least and most seconds between two faults.
    """
    started = time.monotonic()
    rng = random.Random(11)  # noqa: S311 - which worker, and when
    async with Bus(bootstrap, home, workers=2, arguments=("--snapshots", str(home / "snapshots"))) as bus:
        over = asyncio.Event()
        publishing = asyncio.create_task(_publish(bus, rate, over))
        reviving = asyncio.create_task(_revive(bus, over))
        for _ in range(faults):
            await asyncio.sleep(rng.uniform(*pause_s))
            await fault(bus, rng)
        over.set()
        published = await publishing
        await reviving
        await bus.settled(len(published), within=120)
        books, ledger = await bus.verified()
    good = [made.event_id for made in published if made.good]
    bad = [made.event_id for made in published if not made.good]
    return Outcome(len(published), faults, books.faults(good, bad), books, ledger, time.monotonic() - started)


async def _revive(bus: Bus, over: asyncio.Event) -> None:
    """Start workers that ended by themselves (a fenced one stops), as a supervisor does."""
    while not over.is_set():
        for worker in bus.workers:
            if worker.exit_code() is not None:
                worker.start()
        await asyncio.sleep(0.5)
    for worker in bus.workers:
        if worker.exit_code() is not None:
            worker.start()


async def _publish(bus: Bus, rate: float, over: asyncio.Event) -> list[Made]:
    import aiokafka

    published: list[Made] = []
    producer = aiokafka.AIOKafkaProducer(**(DEFAULTS | bus.options))
    await producer.start()
    try:
        started = time.monotonic()
        batch = 0
        while not over.is_set():
            for made in load(500, seed=1000 + batch, bad_share=0.02):
                key, value, headers = made.record[:3]
                await producer.send(GATEWAY_TOPIC, value, key=key, headers=list(headers))
                published.append(made)
                ahead = started + len(published) / rate - time.monotonic()
                if ahead > 0.01:
                    await asyncio.sleep(ahead)
                if over.is_set():
                    break
            batch += 1
        await producer.flush()
    finally:
        await producer.stop()
    return published
