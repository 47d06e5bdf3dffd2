"""A publishing program killed again and again, behind a broken network; what it was told is held against the bus."""

import asyncio
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

import orjson

from schemas.codec import MAX_BUS_BYTES
from schemas.gazetteer import load_gazetteer
from schemas.receipts import Fate, Receipts
from schemas.sequence import SEQUENCE_HEADER
from schemas.topics import GATEWAY_IN, RECEIPTS
from schemas.vocabulary import Level
from tests.bus import CODEC, Books, Bus, committed
from tests.faults import publisher
from tests.faults.proxy import Proxy
from tests.load import _body

_FORK = multiprocessing.get_context("forkserver")
_FORK.set_forkserver_preload(["tests.faults.publisher"])
#: A life that is told of nothing for so long is stuck.
_STUCK_S = 120.0


class Outcome(NamedTuple):
    """What a run came to. ``copies`` counts records on the intake topic by how often their event stands there."""

    events: int
    taken: int
    kills: int
    outages: int
    copies: Counter[int]
    changed: int
    accepted: Counter[int]
    books: Books
    seconds: float


def write_events(file: Path, count: int) -> list[str]:
    """Make seizures of one desk, a line each; gives their ids."""
    rng = random.Random(19)  # noqa: S311 - made-up load
    areas, now = list(load_gazetteer().units_at(Level.LOCAL_POLICE_AREA)), datetime.now(UTC)
    bodies = [_body("drug_seizure", "seizure_no", rng.choice(areas), now, rng) for _ in range(count)]
    file.write_bytes(b"".join(orjson.dumps(body, default=str) + b"\n" for body in bodies))
    return [body["event_id"] for body in bodies]


class _Program:
    """The publishing program: one process after the other, each going on behind what the last was told."""

    def __init__(self, bootstrap: str, home: Path, count: int) -> None:
        self.taken = 0
        self.done = False
        self._arguments = (bootstrap, str(home / "events.jsonl"), str(home / "spool"))
        self._count = count
        self._process: ForkServerProcess | None = None
        self._told: Connection | None = None

    def start(self) -> None:
        """Start a process behind the last event that a process before it was told is taken."""
        bootstrap, file, spool = self._arguments
        self._told, its_end = _FORK.Pipe(duplex=False)
        arguments = (bootstrap, file, self.taken, spool, its_end)
        self._process = _FORK.Process(target=publisher.publish, args=arguments)
        self._process.start()
        its_end.close()

    def kill(self) -> None:
        """Kill -9. What it had said by then is heard: the program's own memory ends, not that of who it told."""
        if self._process is not None and self._told is not None:
            self._process.kill()
            self._process.join()
            while self._hear(0):
                pass
            self._told.close()

    async def until(self, taken: int) -> None:
        """Hear what it says until so many events are taken, or all is done."""
        heard = time.monotonic()
        while self.taken < taken and not self.done:
            if await asyncio.to_thread(self._hear, 0.2):
                heard = time.monotonic()
            elif time.monotonic() - heard > _STUCK_S:
                raise TimeoutError(f"nothing was told since {self.taken} events")

    async def finish(self) -> None:
        """Hear what it says until the bus has everything; that may take long, in silence."""
        async with asyncio.timeout(900):
            while not self.done:
                await asyncio.to_thread(self._hear, 0.5)
        if self._process is not None:
            await asyncio.to_thread(self._process.join, 30)

    def _hear(self, within: float) -> bool:
        """Hear a word, if there is one; false when there is none, or the process is gone."""
        if self._told is None:
            return False
        try:
            if not self._told.poll(within):
                return False
            line = self._told.recv()
        except (EOFError, OSError):
            return False
        self.done = line is None
        self.taken = self.taken if line is None else line + 1
        return True


async def run(bus: Bus, bootstrap: str, proxy: Proxy, home: Path, *, events: int, kills: int, outages: int) -> Outcome:
    """Publish events through the proxy while kills and outages strike, all over the run; then look at what arrived."""
    started, rng = time.monotonic(), random.Random(7)  # noqa: S311 - when, and which fault
    ids = await asyncio.to_thread(write_events, home / "events.jsonl", events)
    program = _Program(bootstrap, home, events)
    breaking = asyncio.create_task(_break(proxy, program, _points(events, outages, rng), rng))
    for point in _points(events, kills, rng):
        program.start()
        await program.until(point)
        await asyncio.sleep(rng.uniform(0, 0.05))  # somewhere in what it does next
        program.kill()
    program.start()
    struck, _ = await asyncio.gather(breaking, program.finish())  # an outage waits for what the program says
    taken = ids[: program.taken]
    books = await bus.quiet(within=1500)
    copies, changed = await _copies(bus)
    accepted = await _accepted(bus)
    counts = Counter(accepted[event_id] for event_id in taken)
    return Outcome(len(ids), len(taken), kills, struck, copies, changed, counts, books, time.monotonic() - started)


def _points(events: int, count: int, rng: random.Random) -> Sequence[int]:
    """Numbers of events at which faults strike, all over the run and at least one apart."""
    return sorted(rng.sample(range(1, events), count))


async def _break(proxy: Proxy, program: _Program, points: Sequence[int], rng: random.Random) -> int:
    """Break the network once so many events are taken, in one way after the other; how often it was broken."""
    ways: list[Callable[[], None]] = [proxy.down, proxy.swallow, proxy.reset, proxy.cut_short, proxy.deafen]
    for number, point in enumerate(points):
        while program.taken < point:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(ways[number % len(ways)])
        await asyncio.sleep(rng.uniform(0.5, 3))
        await asyncio.to_thread(proxy.mend)
    return len(points)


async def _copies(bus: Bus) -> tuple[Counter[int], int]:
    """How often each event stands on the intake topic, and how many have copies that differ.

    But for what its number promises of others: the publisher knows more of them when it sends again.
    """
    found: dict[bytes, list[bytes]] = {}
    async for record in committed(bus.options, (GATEWAY_IN,)):
        headers = [(name, value) for name, value in record.headers if name != SEQUENCE_HEADER]
        digest = sha256(repr((record.value, headers)).encode()).digest()
        found.setdefault(record.key or b"", []).append(digest)
    changed = sum(len(set(digests)) > 1 for digests in found.values())
    return Counter(len(digests) for digests in found.values()), changed


async def _accepted(bus: Bus) -> Counter[str]:
    """How often the publisher was told of each event that it is accepted."""
    told: Counter[str] = Counter()
    async for record in committed(bus.options, (RECEIPTS,)):
        if record.key == publisher.DESK.encode():
            told.update(_accepted_in(record.value or b""))
    return told


def _accepted_in(value: bytes) -> Iterator[str]:
    receipts = Receipts.model_validate(CODEC.decode(value, limit=MAX_BUS_BYTES).value)
    return (str(line.event_id) for line in receipts.lines if line.fate is Fate.ACCEPTED)
