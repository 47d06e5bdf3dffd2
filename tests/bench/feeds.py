"""Live readers of one gateway process: memory a reader, and the time from the delivery topic to the socket.

Beside it, in one run, a plain Starlette endpoint that reads the same topic for the same readers: with each reader
encoding for itself, and at its best, with every record encoded once.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil
from aiokafka import AIOKafkaProducer
from uuid_utils import uuid7

from consumers.gateway.readlog import partition_for
from deploy.cluster.ports import free_port
from deploy.topics import apply
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.subscriptions import Subscription
from schemas.topics import READERS, catalogue
from schemas.vocabulary import Purpose
from tests.consumers.made import delivery

TOPIC: Final = "deliver.stockholm"
#: Who answers: the gateway, or a plain endpoint whose readers encode each for itself, or share what was encoded once.
OURS, PLAIN, PLAIN_SHARED = "sambus", "plain Starlette", "plain Starlette, encoded once"
SERVERS: Final = (OURS, PLAIN, PLAIN_SHARED)
_WARM_UP_S: Final = 3.0
_PATIENCE_S: Final = 120.0
_FILES_BESIDE: Final = 500


@dataclass(frozen=True)
class Feeding:
    """One measurement.

    Units: kilobytes of resident memory a reader; milliseconds from the publisher's send to the reader's socket;
    ``cpu`` is the share of one core that the server's process took while it was measured. ``lost`` and ``doubled``
    count what readers did not get, or got twice; a stalled reader counts for nothing.
    """

    server: str
    readers: int
    stalled: int
    desks: int
    deliveries_per_s: float
    messages: int
    kb_a_reader: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu: float
    lost: int
    doubled: int


async def compare(
    bootstrap: str, home: Path, *, readers: int, rate: float, seconds: float, servers: Sequence[str] = SERVERS
) -> list[Feeding]:
    """Measure each server with the same readers and the same deliveries, one after the other."""
    enough_files(readers)
    await apply({"bootstrap_servers": bootstrap}, catalogue(load_gazetteer(), partitions=4))
    desks = stockholm_desks()
    subscriptions = await subscribe(bootstrap, [desks[number % len(desks)] for number in range(readers)])
    return [await measure(bootstrap, home, server, subscriptions, rate, seconds) for server in servers]


def enough_files(readers: int) -> None:
    """Each reader is a socket in two processes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, readers + _FILES_BESIDE), hard))


def stockholm_desks() -> list[str]:
    """The desks whose deliveries are on the topic."""
    gazetteer = load_gazetteer()
    return [desk for code in gazetteer.units if code.startswith("se.stockholm") for desk in gazetteer.desks(code)]


@dataclass(frozen=True)
class Seat:
    """One reader: whose desk, which subscription, which person."""

    desk: str
    subscription: str
    subject: str


async def subscribe(bootstrap: str, desks: Sequence[str]) -> list[Seat]:
    """A subscription to everything for each reader, written as the gateway writes them."""
    codec, now = Codec(), datetime.now(UTC)
    seats = [Seat(desk, str(uuid7()), f"made-up-{number}") for number, desk in enumerate(desks)]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, partitioner=partition_for) as producer:
        for seat in seats:
            made = Subscription(
                subscription_id=seat.subscription,
                desk=seat.desk,
                subject=seat.subject,
                name="Allt",
                areas=["se"],
                types=["*"],
                topics=["*"],
                purpose=Purpose.PREVENT,
                ends_on=(now + timedelta(days=30)).date(),
                made_at=now,
            )
            value = codec.encode("subscription", made.model_dump(mode="python"))
            await producer.send(READERS, value, key=f"subscription:{seat.subscription}".encode())
        await producer.flush()
    return seats


