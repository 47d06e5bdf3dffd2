"""Processes of the cluster: started under a guard, recognised again by pid and time of creation, ended for certain."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

GUARD = Path(__file__).with_name("guard.py")

#: Seconds that a program gets to end by itself; a broker needs 0.3.
PATIENCE = 15.0

#: Seconds between looks whether they have ended.
LOOK_EVERY = 0.02

#: A log larger than this is put aside (one older is kept) before its program starts again.
LOG_BYTES = 10 << 20

#: Two readings of one process's creation time differ by less than this many seconds (the clock may be set between).
SAME_TIME = 2.0


@dataclass(frozen=True)
class Identity:
    """One process and no other: a pid is given again, a pid with its time of creation is not."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """The identity of a running process, or none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    @classmethod
    def own(cls) -> "Identity":
        """The identity of this process."""
        return cls(os.getpid(), psutil.Process().create_time())

    def process(self) -> psutil.Process | None:
        """The process if it still runs and is the same one."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < SAME_TIME
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process() is not None


def end_all(identities: Sequence[Identity], patience: float = PATIENCE) -> None:
    """Ask processes to end, and make those that have not ended after ``patience`` seconds."""
    for action in ("terminate", "kill"):
        for process in filter(None, (identity.process() for identity in identities)):
            with contextlib.suppress(psutil.NoSuchProcess):
                getattr(process, action)()
        until = time.monotonic() + patience
        while any(identity.alive() for identity in identities):
            if time.monotonic() > until:
                break
            time.sleep(LOOK_EVERY)  # psutil's own wait would wait for the parent to take note of the end, too
        else:
            return


class Guarded:
    """A program that ends with this process, however this process ends (see ``guard.py``).

    Errors: the constructor raises ``OSError`` when the program cannot be started; the text tells why.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
        niceness: int = 0,
        append: bool = False,
    ) -> None:
        self.log = log
        self._patience = patience
        report, writes = os.pipe()
        guard = [sys.executable, "-I", "-S", str(GUARD), str(writes), str(patience), str(niceness)]
        try:
            with open_log(log, append=append) as output:
                self._guard = subprocess.Popen(
                    [*guard, *map(str, command)],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                    cwd=cwd,
                    env=env,
                    pass_fds=[writes],
                    start_new_session=True,  # Ctrl-C is for the owner, which stops things in order
                )
        finally:
            os.close(writes)
            with os.fdopen(report, encoding="utf-8") as reader:
                told = json.loads(reader.readline() or "{}")
        if "pid" not in told:
            self.ask_to_end()
            self._guard.wait()
            raise OSError(told.get("error", "its guard ended at once"))
        self.pid: int = told["pid"]

    def identities(self) -> tuple[Identity, ...]:
        """The guard and the program, as far as they run."""
        found = (Identity.of(self._guard.pid), Identity.of(self.pid))
        return tuple(identity for identity in found if identity is not None)

    def poll(self) -> int | None:
        """The program's exit code, or none while it runs."""
        return self._guard.poll()

    def wait(self, seconds: float) -> int | None:
        """Wait for the program to end; its exit code, or none when it still runs."""
        try:
            return self._guard.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def ask_to_end(self) -> None:
        """Let go of the program: its guard ends it. Returns at once."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()

    def end(self) -> None:
        """End the program and wait until it is gone."""
        self.ask_to_end()
        if self.wait(self._patience + 5) is None:  # the guard itself hangs: its death kills the program
            self._guard.kill()
            self._guard.wait()


def open_log(path: Path, *, append: bool) -> BinaryIO:
    """Open a log for a program to write: a new one, or the old one unless it has grown too large."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if append and path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".1.log"))
    return path.open("ab" if append else "wb")


def last_lines(path: Path, count: int = 12) -> str:
    """The end of a log file, to be shown with an error."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    telling = [line for line in lines if line.strip() and not line.startswith("\tat ")]
    return "\n".join(telling[-count:])
