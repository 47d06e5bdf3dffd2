"""Whom a match is told by a pointer, and what stands in it: nothing of the other end."""

from typing import Any

import pytest

from streams.core.link.keys import made_keys
from streams.core.link.operations import load_pointer_rules
from streams.core.link.pointers import pointer_of, told_of
from streams.core.share.order_forms import Known
from tests.streams.core.made import KEYS

A, B = "01a1bef3-ef60-761b-b93e-2ae10202a6ec", "01a1c51c-0940-7e5a-b8c7-40d1e2f3a511"
HERE, THERE, BOTH = "se.syd.malmo/investigation", "se.nord.vasterbotten/intelligence", "se.noa-und/intelligence"
RULES = load_pointer_rules()
AT_MS = 1_795_000_000_000


def link(*features: str, **changes: Any) -> dict[str, Any]:
    """A link that the bus found."""
    said = {"a_id": A, "b_id": B, "features": list(features), "status": "suggested", "relation": "related"}
    unit = changes.pop("unit", "se.bus")
    return {"origin_unit": {"unit": unit, "function": "coordination"}, "synthetic": True, "payload": said | changes}


def known(origin: str, *seeing: str, **changes: Any) -> Known:
    """What is remembered of an end: who has it, all of them with its references unless it is said."""
    reached = changes.pop("reached", frozenset(seeing))
    return Known(origin, (), reached, frozenset(seeing), changes.pop("event_type", "drug_seizure"), **changes)


def told(found: dict[str, Any], a: Known, b: Known) -> dict[str, tuple[str, ...]]:
    """Who is told, and of what."""
    return {each.desk: each.kinds for each in told_of(found, {A: a, B: b})}


def test_both_owners_are_told_when_neither_has_the_other_end() -> None:
    """Each of its own event alone, and of what both have."""
    said = list(told_of(link("vehicle", "phone", "time"), {A: known(HERE, BOTH), B: known(THERE, BOTH)}))
    assert [(each.desk, each.about_id, each.kinds) for each in said] == [
        (HERE, A, ("phone", "vehicle")),
        (THERE, B, ("phone", "vehicle")),
    ]


def test_an_owner_who_has_the_other_end_gets_the_link_and_no_pointer() -> None:
    """One may have both, the other not; whoever has it without its references is told."""
    assert set(told(link("person"), known(HERE), known(THERE, HERE))) == {THERE}
    assert told(link("person"), known(HERE, THERE), known(THERE, HERE)) == {}
    hidden = known(THERE, reached=frozenset({HERE}))
    assert set(told(link("person"), known(HERE), hidden)) == {HERE, THERE}
    assert set(told(link("person", relation="duplicate"), known(HERE), hidden)) == {THERE}
    assert told(link("person"), known(HERE), known(HERE)) == {}


@pytest.mark.parametrize("how", [{"closed": True}, {"secret": True}])
def test_of_a_hidden_end_its_own_owner_alone_is_told(how: dict[str, bool]) -> None:
    """Of the highest sensitivity, from a register, or a silent search; when both are hidden, nobody is."""
    hidden = known(THERE, **how)
    assert set(told(link("wallet"), known(HERE), hidden)) == {THERE}
    assert told(link("wallet"), known(HERE, closed=True), hidden) == {}


def test_leaders_are_warned_at_the_highest_sensitivity_too() -> None:
    """That operations meet and no more; of a silent search nobody is told."""
    closed = known(THERE, closed=True, event_type="operational_plan")
    found = link("operation", "person", "place", "time")
    assert told(found, known(HERE, closed=True), closed) == {HERE: ("operation",), THERE: ("operation",)}
    assert told(found, known(HERE), known(THERE, secret=True)) == {THERE: ("operation", "person")}


@pytest.mark.parametrize(
    "found",
    [
        link("place", "time"),
        link("vehicle", status="rejected"),
        link("vehicle", status="confirmed"),
        link("vehicle", unit="se.noa-und"),
    ],
)
def test_no_other_link_points(found: dict[str, Any]) -> None:
    """Neither what is near or alike, nor what is parted, nor what a person suggests."""
    assert told(found, known(HERE), known(THERE)) == {}


def test_partners_get_no_pointer() -> None:
    """That the police have something on somebody is told to no other authority."""
    assert set(told(link("vehicle"), known("partner.tullverket/coordination"), known(HERE))) == {HERE}


def test_nobody_is_told_while_an_end_is_unknown() -> None:
    """Who is entitled cannot be said then."""
    assert list(told_of(link("vehicle"), {A: known(HERE)})) == []


def test_a_pointer_tells_nothing_of_the_other_end() -> None:
    """No id, no desk, no time of it; the number is the same for both owners and cannot be worked out from ids."""
    ends = {A: known(HERE), B: known(THERE, event_type="surveillance_observation")}
    found = link("vehicle", "time")
    one, other = (pointer_of(each, found, RULES, KEYS, AT_MS) for each in told_of(found, ends))
    text = repr(one)
    assert B not in text
    assert THERE not in text
    assert "surveillance_observation" not in text
    assert one["payload"]["pointer_ref"] == other["payload"]["pointer_ref"]
    assert one["event_id"] != other["event_id"]
    again = [pointer_of(each, found, RULES, KEYS, AT_MS)["event_id"] for each in told_of(found, ends)]
    assert again == [one["event_id"], other["event_id"]]
    stranger = made_keys("other", bytes(range(100, 196)))
    guessed = [
        pointer_of(each, found, RULES, stranger, AT_MS)["payload"]["pointer_ref"] for each in told_of(found, ends)
    ]
    assert one["payload"]["pointer_ref"] not in guessed


def test_colliding_operations_are_more_urgent() -> None:
    """Priority 2: whoever leads one must talk to the other before."""
    for features, priority in ((("vehicle",), 3), (("operation",), 2)):
        found = link(*features)
        (first, _) = told_of(found, {A: known(HERE), B: known(THERE)})
        assert pointer_of(first, found, RULES, KEYS, AT_MS)["priority"] == priority
