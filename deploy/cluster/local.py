"""The local cluster: real brokers on this machine, kept by one process and ended with it."""

import asyncio
import base64
import json
import shutil
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from deploy.cluster import jars, java, places, ports
from deploy.cluster.broker import Broker
from deploy.cluster.errors import OtherDataError, StartDeadlineError
from deploy.cluster.java import Java
from deploy.cluster.keep import Keep
from deploy.cluster.process import Guarded
from deploy.cluster.secured import Secured
from deploy.cluster.settings import Layout
from deploy.cluster.state import write_json

#: Where ``sambus up`` listens unless told otherwise.
PORT = 29092

#: Seconds from the start of the brokers until they must answer.
DEADLINE = 90.0


class LocalCluster:
    """Kafka on this machine, in a folder that keeps its data between runs.

    Who calls ``start`` keeps the cluster: it ends when that process ends, however that ends. Any other process
    may ask ``is_running`` and ``bootstrap``, and may ``stop`` it.

    Errors: ``ClusterError`` of ``deploy.cluster.errors``, each with a remedy.
    """

    def __init__(  # noqa: PLR0913 - one parameter a choice of whoever keeps it
        self,
        home: Path | None = None,
        *,
        brokers: int = 1,
        port: int = PORT,
        java: Path | None = None,
        deadline: float = DEADLINE,
        kind: Literal["up", "program"] = "program",
        behind: tuple[int, int] | None = None,
        secured: Secured | None = None,
    ) -> None:
        """``behind``: ports for clients that come through a proxy, see ``Layout``. ``secured``: its users."""
        self.home = (home or places.home()).absolute()
        self.folder = self.home / "kafka"
        self.secured = secured
        self._layout = Layout(brokers, port, behind, secure=secured is not None)
        self._java, self._deadline, self._kind = java, deadline, kind
        self.keep = Keep(self.home, kind)
        self._brokers: list[Broker] = []
        self._runtime: Java | None = None
        self._warming: Guarded | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients: of the running cluster, or that which ``start`` will use."""
        state = self.keep.state()
        return state.bootstrap if state is not None and state.owner.alive() else self._layout.bootstrap

    def is_running(self) -> bool:
        """Tell whether a cluster runs in this folder and answers, whoever keeps it."""
        state = self.keep.state()
        return state is not None and state.ready and state.alive()

    def fetch(self, progress: bool = True) -> None:
        """Fetch the jars that are missing, so that ``start`` needs no network.

        Errors: ``FetchError``, ``DiskFullError``.
        """
        places.require_space(places.cache())
        jars.ensure_jars(places.cache() / "jars", jars.read_lock(), progress=progress)

    def start(self, progress: bool = True) -> None:
        """Fetch what is missing, format what is new, start the brokers and wait until they answer.

        Errors: ``ClusterError``; nothing is left running then.
        """
        try:
            self.keep.take(self._layout.bootstrap)
        except OSError as problem:
            raise places.unwritable(self.home, problem) from None
        try:
            self._start(progress=progress)
            if self._kind == "program":  # `sambus up` starts its workers first
                self.warm_up()
        except OSError as problem:
            self._end_here()
            raise places.unwritable(self.home, problem) from None
        except BaseException:
            self._end_here()
            raise

    def stop(self) -> None:
        """Stop the cluster, whoever keeps it; its data stays. Nothing happens when none runs."""
        if self.keep.held():
            self._end_here()
        else:
            self.keep.stop_other()

    def reset(self) -> None:
        """Stop the cluster and delete its data and logs."""
        self.stop()
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def warm_up(self) -> None:
        """Begin to make the start-up archive, once a machine, in the background; ``start`` does it for programs."""
        from deploy.cluster import warm

        if self._runtime is not None and self._runtime.archive is not None:
            self._warming = warm.begin(self._runtime.archive)

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """The brokers, when this object keeps the cluster."""
        return tuple(self._brokers)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, *, progress: bool) -> None:
        ports.require_free(self._layout)
        places.require_space(self.home)
        places.require_space(places.cache())
        locked = jars.read_lock()
        found = jars.ensure_jars(places.cache() / "jars", locked, progress=progress)
        version = jars.kafka_version(locked)
        executable = java.find_java(self._java)
        self._runtime = runtime = Java(executable, tuple(found), java.archive_path(places.cache(), found, executable))
        cluster_id = self._cluster_id(version)
        certificates: tuple[Path, ...] = ()
        if self.secured is not None:
            self.secured.prepare(self._layout.bootstrap)
            certificates = (self.secured.authority, self.secured.broker)
        self._brokers = [
            Broker(self.folder, self._layout, node, runtime, certificates) for node in self._layout.nodes()
        ]
        self._run_all(cluster_id)

    def _run_all(self, cluster_id: str) -> None:
        for broker in self._brokers:
            broker.prepare(cluster_id)
        for broker in self._brokers:
            broker.finish_format()
        for broker in self._brokers:
            broker.start()
            self.keep.note(broker.name, broker.identities())
        until = time.monotonic() + self._deadline
        for broker in self._brokers:
            broker.wait(until)
        wait_for_brokers(self._layout, until, self.secured)
        self.keep.mark_ready()

    def _cluster_id(self, version: str) -> str:
        """The id that this folder's storage was, or now will be, formatted with."""
        path = self.folder / "format.json"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            cluster_id = new_cluster_id()
            made = {"cluster_id": cluster_id, "brokers": self._layout.brokers, "kafka": version}
            write_json(path, made | ({"secure": True} if self._layout.secure else {}))
            return cluster_id
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if told["brokers"] != self._layout.brokers:
            raise OtherDataError(
                f"The data in {self.folder} is that of {told['brokers']} broker(s), not of {self._layout.brokers}.",
                f"Start with --brokers {told['brokers']}, or delete the data with `sambus reset`.",
                exit_code=2,
            )
        if _release(told["kafka"]) > _release(version):
            raise OtherDataError(
                f"The data in {self.folder} is that of Kafka {told['kafka']}, newer than {version}.",
                "Use the newer Sambus, or delete the data with `sambus reset`.",
                exit_code=2,
            )
        if told.get("secure") and not self._layout.secure:
            raise OtherDataError(
                f"The data in {self.folder} is that of a secured bus: without its users everybody could read it.",
                "Start with --secure, or delete the data with `sambus reset`.",
                exit_code=2,
            )
        if self._layout.secure and not told.get("secure"):
            write_json(path, told | {"secure": True})
        return str(told["cluster_id"])

    def _end_here(self) -> None:
        if self._warming is not None:
            self._warming.end()
            self._warming = None
        for broker in self._brokers:
            broker.ask_to_end()
        for broker in self._brokers:
            broker.end()
        self._brokers = []
        self.keep.release()


