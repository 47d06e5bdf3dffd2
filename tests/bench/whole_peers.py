"""The whole bus beside its core in other engines: the same events through each, exactly once, in turn."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from schemas.topics import ACCEPTED, DUTIES, ENTITIES, FACTS
from tests.bench.pipeline import fill, through
from tests.bench.whole import ENGINES, PARTITIONS
from tests.bus import Bus
from tests.load import Made, load


@dataclass(frozen=True)
class Whole:
    """One engine's runs. Units: events a second, from an untouched topic to its end; events lost or decided twice."""

    engine: str
    rates: list[float]
    lost: int
    doubled: int

    @property
    def rate(self) -> float:
        """The median rate."""
        return median(self.rates)


async def compare(home: Path, events: int, rounds: int, engines: tuple[str, ...] = ("sambus", *ENGINES)) -> list[Whole]:
    """Run the engines in turn, each time on a cluster of its own."""
    rates: dict[str, list[float]] = {engine: [] for engine in engines}
    faults: dict[str, Counter[str]] = {engine: Counter() for engine in engines}
    for number in range(rounds):
        for engine in engines:
            folder = home / f"{engine}-{number}"
            with LocalCluster(folder / "kafka", port=free_port()) as cluster:
                rate, found = await measure(cluster.bootstrap, folder, engine, list(load(events, seed=5)))
            rates[engine].append(rate)
            faults[engine].update(found)
            sys.stderr.write(f"{engine}: {rate:,.0f} events/s, {dict(found)}\n")
    return [Whole(each, rates[each], faults[each]["lost"], faults[each]["decided twice"]) for each in engines]


async def measure(bootstrap: str, home: Path, engine: str, made: list[Made]) -> tuple[float, dict[str, int]]:
    """One run of one engine over events that are there when it starts; its rate, and what is wrong with its books."""
    bus = Bus(bootstrap, home, workers=1 if engine == "sambus" else 0, partitions=PARTITIONS)
    await bus.make_topics()
    await fill(bus, [each.record for each in made])
    process: subprocess.Popen[bytes] | None = None
    if engine != "sambus":
        command = [sys.executable, "-m", "tests.bench.whole", engine, bootstrap]
        process = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)  # noqa: ASYNC220
    try:
        async with bus:
            rate = await through(bus, len(made), (ACCEPTED, ENTITIES, DUTIES, FACTS))
            books: Any = await bus.books()
    finally:
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    faults = books.faults([each.event_id for each in made], [])
    return rate, {kind: count for kind, count in faults.items() if count}
