"""What the signals cost: processor time of the worker for each event, without them and with them, in turn.

Processor time, not events a second: it is the same on a busy machine. The three kinds of worker get the same load on
the same bus, one after the other, several times: ``off`` counts nothing, serves nothing, follows nothing; ``on`` serves
its metrics to somebody who asks each second, and follows one event in twenty; ``followed`` follows every event.
"""

import asyncio
import contextlib
import os
import random
import statistics
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from deploy.cluster.ports import free_port
from schemas.topics import ACCEPTED, DUTIES, ENTITIES, FACTS
from schemas.traces import TRACEPARENT
from tests.bench.pipeline import fill, through
from tests.bus import Bus
from tests.load import load
from tests.traces import Collector

KINDS: Final = ("off", "on", "followed")
#: One event in so many is followed, as a publisher's sampler has it.
SAMPLED: Final = {"off": 0, "on": 20, "followed": 1}
#: What agents read behind intake: a load is through when all of it is read.
READ: Final = (ACCEPTED, ENTITIES, FACTS, DUTIES)
_ASKED_EVERY_S: Final = 1.0


@dataclass(frozen=True)
class Overhead:
    """What the signals cost. Units: microseconds of processor time an event, medians of rounds; shares of ``off``."""

    events: int
    rounds: int
    off_us: float
    on_us: float
    followed_us: float
    on_costs: float
    followed_costs: float
    spans: int


async def measure(bootstrap: str, home: Path, *, events: int, rounds: int, warm_up: int = 500) -> Overhead:
    """Let workers of each kind decide on so many events, in turn."""
    bus = Bus(bootstrap, home, workers=0, partitions=2)
    await bus.make_topics()
    spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
    published = 0
    with Collector() as collector:
        for number in range(rounds):
            for kind in KINDS if number % 2 else reversed(KINDS):
                folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=home))
                async with _worker(bootstrap, folder, kind, collector) as running:
                    for count, seed in ((warm_up, 100 + published), (events, 200 + published)):
                        before = _processor_s(running)
                        await _publish(running, count, seed, SAMPLED[kind])
                        published += count
                        await through(running, published, READ)
                    spent[kind].append((_processor_s(running) - before) / events * 1e6)
        spans = len(collector.spans)
    off, on, followed = (statistics.median(spent[kind]) for kind in KINDS)
    return Overhead(
        events=events,
        rounds=rounds,
        off_us=round(off, 1),
        on_us=round(on, 1),
        followed_us=round(followed, 1),
        on_costs=round(on / off - 1, 3),
        followed_costs=round(followed / off - 1, 3),
        spans=spans,
    )


@contextlib.asynccontextmanager
async def _worker(bootstrap: str, home: Path, kind: str, collector: Collector) -> AsyncIterator[Bus]:
    """One worker of a kind on the bus, and somebody who asks it for its metrics."""
    port = free_port()
    arguments = () if kind == "off" else ("--metrics-port", str(port))
    bus = Bus(bootstrap, home, partitions=2, arguments=arguments)
    if kind == "off":
        bus.workers[0]._command[2] = "tests.bench.signals_off"
    with _environment({} if kind == "off" else collector.environment):
        async with bus:
            asking = asyncio.create_task(_ask(port)) if kind != "off" else None
            try:
                yield bus
            finally:
                if asking is not None:
                    asking.cancel()
                    await asyncio.gather(asking, return_exceptions=True)


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """OpenTelemetry's variables as they are here, and no others."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("OTEL_")}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
        os.environ.update(kept)


async def _ask(port: int) -> None:
    """Ask for the metrics again and again, as Prometheus does."""
    async with httpx.AsyncClient(timeout=30) as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get(f"http://127.0.0.1:{port}/metrics")
            await asyncio.sleep(_ASKED_EVERY_S)


async def _publish(bus: Bus, count: int, seed: int, sampled: int) -> None:
    """Publish events; where any are followed all carry a context, as those of a publisher that samples do."""
    rng = random.Random(seed)  # noqa: S311 - made-up load
    records = []
    for number, made in enumerate(load(count, seed=seed)):
        record = made.record
        if sampled:
            flags = b"01" if number % sampled == 0 else b"00"
            context = b"00-%032x-%016x-%b" % (rng.getrandbits(128) | 1, rng.getrandbits(64) | 1, flags)
            record = record._replace(headers=(*record.headers, (TRACEPARENT, context)))
        records.append(record)
    await fill(bus, records)


def _processor_s(bus: Bus) -> float:
    """Processor time of the worker so far, all its threads. Units: seconds."""
    process: Any = bus.workers[0]._process
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)
