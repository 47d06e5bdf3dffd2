"""The form of the gazetteer file, and every check that it must pass before anything is routed by it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.model import CountryCode, Latitude, Longitude, Model, Ref, ShortText, UnitCode
from schemas.vocabulary import Function, Level

#: Which levels may stand directly under a level; a gazetteer with a hole in its tree routes to nobody.
CHILD_LEVELS: dict[Level, frozenset[Level]] = {
    Level.NATIONAL: frozenset({Level.NATIONAL_UNIT, Level.REGION}),
    Level.NATIONAL_UNIT: frozenset(),
    Level.REGION: frozenset({Level.POLICE_AREA}),
    Level.POLICE_AREA: frozenset({Level.LOCAL_POLICE_AREA}),
    Level.LOCAL_POLICE_AREA: frozenset(),
}

Desks = Annotated[list[Function], Field(min_length=1)]


class GazetteerError(ValueError):
    """The gazetteer cannot be used. The text lists every fault: where it is, and what would be right."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The gazetteer cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


class CountyRecord(Model):
    """A county (län) that a police area covers, wholly or in part."""

    code: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    name: ShortText
    partial: bool = False


class UnitRecord(Model):
    """One unit as the file has it. ``desks`` stands only where they differ from those of the unit's level."""

    code: UnitCode
    name: ShortText
    level: Level
    parent: UnitCode | None = None
    lon: Longitude
    lat: Latitude
    verified: bool = False
    source: ShortText | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    official_code: Annotated[str, Field(pattern=r"^[0-9]{4}([0-9]{2})?$")] | None = None
    desks: Desks | None = None
    counties: list[CountyRecord] = []
    municipalities: list[ShortText] = []
    neighbours: list[UnitCode] = []
    sea_neighbours: list[UnitCode] = []
    foreign_neighbours: list[CountryCode] = []
    note: Annotated[str, Field(max_length=1000)] | None = None


class SuccessionRecord(Model):
    """A unit that ended and the units that took over its area (efterträdare)."""

    unit: UnitCode
    successors: Annotated[list[UnitCode], Field(min_length=1)]
    on: date


class CountyOfRecord(Model):
    """A county and all its municipalities by SCB's code, for places that no unit lists.

    Units: ``reach_km`` is how far from its centre a place in the county may lie, roughly.
    """

    code: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    name: ShortText
    reach_km: Annotated[int, Field(gt=0, le=500)]
    municipalities: Annotated[dict[Annotated[str, Field(pattern=r"^[0-9]{4}$")], ShortText], Field(min_length=1)]


class GazetteerFile(Model):
    """The whole file."""

    version: Ref
    crs: Annotated[str, Field(pattern="^EPSG:4326$")]
    notes: list[str] = []
    desks: dict[Level, Desks]
    units: Annotated[list[UnitRecord], Field(min_length=1)]
    successions: list[SuccessionRecord] = []
    counties: list[CountyOfRecord] = []


class _Context(NamedTuple):
    """What the checks look things up in."""

    file: GazetteerFile
    units: dict[str, UnitRecord]


def check(file: GazetteerFile) -> None:
    """Refuse a gazetteer whose parts contradict each other.

    Errors: ``GazetteerError`` with every fault found, not only the first.
    """
    context = _Context(file, {unit.code: unit for unit in file.units})
    faults = [fault for part in _CHECKS for fault in part(context)]
    if faults:
        raise GazetteerError(faults)


def _unique(context: _Context) -> Iterator[str]:
    for code, count in Counter(unit.code for unit in context.file.units).items():
        if count > 1:
            yield f"{code}: stands {count} times; keep one entry for each code"
    living = [unit for unit in context.file.units if unit.valid_to is None]
    for (level, name), count in Counter((unit.level, unit.name) for unit in living).items():
        if count > 1:
            codes = ", ".join(unit.code for unit in living if (unit.level, unit.name) == (level, name))
            yield f"{codes}: {count} units of level {level} are named {name!r}; give each its own name"


def _tree(context: _Context) -> Iterator[str]:
    for unit in context.file.units:
        if unit.parent is None:
            if unit.level is not Level.NATIONAL or "." in unit.code:
                yield f"{unit.code}: has no parent; only the national unit stands at the top"
            continue
        parent = context.units.get(unit.parent)
        if parent is None:
            yield f"{unit.code}: parent {unit.parent!r} is not in the file; add it or correct the parent"
            continue
        if unit.code.rpartition(".")[0] != unit.parent:
            yield f"{unit.code}: the code must be its parent's code, a dot and one more segment ({unit.parent}.…)"
        if unit.level not in CHILD_LEVELS[parent.level]:
            right = ", ".join(sorted(CHILD_LEVELS[parent.level])) or "nothing"
            yield f"{unit.code}: level {unit.level} cannot stand under {parent.level}; right there is: {right}"


