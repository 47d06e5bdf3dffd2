"""Programs as the cluster's keeper runs them: under a guard, restarted when they die, each with its log."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.cluster.process import Guarded, Identity, last_lines

#: Seconds until the first restart; doubled at each, up to the last, and back again after a life of ``HEALTHY`` seconds.
FIRST_WAIT, LAST_WAIT, HEALTHY = 1.0, 30.0, 60.0

SAMBUS = (sys.executable, "-m", "deploy.cli")
COMMAND = (*SAMBUS, "worker")


class Program:
    """One process that is kept running: its name, its log, its command and what it finds in its environment."""

    def __init__(self, name: str, log: Path, environment: Mapping[str, str], command: tuple[str, ...]) -> None:
        self.name = name
        self.log = log
        self._environment = {**os.environ, **environment}
        self._command = command
        self._guarded: Guarded | None = None
        self._started = 0.0

    def start(self) -> None:
        """Start the process.

        Errors: ``OSError`` when it cannot be started or its log cannot be written.
        """
        self._guarded = Guarded(self._command, log=self.log, env=self._environment, append=True)
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

    def __init__(
        self, home: Path, number: int, environment: Mapping[str, str], command: tuple[str, ...] = COMMAND
    ) -> None:
        snapshots = os.environ.get("SAMBUS_SNAPSHOTS", str(home / "workers" / "snapshots"))
        own = {"SAMBUS_SNAPSHOTS": snapshots, **environment, "SAMBUS_INSTANCE": f"local-{number}"}
        super().__init__(f"worker {number}", home / "workers" / f"worker-{number}.log", own, command)
