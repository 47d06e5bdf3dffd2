"""Whether lanes get on: values that a lane keeps of itself, and what they mean after so many seconds. No clock."""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from streams.engine.watchdog import Stuck

#: A lag that only grows is told from so many records on, and over so many looks.
_LAG_TOLD: Final = 10_000
_LOOKS: Final = 6


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something may stand still before the worker ends. Units: seconds.

    A commit waits for brokers that are away for a while: it must bear the change of a leader and a broker's restart.
    """

    loop_s: float = 20.0
    lane_s: float = 60.0
    commit_s: float = 60.0
    fetch_s: float = 60.0
    #: Between two looks at the ends of partitions.
    look_s: float = 10.0


class Progress:
    """When a lane got on last. Units: seconds of one monotonic clock."""

    def __init__(self) -> None:
        self.waiting = 0
        self._moved = 0.0
        self._committing: float | None = None

    def arrived(self, now: float) -> None:
        """Something came for a lane that had nothing to do, or had."""
        if not self.waiting:
            self._moved = now
        self.waiting += 1

    def moved(self, now: float, left: int) -> None:
        """The lane decides; so many batches are left to it."""
        self._moved, self.waiting = now, left

    def commits(self, now: float) -> None:
        """A transaction begins."""
        self._committing = now

    def committed(self, now: float) -> None:
        """A transaction is closed."""
        self._moved, self._committing = now, None

    def stuck(self, now: float, patience: Patience) -> tuple[Stuck, float] | None:
        """What stands still, and for how long."""
        if self._committing is not None:
            since = now - self._committing
            return (Stuck.COMMIT_HUNG, since) if since > patience.commit_s else None
        since = now - self._moved
        return (Stuck.LANE_HUNG, since) if self.waiting and since > patience.lane_s else None


class Place(NamedTuple):
    """One partition as a look finds it: the consumer's position and the last stable offset, and whether it is fetched.

    Shape: ``idle`` when nothing fetched of it waits for its lane, so that the lane is not what it waits for.
    """

    position: int
    end: int
    idle: bool


class Fetching:
    """Follows one partition over looks at it."""

    def __init__(self) -> None:
        self._position = -1
        self._since = 0.0
        self._behind: deque[int] = deque(maxlen=_LOOKS)

    def stalled_for(self, place: Place, now: float) -> float:
        """Seconds for which records have stood behind a position that does not move, though nothing else waits."""
        if not place.idle or place.position >= place.end or place.position != self._position:
            self._position, self._since = place.position, now
            return 0.0
        return now - self._since

    def growing(self, place: Place) -> bool:
        """Whether the lag has only grown for the last looks, and is large; told once for each such stretch."""
        self._behind.append(place.end - place.position)
        lags = list(self._behind)
        grows = len(lags) == _LOOKS and all(a < b for a, b in pairwise(lags))
        if grows and lags[-1] >= _LAG_TOLD:
            self._behind.clear()
            return True
        return False
