"""Who keeps the bus in a folder: one process at a time, written down so that any other can find it and stop it."""

from pathlib import Path
from typing import Literal

from deploy.cluster.errors import AlreadyRunningError
from deploy.cluster.process import PATIENCE, Identity, end_all
from deploy.cluster.state import HomeLock, State, read_state, write_state


class Keep:
    """The right to run brokers and workers in a folder, and the record of those that run.

    Shape: the record is there from ``take`` to ``release``; what a killed keeper leaves is recognised as stale.
    """

    def __init__(self, home: Path, kind: Literal["up", "program"]) -> None:
        self.home = home.absolute()
        self.file = self.home / "running.json"
        self._kind = kind
        self._lock = HomeLock(self.home / "running.lock")
        self._state: State | None = None

    def take(self, bootstrap: str) -> None:
        """Become the keeper, and end what a killed keeper left (its guards are at it already).

        Errors: ``AlreadyRunningError``, ``OSError`` when the folder cannot be written.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        if not self._lock.take():
            raise self._already_running()
        left = self.state()
        if left is not None:
            end_all(left.all_processes())
        self._state = State(Identity.own(), self._kind, bootstrap)
        write_state(self.file, self._state)

    def held(self) -> bool:
        """Tell whether this object is the keeper."""
        return self._state is not None

    def state(self) -> State | None:
        """What the keeper, living or killed, wrote down."""
        return read_state(self.file)

    def note(self, name: str, identities: tuple[Identity, ...]) -> None:
        """Write down the processes that do something (``broker 1``, ``worker 1``)."""
        if self._state is not None:
            self._state.processes[name] = list(identities)
            write_state(self.file, self._state)

    def mark_ready(self) -> None:
        """Write down that everything answers."""
        if self._state is not None:
            self._state.ready = True
            write_state(self.file, self._state)

    def release(self) -> None:
        """Keep no longer; what was kept has ended."""
        if self._state is not None:
            self._state = None
            self.file.unlink(missing_ok=True)
        self._lock.release()

    def stop_other(self) -> bool:
        """Stop what another process keeps here, or left; false when there is nothing."""
        state = self.state()
        if state is None:
            return False
        stopped = any(one.alive() for one in (state.owner, *state.all_processes()))
        if state.kind == "up":
            end_all([state.owner], PATIENCE * 2)  # it ends its workers and brokers in order
        end_all(state.all_processes())
        self.file.unlink(missing_ok=True)
        return stopped

    def _already_running(self) -> AlreadyRunningError:
        state = self.state()
        keeper = f"process {state.owner.pid}, {state.bootstrap}" if state else "a process that is just starting"
        return AlreadyRunningError(
            f"The bus already runs in {self.home} ({keeper}).",
            "Use it as it is, stop it with `sambus down`, or choose another folder (SAMBUS_HOME) and another --port.",
            exit_code=2,
        )
