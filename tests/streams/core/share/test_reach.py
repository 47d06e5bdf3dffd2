"""From places, levels and functions to desks (clarifications 1-11)."""

from typing import Any

import pytest

from streams.core.share.case_event import CASE_TIME
from streams.core.share.facts import Facts
from streams.core.share.forms import Share
from streams.core.share.reach import Reach, clause_of
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, event

GAZETTEER = REFERENCE.gazetteer
REACH = Reach(GAZETTEER, PACK.engine(GAZETTEER, REFERENCE.substances).receivers)
ORIGIN = f"{JARVA}/surveillance"
NATIONAL = ["se", *GAZETTEER.units_at("national_unit")]


def reached(made: dict[str, Any] | None = None, number: int = 0, **share: Any) -> list[str]:
    """The desks that a share clause means for an event."""
    form = Share.model_validate({"topic": "feed.t", **share})
    clause = clause_of(form, number)
    made = made or event(event_type="drug_seizure", by=ORIGIN)
    facts = Facts(made, GAZETTEER, REFERENCE.substances, CASE_TIME)
    fresh = Reach(GAZETTEER, REACH.receivers)
    return [receiver.desk for receiver in fresh.resolve(clause, clause.places(facts))]


def units(*places: str, **share: Any) -> list[str]:
    """The units whose coordination desks a clause reaches, for an event about these places."""
    made = event(event_type="drug_seizure", by=ORIGIN, areas=list(places))
    return sorted(desk.partition("/")[0] for desk in reached(made, functions=["coordination"], **share))


def test_event_areas_without_level_are_the_places_themselves() -> None:
    """Whatever their level."""
    assert units(JARVA, "se.syd", to="event_areas") == [JARVA, "se.syd"]


def test_event_areas_with_levels_go_upwards_only() -> None:
    """The unit of that level on the place's path (clarification 1)."""
    assert units(JARVA, to="event_areas", level=["local_police_area", "police_area"]) == [NORD, JARVA]
    assert units(NORD, to="event_areas", level=["local_police_area", "police_area"]) == [NORD]
    assert units("se.stockholm", to="event_areas", level=["local_police_area"]) == []


def test_event_areas_go_down_where_the_clause_says_so() -> None:
    """From a listed area to the units below it, and still upwards."""
    found = units(NORD, to="event_areas", level=["local_police_area", "region"], down=True)
    assert set(found) == {"se.stockholm", *GAZETTEER.below(NORD, "local_police_area")}


def test_ancestors_are_proper_and_of_the_origin_when_there_is_no_area() -> None:
    """Clarification 2."""
    assert units(NORD, to="ancestors") == ["se", "se.stockholm"]
    assert units(NORD, to="ancestors", level=["police_area", "region"]) == ["se.stockholm"]
    assert units(to="ancestors", level=["police_area", "region"]) == ["se.stockholm", NORD]


def test_national_is_the_national_level_and_all_national_units() -> None:
    """Clarification 11, wherever a level is named."""
    have = [unit for unit in NATIONAL if "coordination" in GAZETTEER.units[unit].functions]
    assert units(JARVA, to="ancestors", level=["national"]) == sorted(have)
    assert units(JARVA, to="all_areas", level=["national"]) == sorted(have)
    assert units(JARVA, to="event_areas", level=["national"]) == sorted(have)


def test_neighbours_by_level() -> None:
    """Police areas by the gazetteer's list; local ones are the others of the same police area (clarification 4)."""
    assert set(units(JARVA, to="neighbours", level=["police_area"])) == set(GAZETTEER.neighbours(NORD))
    local = units(JARVA, to="neighbours", level=["local_police_area"])
    assert set(local) == set(GAZETTEER.below(NORD, "local_police_area")) - {JARVA}
    assert "se.stockholm.stockholm-nord.solna" not in units(
        JARVA, "se.stockholm.stockholm-nord.solna", to="neighbours", level=["local_police_area"]
    )
    assert units(NORD, to="neighbours") == sorted(GAZETTEER.neighbours(NORD))


