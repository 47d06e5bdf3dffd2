"""What the tests of the cluster share: waiting for real processes, and looking at what they left."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil
import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.secured import Secured

#: Seconds that a test waits for what must happen.
PATIENCE = 60.0


def until(happened: Callable[[], bool], what: str) -> None:
    """Wait until something has happened; fail with what was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"in {PATIENCE:.0f} s it did not happen: {what}"
        time.sleep(0.05)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every running process but this one that works in a folder, names it on its command line or has it as home."""
    found = []
    for process in psutil.process_iter():
        try:
            told = " ".join((*process.cmdline(), process.cwd(), process.environ().get("SAMBUS_HOME", "")))
        except psutil.Error:
            continue
        if str(folder) in told and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def nothing_left(folder: Path) -> None:
    """See that no process of a folder stays."""
    until(lambda: not processes_of(folder), f"the processes of {folder} are gone")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder for the bus; whatever a test left in it is stopped, and no process may stay."""
    folder = tmp_path / "home"
    yield folder
    LocalCluster(folder).stop()
    nothing_left(folder)


def _hang_up_ends() -> None:
    """Let a closed terminal end the command, also when the tests themselves run under ``nohup``."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Command:
    """A ``sambus`` command (or another Python program) as a process of its own; its words are read line by line."""

    def __init__(self, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        foreign = {name for name in os.environ if name.startswith("SAMBUS_") and name != "SAMBUS_CACHE"}
        kept = {name: value for name, value in os.environ.items() if name not in foreign}
        self.heard: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env=kept | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            start_new_session=True,
            preexec_fn=_hang_up_ends,  # noqa: PLW1509 - it only sets a signal
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @classmethod
    def sambus(cls, *arguments: str, home: Path, **variables: str) -> Self:
        """The ``sambus`` command with its data in ``home``, and no gateway unless a port is named."""
        usual = {"SAMBUS_HOME": str(home), "SAMBUS_GATEWAY_PORT": "0"}
        return cls(["-m", "deploy.cli", *arguments], usual | variables)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self._lines.put(line)
        self._lines.put("")

    def hear(self, words: str, within: float = PATIENCE) -> str:
        """Read on until a line holds these words; returns the line. Fails when it ends, or says nothing for long."""
        try:
            while line := self._lines.get(timeout=within):
                self.heard.append(line)
                if words in line:
                    return line
        except queue.Empty:
            pass
        raise AssertionError(f"{words!r} was not said, but: {self.said()}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for its end; returns the exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while not self._lines.empty():
            self.heard.append(self._lines.get())
        return code

    def said(self) -> str:
        """Everything it has said so far."""
        return "".join(self.heard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.end()


def as_user(secured: Secured, user: str, *arguments: str, **variables: str) -> tuple[int, str]:
    """A command as a user of a secured bus: its exit code and what it said."""
    environment = secured.environment(user) | variables
    with Command.sambus(*arguments, home=secured.folder.parent, **environment) as command:
        return command.end(), command.said()
