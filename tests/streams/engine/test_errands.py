"""Errands on lanes without Kafka: what other events add comes home, reaches who should have it, and nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.topics import ACCEPTED, ENTITIES
from streams.core.context.forms import load_context
from streams.core.link.keys import made_keys, rotated
from streams.engine.records import FOUND_HEADER
from tests.orders import Body, correction
from tests.streams.core.made import KEYS
from tests.streams.engine.errand_lanes import DAY, LINKOPING, NORRKOPING, errand_lanes, found, made
from tests.streams.engine.lanes import Lanes
from tests.streams.engine.test_orders import desks, published_by

DESK = f"{NORRKOPING}/investigation"
PREVENTION = f"{NORRKOPING}/prevention"
PO = "se.ost.ostergotland"
NO_LEARNING = load_context().model_copy(
    update={"novelty": load_context().novelty.model_copy(update={"learning_days": 0})}
)


def outcomes(lanes: Lanes, event_id: str) -> list[str]:
    """The outcomes of an event's ledger lines."""
    return [line["outcome"] for line in lanes.lines(event_id)]


@pytest.mark.parametrize("handed_over", [False, True])
@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_the_second_poisoning_nearby_is_a_cluster_however_lanes_lie(count: int, handed_over: bool) -> None:
    """S18: two within 50 km and 7 days reach region and nation; the event comes home with its count."""
    lanes = errand_lanes(count)
    recovered = {"outcome": "recovered", "autopsy_pending": False}
    first = made("drug_poisoning", 6 * DAY, payload=recovered)
    second = made("drug_poisoning", DAY, north_km=30, east_km=30, payload=recovered)
    published_by(lanes, (first, DESK))
    if handed_over:
        lanes.reopen()
    published_by(lanes, (second, DESK))
    assert found(lanes, second)["cluster"] == {"count_7d_50km": 2}
    assert found(lanes, first) == {}
    assert "se.noa-und/intelligence" in desks(lanes, second)
    assert "se.noa-und/intelligence" not in desks(lanes, first)
    assert outcomes(lanes, second["event_id"])[1:] == ["enriched"]
    delivered = [d["delivery_id"] for d in lanes.deliveries(second["event_id"])]
    assert len(delivered) == len(set(delivered))


def test_a_poisoning_farther_off_or_longer_ago_adds_nothing() -> None:
    """Beyond 50 km or 7 days nothing is said, and no record goes home."""
    lanes = errand_lanes()
    far = made("drug_poisoning", DAY, north_km=40, east_km=40)
    old = made("drug_poisoning", 9 * DAY)
    own = made("drug_poisoning", DAY)
    published_by(lanes, (far, DESK), (old, DESK), (own, DESK))
    assert found(lanes, own) == {}
    assert [o for o in lanes.written if o.topic == ACCEPTED and o.headers[0][0] == FOUND_HEADER] == []


def test_an_echo_of_a_poisoning_is_no_cluster() -> None:
    """B09: two tellings from one root count once."""
    lanes = errand_lanes()
    first = made("drug_poisoning")
    echo = made("drug_poisoning", provenance=first["provenance"])
    published_by(lanes, (first, DESK), (echo, f"{PO}/investigation"))
    assert found(lanes, echo) == {}


def test_shootings_raise_the_conflict_score_of_a_weapon_found_between_them() -> None:
    """S15: a score of 0.7 warns the neighbours too; the count says how many incidents, a retelling counted once."""
    lanes = errand_lanes()
    shootings = [
        made("violence_incident", hours * timedelta(hours=1), north_km=0.3 * n) for n, hours in enumerate((9, 6, 3))
    ]
    told_again = made("violence_incident", timedelta(hours=6), north_km=0.35)
    weapon = made("weapon_seizure", timedelta(hours=1), areas=[NORRKOPING])
    published_by(lanes, *((each, DESK) for each in (*shootings, told_again, weapon)))
    enrichment = found(lanes, weapon)
    assert enrichment["violence_count_14d_2km"] == 3
    assert enrichment["conflict_score"] == pytest.approx(0.77, abs=0.01)
    assert f"{LINKOPING}/surveillance" not in desks(lanes, weapon)
    assert f"{NORRKOPING}/prevention" in desks(lanes, weapon)
    groups = {d["view_group"] for d in lanes.deliveries(weapon["event_id"])}
    assert "S15" in groups
    made_by = {each["field"]: (each["by"], each["version"]) for each in enrichment["made_by"]}
    assert made_by["conflict_score"] == ("context", load_context().version)


