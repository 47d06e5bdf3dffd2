"""Programs as the cluster's keeper runs them: under a guard, restarted when they die, each with its log."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.cluster.process import Guarded, Identity, last_lines

#: Seconds until the first restart; doubled at each, up to the last, and back again after a life of ``HEALTHY`` seconds.
FIRST_WAIT, LAST_WAIT, HEALTHY = 1.0, 30.0, 60.0

SAMBUS = (sys.executable, "-m", "deploy.cli")
COMMAND = (*SAMBUS, "worker")


#: Variables of a process; a function when they are known only once the brokers run, as a password is.
Environment = Mapping[str, str] | Callable[[], Mapping[str, str]]


class Program:
    """One process that is kept running: its name, its log, its command and what it finds in its environment."""

    def __init__(self, name: str, log: Path, environment: Environment, command: tuple[str, ...]) -> None:
        self.name = name
        self.log = log
        self._environment = environment
        self._command = command
        self._guarded: Guarded | None = None
        self._started = 0.0

    def start(self) -> None:
        """Start the process.

        Errors: ``OSError`` when it cannot be started or its log cannot be written.
        """
        own = self._environment() if callable(self._environment) else self._environment
        self._guarded = Guarded(self._command, log=self.log, env={**os.environ, **own}, append=True)
        self._started = time.monotonic()

    def identities(self) -> tuple[Identity, ...]:
        """Its processes."""
        return self._guarded.identities() if self._guarded is not None else ()

    def exit_code(self) -> int | None:
        """The exit code of a program that ended, or none while it runs."""
        return self._guarded.poll() if self._guarded is not None else 0

    def lived(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started

    def said(self) -> str:
        """The last lines of its log."""
        return last_lines(self.log, 3)

    def ask_to_end(self) -> None:
        """Ask it to end; returns at once."""
        if self._guarded is not None:
            self._guarded.ask_to_end()

    def end(self) -> None:
        """End it and wait until it is gone."""
        if self._guarded is not None:
            self._guarded.end()
            self._guarded = None


class Worker(Program):
    """One ``sambus worker`` process with a name that stays, so that a quick restart passes without a rebalance."""

    def __init__(self, home: Path, number: int, environment: Environment, command: tuple[str, ...] = COMMAND) -> None:
        snapshots = os.environ.get("SAMBUS_SNAPSHOTS", str(home / "workers" / "snapshots"))

        def own() -> dict[str, str]:
            told = environment() if callable(environment) else environment
            return {"SAMBUS_SNAPSHOTS": snapshots, **told, "SAMBUS_INSTANCE": f"local-{number}"}

        super().__init__(f"worker {number}", home / "workers" / f"worker-{number}.log", own, command)
