"""The watchdog of a worker: a thread that is not the event loop, so that it also sees when that stands still.

It hears a beat of the loop, tells systemd that all is well as long as it does, and ends the process when it does not:
what is committed is whole, and whoever starts it anew goes on from there (docs/adr/0029).
"""

import asyncio
import contextlib
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from streams.engine.signals import Signal, emit

#: Exit code of a worker that stood still.
EXIT_STUCK: Final = 16
_BEAT_S: Final = 0.5


class Stuck(StrEnum):
    """What stood still."""

    LOOP_BLOCKED = "LOOP_BLOCKED"  # the event loop does not turn
    LANE_HUNG = "LANE_HUNG"  # records wait for a lane, and it decides on none
    COMMIT_HUNG = "COMMIT_HUNG"  # a transaction is not closed
    FETCH_STALLED = "FETCH_STALLED"  # there are records behind a lane's position, and none arrive


def end_stuck(what: Stuck, **fields: str | float) -> None:
    """Tell what stood still, and end the process at once: nothing else in it can be relied on."""
    emit(Signal.WORKER_STUCK, level="error", cause=what.value, **fields)
    sys.stderr.flush()
    os._exit(EXIT_STUCK)


def end_blocked(where: str) -> None:
    """End a process whose loop is held. Shape: the file and line that hold it."""
    end_stuck(Stuck.LOOP_BLOCKED, where=where)


class LoopWatch:
    """Counts the seconds in which the loop that it was started on did not beat.

    Shape: ``blocked`` is called from the thread, once, with the file and line that holds the loop.
    Units: ``after_s`` seconds. Only seconds in which the thread itself ran count: a process that was stopped as a whole
    and goes on has not hung.
    """

    def __init__(self, after_s: float, blocked: Callable[[str], None], every_s: float = 1.0) -> None:
        self._after_s, self._blocked, self._every_s = after_s, blocked, every_s
        self._beats = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread_of_loop = 0
        self._over = threading.Event()
        self._started = False
        self._notify = Notify.from_environment()

    def start(self) -> None:
        """Watch the running loop. May be called again."""
        if self._started:
            return
        self._started = True
        self._loop = asyncio.get_running_loop()
        self._thread_of_loop = threading.get_ident()
        self._beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()

    def ready(self) -> None:
        """Tell systemd that the worker reads."""
        self._notify.tell("READY=1")

    def _beat(self) -> None:
        self._beats += 1
        if self._loop is not None:
            self._timer = self._loop.call_later(_BEAT_S, self._beat)

    def _watch(self) -> None:
        heard, still_s = 0, 0.0
        while not self._over.wait(self._every_s):
            if self._loop is None or not self._loop.is_running():
                continue  # nobody runs it, so nothing holds it
            if self._beats != heard:
                heard, still_s = self._beats, 0.0
                self._notify.tell("WATCHDOG=1")
                continue
            still_s += self._every_s
            if still_s >= self._after_s:
                self._blocked(_where(self._thread_of_loop))
                return


def _where(thread: int) -> str:
    """The innermost line of our own that a thread is at; never what it holds."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the one way to look at another thread
    if frame is None:
        return "unknown"
    last = traceback.extract_stack(frame)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


class Notify:
    """Speaks to systemd's ``Type=notify``: a datagram to the socket that it names; nothing where it names none."""

    def __init__(self, address: str | None) -> None:
        self._address = address

    @classmethod
    def from_environment(cls) -> "Notify":
        """As systemd starts a service: ``NOTIFY_SOCKET``, a path or an abstract name."""
        return cls(os.environ.get("NOTIFY_SOCKET"))

    def tell(self, state: str) -> None:
        """Send a state. Errors: none; whoever started us then sees that nothing comes."""
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(state.encode(), address)
