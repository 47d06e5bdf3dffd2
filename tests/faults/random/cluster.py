"""Three real brokers that can be hurt: killed, frozen, restarted, cut off, filled up; and what Kafka says of itself."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import ElectionType, KafkaException
from confluent_kafka.admin import AdminClient

from deploy.cluster import LocalCluster
from deploy.cluster.broker import Broker
from deploy.cluster.ports import free_port
from streams.engine.settings import GROUP
from tests.faults.proxy import Proxy, all_proxied

BROKERS = 3
#: Seconds within which a broker must be back, and its copies whole, on a machine that has much else to do.
BACK_WITHIN = 180.0
#: What the disks that can be filled hold. Units: bytes; memory is taken only for what is written.
BROKER_DISK, SNAPSHOT_DISK = 6 << 30, 256 << 20


class Disk:
    """A bounded disk in memory, mounted at a folder. It can be filled, and emptied of what filled it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room at all."""
        with self._ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1 << 20)):
                pass

    def make_room(self) -> None:
        """Take away what filled it."""
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def disk(folder: Path, size: int) -> Iterator[Disk | str]:
    """A bounded disk at a folder; where the system does not allow to mount one, the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        refused = None if done.returncode == 0 else done.stderr.strip()
    except OSError as problem:
        refused = str(problem.strerror)
    if refused is not None:
        yield f"a bounded disk cannot be mounted: {refused}"
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


class Cluster:
    """The brokers, a proxy before each for the workers, and the administrator's view."""

    def __init__(self, kafka: LocalCluster, proxies: list[Proxy]) -> None:
        self.kafka = kafka
        self.proxies = proxies
        #: For workers, who come through the proxies; publishers, readers and the checker come straight.
        self.proxied = ",".join(f"127.0.0.1:{proxy.port}" for proxy in proxies)
        self._admin = self._asking()

    @property
    def bootstrap(self) -> str:
        """The brokers' own addresses."""
        return self.kafka.bootstrap

    def broker(self, node: int) -> Broker:
        """A broker by its id, from 1."""
        return self.kafka.brokers[node - 1]

    def kill(self, broker: Broker, number: int = signal.SIGKILL) -> None:
        """Send a signal to a broker itself, and not to its guard."""
        if broker._guarded is not None:
            os.kill(broker._guarded.pid, number)

    async def start(self, broker: Broker) -> None:
        """Start a broker that has ended, or is about to, and wait until its copies are whole."""
        await asyncio.to_thread(broker.end)
        broker.start()
        self.kafka.keep.note(broker.name, broker.identities())
        await asyncio.to_thread(broker.wait, time.monotonic() + BACK_WITHIN)
        await self.whole()

    async def whole(self) -> None:
        """Wait until every partition has all its copies in step. Errors: ``TimeoutError``."""
        await self._until(lambda known: all(len(each.isrs) == len(each.replicas) for each in _partitions(known)))

    async def coordinator(self) -> int:
        """The broker that coordinates the workers' group."""
        found: list[int] = []

        def ask() -> bool:
            # librdkafka (2.16) remembers who coordinated, and asks a broker that does no more again and again.
            anew = self._asking()
            described = anew.describe_consumer_groups([GROUP], request_timeout=10)[GROUP].result()
            found.append(int(described.coordinator.id))
            return True

        await self._asked(ask)
        return found[-1]

    async def leader_of(self, topic: str, partition: int) -> int:
        """The broker that leads a partition."""
        found: list[int] = []

        def ask() -> bool:
            found.append(int(self._admin.list_topics(timeout=10).topics[topic].partitions[partition].leader))
            return found[-1] > 0

        await self._asked(ask)
        return found[-1]

    async def elect(self) -> None:
        """Have the preferred broker lead each partition again, all at once, and wait until it does."""

        def ask() -> bool:
            self._admin.elect_leaders(ElectionType.PREFERRED).result(30)  # 2.16 takes no timeout of its own
            return True

        await self._asked(ask)
        await self._until(lambda known: all(each.leader == each.replicas[0] for each in _partitions(known)))

    async def _until(self, done: Callable[[Any], bool]) -> None:
        """Wait until what Kafka says of its topics is as wanted, and every broker is among those it knows."""

        def ask() -> bool:
            known = self._admin.list_topics(timeout=10)
            return len(known.brokers) == BROKERS and done(known)

        await self._asked(ask)

    async def _asked(self, ask: Callable[[], bool]) -> None:
        async with asyncio.timeout(BACK_WITHIN):
            while True:
                with contextlib.suppress(KafkaException):
                    if await asyncio.to_thread(ask):
                        return
                await asyncio.sleep(0.2)

    def _asking(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})


def _partitions(known: Any) -> Iterator[Any]:
    return (each for topic in known.topics.values() for each in topic.partitions.values())


@contextlib.contextmanager
def running(home: Path) -> Iterator[Cluster]:
    """Three brokers in a folder, and the proxies before them."""
    port, listens, told = (free_port() for _ in range(3))
    ways = [(f"127.0.0.1:{listens + number}", told + number) for number in range(BROKERS)]
    with (
        all_proxied(ways, home / "proxy.log") as proxies,
        LocalCluster(home / "kafka", brokers=BROKERS, port=port, behind=(listens, told)) as kafka,
    ):
        yield Cluster(kafka, proxies)
