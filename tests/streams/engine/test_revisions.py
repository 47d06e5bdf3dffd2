"""Whoever had an event gets its new revision, unless a block rule stops it, in no wider a view than it had."""

import copy
from typing import Any

import pytest

from producers.client import new_event_id
from schemas.topics import QUARANTINE
from tests.orders import HYLLIE, JARVA, MALMO, Body, link, seizure
from tests.streams.engine.lanes import CODEC, Lanes
from tests.streams.engine.test_inquiries import ANALYST, SODRA, ends
from tests.streams.engine.test_orders import desks, published_by

PUBLISHER = f"{JARVA}/investigation"


def revised(body: Body, **envelope: Any) -> Body:
    """The same matter told anew, with something changed."""
    event_id = new_event_id()
    again = {**copy.deepcopy(body), "event_id": event_id, "revision": body["revision"] + 1, **envelope}
    return again | {"supersedes": body["event_id"], "provenance": {"root_ids": [event_id]}}


@pytest.mark.parametrize("handed_over", [False, True])
def test_whoever_had_it_gets_the_new_revision_though_no_rule_proposes_it(handed_over: bool) -> None:
    """The seizure was not in Järva after all: Järva's desks hear so, and Hyllie's get it by the rules."""
    lanes, first = Lanes(), seizure(JARVA)
    published_by(lanes, (first, PUBLISHER))
    if handed_over:
        lanes.reopen()
    second = revised(first, areas=[HYLLIE])
    published_by(lanes, (second, PUBLISHER))
    assert desks(lanes, first) < desks(lanes, second)
    before = {(d["desk"], d["view_group"]): d for d in lanes.deliveries(first["event_id"])}
    after = {(d["desk"], d["view_group"]): d for d in lanes.deliveries(second["event_id"])}
    carried = {to: d for to, d in after.items() if d["rules"] == ["REVISION"]}
    assert set(carried) <= set(before)
    assert f"{JARVA}/intelligence" in {desk for desk, _ in carried}
    more = {path for to, d in carried.items() for path in shown(d["event"]) - shown(before[to]["event"])}
    assert more <= {".supersedes"}
    assert all((d["view"], d["obligations"]) == (before[to]["view"], []) for to, d in carried.items())
    assert {r["desk"] for r in lanes.lines(second["event_id"])[0]["receivers"]} == desks(lanes, second)
    third = revised(second, areas=[MALMO])
    published_by(lanes, (third, PUBLISHER))
    assert desks(lanes, second) <= desks(lanes, third)


def test_a_block_rule_stops_the_new_revision() -> None:
    """It came under Denmark's control meanwhile: nobody but its own desk gets it."""
    lanes, first = Lanes(), seizure(JARVA)
    second = revised(first, areas=[HYLLIE], handling="H2", originator="DK")
    published_by(lanes, (first, PUBLISHER), (second, PUBLISHER))
    assert len(desks(lanes, first)) > 1
    assert desks(lanes, second) == {PUBLISHER}


@pytest.mark.parametrize("handed_over", [False, True])
def test_a_revision_that_weakens_the_legal_origin_goes_to_quarantine(handed_over: bool) -> None:
    """Whole, with its code, under the desk that published it; nobody gets it, and the former stays the latest."""
    lanes, first = Lanes(), seizure(JARVA, legal_origin="coercive_measure")
    second, third = revised(first, legal_origin="open"), revised(first, topics=["weapons"])
    published_by(lanes, (first, PUBLISHER))
    if handed_over:
        lanes.reopen()
    published_by(lanes, (second, PUBLISHER))
    assert lanes.refused() == ["ORIGIN_WEAKENED/legal_origin"]
    assert lanes.counters.rejected == {"ORIGIN_WEAKENED": 1}
    (record,) = (CODEC.decode(o.value or b"").value for o in lanes.written if o.topic == QUARANTINE)
    assert (record["origin"], record["event_id"], record["event_type"]) == (
        PUBLISHER,
        second["event_id"],
        "drug_seizure",
    )
    assert desks(lanes, second) == set()
    assert lanes.lines(second["event_id"]) == []
    published_by(lanes, (third, PUBLISHER))
    assert {d["event"]["supersedes"] for d in lanes.deliveries(third["event_id"])} == {first["event_id"]}


