"""Back at work after kill -9: a worker with very many events in its state is killed, and started anew.

It is at work when an event that was published after the kill has reached its receivers, and prepared when links and
pictures go on too. What it knew before must hold after: events that it had are retries, whatever else is in its state.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.bench.filled import Entries, fill, sample, told
from tests.bench.pipeline import fill as publish
from tests.bus import Bus
from tests.load import load

#: The sample is small beside what is made of it, and large enough to be like real events.
_SAMPLE = 2_000
_PARTITIONS = 4
_WITHIN_S = 300.0


@dataclass(frozen=True)
class Recovery:
    """One kill. Units: seconds from the kill on, process start included; MiB of memory of all workers."""

    events: int
    entries: int
    workers: int
    snapshots: bool
    at_work_s: float
    prepared_s: float
    memory_mib: int
    sizes: Mapping[str, tuple[float, int]]
    #: Of events that were there before the kill and were published again: how many were not told to be retries.
    forgotten: int


async def measure(
    bootstrap: str, home: Path, *, events: int, workers: int = 1, known: int = 200, snapshots: bool = True
) -> Recovery:
    """Fill the states, let workers open them and take some events, kill -9 all of them, and time their return."""
    sampled = sample(min(_SAMPLE, events), _PARTITIONS)
    rounds = max(1, events // _SAMPLE)
    folder = ("--snapshots", str(home / "snapshots")) if snapshots else ()
    bus = Bus(bootstrap, home, workers=workers, partitions=_PARTITIONS, arguments=folder)
    for number, worker in enumerate(bus.workers):
        worker._command += ["--instance", f"worker-{number}"]
    await bus.make_topics()
    entries = await fill(bus.options, sampled, rounds)
    before, after = list(load(known, seed=21)), list(load(1, seed=22))
    async with bus:
        await publish(bus, [made.record for made in before])
        await bus.settled(known, within=_WITHIN_S)
        await _told(bus, "lane_prepared", _PARTITIONS)
        for worker in bus.workers:
            worker.kill()
        for worker in bus.workers:
            worker.log.unlink()
        killed = time.monotonic()
        await publish(bus, [made.record for made in after])
        for worker in bus.workers:
            worker.start()
        at_work = await _decided(bus, after[0].event_id) - killed
        prepared = await _told(bus, "lane_prepared", _PARTITIONS) - killed
        memory = sum(_memory(worker._process.pid) for worker in bus.workers if worker._process is not None)
        await publish(bus, [made.record for made in before])
        books = await bus.settled(2 * known + 1, within=60)
    forgotten = sum(1 for made in before if books.decided[made.event_id] != 1 or books.dropped[made.event_id] != 1)
    return Recovery(
        events=events,
        entries=entries,
        workers=workers,
        snapshots=snapshots,
        at_work_s=round(at_work, 1),
        prepared_s=round(prepared, 1),
        memory_mib=memory,
        sizes=_sizes(sampled),
        forgotten=forgotten,
    )


def _sizes(sampled: Sequence[Mapping[str, Entries]]) -> Mapping[str, tuple[float, int]]:
    return {agent: (round(each, 2), size) for agent, (each, size) in told(sampled, _SAMPLE).items()}


async def _decided(bus: Bus, event_id: str) -> float:
    """Wait until a committed reader sees what became of an event; returns when."""
    await bus.until(lambda books: bool(books.decided[event_id]), "the event after the kill", _WITHIN_S)
    return time.monotonic()


async def _told(bus: Bus, signal: str, times: int) -> float:
    """Wait until the workers have told of something so often; returns when."""
    deadline = time.monotonic() + _WITHIN_S
    while sum(1 for worker in bus.workers for line in _lines(worker.log) if line.get("event") == signal) < times:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {signal}")
        await asyncio.sleep(0.1)
    return time.monotonic()


def _lines(log: Path) -> list[dict[str, Any]]:
    """The signals in a worker's log so far; its last line may be half written."""
    found = []
    for line in log.read_text().splitlines() if log.exists() else ():
        start = line.find("{")
        if start >= 0 and line.endswith("}"):
            found.append(json.loads(line[start:]))
    return found


def _memory(pid: int) -> int:
    return round(psutil.Process(pid).memory_info().rss / 2**20)
