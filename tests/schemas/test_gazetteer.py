"""The gazetteer: its data hold together, its look-ups answer, and every fault in a file is named."""

import json
from datetime import date
from typing import Any

import pytest

from schemas.gazetteer import Gazetteer, GazetteerError, load_gazetteer, read_gazetteer
from schemas.vocabulary import Function, Level

JARVA = "se.stockholm.stockholm-nord.jarva"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    """The real gazetteer."""
    return load_gazetteer()


def made(**changes: Any) -> dict[str, Any]:
    """A small made-up country: one region, two police areas that border on each other, three local ones."""

    def unit(code: str, name: str, level: str, **more: Any) -> dict[str, Any]:
        parent = code.rpartition(".")[0] or None
        return {"code": code, "name": name, "level": level, "parent": parent, "lon": 15.0, "lat": 60.0, **more}

    file: dict[str, Any] = {
        "version": "test-1",
        "crs": "EPSG:4326",
        "desks": {
            "national": ["coordination"],
            "region": ["intelligence"],
            "police_area": ["intelligence", "finance"],
            "local_police_area": ["intelligence"],
        },
        "units": [
            unit("se", "Riket", "national"),
            unit("se.r", "Regionen", "region"),
            unit("se.r.a", "A", "police_area", neighbours=["se.r.b"]),
            unit("se.r.b", "B", "police_area", neighbours=["se.r.a"]),
            unit("se.r.a.x", "X", "local_police_area", valid_to="2020-12-31"),
            unit("se.r.a.y", "Y", "local_police_area", valid_from="2021-01-01", valid_to="2022-12-31"),
            unit("se.r.a.z", "Z", "local_police_area", valid_from="2023-01-01"),
        ],
        "successions": [
            {"unit": "se.r.a.x", "successors": ["se.r.a.y", "se.r.a.z"], "on": "2021-01-01"},
            {"unit": "se.r.a.y", "successors": ["se.r.a.z"], "on": "2023-01-01"},
        ],
    }
    return file | changes


def changed(unit_code: str, /, **changes: Any) -> dict[str, Any]:
    """The small country with one unit changed."""
    file = made()
    file["units"] = [unit | changes if unit["code"] == unit_code else unit for unit in file["units"]]
    return file


def faults_of(file: dict[str, Any]) -> str:
    """The error text for a file that must be refused."""
    with pytest.raises(GazetteerError) as caught:
        read_gazetteer(json.dumps(file))
    return str(caught.value)


# The real data


def test_holds_all_units_by_level(gazetteer: Gazetteer) -> None:
    """Holds all units by level."""
    counts = {level: len(gazetteer.units_at(level)) for level in Level}
    assert counts == {
        Level.NATIONAL: 1,
        Level.NATIONAL_UNIT: 8,
        Level.REGION: 7,
        Level.POLICE_AREA: 27,
        Level.LOCAL_POLICE_AREA: 91,
    }
    assert gazetteer.version == "2025-12-01"


def test_every_unit_reaches_the_top_by_its_ancestors(gazetteer: Gazetteer) -> None:
    """Every unit reaches the top by its ancestors."""
    assert gazetteer.ancestors(JARVA) == ("se.stockholm.stockholm-nord", "se.stockholm", "se")
    assert all(gazetteer.ancestors(code)[-1] == "se" for code in gazetteer.units if code != "se")
    assert gazetteer.ancestors("se") == ()


def test_ancestors_of_an_unknown_code_are_its_known_prefixes(gazetteer: Gazetteer) -> None:
    """Ancestors of an unknown code are its known prefixes."""
    assert gazetteer.ancestors("se.stockholm.nowhere.here") == ("se.stockholm", "se")


def test_a_prefix_that_ends_inside_a_segment_is_no_ancestor(gazetteer: Gazetteer) -> None:
    """``se.noa`` is a textual prefix of ``se.noa-und`` and not above it."""
    assert gazetteer.ancestors("se.noa-und") == ("se",)
    assert "se.noa-und" not in gazetteer.below("se.noa", Level.NATIONAL_UNIT)


@pytest.mark.parametrize(
    ("code", "level", "expected"),
    [
        (JARVA, Level.LOCAL_POLICE_AREA, JARVA),
        (JARVA, "police_area", "se.stockholm.stockholm-nord"),
        (JARVA, Level.REGION, "se.stockholm"),
        ("se.stockholm", Level.LOCAL_POLICE_AREA, None),
        ("se.noa", Level.REGION, None),
        ("se.nowhere", Level.REGION, None),
    ],
)
def test_level_is_found_upwards_only(gazetteer: Gazetteer, code: str, level: str, expected: str | None) -> None:
    """Level is found upwards only."""
    assert gazetteer.at_level(code, level) == expected


