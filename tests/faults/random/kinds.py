"""The kinds of fault. Each strikes a world once and returns when what it broke is mended, not when all is well."""

import asyncio
import fcntl
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults.random.cluster import BROKERS
from tests.faults.random.members import HERE, Member
from tests.faults.random.world import USUALLY, World

Strike = Callable[[World, random.Random], Awaitable[None]]
#: Longer than the session timeout of a worker (10 s) and of a broker (9 s): another has taken over when it wakes up.
_FROZEN_S = (2.0, 14.0)


class Kind(NamedTuple):
    """One kind. ``needs`` names what the machine must have for it; ``brokers`` tells whether one may be away."""

    strike: Strike
    needs: str = ""
    brokers: bool = False


async def worker_kill(world: World, rng: random.Random) -> None:
    """Kill -9 a worker; its supervisor starts it anew."""
    world.one(rng).signal(signal.SIGKILL)


async def worker_freeze(world: World, rng: random.Random) -> None:
    """Stop a worker's process, sometimes until its partitions are taken over, and let it go on."""
    worker = world.one(rng)
    worker.signal(signal.SIGSTOP)
    await asyncio.sleep(rng.uniform(*_FROZEN_S))
    worker.signal(signal.SIGCONT)


async def all_workers_kill(world: World, rng: random.Random) -> None:  # noqa: ARG001 - all kinds take the same
    """Kill -9 all workers at once."""
    for worker in world.running:
        worker.signal(signal.SIGKILL)


async def out_of_memory(world: World, rng: random.Random) -> None:
    """A worker gets no more memory."""
    await asyncio.to_thread(world.one(rng).starve)


async def scale(world: World, rng: random.Random) -> None:
    """To one worker, to four, to one, and back."""
    for count in (1, len(world.members), 1, USUALLY):
        await world.scale(count)
        await asyncio.sleep(rng.uniform(1, 3))


async def upgrade(world: World, rng: random.Random) -> None:
    """The release before this one takes the place of each worker in turn, then this one again, under load."""
    for tree in (world.previous or HERE, HERE):
        for worker in world.running:
            await asyncio.to_thread(worker.let_go)
            worker.tree = tree
            await world.join(worker)
            await asyncio.sleep(rng.uniform(0.5, 2))


async def corrupt_state(world: World, rng: random.Random) -> None:
    """Kill a worker and spoil what it kept on its disk: bytes flipped, cut off, put behind, or nothing left."""
    worker = world.one(rng)
    worker.wanted = False
    worker.kill()
    for lock in sorted(world.snapshots.glob("state.*.lock")):
        if not _held(lock):
            _spoil(lock.with_suffix(""), rng)
    worker.start()


def _held(lock: Path) -> bool:
    """Whether a worker that runs has the file."""
    with lock.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _spoil(file: Path, rng: random.Random) -> None:
    data = bytearray(file.read_bytes())
    way = rng.randrange(4)
    if way == 0 and data:
        data[rng.randrange(len(data))] ^= 0xFF
    elif way == 1:
        del data[rng.randrange(len(data) + 1) :]
    elif way == 2:
        data += rng.randbytes(200)
    else:
        data.clear()
    file.write_bytes(data)


async def snapshot_disk_full(world: World, rng: random.Random) -> None:
    """The disk of the snapshots is full for a while, and a worker must open its lanes meanwhile."""
    if world.snapshot_disk is None:
        raise LookupError("there is no disk to fill")
    await asyncio.to_thread(world.snapshot_disk.fill)
    try:
        world.one(rng).signal(signal.SIGKILL)
        await asyncio.sleep(rng.uniform(4, 8))
    finally:
        world.snapshot_disk.make_room()


async def clock_step(world: World, rng: random.Random) -> None:
    """A worker's clock is set wrong, by seconds or by hours, forward or back, and right again after a while."""
    worker: Member = world.one(rng)
    worker.set_clock(rng.choice((-7200, -60, -5, 5, 60, 7200)))
    await asyncio.sleep(rng.uniform(4, 10))
    worker.set_clock(0)


async def broker_kill(world: World, rng: random.Random) -> None:
    """Kill -9 a broker, which is a controller too, and start it again after a while."""
    await _kill_broker(world, rng.randint(1, BROKERS), rng)


async def broker_freeze(world: World, rng: random.Random) -> None:
    """Stop a broker's process, sometimes until others lead in its place, and let it go on."""
    broker = world.cluster.broker(rng.randint(1, BROKERS))
    world.cluster.kill(broker, signal.SIGSTOP)
    await asyncio.sleep(rng.uniform(*_FROZEN_S))
    world.cluster.kill(broker, signal.SIGCONT)
    await world.cluster.whole()