def _neighbours(context: _Context) -> Iterator[str]:
    for unit in context.file.units:
        for kind in ("neighbours", "sea_neighbours"):
            for code in getattr(unit, kind):
                other = context.units.get(code)
                if other is None or code == unit.code:
                    yield f"{unit.code}: {kind} names {code!r}, which is no other unit of the file; correct the code"
                elif other.level is not unit.level:
                    yield f"{unit.code}: {kind} names {code}, of level {other.level}; name a {unit.level}"
                elif unit.code not in getattr(other, kind):
                    yield f"{unit.code}: {kind} names {code}, which does not name it back; add it there or remove it"


def _desks(context: _Context) -> Iterator[str]:
    for level, desks in context.file.desks.items():
        if len(set(desks)) != len(desks):
            yield f"desks.{level}: names a function twice; keep one"
    for unit in context.file.units:
        if unit.desks is None and unit.level not in context.file.desks:
            yield f"{unit.code}: has no desk; give it `desks`, or give its level {unit.level} some"
        if unit.desks is not None and len(set(unit.desks)) != len(unit.desks):
            yield f"{unit.code}: desks names a function twice; keep one"


def _validity(context: _Context) -> Iterator[str]:
    for unit in context.file.units:
        if unit.valid_from and unit.valid_to and unit.valid_from > unit.valid_to:
            yield f"{unit.code}: valid_from {unit.valid_from} is after valid_to {unit.valid_to}; correct one"


def _official_codes(context: _Context) -> Iterator[str]:
    """The police's own numeric codes nest by prefix; their published file breaks this in one place."""
    for unit in context.file.units:
        parent = context.units.get(unit.parent or "")
        if unit.official_code is None or parent is None or parent.official_code is None:
            continue
        prefix = parent.official_code.rstrip("0") if parent.level is Level.REGION else parent.official_code
        if not unit.official_code.startswith(prefix):
            yield f"{unit.code}: official_code {unit.official_code} must begin with {prefix}, that of {parent.code}"


def _successions(context: _Context) -> Iterator[str]:
    table = {entry.unit: entry for entry in context.file.successions}
    if len(table) != len(context.file.successions):
        yield "successions: a unit stands twice; give it one entry with all its successors"
    for entry in context.file.successions:
        old = context.units.get(entry.unit)
        if old is None or old.valid_to is None:
            yield f"successions: {entry.unit} must be a unit of the file with a valid_to: old events keep its code"
        for code in entry.successors:
            if code not in context.units:
                yield f"successions: {entry.unit} is followed by {code!r}, which is not in the file; correct the code"
            elif code in table and table[code].on <= entry.on:
                yield f"successions: {code} took over from {entry.unit} on {entry.on} but had ended; correct a date"


def _counties(context: _Context) -> Iterator[str]:
    for name, count in Counter(_municipalities(context.file)).items():
        if count > 1:
            yield f"counties: municipality {name!r} stands {count} times; a municipality lies in one county"
    for county in context.file.counties:
        for code in county.municipalities:
            if not code.startswith(county.code):
                yield f"counties: municipality code {code} must begin with {county.code}, the code of {county.name}"


def _places(context: _Context) -> Iterator[str]:
    """The places that units name; checked only where the file has a table of counties to check against."""
    if not context.file.counties:
        return
    counties = {county.code: county.name for county in context.file.counties}
    municipalities = set(_municipalities(context.file))
    for unit in context.file.units:
        for county in unit.counties:
            if counties.get(county.code) != county.name:
                yield f"{unit.code}: county {county.code} {county.name!r} is not so in `counties`; correct code or name"
        for name in unit.municipalities:
            if name not in municipalities:
                yield f"{unit.code}: municipality {name!r} is in no county of `counties`; correct its name"
        if unit.municipalities and unit.level is not Level.LOCAL_POLICE_AREA:
            yield f"{unit.code}: lists municipalities; list them at its local police areas"


def _municipalities(file: GazetteerFile) -> Iterator[str]:
    return (name for county in file.counties for name in county.municipalities.values())


_CHECKS = (_unique, _tree, _neighbours, _desks, _validity, _official_codes, _successions, _counties, _places)
