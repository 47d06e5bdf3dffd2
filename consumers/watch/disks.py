"""Room on disks: an alarm when one is nearly full, and no end of it before there is clearly room again."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from consumers.health import Reason
from consumers.watch.findings import Figure, Findings
from schemas.alarms import AlarmCode
from schemas.signals import DISK_USED

#: Shares of a disk: from the first on there is an alarm, which ends below the second.
FULL, ROOM_AGAIN = 0.90, 0.85


class Room(NamedTuple):
    """What of a disk is used, as a share of what a program may use, and what is free, in bytes."""

    used: float
    free: int


def measured(path: Path) -> Room:
    """The room of the disk that holds a path. Errors: ``OSError``."""
    usage = psutil.disk_usage(str(path))
    return Room(usage.percent / 100, usage.free)


class DisksPart:
    """Each disk once a look, in a thread: a disk that hangs hangs nobody else.

    Errors: ``OSError`` for a path that is not there.
    """

    name = "disks"

    def __init__(self, paths: Sequence[Path], room: Callable[[Path], Room] = measured) -> None:
        self._paths: Final = tuple(dict.fromkeys(paths))
        self._room = room
        self._full: set[Path] = set()

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def look(self, now: datetime) -> Findings:  # noqa: ARG002 - the protocol's
        """Measure all."""
        rooms = {path: await asyncio.to_thread(self._room, path) for path in self._paths}
        for path, room in rooms.items():
            if room.used >= FULL:
                self._full.add(path)
            elif room.used < ROOM_AGAIN:
                self._full.discard(path)
        reasons = tuple(
            Reason(AlarmCode.DISK_NEARLY_FULL, str(path), round(rooms[path].used, 3))
            for path in self._paths
            if path in self._full
        )
        figures = tuple(Figure(DISK_USED, (str(path),), room.used) for path, room in rooms.items())
        shown = [{"path": str(path), "used": room.used, "free_bytes": room.free} for path, room in rooms.items()]
        return Findings(reasons, figures, {"disks": shown})