async def coordinator_kill(world: World, rng: random.Random) -> None:
    """Kill -9 the broker that coordinates the workers' group."""
    await _kill_broker(world, await world.cluster.coordinator(), rng)


async def transactions_kill(world: World, rng: random.Random) -> None:
    """Kill -9 the broker that coordinates the transactions of some lanes."""
    node = await world.cluster.leader_of("__transaction_state", rng.randrange(8))
    await _kill_broker(world, node, rng)


async def rolling_restart(world: World, rng: random.Random) -> None:
    """Restart each broker in order, as an operator does who changes their settings."""
    for node in rng.sample(range(1, BROKERS + 1), BROKERS):
        await world.cluster.start(world.cluster.broker(node))


async def leader_election(world: World, rng: random.Random) -> None:
    """Move the leaders of a broker away by restarting it, then have all preferred leaders elected at once."""
    await world.cluster.start(world.cluster.broker(rng.randint(1, BROKERS)))
    await world.cluster.elect()


async def broker_disk_full(world: World, rng: random.Random) -> None:
    """The last broker's disk is full until it ends, as Kafka does then; it comes back when there is room."""
    if world.broker_disk is None:
        raise LookupError("there is no disk to fill")
    broker = world.cluster.broker(BROKERS)
    await asyncio.to_thread(world.broker_disk.fill)
    try:
        async with asyncio.timeout(60):
            while broker.exit_code() is None:
                await asyncio.sleep(0.2)
        await asyncio.sleep(rng.uniform(0, 3))
    finally:
        world.broker_disk.make_room()
    await world.cluster.start(broker)


async def network_cut(world: World, rng: random.Random) -> None:
    """No worker reaches one broker."""
    world.cluster.proxies[rng.randrange(BROKERS)].down()
    await _mended(world, rng.uniform(2, 10))


async def network_cut_off(world: World, rng: random.Random) -> None:
    """No worker reaches any broker."""
    for proxy in world.cluster.proxies:
        proxy.down()
    await _mended(world, rng.uniform(1, 8))


async def network_slow(world: World, rng: random.Random) -> None:
    """Everything between workers and brokers comes late."""
    late = rng.choice((50, 200, 600))
    for proxy in world.cluster.proxies:
        proxy.slow(late)
    await _mended(world, rng.uniform(3, 10))


async def network_half_open(world: World, rng: random.Random) -> None:
    """Connections to one broker stay and carry nothing, or requests go through and no answer comes back."""
    proxy = world.cluster.proxies[rng.randrange(BROKERS)]
    rng.choice((proxy.swallow, proxy.deafen))()
    await _mended(world, rng.uniform(2, 12))


async def network_reset(world: World, rng: random.Random) -> None:
    """Connections to one broker are reset, or end in the middle of a request, again and again."""
    proxy = world.cluster.proxies[rng.randrange(BROKERS)]
    rng.choice((proxy.reset, proxy.cut_short))()
    await _mended(world, rng.uniform(2, 8))


async def _mended(world: World, after_s: float) -> None:
    await asyncio.sleep(after_s)
    await asyncio.to_thread(world.cluster.proxies[0].mend)


async def _kill_broker(world: World, node: int, rng: random.Random) -> None:
    broker = world.cluster.broker(node)
    world.cluster.kill(broker)
    await asyncio.sleep(rng.uniform(0, 5))
    await world.cluster.start(broker)


KINDS: dict[str, Kind] = {
    "worker kill -9": Kind(worker_kill),
    "worker frozen": Kind(worker_freeze),
    "all workers kill -9": Kind(all_workers_kill),
    "worker out of memory": Kind(out_of_memory),
    "workers 1-4-1": Kind(scale),
    "upgrade from the previous release": Kind(upgrade, needs="previous"),
    "corrupt local state": Kind(corrupt_state),
    "full disk of snapshots": Kind(snapshot_disk_full, needs="snapshot_disk"),
    "clock step": Kind(clock_step, needs="clock"),
    "broker kill -9": Kind(broker_kill, brokers=True),
    "broker frozen": Kind(broker_freeze, brokers=True),
    "group coordinator kill -9": Kind(coordinator_kill, brokers=True),
    "transaction coordinator kill -9": Kind(transactions_kill, brokers=True),
    "rolling restart of brokers": Kind(rolling_restart, brokers=True),
    "leader election": Kind(leader_election, brokers=True),
    "full disk of a broker": Kind(broker_disk_full, needs="broker_disk", brokers=True),
    "network cut to a broker": Kind(network_cut),
    "network cut to all brokers": Kind(network_cut_off),
    "network delay": Kind(network_slow),
    "network half open": Kind(network_half_open),
    "network resets": Kind(network_reset),
}