@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_what_is_of_the_network_and_what_lies_nearby_count_once_each_however_lanes_lie(count: int) -> None:
    """S15 by network, place and time: whichever memory is asked first, and wherever the two lie."""
    for network in ("nätverk-1", "nätverk-2", "nätverk-3"):
        lanes = errand_lanes(count)
        near = made("violence_incident", 9 * timedelta(hours=1), network_ref=network)
        told_again = made("violence_incident", 9 * timedelta(hours=1), north_km=0.3)
        far = made("violence_incident", 6 * timedelta(hours=1), north_km=80, network_ref=network)
        echo = made("violence_incident", DAY, north_km=120, network_ref=network, provenance=near["provenance"])
        other = made("violence_incident", DAY, north_km=100, network_ref="another")
        weapon = made("weapon_seizure", timedelta(hours=1), network_ref=network.upper())
        published_by(lanes, *((each, DESK) for each in (near, told_again, far, echo, other, weapon)))
        enrichment = found(lanes, weapon)
        assert enrichment["violence_count_14d_2km"] == 1
        assert enrichment["conflict_score"] == 0.65


def test_a_network_is_known_by_its_tokens_through_a_rotation_of_keys() -> None:
    """An event before the rotation and one after; and no lane remembers the name."""
    lanes, after = errand_lanes(3), rotated(KEYS, "next", bytes(range(100, 196)), datetime.now(UTC).date())
    published_by(lanes, (made("violence_incident", DAY, network_ref="nätverk-1"), DESK))
    for lane in lanes.states:
        assert not any("nätverk-1".encode() in key + value for key, value in lane["link"].items())
    other = errand_lanes(3, keys=after)
    other.states = lanes.states
    weapon = made("weapon_seizure", timedelta(hours=1), north_km=70, network_ref="nätverk-1")
    published_by(other, (weapon, DESK))
    assert found(other, weapon)["conflict_score"] == pytest.approx(0.46, abs=0.02)
    stranger = errand_lanes(3, keys=made_keys("stranger", bytes(range(50, 146))))
    stranger.states = lanes.states
    weapon = made("weapon_seizure", timedelta(hours=1), north_km=140, network_ref="nätverk-1")
    published_by(stranger, (weapon, DESK))
    assert found(stranger, weapon) == {}


def test_violence_two_kilometres_or_two_weeks_away_says_nothing() -> None:
    """Beyond radius and time there is no violence nearby."""
    lanes = errand_lanes()
    far = made("violence_incident", DAY, north_km=2.2)
    old = made("violence_incident", 16 * DAY)
    weapon = made("weapon_seizure")
    published_by(lanes, (far, DESK), (old, DESK), (weapon, DESK))
    assert found(lanes, weapon) == {}


@pytest.mark.parametrize(
    "hidden",
    [
        {"sensitivity": 4},
        {"handling": "H2", "originator": "DK"},
        {"silent_search": True},
        {"common_basis": "restricted_circle"},
        {"investigation_secret": True},
        {"legal_origin": "coercive_measure"},
    ],
    ids=lambda hidden: next(iter(hidden)),
)
def test_what_nobody_may_notice_leaves_no_trace(hidden: dict[str, Any]) -> None:
    """B02, B05, B06: with a hidden incident nearby no lane remembers anything, and nothing comes home."""
    lanes = errand_lanes()
    published_by(lanes, (made("violence_incident", **hidden), DESK))
    assert lanes.refused() == []
    assert [o for o in lanes.written if o.topic == ENTITIES] == []
    weapon = made("weapon_seizure")
    published_by(lanes, (weapon, DESK))
    assert found(lanes, weapon) == {}
    assert outcomes(lanes, weapon["event_id"]) == ["shared"]


def test_made_up_and_real_events_do_not_meet() -> None:
    """A canary raises nobody's score, and is raised by nothing real."""
    lanes = errand_lanes()
    published_by(lanes, (made("violence_incident"), DESK))
    real = made("weapon_seizure", synthetic=False)
    published_by(lanes, (real, DESK))
    assert found(lanes, real) == {}


def test_a_recalled_incident_counts_no_more() -> None:
    """Every lane forgets the notes of what was recalled by who may."""
    lanes = errand_lanes()
    shooting = made("violence_incident")
    published_by(lanes, (shooting, DESK), (correction(shooting), DESK))
    weapon = made("weapon_seizure")
    published_by(lanes, (weapon, DESK))
    assert found(lanes, weapon) == {}


