"""Back at work after kill -9: a worker with very many events in its state is killed, and started anew.

It is at work when an event that was published after the kill has reached its receivers, and prepared when links and
pictures go on too. What it knew before must hold after, whatever else is in its state: events that it had are retries,
and others find the same links, clusters, scores and figures with them as if there had been no kill.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from consumers.bus import committed_reader, partitions
from schemas.topics import DECISIONS
from tests.bench.filled import Entries, fill, sample, told
from tests.bench.known import Known, Told
from tests.bench.pipeline import fill as publish
from tests.bus import Books, Bus
from tests.load import load

#: The sample is small beside what is made of it, and large enough to be like real events.
_SAMPLE = 2_000
_PARTITIONS = 4
_PLACES = 6
_WITHIN_S = 300.0


@dataclass(frozen=True)
class Recovery:
    """One kill. Units: seconds from the kill on, process start included; MiB of memory of all workers."""

    events: int
    entries: int
    workers: int
    at_work_s: float
    prepared_s: float
    memory_mib: int
    sizes: Mapping[str, tuple[float, int]]
    #: Of events that were there before the kill and were published again: how many were not told to be retries.
    forgotten: int
    #: What became of known events and of others that met them after the kill.
    told: Told


async def measure(
    bootstrap: str,
    home: Path,
    *,
    events: int,
    workers: int = 1,
    retries: int = 200,
    known: Known | None = None,
) -> Recovery:
    """Fill the states, let workers open them and take some events, kill -9 all of them, and time their return."""
    known = known or Known(_PLACES)
    sampled = sample(min(_SAMPLE, events), _PARTITIONS)
    rounds = max(1, events // _SAMPLE)
    folder = ("--snapshots", str(home / "snapshots"))
    bus = Bus(bootstrap, home, workers=workers, partitions=_PARTITIONS, arguments=folder)
    for number, worker in enumerate(bus.workers):
        worker._command += ["--instance", f"worker-{number}"]
    await bus.make_topics()
    entries = await fill(bus.options, sampled, rounds)
    before, after = list(load(retries, seed=21)), list(load(1, seed=22))
    count = retries + len(known.before)
    async with bus:
        await publish(bus, [*(made.record for made in before), *known.before])
        await bus.settled(count, within=_WITHIN_S)
        await _told(bus, "lane_prepared", _PARTITIONS)
        follows = asyncio.Event()
        decided = asyncio.create_task(_decided(bus, after[0].event_id, follows))
        await follows.wait()
        for worker in bus.workers:
            worker.kill()
        for worker in bus.workers:
            worker.log.unlink()
        killed = time.monotonic()
        await publish(bus, [made.record for made in after])
        for worker in bus.workers:
            worker.start()
        at_work = await decided - killed
        prepared = await _told(bus, "lane_prepared", _PARTITIONS) - killed
        memory = sum(_memory(worker._process.pid) for worker in bus.workers if worker._process is not None)
        await publish(bus, [*(made.record for made in before), *known.after])
        books = await bus.settled(count + retries + len(known.after) + 1, within=_WITHIN_S)
        made_of_known = await known.told(bus, _WITHIN_S)
    forgotten = sum(1 for made in before if books.decided[made.event_id] != 1 or books.dropped[made.event_id] != 1)
    return Recovery(
        events=events,
        entries=entries,
        workers=workers,
        at_work_s=round(at_work, 1),
        prepared_s=round(prepared, 1),
        memory_mib=memory,
        sizes=_sizes(sampled),
        forgotten=forgotten,
        told=made_of_known,
    )


async def without_a_kill(bootstrap: str, home: Path, known: Known) -> Told:
    """What a bus makes of the same events that has nothing else in its state and was never killed."""
    async with Bus(bootstrap, home, partitions=_PARTITIONS) as bus:
        await publish(bus, known.before)
        await bus.settled(len(known.before), within=_WITHIN_S)
        await publish(bus, known.after)
        return await known.told(bus, _WITHIN_S)


def _sizes(sampled: Sequence[Mapping[str, Entries]]) -> Mapping[str, tuple[float, int]]:
    return {agent: (round(each, 2), size) for agent, (each, size) in told(sampled, _SAMPLE).items()}


async def _decided(bus: Bus, event_id: str, follows: asyncio.Event) -> float:
    """Wait until a committed reader, which reads from now on, sees what became of an event; returns when.

    What is decided is delivered in the same transaction. To read all books again and again takes seconds each time.
    """
    places, books = await partitions(bus.options, DECISIONS), Books()
    async with asyncio.timeout(_WITHIN_S), committed_reader(bus.options, fetch_max_wait_ms=100) as reader:
        reader.assign(list(places))
        await reader.seek_to_end(*places)
        for place in places:
            await reader.position(place)  # the end is where it is now, not where it is at the first fetch
        follows.set()
        while not books.decided[event_id]:
            for records in (await reader.getmany(timeout_ms=200)).values():
                for record in records:
                    books.take(record)
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
