"""One process under a guard, as a keeper looks at it: whether it runs, since when, what it said; and its end."""

import time
from pathlib import Path

from deploy.cluster.process import Guarded, Identity, last_lines


class KeptProcess:
    """What a program, a broker and a registry have in common. Shape: ``_guarded`` is the process while there is one."""

    log: Path
    _guarded: Guarded | None = None
    _started = 0.0

    def identities(self) -> tuple[Identity, ...]:
        """Its processes."""
        return self._guarded.identities() if self._guarded is not None else ()

    def exit_code(self) -> int | None:
        """The exit code of one that ended, or none while it runs."""
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