def test_a_recall_by_another_unit_changes_no_memory() -> None:
    """Who may not recall an event cannot make it forgotten either."""
    lanes = errand_lanes()
    shooting = made("violence_incident")
    published_by(lanes, (shooting, DESK), (correction(shooting), "se.syd.malmo/investigation"))
    weapon = made("weapon_seizure")
    published_by(lanes, (weapon, DESK))
    assert found(lanes, weapon)["violence_count_14d_2km"] == 1


def test_the_first_nitazene_is_first_in_the_country_then_in_the_region_then_known() -> None:
    """Novelty by lab-confirmed findings; a life-threatening substance is told of from the first day."""
    lanes = errand_lanes()
    item = {
        "item_no": 1,
        "substance_id": "isotonitazene",
        "identification": "field_test",
        "form": "powder",
        "mass_g": "2",
    }
    said = []
    for area in (NORRKOPING, NORRKOPING, LINKOPING, "se.ost.jonkoping", "se.syd.malmo"):
        body = made("drug_seizure", areas=[area], geo=None, payload={"items": [item]})
        published_by(lanes, (body, f"{area}/investigation"))
        said.append(found(lanes, body).get("novelty"))
    assert said == ["first_in_country", None, "first_in_area", "first_in_area", "first_in_region"]


def test_a_memory_that_has_just_begun_calls_nothing_common_new() -> None:
    """Cocaine is not new because the bus is; with no time to learn it would be."""
    for terms, expected in ((load_context(), None), (NO_LEARNING, "first_in_country")):
        lanes = errand_lanes(terms=terms)
        item = {
            "item_no": 1,
            "substance_id": "cocaine",
            "identification": "field_test",
            "form": "powder",
            "mass_g": "2",
        }
        body = made("drug_seizure", payload={"items": [item]})
        published_by(lanes, (body, DESK))
        assert found(lanes, body).get("novelty") == expected


def test_a_revision_of_the_first_is_still_the_first() -> None:
    """A laboratory's result on the same seizure does not make itself known."""
    lanes = errand_lanes()
    item = {
        "item_no": 1,
        "substance_id": "isotonitazene",
        "identification": "field_test",
        "form": "powder",
        "mass_g": "2",
    }
    first = made("drug_seizure", payload={"items": [item]})
    published_by(lanes, (first, DESK))
    again = made("drug_seizure", payload={"items": [item | {"identification": "lab_confirmed"}]})
    again["payload"]["seizure_no"] = first["payload"]["seizure_no"]
    published_by(lanes, (again, DESK))
    assert found(lanes, again)["novelty"] == "first_in_country"


def scene(number: int, status: str, first: timedelta, last: timedelta, lat: str = "58.59300") -> Body:
    """A scene that was seen from so long ago until so long ago."""
    today = datetime.now(UTC).date()
    place = {"centre": {"lon": "16.18500", "lat": lat}, "radius_m": 80}
    days = {"first_seen": str(today - first), "last_seen": str(today - last)}
    return made("open_drug_scene", payload={"scene_id": f"s-{number}", "status": status, **place, **days})


def test_a_scene_near_one_that_was_closed_is_a_displacement_candidate() -> None:
    """S09: within a kilometre, after it was closed; a scene that was there before is none."""
    lanes = errand_lanes()
    closed = scene(1, "closed", 90 * DAY, 30 * DAY, lat="58.58700")
    after, before = scene(2, "active", 20 * DAY, 2 * DAY), scene(3, "active", 60 * DAY, 2 * DAY)
    published_by(lanes, *((each, PREVENTION) for each in (closed, after, before)))
    assert lanes.refused() == []
    assert found(lanes, after)["displacement_candidate"] is True
    assert f"{LINKOPING}/intelligence" in desks(lanes, after) - desks(lanes, before)
    assert found(lanes, before) == {}


def test_an_event_that_was_revised_meanwhile_is_not_enriched_in_its_old_form() -> None:
    """The home lane passes by what came back for a revision that is no longer the latest."""
    lanes = errand_lanes(1)
    recovered = {"outcome": "recovered", "autopsy_pending": False}
    published_by(lanes, (made("drug_poisoning", payload=recovered), DESK))
    late = made("drug_poisoning", payload=recovered)
    published_by(lanes, (late, DESK))
    came_home = next(o for o in lanes.written if o.topic == ACCEPTED and o.headers[0][0] == FOUND_HEADER)
    revised = made("drug_poisoning", payload=recovered | {"setting": "public"})
    revised["payload"]["case_no"] = late["payload"]["case_no"]
    published_by(lanes, (revised, DESK))
    lines = len(lanes.lines(late["event_id"]))
    lanes.feed(came_home)
    assert len(lanes.lines(late["event_id"])) == lines
