"""Transforms that change values: each takes something away, whatever the view shows and the event holds."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.share.transforms import TRANSFORMS, held_until
from streams.core.share.views import Lens, combine, lens_of, project
from tests.streams.core.share.packs import PACK, event

PERSON = {"ref": "person-1", "category": "suspect", "fact_or_assessment": "fact"}


def change(name: str, view: dict[str, Any], behind: dict[str, Any] | None = None) -> dict[str, Any]:
    """A view after a transform; the event behind it is the view itself unless another is given."""
    changed = TRANSFORMS[name].change
    assert changed is not None
    return changed(view, view if behind is None else behind)


def metres(one: dict[str, Any], other: dict[str, Any]) -> float:
    """How far apart two places are, near enough for a kilometre."""
    north = float(one["lat"]) - float(other["lat"])
    east = (float(one["lon"]) - float(other["lon"])) * math.cos(math.radians(float(one["lat"])))
    return math.hypot(north, east) * 111_320


@pytest.mark.parametrize(("name", "side"), [("place_to_200_m", 200), ("place_to_1_km", 1000)])
@given(lat=st.floats(55.0, 69.5), lon=st.floats(10.5, 24.5), accuracy=st.integers(0, 5000))
def test_a_place_moves_within_its_square_and_says_how_sure_it_is(
    name: str, side: int, lat: float, lon: float, accuracy: int
) -> None:
    """Rounding again changes nothing, the label is gone, and the accuracy is never better than the square."""
    geo = {"lat": lat, "lon": lon, "accuracy_m": accuracy, "place_label": "Storgatan 1, 3 tr"}
    once = change(name, {"geo": geo})
    assert metres(geo, once["geo"]) <= side * 0.72
    assert once["geo"]["accuracy_m"] == max(accuracy, side)
    assert "place_label" not in once["geo"]
    assert metres(once["geo"], change(name, once)["geo"]) < 1


def test_two_places_of_one_square_cannot_be_told_apart() -> None:
    """Some metres further the answer is the same, also for a scene's centre; its outline is left out."""
    one, other = {"lat": 59.40001, "lon": 17.94001}, {"lat": 59.40009, "lon": 17.94009}
    scene = {"payload": {"centre": one, "polygon": [one, other], "radius_m": 40}}
    moved = {"payload": {"centre": other, "polygon": [other, one], "radius_m": 40}}
    assert change("place_to_1_km", scene) == change("place_to_1_km", moved)
    assert "polygon" not in change("place_to_1_km", scene)["payload"]


@pytest.mark.parametrize("name", ["small_numbers_suppressed_5", "cells_under_5_suppressed"])
def test_numbers_of_people_from_one_to_four_are_left_out(name: str) -> None:
    """None at all and five are shown; a level, which counts nobody, is shown too."""
    payload = {"deaths": 1, "poisonings": 4, "injured": 0, "dead": 5, "alert_level": 1}
    assert change(name, {"payload": payload})["payload"] == {"injured": 0, "dead": 5, "alert_level": 1}


def figure(area: str, count: int | None, **rest: Any) -> dict[str, Any]:
    """A figure of a picture."""
    return {"area": area, "measure": "seizures", "substance_id": None, "count": count, **rest}


def counts(*figures: dict[str, Any]) -> list[Any]:
    """The counts of a picture's figures as partners see them."""
    shown = change("small_numbers_suppressed_5", {"payload": {"figures": list(figures), "input_count": 40}})["payload"]
    return [each["count"] for each in shown["figures"]]


def test_a_small_figure_is_left_out_and_so_is_what_tells_it() -> None:
    """The part that the total would tell takes the smallest other part with it; nought and five are shown."""
    whole, parts = figure("se.syd", 30), (figure("se.syd.malmo", 20), figure("se.syd.kronoberg", 7))
    assert counts(whole, *parts, figure("se.syd.blekinge", 3)) == [30, 20, None, None]
    assert counts(whole, *parts, figure("se.syd.blekinge", 0)) == [30, 20, 7, 0]
    assert counts(figure("se.syd", 8), figure("se.syd.malmo", 8), figure("se.syd.blekinge", 3)) == [8, None, None]
    assert counts(figure("se.syd", 5), figure("se.syd.malmo", 0), figure("se.syd.blekinge", 3)) == [None, 0, None]


