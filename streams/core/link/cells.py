"""Places and times as blocks: which cells and which spans of time an event touches, and how far apart two are.

Each event is a disc of half the type's limit plus its own accuracy, and an interval lengthened by half the type's
window. Two that match overlap, so they have a cell and a span in common, whatever side of a border they lie on.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import asin, cos, hypot, radians, sin, sqrt
from typing import Final

import h3.api.basic_int as h3

from streams.core.link.form import Sighting, Spot, block

EARTH_M: Final = 6_371_009
METRES_A_DEGREE: Final = 111_195
#: Places match within the limit and both accuracies, of which so much counts (clarification 51).
MAX_ACCURACY_SUM_M: Final = 300
#: An event that is less exactly placed is never joined by place and time alone (clarification 51).
MAX_ACCURACY_M: Final = 500
MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
#: An event that lasts longer than so many spans is looked for only in the first of them.
_MAX_SPANS: Final = 24
#: H3 resolutions by the least distance from a cell's centre to its border, metres; a disc fits among few cells.
_RESOLUTIONS: Final = ((9, 170), (8, 450), (7, 1_190), (6, 3_150), (5, 8_300), (4, 22_000), (3, 58_000))
_RIM: Final = tuple((sin(radians(turn)), cos(radians(turn))) for turn in range(0, 360, 45))


def place_blocks(name: str, spot: Spot, metres: int, span: tuple[int, int], window_ms: int) -> Iterator[bytes]:
    """A block for each cell and span of time in which a match could lie.

    Shape: ``name`` keeps what is not compared apart; ``span`` is first and last ms.
    """
    for cell, number in cells_and_spans(spot, metres, span, window_ms):
        yield block(b"P", name, cell, number)


def cells_and_spans(spot: Spot, metres: int, span: tuple[int, int], window_ms: int) -> Iterator[tuple[int, int]]:
    """Each cell and span of time in which a match could lie."""
    reach = metres / 2 + min(spot.accuracy_m, MAX_ACCURACY_SUM_M)
    spans = tuple(spans_of(span, window_ms))
    for cell in cells_of(round(spot.lon, 5), round(spot.lat, 5), reach, _resolution(metres)):
        for number in spans:
            yield cell, number


def spans_of(span: tuple[int, int], window_ms: int) -> Iterator[int]:
    """The numbers of the spans of time that an interval touches; a span is four windows long."""
    first = (span[0] - window_ms // 2) // (4 * window_ms)
    last = (span[1] + window_ms // 2) // (4 * window_ms)
    yield from range(first, min(last, first + _MAX_SPANS - 1) + 1)


@lru_cache(maxsize=4096)
def cells_of(lon: float, lat: float, reach_m: float, resolution: int) -> frozenset[int]:
    """The cells that a disc touches: those of its centre and of eight points on its rim."""
    up = reach_m / METRES_A_DEGREE
    aside = up / max(0.01, cos(radians(lat)))
    rim = ((max(-90.0, min(90.0, lat + up * y)), lon + aside * x) for x, y in _RIM)
    return frozenset(h3.latlng_to_cell(y, x, resolution) for y, x in ((lat, lon), *rim))


def _resolution(metres: int) -> int:
    """Cells in which the widest disc of a limit still fits: it touches few of them."""
    widest = metres / 2 + MAX_ACCURACY_SUM_M
    return next((resolution for resolution, inner in _RESOLUTIONS if inner >= widest), _RESOLUTIONS[-1][0])


def metres_between(one: Sighting, other: Sighting) -> float | None:
    """How far apart two events lie; None when the place of one is not known."""
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    return distance_m(one.lon, one.lat, other.lon, other.lat)


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """The way between two places: as the plane has it where they are near, on the sphere where they are not."""
    north = radians(other_lat - lat)
    east = radians(other_lon - lon)
    if abs(north) + abs(east) < 0.02:  # noqa: PLR2004  # about 100 km, where the plane is off by some metres
        return EARTH_M * hypot(north, east * cos(radians((lat + other_lat) / 2)))
    half = sin(north / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(east / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, half)))


def slack_m(one: Sighting, other: Sighting) -> int:
    """How much both accuracies add to a limit."""
    return min(one.accuracy_m + other.accuracy_m, MAX_ACCURACY_SUM_M)


def exact_enough(one: Sighting, other: Sighting) -> bool:
    """Whether both are placed well enough to be joined by place and time."""
    return max(one.accuracy_m, other.accuracy_m) <= MAX_ACCURACY_M


def gap_ms(one: Sighting, other: Sighting) -> int:
    """The time between the nearest ends of two intervals, 0 when they overlap (clarification 52)."""
    return max(0, other.from_ms - one.to_ms, one.from_ms - other.to_ms)
