"""Operators and where values come from: envelope, payload, enrichment, facts of the engine."""

from typing import Any

import pytest

from streams.core.share.case_event import CASE_TIME
from streams.core.share.conditions import Conditions, Residue, compile_conditions, leaf_count
from streams.core.share.facts import Facts
from streams.core.share.forms import When
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, event

SEIZURE = event(
    event_type="drug_seizure",
    sensitivity=2,
    topics=["drugs", "weapons"],
    grading={"source": "B", "info": 2},
    case_ref="abc",
    network_ref="abc",
    persons=[{"ref": "p1", "category": "suspect"}, {"ref": "p2", "category": "witness"}],
    payload={"items": [{"substance_id": "cocaine", "mass_g": 3}, {"substance_id": "heroin", "mass_g": 40}]},
    enrichment={"novelty": "first_in_region", "cluster": {"count_7d_50km": 3}},
)


def holds(*conditions: Any, made: dict[str, Any] = SEIZURE) -> bool:
    """Whether conditions hold for an event."""
    compiled = compile_conditions(When(when=list(conditions)), made["event_type"])
    if compiled is None:
        return False
    said = compiled.reduce(Facts(made, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME))
    assert isinstance(said, bool)
    return said


TABLE: list[tuple[list[Any], bool]] = [
    (["sensitivity", "eq", 2], True),
    (["sensitivity", "eq", 3], False),
    (["sensitivity", "ne", 3], True),
    (["sensitivity", "lt", 2], False),
    (["sensitivity", "lte", 2], True),
    (["sensitivity", "gte", 2], True),
    (["sensitivity", "gte", 2.5], False),
    (["grading.source", "in", ["A", "B"]], True),
    (["grading.source", "not_in", ["A", "B"]], False),
    (["grading", "exists", True], True),
    (["grading", "missing", True], False),
    (["grading", "missing", False], True),
    (["geo", "missing", True], True),
    (["objects", "missing", True], True),  # an empty list is as good as missing
    (["topics", "intersects", ["weapons", "other"]], True),
    (["topics", "intersects", ["other"]], False),
    (["topics", "excludes", ["other"]], True),
    (["topics", "excludes", ["drugs"]], False),
    (["case_ref", "same_as", "network_ref"], True),
    (["case_ref", "same_as", "chain_ref"], False),
    (["chain_ref", "same_as", "operation_ref"], False),  # two missing values are not the same value
    (["actor_role", "eq", "supplier"], False),
    (["actor_role", "ne", "supplier"], True),  # a missing value is not the supplier's
    (["actor_role", "not_in", ["supplier"]], True),
    (["max_penalty_years", "gte", 0], False),  # no size can be compared with a missing value
    (["max_penalty_years", "lt", 100], False),
    (["persons.category", "eq", "witness"], True),  # any element
    (["persons.category", "eq", "victim"], False),
    (["persons.category", "in", ["suspect", "witness"], "all"], True),
    (["persons.category", "eq", "suspect", "all"], False),
    (["persons.category", "ne", "suspect"], True),
    (["items.mass_g", "gte", 40], True),
    (["items.mass_g", "gte", 40, "all"], False),
    (["items.substance_id", "intersects", ["heroin"]], True),
    (["novelty", "eq", "first_in_region"], True),  # from what the engine adds
    (["cluster.count_7d_50km", "gte", 3], True),
    (["summary", "exists", True], False),  # a field of another type
    (["summary", "missing", True], True),
    (["event_type", "in", ["drug_seizure", "weapon_seizure"]], True),
    (["event_type", "ne", "drug_seizure"], False),
    (["home_units", "intersects", [JARVA]], True),
    (["origin_unit.unit", "in", {"field": "home_units"}], True),
    (["origin_unit.unit", "not_in", {"field": "home_units"}], False),
    (["areas", "intersects", {"field": "home_units"}], True),
    (["areas", "excludes", {"field": "route"}], True),
    (["route", "intersects", {"field": "areas"}], False),
    (["chain_ref", "eq", {"field": "operation_ref"}], True),  # both are missing
    (["chain_ref", "in", {"field": "topics"}], False),
    (["chain_ref", "not_in", {"field": "topics"}], True),
    (["objects.ref", "in", {"field": "topics"}, "all"], True),  # there is none that is not
    (["reported_at", "lt", {"field": "now"}], True),
    (["now", "lte", {"field": "reported_at"}], False),
]


@pytest.mark.parametrize(("condition", "expected"), TABLE, ids=str)
def test_condition(condition: list[Any], expected: bool) -> None:
    """One condition on one event."""
    assert holds(condition) is expected


def test_every_condition_of_when_must_hold_and_one_leg_of_any() -> None:
    """A leg may be several conditions together."""
    form = When.model_validate(
        {
            "when": [["sensitivity", "gte", 1]],
            "any": [["topics", "intersects", ["x"]], {"all": [["sensitivity", "eq", 2], ["case_ref", "exists", True]]}],
        }
    )
    compiled = compile_conditions(form, "drug_seizure")
    assert compiled is not None
    facts = Facts(SEIZURE, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)
    assert compiled.reduce(facts) is True
    other = Facts({**SEIZURE, "case_ref": None}, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)
    assert compiled.reduce(other) is False
    assert leaf_count(form) == 2


