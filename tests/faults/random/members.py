"""Workers under faults: each with a clock and a memory that can be spoilt, from this tree or from an earlier one."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bus import Worker

#: The tree that this file is part of.
HERE = Path(__file__).resolve().parents[3]


def clock_library(folder: Path) -> Path | str:
    """The library by which a process's wall clock can be set wrong, compiled; where that cannot be, the reason."""
    made = folder / "clock.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(made), str(Path(__file__).with_name("clock.c")), "-ldl"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "clocks are set by a library in C, and there is no `cc` on this machine"
    return made if done.returncode == 0 else f"the library that sets clocks does not compile: {done.stderr[-200:]}"


class Member(Worker):
    """One worker. ``tree`` is where its code lies, ``wanted`` whether its supervisor keeps it running."""

    def __init__(self, bootstrap: str, home: Path, number: int, arguments: Sequence[str]) -> None:
        super().__init__(bootstrap, home / f"worker-{number}.log", number, arguments)
        self.name = f"worker {number}"
        self.tree = HERE
        self.wanted = False
        #: Starts that nobody asked for: it had ended by itself.
        self.revived = 0
        #: By which its clock can be set; None when it has that of the machine.
        self.clock_library: Path | None = None
        #: Whether it seals events; not while it works beside a release that cannot read them.
        self.sealing = True
        self._clock = home / f"clock-{number}"
        self.set_clock(0)

    def start(self) -> None:
        """Start it from its tree, under its clock."""
        self.wanted = True
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, stdout=out, stderr=out, start_new_session=True, cwd=self.tree, env=self._environment()
            )

    def let_go(self) -> None:
        """Stop it as an orderly supervisor does; it stays away until it is started."""
        self.wanted = False
        self.stop()

    def revive(self) -> bool:
        """Start it if it is wanted and has ended; tell whether it was so."""
        if not self.wanted or self._process is None or self._process.poll() is None:
            return False
        self.revived += 1
        self.start()
        return True

    def set_clock(self, ahead_s: int) -> None:
        """Let its wall clock stand so many seconds ahead of the machine's, or behind, at once."""
        with self._clock.open("r+b" if self._clock.exists() else "wb") as file:
            file.write(ahead_s.to_bytes(8, sys.byteorder, signed=True))

    def starve(self) -> None:
        """Refuse it any more memory; end it as the kernel would, unless it ends by itself within ten seconds."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        resource.prlimit(process.pid, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)

    def _environment(self) -> dict[str, str]:
        own = {**os.environ, "PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1"}
        own["SAMBUS_SEALING"] = "1" if self.sealing else "0"
        if self.clock_library is not None:
            own |= {"LD_PRELOAD": str(self.clock_library), "SAMBUS_CLOCK": str(self._clock)}
        return own


def previous(folder: Path) -> Path | str:
    """The tree of the release before this one, made in a folder; where there is none, the reason.

    Shape: the last tag, or as long as nothing is released, what stood twenty commits ago.
    """
    if not (HERE / ".git").exists():
        return "this is no Git checkout, so there is no earlier release to start from"
    for name in (("describe", "--tags", "--abbrev=0", "HEAD~1"), ("rev-parse", "--verify", "HEAD~20")):
        found = _git(*name)
        if found.returncode == 0:
            made = _git("worktree", "add", "--detach", str(folder), found.stdout.strip())
            return folder if made.returncode == 0 else f"Git makes no tree of {found.stdout.strip()}"
    return "the history is too short (a shallow clone), so there is no earlier release to start from"


def forget(folder: Path) -> None:
    """Take an earlier tree away again."""
    _git("worktree", "remove", "--force", str(folder))


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    except OSError:
        return subprocess.CompletedProcess(arguments, 127, "", "")
