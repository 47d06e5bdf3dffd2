"""A guarded program ends with its owner, however the owner ends; and a process is never taken for another."""

import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.cluster.process import Guarded, Identity, end_all, last_lines, open_log
from tests.deploy.cluster_helpers import Command, until

#: A program that says it runs and then waits for ever.
FOR_EVER = [sys.executable, "-c", "import signal; print('runs', flush=True); signal.pause()"]

#: The same, deaf to being asked to end.
DEAF = [
    sys.executable,
    "-c",
    "import signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print('runs', flush=True)\nwhile True: s.pause()",
]

OWNER = """
import sys, time
from pathlib import Path
from deploy.cluster.process import Guarded
kept = Guarded({command!r}, log=Path({log!r}), patience=1)
print("pid", *(one.pid for one in kept.identities()), flush=True)
time.sleep(600)
"""


def owner(tmp_path: Path, command: list[str]) -> tuple[Command, list[Identity]]:
    """A process that owns a guarded program, and the identities of guard and program."""
    process = Command(["-c", OWNER.format(command=command, log=str(tmp_path / "log"))], {})
    pids = [int(word) for word in process.hear("pid").split()[1:]]
    until(lambda: last_lines(tmp_path / "log") == "runs", "the program runs")
    found = [one for pid in pids if (one := Identity.of(pid)) is not None]
    assert len(found) == 2
    return process, found


def gone(identities: list[Identity]) -> bool:
    """Tell whether none of them runs."""
    return not any(one.alive() for one in identities)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_program_ends_when_its_owner_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    """Also after kill -9 of the owner, neither the program nor its guard stays."""
    process, kept = owner(tmp_path, FOR_EVER)
    with process:
        process.send(number)
        process.end()
        until(lambda: gone(kept), "program and guard are gone")


def test_a_deaf_program_is_killed_after_its_patience(tmp_path: Path) -> None:
    """A program that ignores SIGTERM does not outlive a killed owner either."""
    process, kept = owner(tmp_path, DEAF)
    with process:
        process.send(signal.SIGKILL)
        process.end()
        until(lambda: gone(kept), "program and guard are gone")


@pytest.mark.only_if(sys.platform == "linux")  # only Linux tells a child of its parent's death
def test_the_program_dies_with_its_guard(tmp_path: Path) -> None:
    """On Linux even a killed guard takes the program along."""
    kept = Guarded(DEAF, log=tmp_path / "log")
    until(lambda: last_lines(tmp_path / "log") == "runs", "the program runs")
    both = list(kept.identities())
    os.kill(both[0].pid, signal.SIGKILL)
    until(lambda: gone(both), "guard and program are gone")
    kept.end()


def test_the_exit_code_is_the_programs(tmp_path: Path) -> None:
    """What the program says of its end is what its owner hears."""
    kept = Guarded([sys.executable, "-c", "raise SystemExit(7)"], log=tmp_path / "log")
    assert kept.wait(30) == 7
    kept.end()


def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    """The reason comes back to the owner as an error."""
    with pytest.raises(OSError, match="No such file or directory"):
        Guarded([tmp_path / "nothing"], log=tmp_path / "log")


def test_a_pid_that_was_given_again_is_another_process(tmp_path: Path) -> None:
    """The same pid with another time of creation is not ended: it belongs to somebody else."""
    kept = Guarded(FOR_EVER, log=tmp_path / "log")
    until(lambda: last_lines(tmp_path / "log") == "runs", "the program runs")
    true = Identity.of(kept.pid)
    assert true is not None
    stale = Identity(kept.pid, true.created - 3600)
    end_all([stale])
    assert true.alive()
    assert not stale.alive()
    end_all([true])
    assert not true.alive()
    kept.end()


def test_a_log_that_has_grown_is_put_aside(tmp_path: Path) -> None:
    """A log that is written on stays bounded: past its size the old one is kept once beside the new."""
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * (11 << 20))
    with open_log(log, append=True) as file:
        file.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "a.1.log").stat().st_size == 11 << 20
    with open_log(log, append=True) as file:
        file.write(b"er")
    assert log.read_bytes() == b"newer"
