"""What ``sambus up`` runs: brokers, topics, a registry if wanted, workers; restarts what dies, ends it all in order."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, Protocol

from deploy.access import ADMIN, Acl
from deploy.cluster.bus import JOIN_DEADLINE, apply_acls, apply_topics, members, workers_joined
from deploy.cluster.errors import ClusterError
from deploy.cluster.keep import Keep
from deploy.cluster.local import LocalCluster
from deploy.cluster.process import Identity
from deploy.cluster.worker import FIRST_WAIT, HEALTHY, LAST_WAIT, Program, Worker

#: Seconds between looks at what runs.
LOOK_EVERY = 0.2


class StopAsked(BaseException):
    """Somebody wants the bus to stop: Ctrl-C, SIGTERM or a closed terminal."""


class Kept(Protocol):
    """Something that is kept running: a broker, a worker or the gateway."""

    name: str

    def exit_code(self) -> int | None: ...  # noqa: D102
    def lived(self) -> float: ...  # noqa: D102
    def said(self) -> str: ...  # noqa: D102
    def identities(self) -> tuple[Identity, ...]: ...  # noqa: D102
    def start(self) -> None: ...  # noqa: D102
    def end(self) -> None: ...  # noqa: D102


class Service(Kept, Protocol):
    """Something that workers need beside Kafka."""

    def prepare(self) -> None: ...  # noqa: D102
    def ready(self) -> str: ...  # noqa: D102


@dataclass
class Fallen:
    """What ended by itself: how long to wait this time, and when it is to start again."""

    wait: float = FIRST_WAIT
    due: float | None = None


@dataclass
class Supervisor:
    """Keeps one bus in a folder until it is told to stop.

    Shape: ``cluster`` is none when an existing cluster is used; ``kafka`` are aiokafka's connection options;
    ``tell`` gets a line for each thing that happens; ``registry`` runs before the workers and until they have ended;
    ``services`` run beside the workers. ``acls`` are those of a secured cluster; ``kafka`` is its super user's once its
    brokers run.
    """

    home: Path
    kafka: dict[str, Any]
    tell: Callable[[str], None]
    cluster: LocalCluster | None
    workers: list[Worker]
    services: list[Program] = field(default_factory=list)
    group: str = "sambus"
    registry: Service | None = None
    own_access: tuple[str, ...] = ()
    acls: tuple[Acl, ...] = ()
    _before: frozenset[str] = frozenset()
    _fallen: dict[str, Fallen] = field(default_factory=dict)

    def run(self, ready: Callable[[bool], None]) -> None:
        """Start everything, call ``ready`` (with whether the workers read), then keep it until a signal.

        Errors: ``ClusterError``; nothing is left running then.
        """
        with stop_signals():
            keep = self.cluster.keep if self.cluster is not None else Keep(self.home, "up")
            try:
                self._start(keep)
                ready(self._await_workers(keep))
                if self.cluster is not None:
                    self.cluster.warm_up()
                while True:
                    self._look(keep)
                    threading.Event().wait(LOOK_EVERY)
            except StopAsked:
                self.tell("Stopping.")
            finally:
                ignore_signals()
                self._end(keep)

    def _start(self, keep: Keep) -> None:
        if self.cluster is not None:
            began = time.monotonic()
            self.cluster.start()
            self.tell(f"Kafka answers on {self.cluster.bootstrap} ({time.monotonic() - began:.1f} s).")
            if self.cluster.secured is not None:
                self.kafka = self.cluster.secured.options(ADMIN)
        else:
            keep.take(str(self.kafka["bootstrap_servers"]))
        if self.registry is not None:
            self.registry.prepare()
            self.registry.start()
            keep.note(self.registry.name, self.registry.identities())
        self.tell(asyncio.run(apply_topics(self.kafka, self.own_access)))
        if self.acls:
            self.tell(asyncio.run(apply_acls(self.kafka, self.acls)))
        if self.registry is not None:
            self.tell(self.registry.ready())
        self._before = asyncio.run(members(self.kafka, self.group)) if self.workers else frozenset()
        for program in (*self.workers, *self.services):
            program.start()
            keep.note(program.name, program.identities())
        keep.mark_ready()

    def _await_workers(self, keep: Keep) -> bool:
        """Wait until the workers read, and tell why they do not."""
        if not self.workers:
            return True
        began = time.monotonic()
        joined = workers_joined(self.kafka, self.group, len(self.workers), self._before, self._all_run)
        if asyncio.run(joined):
            self.tell(f"{len(self.workers)} worker(s) read ({time.monotonic() - began:.1f} s).")
            return True
        if self._all_run():
            self.tell(f"The workers do not read after {JOIN_DEADLINE:.0f} s; see {self.workers[0].log}.")
        else:
            self._look(keep)
        return False

    def _all_run(self) -> bool:
        return all(worker.exit_code() is None for worker in self.workers)

    def _look(self, keep: Keep) -> None:
        """Start again what ended by itself, each time after a longer wait."""
        beside: list[Kept] = [] if self.registry is None else [self.registry]
        brokers: tuple[Kept, ...] = () if self.cluster is None else self.cluster.brokers
        everything: list[Kept] = [*brokers, *beside, *self.workers, *self.services]
        for kept in everything:
            fallen = self._fallen.setdefault(kept.name, Fallen())
            code = kept.exit_code()
            if code is None:
                if kept.lived() > HEALTHY:
                    fallen.wait = FIRST_WAIT
            elif fallen.due is None:
                fallen.due = time.monotonic() + fallen.wait
                self.tell(f"{kept.name} ended with code {code}; it starts again in {fallen.wait:.0f} s.\n{kept.said()}")
                fallen.wait = min(fallen.wait * 2, LAST_WAIT)
            elif time.monotonic() >= fallen.due:
                fallen.due = None
                self._again(kept, keep)

    def _again(self, kept: Kept, keep: Keep) -> None:
        kept.end()
        try:
            kept.start()
        except (ClusterError, OSError) as problem:
            self.tell(f"{kept.name} cannot be started: {problem}")
            return
        keep.note(kept.name, kept.identities())
        self.tell(f"{kept.name} runs again.")

    def _end(self, keep: Keep) -> None:
        programs = (*self.services, *self.workers)
        for program in programs:
            program.ask_to_end()
        for program in programs:
            program.end()
        if self.registry is not None:
            self.registry.end()
        if self.cluster is not None and keep.held():  # else it is another's: leave it alone
            self.cluster.stop()
        keep.release()


@contextmanager
def stop_signals() -> Iterator[None]:
    """Within it, a signal that asks for the end raises ``StopAsked``; after it, signals do what they did before."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise StopAsked

    before = {number: signal.getsignal(number) for number in _STOPPING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup: whoever started us wants it ignored
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """Let nothing disturb an orderly end; it has deadlines of its own."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