def test_neighbours_are_by_land_and_sea_or_siblings(gazetteer: Gazetteer) -> None:
    """Neighbours are by land and sea or siblings."""
    assert gazetteer.neighbours("se.stockholm.gotland") == ("se.stockholm.stockholm-syd", "se.syd.kalmar-kronoberg")
    assert gazetteer.neighbours("se.stockholm.stockholm-city.norrmalm") == ("se.stockholm.stockholm-city.sodermalm",)
    assert gazetteer.neighbours("se.nord") == ()


def test_neighbours_are_mutual(gazetteer: Gazetteer) -> None:
    """Neighbours are mutual."""
    assert all(code in gazetteer.neighbours(other) for code in gazetteer.units for other in gazetteer.neighbours(code))


def test_desks_follow_level_or_the_unit_itself(gazetteer: Gazetteer) -> None:
    """Desks follow level or the unit itself."""
    assert gazetteer.desks(JARVA)[0] == f"{JARVA}/intelligence"
    assert len(gazetteer.desks(JARVA)) == 5
    assert f"{JARVA}/finance" not in gazetteer.desks(JARVA)
    assert "se.stockholm.stockholm-nord/finance" in gazetteer.desks("se.stockholm.stockholm-nord")
    assert "se.stockholm/it_crime" in gazetteer.desks("se.stockholm")
    assert gazetteer.desks("se") == ("se/coordination",)
    assert gazetteer.desks("se.nfc")[0] == "se.nfc/forensics"
    assert len(gazetteer.desks("se.noa")) == 6


def test_known_desk_needs_unit_and_function(gazetteer: Gazetteer) -> None:
    """Known desk needs unit and function."""
    assert gazetteer.known_desk(f"{JARVA}/surveillance")
    assert not gazetteer.known_desk(f"{JARVA}/forensics")
    assert not gazetteer.known_desk(JARVA)


@pytest.mark.parametrize(
    ("code", "area"),
    [
        (JARVA, "stockholm"),
        ("se.syd", "syd"),
        ("se", "national"),
        ("se.nfc", "national"),
        ("partner.made-up", "partners"),
    ],
)
def test_every_receiver_has_one_delivery_area(gazetteer: Gazetteer, code: str, area: str) -> None:
    """Every receiver has one delivery area."""
    assert gazetteer.area_of_delivery(code) == area


def test_delivery_area_of_an_unknown_unit_is_refused_not_guessed(gazetteer: Gazetteer) -> None:
    """Delivery area of an unknown unit is refused not guessed."""
    with pytest.raises(KeyError, match="look the unit code up"):
        gazetteer.area_of_delivery("se.stockholm.nowhere")


def test_county_gives_all_police_areas_that_cover_it(gazetteer: Gazetteer) -> None:
    """County gives all police areas that cover it."""
    assert gazetteer.by_county("Skåne län") == (
        "se.syd.nordvastra-skane",
        "se.syd.malmo",
        "se.syd.sodra-skane",
        "se.syd.blekinge-nordostra-skane",
    )
    assert gazetteer.by_county("Kalmar län") == gazetteer.by_county("kronobergs LÄN") == ("se.syd.kalmar-kronoberg",)
    assert gazetteer.by_county("Västra Götaland") == gazetteer.by_county("Västra Götalands län")
    assert gazetteer.by_county("Atlantis län") == ()


def test_every_county_of_sweden_has_a_police_area(gazetteer: Gazetteer) -> None:
    """Every county of sweden has a police area."""
    counties = {gazetteer.county_of(name) for name in ("Upplands Väsby", "Heby", "Gotland", "Malå", "Hylte", "Åmål")}
    assert None not in counties
    assert all(gazetteer.by_county(county) for county in counties if county)


def test_municipality_gives_its_listed_local_areas_and_guesses_none(gazetteer: Gazetteer) -> None:
    """Municipality gives its listed local areas and guesses none."""
    assert gazetteer.by_municipality("Kiruna kommun") == ("se.nord.norrbotten.norra-lappland",)
    assert gazetteer.by_municipality("Jönköpings kommun") == ("se.ost.jonkoping.sodra-vatterbygden",)
    assert gazetteer.by_municipality("Umeå") == ()
    assert gazetteer.county_of("Umeå") == "Västerbottens län"


def test_dots_and_rings_tell_municipalities_apart(gazetteer: Gazetteer) -> None:
    """Dots and rings tell municipalities apart."""
    assert gazetteer.county_of("Håbo") == "Uppsala län"
    assert gazetteer.county_of("Habo") == "Jönköpings län"


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("järva", JARVA),
        ("Jarva", JARVA),
        ("linkopng", "se.ost.ostergotland.linkoping"),
        ("malmö", "se.syd.malmo"),
        ("se.noa-fipo", "se.noa-fipo"),
        ("Gällivare", "se.nord.norrbotten.norra-lappland"),
        ("angelholm", "se.syd.nordvastra-skane.angelholm"),
    ],
)
def test_search_forgives_letters_and_slips(gazetteer: Gazetteer, text: str, best: str) -> None:
    """Search forgives letters and slips."""
    assert gazetteer.search(text, 5)[0].code == best