async def measure(
    bootstrap: str, home: Path, server: str, seats: Sequence[Seat], rate: float, seconds: float
) -> Feeding:
    """Start a server, connect the readers, one of them stalled, publish at a steady rate, and count what arrives."""
    port, folder = free_port(), home / uuid.uuid4().hex
    folder.mkdir()
    plan = {"port": port, "bootstrap": bootstrap, "server": server, "seats": [vars(seat) for seat in seats]}
    (folder / "plan.json").write_text(json.dumps(plan))
    serving = _start("tests.bench.feeds_server", folder)
    try:
        await _there(folder / "serving", serving)
        process = psutil.Process(serving.pid)
        empty = process.memory_info().rss
        loading = _start("tests.bench.feeds_load", folder)
        try:
            await _there(folder / "connected", loading)
            full = process.memory_info().rss
            cpu, began = sum(process.cpu_times()[:2]), time.monotonic()
            counted_from = time.time() + _WARM_UP_S
            sent = await publish(bootstrap, sorted({seat.desk for seat in seats}), rate, seconds)
            share = (sum(process.cpu_times()[:2]) - cpu) / (time.monotonic() - began)
            readers_of = Counter(seat.desk for seat in seats)
            expected = sum(count * readers_of[desk] for desk, count in sent.items()) - sent[seats[0].desk]
            (folder / "expected.tmp").write_text(json.dumps({"messages": expected, "counted_from": counted_from}))
            (folder / "expected.tmp").rename(folder / "expected.json")
            await _there(folder / "result.json", loading)
        finally:
            loading.terminate()
            loading.wait(30)
    finally:
        serving.terminate()
        serving.wait(30)
    found = json.loads((folder / "result.json").read_text())
    return Feeding(
        server=server,
        readers=len(seats),
        stalled=1,
        desks=len({seat.desk for seat in seats}),
        deliveries_per_s=rate,
        messages=found["messages"],
        kb_a_reader=round((full - empty) / len(seats) / 1024, 1),
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
        max_ms=found["max_ms"],
        cpu=round(share, 2),
        lost=max(0, expected - found["messages"]),
        doubled=found["doubled"],
    )


async def publish(bootstrap: str, desks: Sequence[str], rate: float, seconds: float) -> Counter[str]:
    """Send deliveries at a steady rate, desk by desk in turn; how many each desk got. An id says when it was sent."""
    codec, sent = Codec(), Counter[str]()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, partitioner=partition_for, acks=1) as producer:
        began = time.monotonic()
        for number in range(int(rate * (seconds + _WARM_UP_S))):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            desk = desks[number % len(desks)]
            await producer.send(TOPIC, delivery(codec, desk, str(uuid7())), key=desk.encode())
            sent[desk] += 1
        await producer.flush()
    return sent


def _start(module: str, folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / f"{module}.log").open("wb") as out:
        return subprocess.Popen([sys.executable, "-m", module, str(folder)], stdout=out, stderr=out)


async def _there(path: Path, process: "subprocess.Popen[bytes]") -> None:
    """Until another process has written a file. Errors: ``TimeoutError``; ``RuntimeError`` with its last words."""
    async with asyncio.timeout(_PATIENCE_S):
        while not there(path):
            if process.poll() is not None:
                words = "\n".join(log.read_text()[-2000:] for log in path.parent.glob("*.log"))
                raise RuntimeError(f"ended early: {words}")
            await asyncio.sleep(0.05)


def there(path: Path) -> bool:
    """Whether another process has written a file."""
    return path.exists()


def tell(path: Path) -> None:
    """Let the other processes know that something is done."""
    path.touch()


def plan_of(folder: Path) -> dict[str, Any]:
    """What a process of this benchmark is to do."""
    plan: dict[str, Any] = json.loads((folder / "plan.json").read_text())
    return plan


def main() -> None:
    """``python -m tests.bench.feeds [READERS]``: the whole comparison alone, on a Kafka of its own."""
    import tempfile
    from dataclasses import asdict

    from deploy.cluster import LocalCluster

    readers = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory(prefix="sambus-feeds-") as folder:
        home = Path(folder)
        with LocalCluster(home / "kafka", port=free_port()) as cluster:
            found = asyncio.run(compare(cluster.bootstrap, home, readers=readers, rate=200.0, seconds=20.0))
    for each in found:
        sys.stdout.write(json.dumps(asdict(each)) + "\n")


if __name__ == "__main__":
    main()
