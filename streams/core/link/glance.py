"""What tells at a glance that two sightings of one type do not match, before either is read: times, places, words.

In a busy place or under a common phrase a new sighting meets many, of which few are near. A glance is a few numbers
kept beside the index, and one look at a list of them costs less than reading one sighting.
"""

from collections.abc import Iterable, Sequence
from math import acos, cos, pi, radians
from typing import Final

from streams.core.link.cells import MAX_ACCURACY_SUM_M, METRES_A_DEGREE
from streams.core.link.form import Glance, Sighting
from streams.core.link.text import BITS

#: A glance must never leave out what matches, so it looks a little farther.
_MARGIN: Final = 1.02


class InTime:
    """Those within the time of the rule."""

    def __init__(self, blocks: bytes, window_ms: int) -> None:
        self.blocks = blocks
        self.window_ms = window_ms

    def of(self, sighting: Sighting) -> Glance:
        """Its times."""
        return sighting.matter, sighting.from_ms, sighting.to_ms

    def may(self, mine: Glance, others: Iterable[Glance]) -> Sequence[bytes]:
        """Those near in time."""
        first, last = mine[1] - self.window_ms, mine[2] + self.window_ms
        return [each[0] for each in others if each[1] <= last and each[2] >= first]


class InPlace(InTime):
    """Those within the time and the distance of the rule."""

    def __init__(self, window_ms: int, metres: int) -> None:
        super().__init__(b"P", window_ms)
        self.metres = metres

    def of(self, sighting: Sighting) -> Glance:
        """Its times and its place."""
        return sighting.matter, sighting.from_ms, sighting.to_ms, sighting.lon, sighting.lat

    def may(self, mine: Glance, others: Iterable[Glance]) -> Sequence[bytes]:
        """Those near in time and place."""
        first, last = mine[1] - self.window_ms, mine[2] + self.window_ms
        west, south, east, north = around(mine[3], mine[4], self.metres)
        return [
            each[0]
            for each in others
            if each[1] <= last
            and each[2] >= first
            and south <= each[4] <= north
            and west <= each[3] <= east
        ]  # fmt: skip


def around(lon: float, lat: float, metres: int) -> tuple[float, float, float, float]:
    """West, south, east and north of all that matches within a limit, however exactly it is placed."""
    up = _MARGIN * (metres + MAX_ACCURACY_SUM_M) / METRES_A_DEGREE
    aside = _MARGIN * up / max(0.01, cos(radians(lat)))
    return lon - aside, lat - up, lon + aside, lat + up


def bits_apart(likeness: float) -> int:
    """In how many bits the signatures of two texts so alike differ at most."""
    return int(acos(likeness) / pi * BITS) + 1
