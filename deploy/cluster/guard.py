"""A small process that runs one program and never lets it outlive its owner, also when the owner is killed.

The owner holds the other end of the guard's standard input. When that closes (the owner ended, however it ended), or
the guard is told to stop, the program is asked to end and, past its patience, made to. On Linux the program also
dies when the guard is killed. Only the standard library is imported: this file is run by itself, and starts quickly.

Run as ``python guard.py REPORT_FD PATIENCE_SECONDS NICENESS PROGRAM [ARGUMENT…]``; the program's pid, or why it cannot
be started, is written to REPORT_FD as one line of JSON. The exit code is the program's.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

#: Seconds between looks at whether the owner still lives, should the input stay open (a fork may hold it).
LOOK_EVERY = 1.0

#: How a shell says that a program could not be started.
CANNOT_START = 127


def main(arguments: list[str]) -> int:
    """Run the program until it ends, its owner ends, or a signal says stop; returns the program's exit code."""
    report, patience, niceness, command = int(arguments[0]), float(arguments[1]), int(arguments[2]), arguments[3:]
    owner = os.getppid()
    wake, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    stopping = _listen(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # only so that it wakes the wait below
    if niceness:
        _stand_back(niceness)
    try:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with(os.getpid()))  # noqa: PLW1509 - the guard has one thread
    except OSError as problem:
        _tell(report, {"error": problem.strerror or "cannot be started"})
        return CANNOT_START
    _tell(report, {"pid": program.pid})
    while program.poll() is None and not stopping and os.getppid() == owner:
        ready, _, _ = select.select([sys.stdin.buffer, wake], [], [], LOOK_EVERY)
        if wake in ready:
            os.read(wake, 512)
        if sys.stdin.buffer in ready and not os.read(sys.stdin.fileno(), 512):
            break
    return _end(program, patience)


def _stand_back(niceness: int) -> None:
    """Leave the processor to others: as told, and on Linux to whoever wants it at all."""
    os.nice(niceness)
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _listen(*signals: signal.Signals) -> list[int]:
    """Note the signals that ask for a stop in the list that is returned."""
    heard: list[int] = []
    for number in signals:
        signal.signal(number, lambda told, _frame: heard.append(told))
    return heard


def _tell(report: int, what: dict[str, object]) -> None:
    with os.fdopen(report, "w", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


def _end(program: "subprocess.Popen[bytes]", patience: float) -> int:
    program.terminate()  # nothing happens when it has ended
    try:
        code = program.wait(patience)
    except subprocess.TimeoutExpired:
        program.kill()
        code = program.wait()
    return code if code >= 0 else 128 - code


def _die_with(guard: int) -> Callable[[], None] | None:
    """On Linux: what the child does so that the kernel kills it when the guard is killed."""
    if sys.platform != "linux":
        return None
    import ctypes

    libc = ctypes.CDLL(None)
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>

    def prepare() -> None:
        libc.prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != guard:  # it was killed before the line above
            os._exit(CANNOT_START)

    return prepare


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
