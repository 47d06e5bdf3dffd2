"""Who works on a case: the unit that published it first, and those that its team names; who releases from it."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.share.case_event import CASE_TIME
from streams.core.share.event_places import PLACES_OF_EVENT
from tests.streams.core.share.packs import JARVA, NORD, told
from tests.streams.core.share.test_order_facts import SOLNA, facts, lifted, of_receiver, report, signed

CASE = "c" * 64
LIFTS_B06 = "investigation_leader_or_prosecutor"


def step(by: str, minutes: int, *names: str) -> dict[str, Any]:
    """A step in the case, published so many minutes before the case's event, that names units as working on it."""
    published = {"event_id": f"step-{by}-{minutes}", "published_at": CASE_TIME - timedelta(minutes=minutes)}
    payload = {"team_units": list(names)}
    return {"event_type": "investigation_event", "from": by, "case_ref": CASE, "payload": payload, **published}


def decided(by: str, role: str) -> dict[str, Any]:
    """A release past B06 by a desk, decided in a role."""
    made = signed(by.partition("/")[0], "B06") | {"from": by}
    return made | {"payload": made["payload"] | {"decided_as": role}}


@pytest.mark.parametrize(
    ("by", "role", "lifts"),
    [
        (f"{SOLNA}/investigation", "investigation_leader", True),
        (f"{JARVA}/investigation", "investigation_leader", True),
        (f"{JARVA}/prevention", "investigation_leader", False),
        (f"{SOLNA}/intelligence", "investigation_leader", False),
        (f"{NORD}/investigation", "investigation_leader", False),
        (f"{SOLNA}/investigation", "prosecutor", False),
        (f"{JARVA}/investigation", "release_officer", False),
        ("partner.aklagarmyndigheten/coordination", "prosecutor", True),
        ("partner.aklagarmyndigheten/coordination", "investigation_leader", False),
        ("partner.tullverket/investigation", "prosecutor", False),
    ],
)
def test_the_leader_of_the_investigation_or_the_prosecutor_releases_from_a_case(
    by: str, role: str, *, lifts: bool
) -> None:
    """Domain rules 1.8: an investigation desk of the team, or the prosecutor, each in that role and no other."""
    made = report(case_ref=CASE)
    assert lifted(made, "B06", LIFTS_B06, step(f"{SOLNA}/investigation", 5), decided(by, role)) is lifts


def test_a_prosecutor_decides_nothing_about_what_belongs_to_no_case() -> None:
    """It is of no case that anybody prosecutes."""
    assert not lifted(report(), "B06", LIFTS_B06, decided("partner.aklagarmyndigheten/coordination", "prosecutor"))


def team(*steps: dict[str, Any]) -> frozenset[str]:
    """The units that work on the case after these steps."""
    return told(*steps).team(CASE)


def test_the_first_unit_leads_a_case_and_others_join_when_the_team_names_them() -> None:
    """Whoever only says that it works on the case does not; nobody leaves again."""
    first, second = step(f"{SOLNA}/investigation", 9), step(f"{NORD}/investigation", 8, NORD, "se.vast")
    assert team(first, second) == {SOLNA}
    named = step(f"{SOLNA}/investigation", 7, NORD)
    assert team(first, second, named) == {SOLNA, NORD, "se.vast"}
    assert team(first, second, named, step(f"{SOLNA}/investigation", 6)) == {SOLNA, NORD, "se.vast"}
    partner = step("partner.tullverket/investigation", 10, "se.vast")
    assert team(partner) == frozenset()
    assert team(partner, first, step(f"{SOLNA}/investigation", 5, "partner.tullverket")) == {SOLNA}


@given(st.permutations(range(6)))
def test_a_team_is_the_same_in_whatever_order_its_steps_are_told(order: list[int]) -> None:
    """Lanes meet the steps of two units in different orders."""
    steps = [
        step(f"{SOLNA}/investigation", 9),
        step(f"{NORD}/investigation", 9, "se.syd"),
        step(f"{NORD}/investigation", 10, JARVA),
        step(f"{JARVA}/investigation", 3, "se.vast"),
        step("se.vast/investigation", 2, SOLNA),
        step("se.nord/investigation", 1, "se.nord"),
    ]
    assert team(*(steps[number] for number in order)) == {NORD, JARVA, "se.syd", "se.vast", SOLNA}


def test_what_is_bound_to_a_case_stays_with_its_team() -> None:
    """And with the publisher's unit; an investigation desk outside the team tells it nothing that is secret."""
    seen = facts(report(case_ref=CASE), told(step(f"{SOLNA}/investigation", 5)))
    assert of_receiver("receiver.in_case_team", seen, f"{SOLNA}/surveillance") is True
    assert of_receiver("receiver.in_case_team", seen, f"{JARVA}/surveillance") is True
    assert of_receiver("receiver.in_case_team", seen, "partner.aklagarmyndigheten/coordination") is True
    assert of_receiver("receiver.in_case_team", seen, f"{NORD}/investigation") is False
    outside = facts(report(case_ref=CASE, by=f"{JARVA}/investigation"), told(step(f"{SOLNA}/investigation", 5)))
    assert of_receiver("receiver.in_case_team", outside, f"{SOLNA}/investigation") is False
    assert of_receiver("receiver.in_case_team", outside, f"{JARVA}/intelligence") is True
    for each in (seen, outside):
        assert f"{SOLNA}/investigation" in PLACES_OF_EVENT["case_team"](each)