def test_a_mass_goes_with_the_number_of_seizures() -> None:
    """The mass of two seizures tells of two seizures; that of an unknown number too."""
    few, many = figure("se", 2, substance_id="heroin"), figure("se", 9, substance_id="mdma")
    mass = {"measure": "mass", "mass_g": 12.5, "earlier_mass_g": None, "count": None}
    masses = [{**few, **mass}, {**many, **mass}, figure("se", None, substance_id="cocaine") | mass]
    shown = change("small_numbers_suppressed_5", {"payload": {"figures": [few, many, *masses]}})["payload"]["figures"]
    assert [each["mass_g"] for each in shown[2:]] == [None, 12.5, None]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_no_small_part_can_be_worked_out_from_its_total(parts: list[int]) -> None:
    """Either the total is hidden, or nothing or at least two parts that are not nought are."""
    areas = [figure(f"se.syd.a{number}", part) for number, part in enumerate(parts)]
    total, *shown = counts(figure("se.syd", sum(parts)), *areas)
    hidden = [part for part, seen in zip(parts, shown, strict=True) if seen is None]
    assert all(seen is None or seen == 0 or seen >= 5 for seen in (total, *shown))
    assert total is None or len(hidden) != 1


def test_pseudonyms_of_an_event_join_nothing_and_those_of_the_bus_join_events() -> None:
    """Neither shows the name that the units use; what else joins events goes with the first."""
    first = {"event_id": "a", "persons": [PERSON], "objects": [1], "case_ref": "c", "network_ref": "n"}
    second = {**first, "event_id": "b"}
    here, there = (change("pseudonyms_unless_same_case", each) for each in (first, second))
    assert here["persons"][0]["ref"] != there["persons"][0]["ref"]
    assert not {"objects", "case_ref", "network_ref"} & here.keys()
    here, there = (change("pseudonymous_persons", each) for each in (first, second))
    assert here["persons"] == there["persons"]
    assert PERSON["ref"] not in str(here["persons"])


@pytest.mark.parametrize(
    "hidden",
    [{"protected": True}, {"age_band": "15-17"}, {"category": "witness"}],
)
def test_whom_it_takes_a_clearance_to_see_is_left_out(hidden: dict[str, Any]) -> None:
    """Judged by the event, also where the view hides what it is judged by."""
    behind = {"persons": [PERSON, PERSON | hidden]}
    view = {"persons": [{"ref": "person-1"}, {"ref": "person-1"}]}
    assert change("detail_by_clearance", view, behind)["persons"] == [{"ref": "person-1"}]


def test_what_chapter_18_keeps_secret_is_left_out_field_by_field_or_whole() -> None:
    """Another chapter's ground is for the release decision; a ground without fields means the whole event."""
    view = {"event_id": "a", "areas": ["se"], "payload": {"items": [{"form": "powder", "logo": "x"}]}}
    named = {**view, "secrecy_grounds": [{"ref": "18:1", "fields": ["items.logo", "areas"]}]}
    name = "drop_18_kap_marked_fields_without_release"
    assert change(name, view, named) == {"event_id": "a", "payload": {"items": [{"form": "powder"}]}}
    assert change(name, view, {**view, "secrecy_grounds": [{"ref": "18:1", "fields": []}]}) == {"event_id": "a"}
    assert change(name, view, {**view, "secrecy_grounds": [{"ref": "35:1", "fields": []}]}) == view


def test_register_data_stay_behind_their_wall() -> None:
    """Of the money-laundering register its extract's number and kind; for other authorities nothing at all."""
    payload = {"kind": "crypto", "dissemination_no": "d", "wallets": [1], "register_source": True}
    view = {"event_id": "a", "persons": [PERSON], "payload": payload}
    assert change("fiu_extract_only", view) == {
        "event_id": "a",
        "payload": {"kind": "crypto", "dissemination_no": "d", "register_source": True},
    }
    assert change("drop_register_data", view) == {"event_id": "a"}
    free = {**view, "payload": {"kind": "cash"}}
    assert change("fiu_extract_only", free) == change("drop_register_data", free) == free