def _release(version: str) -> tuple[int, ...]:
    """Major and minor number: what may change the form of the data."""
    return tuple(int(part) for part in version.split(".")[:2])


def wait_for_brokers(layout: Layout, until: float, secured: Secured | None = None) -> None:
    """Wait until the cluster answers a client and knows all its brokers; of a secured one, also all its users.

    Units: ``until`` is a time of ``time.monotonic``.
    Errors: ``StartDeadlineError``.
    """
    answered: list[bool] = []
    given_up = threading.Event()

    def going_on() -> bool:
        return time.monotonic() < until and not given_up.is_set()

    def ask() -> None:
        if secured is None:
            answered.append(asyncio.run(_knows_all({"bootstrap_servers": layout.bootstrap}, layout.brokers, going_on)))
        else:
            answered.append(asyncio.run(_knows_users(layout, secured, going_on)))

    asking = threading.Thread(target=ask)  # the caller may be inside an event loop
    asking.start()
    try:
        asking.join()
    finally:
        given_up.set()
    if answered != [True]:
        raise StartDeadlineError(
            f"The cluster at {layout.bootstrap} listens but does not answer as {layout.brokers} broker(s) in time.",
            "Try again when the machine has less to do, or allow more time with --deadline SECONDS.",
        )


async def _knows_all(
    options: Mapping[str, Any],
    brokers: int,
    going_on: Callable[[], bool],
    then: Callable[[Any], Awaitable[bool]] | None = None,
) -> bool:
    """Ask until so many brokers are known, and what is to be done then has been done."""
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    while going_on():
        client = AIOKafkaClient(**options)
        try:
            await client.bootstrap()
            if len(client.cluster.brokers()) == brokers and (then is None or await then(client)):
                return True
        except KafkaError:
            pass  # not yet; asked again until the deadline
        finally:
            await client.close()
        await asyncio.sleep(0.05)
    return False


async def _knows_users(layout: Layout, secured: Secured, going_on: Callable[[], bool]) -> bool:
    """Come in as a broker, set every user's password, and wait until each broker lets the last of them in."""

    async def set_passwords(client: Any) -> bool:
        answer = await client.send(client.get_random_node(), secured.passwords())
        return not any(code for _, code, *_ in answer.results)

    done = await _knows_all(secured.inner_options(layout), layout.brokers, going_on, set_passwords)
    for address in layout.bootstrap.split(","):
        options = secured.options(secured.users[-1]) | {"bootstrap_servers": address}
        done = done and await _knows_all(options, layout.brokers, going_on)
    return done


def new_cluster_id() -> str:
    """A cluster id as Kafka makes them. One that began with a dash would be taken for an option by Kafka's tools."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made
