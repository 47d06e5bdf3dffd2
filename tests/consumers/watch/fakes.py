"""Parts and boards for tests of the watch: they do what they are told."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from consumers.watch.findings import Findings
from consumers.watch.snapshot import Snapshot


class Acting:
    """A part whose looks are given."""

    def __init__(self, name: str, look: Callable[[], Findings]) -> None:
        self.name, self.act = name, look
        self.starts = self.looks = 0

    async def start(self) -> None:
        """Counted."""
        self.starts += 1

    async def look(self, _: datetime) -> Findings:
        """What it was told to do."""
        self.looks += 1
        return self.act()

    async def stop(self) -> None:
        """Nothing."""


class Hanging(Acting):
    """A part that never answers, and does not even hear that it is cancelled."""

    async def look(self, _: datetime) -> Findings:
        """Hang."""
        self.looks += 1
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if self.looks > 10:  # let the loop of the test end at last
                    raise
                self.looks = 11


class Kept:
    """A board that keeps the snapshots, and refuses while it is told to."""

    def __init__(self) -> None:
        self.told: list[Snapshot] = []
        self.away = False

    async def tell(self, snapshot: Snapshot) -> None:
        """Keep it."""
        if self.away:
            raise ConnectionError
        self.told.append(snapshot)