def test_no_content_goes_without_its_conditions_of_use() -> None:
    """A view that hides the conditions hides what they are conditions of."""
    behind = {"payload": {"service": "s", "handle_hash": "h", "use_conditions": "c"}}
    shown = {"payload": {"service": "s", "handle_hash": "h"}}
    assert change("respect_use_conditions", shown, behind) == {"payload": {"service": "s"}}
    assert change("respect_use_conditions", behind) == behind
    assert change("respect_use_conditions", shown) == shown


def test_a_refusal_looks_like_no_answer_when_it_is_sensitive_and_only_then() -> None:
    """Sensitivity 3, or a search that nobody may notice."""
    reply = {"sensitivity": 2, "payload": {"result": "refused", "release_decision_id": "d"}}
    assert change("silent_search_when_sensitive", reply) == reply
    for sensitive in ({"sensitivity": 3}, {"silent_search": True}):
        seen = change("silent_search_when_sensitive", reply, reply | sensitive)
        assert seen["payload"] == {"result": "none"}


def test_users_are_left_out_where_the_trade_meets_them() -> None:
    """Elsewhere suspects stay, and witnesses go."""
    view = {"persons": [PERSON, PERSON | {"category": "witness"}]}
    assert change("no_retail_user_data", view, view | {"chain_stage": "retail"}) == {}
    assert change("no_retail_user_data", view, view | {"chain_stage": "import"})["persons"] == [PERSON]
    found = {"enrichment": {"chain_stage_found": "use"}}
    assert change("no_retail_user_data", view, view | found) == {}
    assert change("no_retail_user_data", view, view | found | {"chain_stage": "import"})["persons"] == [PERSON]


def test_a_delay_holds_but_for_danger() -> None:
    """24 hours from publication; danger to life and alerts of tier 1 or 2 go at once (clarification 33)."""
    made = event(event_type="open_drug_scene")
    delay = TRANSFORMS["delay_24h_unless_danger"].delay
    assert held_until(made, delay) == made["published_at"] + delay
    assert held_until(made | {"danger_to_life": True}, delay) is None
    assert held_until(made | {"payload": {"alert_level": 2}}, delay) is None
    fields = PACK.views.of_type["open_drug_scene"]
    lenses = [Lens(("a",), fields, ("delay_24h_unless_danger",), person_free=False)]
    lenses.append(Lens(("b",), fields, (), person_free=False))
    assert combine("open_drug_scene", lenses).delay == delay


def test_what_must_go_with_it_is_shown_as_far_as_the_type_view_lets_it() -> None:
    """A named view that leaves the uncertainty out does not leave it out; a sealed field is not unsealed by it."""
    whole = PACK.views.of_type["forensic_result"]
    narrow = frozenset({"event_id", "payload.analyses.purity_pct"})
    transforms = [TRANSFORMS["include_uncertainty"]]
    lens = lens_of("forensic_result", [("type", whole), ("narrow", narrow)], transforms, person_free=False)
    assert lens.fields == narrow | {"payload.analyses.uncertainty_pct"}
    none = lens_of("forensic_result", [("type", narrow), ("narrow", narrow)], transforms, person_free=False)
    assert none.fields == narrow


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_a_transform_never_shows_a_field_that_the_view_hid(name: str) -> None:
    """Nothing appears that was not there, whatever the transform does to what is."""
    made = event(
        event_type="drug_seizure",
        persons=[PERSON],
        geo={"lat": 59.4, "lon": 17.9, "accuracy_m": 5},
        payload={"seizure_no": "a", "items": [{"form": "powder", "mass_g": 3}]},
    )
    fields = PACK.views.of_type["drug_seizure"]
    before = project(made, combine("drug_seizure", [Lens(("type",), fields, (), person_free=False)]))
    lens = lens_of("drug_seizure", [("type", fields)], [TRANSFORMS[name]], person_free=False)
    after = project(made, combine("drug_seizure", [lens]))
    assert paths(after) <= paths(before)


def paths(value: Any, at: str = "") -> set[str]:
    """Every path of a view, lists left out."""
    if isinstance(value, dict):
        return {path for name, inner in value.items() for path in {f"{at}.{name}", *paths(inner, f"{at}.{name}")}}
    if isinstance(value, list):
        return {path for inner in value for path in paths(inner, at)}
    return {at}
