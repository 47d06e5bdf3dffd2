"""Where places lie: what is sure, what is not guessed, and the map's own sense."""

import pytest

from schemas.vocabulary import Level
from streams.core.enrich.outlines import NOWHERE, load_outlines, units_of_municipalities
from streams.core.enrich.sweref import to_sweref
from tests.streams.core.made import REFERENCE

GAZETTEER = REFERENCE.gazetteer
OUTLINES = load_outlines(GAZETTEER)
OWN_COUNTY_AREAS = (Level.POLICE_AREA, Level.LOCAL_POLICE_AREA)


@pytest.mark.parametrize(
    ("place", "metres"),
    [
        ((12.75, 55.0), (356083.438, 6097106.672)),
        ((14.25, 55.0), (452024.069, 6095048.642)),
        ((19.5, 57.0), (773251.054, 6326392.707)),
        ((11.25, 59.0), (284626.066, 6546096.724)),
    ],
)
def test_the_grid_is_swedens(place: tuple[float, float], metres: tuple[float, float]) -> None:
    """Lantmäteriet's published check points of SWEREF 99 TM, to the millimetre."""
    assert to_sweref(*place) == pytest.approx(metres, abs=0.001)


def test_every_unit_of_the_gazetteer_lies_in_itself_or_is_not_sure() -> None:
    """The rough centre of each area is found in it, above it or below it: never in another area."""
    for unit in GAZETTEER.units.values():
        if unit.level in OWN_COUNTY_AREAS:
            found = OUTLINES.at(unit.lon, unit.lat, 50).unit
            assert found is None or found.startswith(unit.code) or unit.code.startswith(found), (unit.code, found)


def test_every_municipality_leads_to_a_unit() -> None:
    """All 290, at the least to their region."""
    units = units_of_municipalities(OUTLINES.police_areas, GAZETTEER)
    assert len(units) == 290
    assert [code for code, unit in units.items() if unit is None] == []
    assert all(GAZETTEER.known(unit) for unit in units.values() if unit)


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        ((13.0, 55.6), "se.syd.malmo"),
        ((18.30, 57.63), "se.stockholm.gotland"),
        ((18.06, 59.32), "se.stockholm"),  # three police areas share the municipality
        ((20.0, 60.0), None),  # Åland
        ((12.57, 55.68), None),  # Copenhagen
        ((10.75, 59.91), None),  # Oslo
    ],
)
def test_places_that_everybody_knows(place: tuple[float, float], unit: str | None) -> None:
    """Towns, an island, and places abroad or at sea."""
    assert OUTLINES.at(*place, 50).unit == unit


def test_the_rougher_a_place_the_larger_the_unit() -> None:
    """A wider circle is never told to lie in a smaller unit."""
    units = [OUTLINES.at(13.0, 55.6, accuracy).unit for accuracy in (50, 5000, 15_000, 20_000)]
    lengths = [unit.count(".") if unit else 0 for unit in units]
    assert lengths == sorted(lengths, reverse=True)
    assert OUTLINES.at(13.0, 55.6, 20_001) == NOWHERE


def test_a_border_that_is_not_sure_is_no_distance() -> None:
    """Solna is next to Stockholm, which three areas share: how near the border is cannot be said."""
    assert OUTLINES.at(18.0, 59.36, 50).to_area_border_m is None


def test_the_land_border_is_norways_and_finlands() -> None:
    """Haparanda and Storlien lie near it, Malmö does not: the sound is no land border."""
    near = {name: OUTLINES.at(*place, 50).to_country_border_m for name, place in _TOWNS.items()}
    assert near["haparanda"] is not None
    assert near["haparanda"] < 3000
    assert near["storlien"] is not None
    assert near["storlien"] < 6000
    assert near["malmö"] is None


_TOWNS = {"haparanda": (24.1, 65.83), "storlien": (12.1, 63.3), "malmö": (13.0, 55.6)}
