"""What a schedule strikes: the cluster, four workers of which two usually run, their disks, and an earlier release."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from schemas.topics import DECISIONS, QUARANTINE
from tests.bus import Bus
from tests.faults.proxy import toxiproxy
from tests.faults.random.cluster import BROKER_DISK, BROKERS, SNAPSHOT_DISK, Cluster, Disk, disk, running
from tests.faults.random.flow import Ends, Publisher
from tests.faults.random.members import Member, clock_library, forget, previous

WORKERS, USUALLY, PARTITIONS = 4, 2, 4
#: A supervisor looks so often whether a worker still runs.
_LOOKS_EVERY_S = 0.2
_LANE_WITHIN_S = 120.0


@dataclass
class World:
    """Everything that a fault may touch. ``absent`` says why something is not to be had on this machine."""

    home: Path
    cluster: Cluster
    members: list[Member]
    broker_disk: Disk | None = None
    snapshot_disk: Disk | None = None
    previous: Path | None = None
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def snapshots(self) -> Path:
        """Where the workers keep their snapshots."""
        return self.home / "snapshots"

    @property
    def running(self) -> list[Member]:
        """The workers that are to run now."""
        return [member for member in self.members if member.wanted]

    def one(self, rng: random.Random) -> Member:
        """One of the workers that run."""
        return rng.choice(self.running)

    async def scale(self, count: int) -> None:
        """Have so many workers run; the last come and go first. Waits until each newcomer is at work."""
        for member in self.running[count:]:
            await asyncio.to_thread(member.let_go)
        for member in [each for each in self.members if not each.wanted][: max(0, count - len(self.running))]:
            await self.join(member)

    async def join(self, member: Member) -> None:
        """Start a worker and wait until it has opened a lane."""
        before = _lanes_opened(member)
        member.start()
        async with asyncio.timeout(_LANE_WITHIN_S):
            while _lanes_opened(member) == before:
                await asyncio.sleep(0.2)

    async def supervise(self) -> None:
        """Start workers that ended by themselves, as a supervisor does, until cancelled."""
        while True:
            for member in self.members:
                member.revive()
            await asyncio.sleep(_LOOKS_EVERY_S)


def _lanes_opened(member: Member) -> int:
    return member.log.read_bytes().count(b'"lane_opened"') if member.log.exists() else 0


@contextlib.contextmanager
def world(home: Path) -> Iterator[World]:
    """A cluster with all that this machine gives; the workers are not started."""
    toxiproxy()
    with contextlib.ExitStack() as stack:
        last = stack.enter_context(disk(home / "kafka" / "kafka" / f"broker-{BROKERS}" / "data", BROKER_DISK))
        kept = stack.enter_context(disk(home / "snapshots", SNAPSHOT_DISK))
        cluster = stack.enter_context(running(home))
        arguments = ("--snapshots", str(home / "snapshots"))
        members = [
            # Half of them with a name that stays: those come back without a rebalance, the others with one.
            Member(cluster.proxied, home, number, (*arguments, *(("--instance", f"w-{number}") if number % 2 else ())))
            for number in range(WORKERS)
        ]
        made = World(home, cluster, members)
        for name, found in (("broker_disk", last), ("snapshot_disk", kept), ("previous", previous(home / "previous"))):
            if isinstance(found, str):
                made.absent[name] = found
            else:
                setattr(made, name, found)
        if made.previous is not None:
            stack.callback(forget, made.previous)
            for member in members:  # as docs/upgrading.md has it
                member.sealing = (made.previous / "schemas" / "sealing.py").exists()
        library = clock_library(home)
        if isinstance(library, str):
            made.absent["clock"] = library
        else:
            for member in members:
                member.clock_library = library
        try:
            yield made
        finally:
            for member in members:
                member.wanted = False
                member.kill()


class Flow:
    """Events through a world: published all the time, their ends followed. An async context manager."""

    def __init__(self, world: World, seed: int, rate: float) -> None:
        self.bus = Bus(world.cluster.bootstrap, world.home, workers=0, partitions=PARTITIONS)
        self._world, self._seed, self._rate = world, seed, rate
        #: When the first event was published. Units: seconds of ``time.monotonic``.
        self.began = 0.0

    async def __aenter__(self) -> Self:
        await self.bus.make_topics()
        self.began = time.monotonic()
        self.publisher = Publisher(self._world.cluster.bootstrap, self._seed, self._rate)
        self.ends = Ends(self._world.cluster.bootstrap, (DECISIONS, QUARANTINE), PARTITIONS)
        return self

    async def settled(self, count: int, within: float) -> None:
        """Wait until the first so many events have come to their end. Errors: ``TimeoutError`` with how many have."""
        try:
            async with asyncio.timeout(within):
                while (reached := self.ends.settled_through(self.publisher.sent)) < count:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            words = "\n".join(f"{each.name}: {_last_words(each)}" for each in self._world.members)
            waits = self.ends.waits_for(self.publisher.sent[:count])
            said = f"{reached} of {count} events came to an end within {within:.0f} s, not {waits}"
            raise TimeoutError(f"{said}\n{words}") from None

    async def finish(self, within: float) -> None:
        """Publish no more, and wait until everything has come to its end."""
        await asyncio.to_thread(self.publisher.end)
        await self.settled(len(self.publisher.sent), within)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.ends.end)
        self.publisher.stop()


def _last_words(member: Member) -> str:
    return member.log.read_text(errors="replace")[-1500:] if member.log.exists() else ""
