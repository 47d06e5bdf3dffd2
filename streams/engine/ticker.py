"""A lane's sense of time: it wakes the lane once a second, so that something can fall due without a record coming."""

import asyncio
from collections.abc import Callable

#: Seconds between ticks, and before the first: what was written while nobody read comes in before it.
EVERY_S, FIRST_AFTER_S = 1.0, 5.0


class Ticker:
    """Strikes once a second while it runs. ``ring`` wakes whoever asks ``struck``."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._struck = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, after_s: float = FIRST_AFTER_S) -> None:
        """Strike after so many seconds."""
        self._timer = asyncio.get_running_loop().call_later(after_s, self._strike)

    def stop(self) -> None:
        """Strike no more."""
        if self._timer is not None:
            self._timer.cancel()

    def struck(self) -> bool:
        """Whether it has struck since it was asked last; if so, the next second begins."""
        if not self._struck:
            return False
        self._struck = False
        self.start(EVERY_S)
        return True

    def _strike(self) -> None:
        self._struck = True
        self._ring()
