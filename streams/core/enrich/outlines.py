"""Where places lie: the unit that holds a place, and how far it is from the borders of its police area and country.

The outlines are those of municipalities, generalised. Near a line, or with a place that is only roughly known,
nothing is guessed: the answer is the smallest unit that surely holds the place.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from importlib.resources import files
from itertools import pairwise
from struct import Struct
from typing import Annotated, Final, NamedTuple

import shapely
from pydantic import Field
from shapely.geometry.base import BaseGeometry

from schemas.gazetteer import Gazetteer
from schemas.model import Model, Ref, UnitCode
from schemas.vocabulary import Level
from streams.core.enrich.sweref import to_sweref

#: Within so many metres of an outline, nothing says on which side a place lies.
SLACK_M: Final = 500
#: Off the coast, and on large lakes, whoever has the shore within so many metres.
SHORE_M: Final = 3000
#: A place that is known no better than this lies nowhere in particular.
WORST_M: Final = 20_000
#: Farther from the country's land border than this is not near it.
NEAR_COUNTRY_BORDER_M: Final = 50_000
#: Side of the squares of the map of which is remembered what lies around them.
_SQUARE_M: Final = 2_000
#: The land border of the country runs from the mouth of Idefjorden to that of Torne älv; the rest is coast.
_BORDER_ENDS: Final = ((11.11, 59.10), (24.15, 65.81))
_MEMORY: Final = 65_536
#: A point in WKB: the order of its bytes, what it is, east and north. Made so it costs a tenth of ``shapely.points``,
#: which goes by way of arrays.
_POINT: Final = Struct("<BIdd")
_POINT_HEAD: Final = (1, 1)

Corner = tuple[int, int]
Line = tuple[Corner, Corner]


class OutlinesFile(Model):
    """The whole file: rings of corners by municipality, as steps, and the police area where a county has several."""

    version: Ref
    crs: Annotated[str, Field(pattern="^EPSG:3006$")]
    notes: list[str] = []
    step_m: Annotated[int, Field(gt=0)]
    police_areas: dict[str, UnitCode]
    outlines: dict[str, list[list[int]]]


class Location(NamedTuple):
    """Where a place lies: the smallest unit that surely holds it, if any, and metres to the borders, rounded."""

    unit: str | None
    to_area_border_m: int | None
    to_country_border_m: int | None


NOWHERE: Final = Location(None, None, None)


class _Square(NamedTuple):
    """What is the same for every place in a square of the map, known as well as most are.

    Shape: ``touched`` are the municipalities around each of them, None where that depends on the place.
    """

    touched: tuple[int, ...] | None
    near_country_border: bool


class Outlines:
    """Look-ups by coordinates. Never changes once made."""

    def __init__(self, file: OutlinesFile, gazetteer: Gazetteer) -> None:
        self.version = file.version
        self.police_areas: Mapping[str, str] = file.police_areas
        self._gazetteer = gazetteer
        rings = {code: [_ring(steps, file.step_m) for steps in parts] for code, parts in file.outlines.items()}
        units = units_of_municipalities(file.police_areas, gazetteer)
        self._units = [units.get(code) for code in rings]
        shapes = [shapely.MultiPolygon([shapely.Polygon(ring) for ring in parts]) for parts in rings.values()]
        self._municipalities = shapely.STRtree(shapes)
        areas = {code: gazetteer.at_level(unit, Level.POLICE_AREA) for code, unit in units.items() if unit is not None}
        sides = _sides(rings)
        borders = list(_area_borders(sides, areas))
        self._area_borders = shapely.STRtree([border.line for border in borders])
        self._certain = [border.certain for border in borders]
        self._country_border = shapely.MultiLineString(list(_land_border(sides)))
        shapely.prepare(self._country_border)
        self.at = lru_cache(maxsize=_MEMORY)(self._at)
        self._square = lru_cache(maxsize=_MEMORY)(self._square_of)

    def _at(self, lon: float, lat: float, accuracy_m: int) -> Location:
        """Where a place lies. Shape: WGS 84."""
        if accuracy_m > WORST_M:
            return NOWHERE
        east, north = to_sweref(lon, lat)
        point = shapely.from_wkb(_POINT.pack(*_POINT_HEAD, east, north))
        square = self._square(int(east // _SQUARE_M), int(north // _SQUARE_M))
        touched: Sequence[int] | None = square.touched if accuracy_m <= SLACK_M else None
        if touched is None:
            touched = self._touched(point, max(accuracy_m, SLACK_M))
        unit = self._common([self._units[index] for index in touched])
        if unit is None:
            return NOWHERE
        to_country = None
        if square.near_country_border:
            away = round(shapely.distance(point, self._country_border))
            to_country = away if away <= NEAR_COUNTRY_BORDER_M else None
        if self._gazetteer.at_level(unit, Level.POLICE_AREA) is None:
            return Location(unit, None, to_country)
        (index,), (to_area,) = self._area_borders.query_nearest(point, return_distance=True, all_matches=False)
        return Location(unit, round(to_area) if self._certain[index] else None, to_country)

    def _touched(self, point: BaseGeometry, reach: int) -> Sequence[int]:
        """The municipalities around a place."""
        touched: list[int] = self._municipalities.query(point, predicate="dwithin", distance=reach).tolist()
        if not touched and reach < SHORE_M:
            touched = self._municipalities.query(point, predicate="dwithin", distance=SHORE_M).tolist()
        return touched

    def _square_of(self, column: int, row: int) -> _Square:
        """What holds for every place of a square: most lie in one municipality and far from the country's border."""
        west, south = column * _SQUARE_M, row * _SQUARE_M
        box = shapely.box(west, south, west + _SQUARE_M, south + _SQUARE_M)
        # A metre more than can matter, so that no rounding does.
        around = self._municipalities.query(box, predicate="dwithin", distance=SLACK_M + 1)
        alone = None
        if len(around) == 1 and len(self._municipalities.query(box, predicate="within")) == 1:
            alone = (int(around[0]),)
        # The border comes first: only there does it help that it is prepared.
        return _Square(alone, bool(shapely.dwithin(self._country_border, box, NEAR_COUNTRY_BORDER_M + 1)))

    def _common(self, units: Sequence[str | None]) -> str | None:
        """The smallest unit that holds all of these; none if that is the whole country, or not known of one."""
        known = [unit.split(".") for unit in units if unit is not None]
        if not known or len(known) < len(units):
            return None
        shared = reduce(_shared, known)
        return ".".join(shared) if len(shared) > 1 else None