def test_affected_areas_go_down_and_without_any_it_is_all() -> None:
    """Areas at national level are no affected areas (clarification 5)."""
    levels = ["region", "police_area", "local_police_area"]
    below = units(NORD, to="affected_or_all_areas", level=levels)
    assert set(below) == {NORD, *GAZETTEER.below(NORD, "local_police_area")}
    every = units(to="affected_or_all_areas", level=levels)
    assert every == units("se", to="affected_or_all_areas", level=levels)
    assert len(every) == sum(len(GAZETTEER.units_at(level)) for level in levels)


def test_origin_by_level() -> None:
    """The publishing unit's path, wherever the event is about."""
    assert units("se.syd.malmo", to="origin", level=["local_police_area", "police_area"]) == [NORD, JARVA]
    assert units("se.syd.malmo", to="origin") == [JARVA]


def test_a_named_unit_receives_at_its_first_desk_when_no_function_matches() -> None:
    """Clarification 10; a place that is not named by code has no such fallback."""
    assert reached(to=["se.uc"], functions=["investigation"]) == ["se.uc/knowledge"]
    assert reached(to=["se.nfc"], functions=["forensics", "intelligence"]) == [
        "se.nfc/forensics",
        "se.nfc/intelligence",
    ]
    assert reached(to=["se.noa-und"], functions=["finance"]) == ["se.noa-und/intelligence"]
    made = event(event_type="drug_seizure", areas=["se.uc"])
    assert reached(made, to="event_areas", functions=["investigation"]) == []


def test_a_specialist_desk_receives_instead_of_the_function() -> None:
    """``desk`` names it."""
    made = event(event_type="drug_seizure", areas=[NORD])
    assert reached(made, to="event_areas", functions=["investigation"], desk="finance") == [f"{NORD}/finance"]


def test_partners_receive_at_one_desk() -> None:
    """By the names of the canonical list."""
    assert reached(partners=["tullverket", "rmv"]) == ["partner.rmv/coordination", "partner.tullverket/coordination"]


def test_places_that_a_payload_field_names() -> None:
    """Clarification 6: home area, competent area, and the units that were asked, partners among them."""
    report = event(event_type="intelligence_report", payload={"actor_home_area": "se.syd.malmo.fosie"})
    assert reached(report, to="actor_home_area", functions=["intelligence"]) == ["se.syd.malmo.fosie/intelligence"]
    message = event(event_type="foreign_message", payload={"competent_area": "se.syd.malmo.fosie"})
    levels = ["police_area"]
    assert reached(message, to="competent_area", level=levels, functions=["intelligence"]) == [
        "se.syd.malmo/intelligence"
    ]
    request = event(event_type="information_request", payload={"asked_of": ["se.uc", "partner.tullverket", "se.nord"]})
    assert reached(request, to="asked_units", functions=["intelligence"]) == [
        "partner.tullverket/coordination",
        "se.nord/intelligence",
        "se.uc/knowledge",
    ]
    assert reached(event(event_type="information_request"), to="asked_units", functions=["intelligence"]) == []


def test_the_feed_names_the_receivers_unit_or_partner() -> None:
    """A feed is a logical address."""
    clause = clause_of(Share.model_validate({"to": "all_areas", "topic": "feed.local.{area}"}), 0)
    assert clause.feed(REACH.receivers[f"{JARVA}/intelligence"]) == f"feed.local.{JARVA}"
    partner = clause_of(Share.model_validate({"partners": ["rmv"], "topic": "partner.{partner}"}), 0)
    assert partner.feed(REACH.receivers["partner.rmv/coordination"]) == "partner.rmv"


@pytest.mark.parametrize("to", ["event_areas", "ancestors", "neighbours", "affected_or_all_areas"])
def test_an_unknown_place_reaches_nobody(to: str) -> None:
    """And raises nothing: intake and B08 are there for it."""
    made = event(event_type="drug_seizure", by="se.atlantis/intelligence", areas=["se.atlantis"])
    assert reached(made, to=to, level=["police_area"], functions=["intelligence"]) == []