def test_search_for_nothing_finds_nothing(gazetteer: Gazetteer) -> None:
    """Search for nothing finds nothing."""
    assert gazetteer.search("  ") == ()
    assert gazetteer.search("qqqqqqqq") == ()
    assert len(gazetteer.search("stockholm", 3)) == 3


# Made data: succession and faults


def test_successors_are_followed_to_units_in_force() -> None:
    """Successors are followed to units in force."""
    gazetteer = read_gazetteer(json.dumps(made()))
    assert gazetteer.successors("se.r.a.x") == ("se.r.a.z",)
    assert gazetteer.successors("se.r.a.z") == ()


def test_a_unit_taken_over_stays_known_but_gets_nothing_new() -> None:
    """A unit taken over stays known but gets nothing new."""
    gazetteer = read_gazetteer(json.dumps(made()))
    assert gazetteer.known("se.r.a.x")
    assert gazetteer.region_of("se.r.a.x") == "se.r"
    assert gazetteer.children("se.r.a") == gazetteer.below("se", Level.LOCAL_POLICE_AREA) == ("se.r.a.z",)


def test_validity_includes_both_ends() -> None:
    """Validity includes both ends."""
    unit = read_gazetteer(json.dumps(made())).units["se.r.a.y"]
    assert unit.functions == (Function.INTELLIGENCE,)
    assert unit.valid_on(date(2021, 1, 1))
    assert unit.valid_on(date(2022, 12, 31))
    assert not unit.valid_on(date(2023, 1, 1))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (changed("se.r.b", parent="se.q"), "se.r.b: parent 'se.q' is not in the file"),
        (changed("se.r.b", parent="se"), "must be its parent's code, a dot and one more segment"),
        (changed("se.r.b", level="local_police_area"), "right there is: police_area"),
        (changed("se.r", parent=None), "se.r: has no parent"),
        (changed("se.r.b", neighbours=[]), "does not name it back"),
        (changed("se.r.b", neighbours=["se.r.a", "se.r.c"]), "no other unit of the file"),
        (changed("se.r.b", neighbours=["se.r.a", "se.r"]), "name a police_area"),
        (changed("se.r.b", name="A"), "2 units of level police_area are named 'A'"),
        (changed("se.r.b", code="se.r.a"), "keep one entry for each code"),
        (changed("se.r.b", valid_from="2021-01-02", valid_to="2021-01-01"), "is after valid_to"),
        (changed("se.r.b", desks=["intelligence", "intelligence"]), "names a function twice"),
        (
            changed("se.r.a.z", municipalities=["Nowhere"])
            | {"counties": [{"code": "01", "name": "Län", "reach_km": 1, "municipalities": {"0101": "Somewhere"}}]},
            "'Nowhere' is in no county",
        ),
        (made(successions=[{"unit": "se.r.a.x", "successors": ["se.r.a.q"], "on": "2021-01-01"}]), "'se.r.a.q', which"),
        (made(successions=[{"unit": "se.r.b", "successors": ["se.r.a"], "on": "2021-01-01"}]), "with a valid_to"),
        (made(desks={"national": ["coordination"]}), "has no desk"),
        (made(extra=1), "/extra: Extra inputs are not permitted"),
        (changed("se.r", code="SE.R"), "/units/1/code"),
    ],
)
def test_each_fault_is_refused_and_named(file: dict[str, Any], said: str) -> None:
    """Each fault is refused and named."""
    assert said in faults_of(file)


def test_succession_that_runs_in_a_ring_is_refused() -> None:
    """Succession that runs in a ring is refused."""
    ring = [
        {"unit": "se.r.a.x", "successors": ["se.r.a.y"], "on": "2021-01-01"},
        {"unit": "se.r.a.y", "successors": ["se.r.a.x"], "on": "2023-01-01"},
    ]
    assert "had ended" in faults_of(made(successions=ring))


def test_official_code_must_nest() -> None:
    """Official code must nest."""
    file = changed("se.r.a", official_code="5101")
    file["units"] = [u | {"official_code": "510201"} if u["code"] == "se.r.a.z" else u for u in file["units"]]
    assert "official_code 510201 must begin with 5101" in faults_of(file)


def test_all_faults_are_told_at_once() -> None:
    """All faults are told at once."""
    file = changed("se.r.b", neighbours=[], name="A")
    assert len(faults_of(file).splitlines()) == 3
