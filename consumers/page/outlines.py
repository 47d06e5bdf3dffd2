"""The map's outlines: the municipalities as one drawing, small enough to be kept by a browser without a connection."""

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

#: Corners nearer to a line than this are left out: at the scale of the page nobody sees them. Units: metres.
_COARSE_M: Final = 120
_FEWEST: Final = 4

Corner = tuple[int, int]


def outlines() -> dict[str, Any]:
    """Rings of corners.

    Shape: ``rings`` are lists of steps east and north in turn, the first corner whole; ``version`` names the source.
    Units: SWEREF 99 TM (EPSG:3006) in steps of ``step_m`` metres.
    Source: Statistics Sweden, Digitala gränser (CC0), as ``schemas/data/outlines.json`` holds it.
    """
    file = json.loads(files("schemas").joinpath("data", "outlines.json").read_text("utf-8"))
    coarse = _COARSE_M / file["step_m"]
    rings = [_thinned(list(_corners(steps)), coarse) for parts in file["outlines"].values() for steps in parts]
    return {
        "version": file["version"],
        "step_m": file["step_m"],
        "rings": [_steps(ring) for ring in rings if len(ring) >= _FEWEST],
    }


def _corners(steps: Sequence[int]) -> Iterator[Corner]:
    east = north = 0
    for at in range(0, len(steps), 2):
        east, north = east + steps[at], north + steps[at + 1]
        yield east, north


def _steps(ring: Sequence[Corner]) -> list[int]:
    east, north = ring[0]
    found = [east, north]
    for (from_east, from_north), (to_east, to_north) in pairwise(ring):
        found += [to_east - from_east, to_north - from_north]
    return found


def _thinned(ring: Sequence[Corner], coarse: float) -> list[Corner]:
    """The ring without corners that hardly bend it (Douglas and Peucker), worked out without recursion."""
    kept = {0, len(ring) - 1}
    spans = [(0, len(ring) - 1)]
    while spans:
        first, last = spans.pop()
        away, at = max(
            ((_distance(ring[each], ring[first], ring[last]), each) for each in range(first + 1, last)),
            default=(0.0, first),
        )
        if away > coarse:
            kept.add(at)
            spans += [(first, at), (at, last)]
    return [ring[each] for each in sorted(kept)]


def _distance(corner: Corner, start: Corner, end: Corner) -> float:
    """How far a corner lies from the line between two others; from the point, where these are one."""
    along = (end[0] - start[0], end[1] - start[1])
    to = (corner[0] - start[0], corner[1] - start[1])
    length = (along[0] ** 2 + along[1] ** 2) ** 0.5
    if not length:
        return float((to[0] ** 2 + to[1] ** 2) ** 0.5)
    return float(abs(along[0] * to[1] - along[1] * to[0]) / length)
