"""How much may come in: events of a unit in a time, and bytes that the gateway holds at once."""

import math
import time
from collections.abc import Callable
from typing import Final, NamedTuple

MIB: Final = 1024 * 1024


class Limits(NamedTuple):
    """What one gateway takes.

    Units: bytes as they are sent and unpacked; ``rate`` in events a second for each unit, ``burst`` events at once;
    ``held`` bytes of all requests together; ``patience`` seconds for a body to come.
    """

    packed: int = 8 * MIB
    unpacked: int = 16 * MIB
    #: One event: 1 MiB encoded, and JSON repeats its field names.
    single: int = 4 * MIB
    batch: int = 1_000
    rate: float = 500.0
    burst: int = 2_000
    held: int = 256 * MIB
    patience: float = 30.0


class Rates:
    """A token bucket for each unit: ``burst`` at once, ``rate`` a second in the long run."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, unit: str, events: int) -> int:
        """0 when the unit may send so many now; else the whole seconds after which it may, and nothing is taken."""
        now = self._clock()
        left, at = self._buckets.get(unit, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        if left < events:
            self._buckets[unit] = (left, now)
            return max(1, math.ceil((events - left) / self._rate))
        self._buckets[unit] = (left - events, now)
        return 0


class Room:
    """The bytes that requests may hold together: past it, new ones are told to come again."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, size: int) -> bool:
        """Whether there is room for so many bytes; they are held until they are given back."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        """These bytes are not held any longer."""
        self._left += size
