"""Right of way: while a lane of this worker has flash in hand, the routine work of all its lanes gives way.

The lanes of a worker share one core. Flash must not starve routine work either, so that keeps a small share.
"""

import asyncio
import contextlib
import time
from typing import Final

#: While flash is in hand, routine work of a lane runs so long, and then waits so long for the way to be free. Seconds.
SLICE_S: Final = 0.02
PAUSE_S: Final = 0.1


class RightOfWay:
    """Who has flash in hand, and who waits for that; one for all lanes of a worker."""

    def __init__(self) -> None:
        self._holders: set[int] = set()
        self._free = asyncio.Event()
        self._free.set()
        self._resumed: dict[int, float] = {}

    @property
    def taken(self) -> bool:
        """Whether any lane has flash in hand."""
        return bool(self._holders)

    def claim(self, lane: int) -> None:
        """A lane has flash in hand. It may say so again."""
        self._holders.add(lane)
        self._free.clear()

    def release(self, lane: int) -> None:
        """What a lane had in hand is committed, or the lane is gone."""
        self._holders.discard(lane)
        if not self._holders:
            self._free.set()

    async def give(self, lane: int) -> None:
        """Routine work of a lane lets flash pass: it waits, after a slice of its own, for a bounded time."""
        if not self._holders or time.perf_counter() - self._resumed.get(lane, 0.0) < SLICE_S:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), PAUSE_S)
        self._resumed[lane] = time.perf_counter()
