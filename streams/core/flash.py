"""How much of the flash lane one publisher may use: a lane that is full overtakes nothing. Values, no clock."""

from collections import deque
from typing import Final

#: A desk that has more to tell on danger to life in a minute has a fault, or needs no lane for one event.
MOST_A_MINUTE: Final = 300
_MINUTE_MS: Final = 60_000
#: Desks that are remembered; each has published by the flash lane within the minute.
_MOST_DESKS: Final = 10_000


class Allowance:
    """Counts each desk's events of the last minute on the flash lane.

    Units: milliseconds of the bus's clock. What is over the bound goes the ordinary way; nothing is refused.
    """

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        self._most = most
        self._taken: dict[str, deque[int]] = {}

    def take(self, desk: str, at_ms: int) -> bool:
        """Whether one more event of a desk may overtake; it is counted if so."""
        taken = self._taken.get(desk)
        if taken is None:
            if len(self._taken) >= _MOST_DESKS:
                self._forget(at_ms)
            taken = self._taken[desk] = deque()
        while taken and taken[0] <= at_ms - _MINUTE_MS:
            taken.popleft()
        if len(taken) >= self._most:
            return False
        taken.append(at_ms)
        return True

    def _forget(self, at_ms: int) -> None:
        """Let go of desks that have been quiet for a minute."""
        self._taken = {desk: taken for desk, taken in self._taken.items() if taken and taken[-1] > at_ms - _MINUTE_MS}