@pytest.mark.parametrize("handed_over", [False, True])
def test_a_revision_keeps_what_bound_the_former(handed_over: bool) -> None:
    """It came under H2, in a secret case; a revision that leaves both out, in the same breath, reaches nobody more."""
    lanes, first = Lanes(), seizure(JARVA, handling="H2", originator="DK", investigation_secret=True)
    published_by(lanes, (first, PUBLISHER))
    if handed_over:
        lanes.reopen()
    second = revised(first, handling="H0", originator=None, investigation_secret=False)
    published_by(lanes, (second, PUBLISHER))
    assert desks(lanes, first) == desks(lanes, second) == {PUBLISHER}
    (delivery,) = lanes.deliveries(second["event_id"])
    assert (delivery["handling"], delivery["event"]["investigation_secret"]) == ("H2", True)


def test_what_names_the_event_that_it_takes_the_place_of_is_bound_by_it_too() -> None:
    """Under another number, so another matter to the bus, and with a root of its own."""
    lanes, first = Lanes(), seizure(JARVA, legal_origin="coercive_measure")
    other = seizure(JARVA, legal_origin="open", supersedes=first["event_id"], revision=2)
    published_by(lanes, (first, PUBLISHER), (other, PUBLISHER))
    assert {desk.partition("/")[0] for desk in desks(lanes, first) | desks(lanes, other)} == {JARVA}


def test_who_gets_the_revision_by_a_rule_gets_it_once() -> None:
    """Nothing is added when the rules reach the same desks."""
    lanes, first = Lanes(), seizure(JARVA)
    second = revised(first, topics=["weapons"])
    published_by(lanes, (first, PUBLISHER), (second, PUBLISHER))
    assert desks(lanes, second) >= desks(lanes, first)
    assert not any("REVISION" in d["rules"] for d in lanes.deliveries(second["event_id"]))


def test_an_older_telling_that_comes_late_goes_to_nobody_who_has_the_newer() -> None:
    """It takes the place of nothing."""
    lanes, first = Lanes(), seizure(JARVA)
    second = revised(first)
    published_by(
        lanes, (second, PUBLISHER), (first | {"areas": [HYLLIE], "reported_at": first["occurred_from"]}, PUBLISHER)
    )
    assert f"{JARVA}/intelligence" not in desks(lanes, first)


@pytest.mark.parametrize("count", [1, 5, 16])
def test_who_has_both_ends_hears_that_the_link_was_rejected(count: int) -> None:
    """The answers of other lanes open it to those who had the confirmed one, and to others who see both ends."""
    lanes, (one, other) = Lanes(count), ends()
    joined = link(one[0], other[0], areas=[MALMO, SODRA])
    rejected = revised(joined)
    rejected["payload"]["status"] = "rejected"
    published_by(lanes, one, other, (joined, ANALYST), (rejected, ANALYST))
    assert (
        {ANALYST}
        < desks(lanes, joined)
        <= desks(lanes, rejected)
        <= desks(lanes, one[0]) & desks(lanes, other[0]) | {ANALYST}
    )
    found = [d for d in lanes.deliveries(rejected["event_id"]) if d["desk"] != ANALYST]
    assert all(
        (d["rules"], d["event"]["payload"]["status"]) in ((["REVISION"], "rejected"), (["S37"], "rejected"))
        for d in found
    )


def shown(event: Any, path: str = "") -> set[str]:
    """The paths at which an event shows anything."""
    if isinstance(event, dict):
        return {found for name, value in event.items() for found in shown(value, f"{path}.{name}")}
    if isinstance(event, list):
        return {found for value in event for found in shown(value, path)}
    return set() if event is None else {path}
