"""Programs as the cluster's keeper runs them: under a guard, restarted when they die, each with its log."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.cluster.kept import KeptProcess
from deploy.cluster.process import Guarded

#: Seconds until the first restart; doubled at each, up to the last, and back again after a life of ``HEALTHY`` seconds.
FIRST_WAIT, LAST_WAIT, HEALTHY = 1.0, 30.0, 60.0

SAMBUS = (sys.executable, "-m", "deploy.cli")
COMMAND = (*SAMBUS, "worker")


class Metrics(NamedTuple):
    """Where the programs of one bus serve their metrics: on ports from a first one on, or nowhere (0)."""

    first: int = 0

    @property
    def watch(self) -> int:
        """The watcher's port."""
        return self.first

    @property
    def gateway(self) -> int:
        """The gateway's port."""
        return self.first and self.first + 1

    @property
    def archiver(self) -> int:
        """The archiver's port."""
        return self.first and self.first + 2

    def worker(self, number: int) -> int:
        """The port of a worker; they are numbered from 1."""
        return self.first and self.first + 2 + number


NO_METRICS = Metrics()

#: Variables of a process; a function when they are known only once the brokers run, as a password is.
Environment = Mapping[str, str] | Callable[[], Mapping[str, str]]


class Program(KeptProcess):
    """One process that is kept running: its name, its log, its command and what it finds in its environment."""

    def __init__(
        self, name: str, log: Path, environment: Environment, command: tuple[str, ...], metrics: int = 0
    ) -> None:
        """``metrics``: the port on which it serves its metrics; 0 for none."""
        self.name = name
        self._metrics = metrics
        self.log = log
        self._environment = environment
        self._command = command

    def start(self) -> None:
        """Start the process.

        Errors: ``OSError`` when it cannot be started or its log cannot be written.
        """
        own = self._environment() if callable(self._environment) else self._environment
        # Always said: one port of everybody's surroundings would be taken by the first of several programs.
        told = {"SAMBUS_METRICS_PORT": str(self._metrics), **own}
        self._guarded = Guarded(self._command, log=self.log, env={**os.environ, **told}, append=True)
        self._started = time.monotonic()


class Worker(Program):
    """One ``sambus worker`` process with a name that stays, so that a quick restart passes without a rebalance."""

    def __init__(
        self,
        home: Path,
        number: int,
        environment: Environment,
        command: tuple[str, ...] = COMMAND,
        metrics: int = 0,
    ) -> None:
        snapshots = os.environ.get("SAMBUS_SNAPSHOTS", str(home / "workers" / "snapshots"))

        def own() -> dict[str, str]:
            told = environment() if callable(environment) else environment
            return {"SAMBUS_SNAPSHOTS": snapshots, **told, "SAMBUS_INSTANCE": f"local-{number}"}

        super().__init__(f"worker {number}", home / "workers" / f"worker-{number}.log", own, command, metrics)