def test_what_asks_about_the_receiver_is_left_until_there_is_one() -> None:
    """The event's part is settled once; a leg that the event settles leaves nothing to ask."""
    form = When.model_validate(
        {"any": [["handling", "eq", "H2"], {"all": [["sensitivity", "eq", 2], ["receiver.function", "eq", "finance"]]}]}
    )
    compiled = compile_conditions(form, "drug_seizure")
    assert compiled is not None
    receivers = PACK.engine(REFERENCE.gazetteer, REFERENCE.substances).receivers
    left = compiled.reduce(Facts(SEIZURE, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME))
    assert isinstance(left, Residue)
    assert left.holds(receivers[f"{NORD}/finance"])
    assert not left.holds(receivers[f"{NORD}/intelligence"])
    h2 = Facts({**SEIZURE, "handling": "H2"}, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)
    assert compiled.reduce(h2) is True
    open_event = Facts({**SEIZURE, "sensitivity": 0}, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)
    assert compiled.reduce(open_event) is False


COMPILED: dict[str, Conditions | None] = {}


def key_of(condition: list[Any], **changed: Any) -> object:
    """What stands for the receivers that a condition means, of the seizure with something changed."""
    form = When.model_validate({"when": [condition]})
    compiled = COMPILED.setdefault(str(condition), compile_conditions(form, "drug_seizure"))
    assert compiled is not None
    left = compiled.reduce(Facts({**SEIZURE, **changed}, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME))
    assert isinstance(left, Residue)
    return left.key()


def test_what_is_left_is_the_same_where_the_event_says_the_same_of_receivers() -> None:
    """Then an answer can be used again: not where orders, too, have a say, nor between conditions."""
    clearance = ["receiver.clearance", "lt", {"field": "required_clearance"}]
    at_home = ["receiver.unit", "not_in", {"field": "home_units"}]
    assert key_of(clearance) == key_of(clearance, case_ref="other", event_id="e-2")
    assert key_of(clearance) != key_of(clearance, sensitivity=3)
    assert key_of(at_home) == key_of(at_home, sensitivity=3)
    assert key_of(at_home) != key_of(at_home, origin_unit={"unit": NORD, "function": "intelligence"})
    assert key_of(["receiver.function", "eq", "finance"]) != key_of(["receiver.function", "eq", "forensics"])
    for fact in ("in_case_team", "in_circle", "released", "need_stated", "entitled_to_both", "is_originator"):
        assert key_of([f"receiver.{fact}", "ne", True]) is None


def test_facts_go_before_fields_of_the_same_name() -> None:
    """``priority`` is the input priority, the engine's and not the publisher's alone (clarification 27)."""
    made = {**SEIZURE, "priority": 5, "enrichment": {"input_priority": 2, "priority_reason": "x"}}
    assert holds(["priority", "eq", 2], made=made)
    assert holds(["priority", "eq", 5], made={**made, "enrichment": None})
    assert holds(["priority", "eq", 4], made={**made, "priority": None, "enrichment": None})


@pytest.mark.parametrize(
    ("areas", "count", "regions"),
    [
        ([], 0, 0),
        ([JARVA], 1, 1),
        ([JARVA, NORD], 1, 1),
        ([JARVA, NORD, "se.stockholm", "se"], 1, 1),
        ([JARVA, JARVA], 1, 1),
        ([JARVA, "se.stockholm.stockholm-nord.solna", NORD], 2, 1),
        ([JARVA, "se.syd.malmo"], 2, 2),
        ([JARVA, "se.noa-und"], 2, 1),
        (["se.atlantis"], 0, 0),
    ],
)
def test_areas_and_regions_are_counted(areas: list[str], count: int, regions: int) -> None:
    """Ancestors of other areas in the list do not count (clarification 3)."""
    facts = Facts(event(event_type="drug_seizure", areas=areas), REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)
    assert (facts.area_count(), facts.region_count()) == (count, regions)


def test_areas_found_from_coordinates_count_too() -> None:
    """The publisher's areas and the engine's are one list."""
    made = event(event_type="drug_seizure", enrichment={"areas_found": ["se.syd.malmo"]})
    assert holds(["areas.count", "eq", 2], made=made)


@pytest.mark.parametrize(
    ("payload", "enrichment", "tier"),
    [
        ({"alert_level": 2}, {"alert_tier": 1}, 1),
        ({"alert_level": 1}, {"alert_tier": 3}, 1),
        ({"alert_level": 3}, {"alert_tier": None}, 3),
        ({"substance_id": "fentanyl"}, None, 1),
        ({"substance_id": "atlantium"}, None, None),
        ({}, None, None),
    ],
)
def test_the_more_urgent_of_level_and_tier_decides(
    payload: dict[str, Any], enrichment: dict[str, Any] | None, tier: int | None
) -> None:
    """Clarification 43; without the engine's fields the register is asked."""
    made = {**event(event_type="substance_alert", payload=payload), "enrichment": enrichment}
    assert Facts(made, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME).alert_tier() == tier


def test_a_value_is_not_in_a_missing_field_and_not_in_a_part_of_a_text() -> None:
    """Nothing is in what is missing, and a single value is compared whole."""
    form = When.model_validate({"when": [["case_ref", "not_in", {"field": "operation_ref"}]]})
    conditions = compile_conditions(form, "drug_seizure")
    assert conditions is not None
    for operation, expected in ((None, True), ("case-12", True), ("case-1", False)):
        made = event(event_type="drug_seizure", case_ref="case-1", operation_ref=operation)
        assert conditions.reduce(Facts(made, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)) is expected