def _shared(one: list[str], other: list[str]) -> list[str]:
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return one[:same]


def units_of_municipalities(police_areas: Mapping[str, str], gazetteer: Gazetteer) -> dict[str, str | None]:
    """The smallest unit that each municipality surely lies in, by its code."""
    found: dict[str, str | None] = {}
    for municipality in gazetteer.places.municipalities():
        local = gazetteer.by_municipality(municipality.name)
        counties = gazetteer.by_county(municipality.county.name)
        regions = {gazetteer.region_of(area) for area in counties}
        if len(local) == 1:
            found[municipality.code] = local[0]
        elif municipality.code in police_areas:
            found[municipality.code] = police_areas[municipality.code]
        elif len(counties) == 1:
            found[municipality.code] = counties[0]
        else:
            found[municipality.code] = regions.pop() if len(regions) == 1 else None
    return found


def _ring(steps: list[int], step_m: int) -> list[Corner]:
    ring, east, north = [], 0, 0
    for at in range(0, len(steps), 2):
        east, north = east + steps[at], north + steps[at + 1]
        ring.append((east * step_m, north * step_m))
    return ring


def _sides(rings: Mapping[str, list[list[Corner]]]) -> dict[Line, list[str]]:
    """Each stretch of outline with the municipalities that it bounds: two of them, or one at a coast or abroad."""
    sides: dict[Line, list[str]] = {}
    for code, parts in rings.items():
        for ring in parts:
            for start, end in pairwise(ring):
                if start != end:
                    sides.setdefault((min(start, end), max(start, end)), []).append(code)
    return sides


class _Border(NamedTuple):
    """A stretch of outline that parts two police areas, or may part them: one of its sides is known by region only."""

    line: shapely.LineString
    certain: bool


def _area_borders(sides: Mapping[Line, list[str]], areas: Mapping[str, str | None]) -> Iterator[_Border]:
    """The stretches between police areas."""
    for line, codes in sides.items():
        found = {areas.get(code) for code in codes}
        if len(found) > 1:
            yield _Border(shapely.LineString(line), None not in found)


def _land_border(sides: Mapping[Line, list[str]]) -> Iterator[Line]:
    """The outer stretches that lie between the two mouths: walked along the outline from one to the other."""
    nearby: dict[Corner, list[Corner]] = {}
    for (start, end), codes in sides.items():
        if len(codes) == 1:
            nearby.setdefault(start, []).append(end)
            nearby.setdefault(end, []).append(start)
    first, last = (_nearest(nearby, to_sweref(*place)) for place in _BORDER_ENDS)
    for step in nearby[first]:
        walked = _walk(nearby, first, step, last)
        if walked and any(north > 7_000_000 and east < 600_000 for east, north in walked):  # noqa: PLR2004
            yield from pairwise(walked)
            return


def _walk(nearby: Mapping[Corner, list[Corner]], first: Corner, step: Corner, last: Corner) -> list[Corner]:
    """The corners from the first by way of a step to the last; none where the outline leads elsewhere."""
    walked = [first, step]
    while walked[-1] != last:
        onward = [corner for corner in nearby[walked[-1]] if corner != walked[-2]]
        if not onward or onward[0] == first:
            return []
        walked.append(onward[0])
    return walked


def _nearest(corners: Iterable[Corner], place: tuple[float, float]) -> Corner:
    return min(corners, key=lambda corner: (corner[0] - place[0]) ** 2 + (corner[1] - place[1]) ** 2)


@lru_cache(maxsize=4)
def load_outlines(gazetteer: Gazetteer) -> Outlines:
    """The outlines that the package carries, for a gazetteer."""
    data = (files("schemas") / "data" / "outlines.json").read_bytes()
    return Outlines(OutlinesFile.model_validate(json.loads(data)), gazetteer)
