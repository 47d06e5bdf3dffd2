"""Where matters come from and go to: areas within areas, levels, functions."""

from collections.abc import Iterator
from typing import Final

from schemas.gazetteer import Gazetteer
from schemas.receipts import PARTNER, level_of
from schemas.vocabulary import Level

#: The whole bus, partners included.
COUNTRY: Final = "se"
#: What national units are together, and partners.
NATIONAL: Final = "national"
#: Behind an area's code: what its own desks told, not those of the areas in it.
OWN: Final = "+own"
LEVELS: Final = (NATIONAL, str(Level.REGION), str(Level.POLICE_AREA), str(Level.LOCAL_POLICE_AREA), PARTNER)


def level(desk: str, gazetteer: Gazetteer) -> str:
    """The level of a desk: one of ``LEVELS``; the country and its units are one."""
    found = level_of(desk, gazetteer)
    return NATIONAL if found in (Level.NATIONAL, Level.NATIONAL_UNIT) else found


def function(desk: str) -> str:
    """The function of a desk; all partners are one."""
    unit, _, name = desk.partition("/")
    return PARTNER if unit.startswith(f"{PARTNER}.") else name


def path(unit: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """The areas that a unit counts in, the whole first.

    Shape: police areas are the smallest, local ones count in theirs: in a local police area most numbers are small.
    """
    region, area = gazetteer.region_of(unit), gazetteer.at_level(unit, Level.POLICE_AREA)
    if region is None:
        return COUNTRY, PARTNER if gazetteer.unit(unit) is None else NATIONAL
    return COUNTRY, region, area or region + OWN


def within(scope: str, gazetteer: Gazetteer) -> Iterator[str]:
    """The areas that a report on an area lists, in the gazetteer's order; none for a police area."""
    found = gazetteer.unit(scope)
    if scope == COUNTRY:
        yield from gazetteer.units_at(Level.REGION)
        yield from (NATIONAL, PARTNER)
    elif found is not None and found.level is Level.REGION:
        yield from gazetteer.below(scope, Level.POLICE_AREA)
        yield scope + OWN


def reportable(scope: str, gazetteer: Gazetteer) -> bool:
    """Whether there is a report on an area: the country, a region, a police area."""
    found = gazetteer.unit(scope)
    return scope == COUNTRY or (found is not None and found.level in (Level.REGION, Level.POLICE_AREA))
