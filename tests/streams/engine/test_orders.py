"""Orders in lanes: each lane has them from one record on, does its own part, and its next owner knows all of it."""

from typing import Any

import pytest

from schemas.topics import ACCEPTED
from streams.engine.records import ORDER_HEADER
from tests.orders import (
    HYLLIE,
    JARVA,
    MALMO,
    NORD,
    Body,
    circle,
    correction,
    published,
    release,
    seizure,
    under_originator,
)
from tests.streams.engine.lanes import Lanes

SPOC = "se.noa-spoc/coordination"


def published_by(lanes: Lanes, *bodies: tuple[Body, str]) -> None:
    """Publish bodies, each by a desk, one after the other, in one moment: what differs then is not the time."""
    for body, desk in bodies:
        lanes.publish(published(body, desk), lanes.at_ms)


def desks(lanes: Lanes, body: Body, group: str | None = None) -> set[str]:
    """Who got an event, in one view group if it is given."""
    return {d["desk"] for d in lanes.deliveries(body["event_id"]) if group is None or d["view_group"] == group}


@pytest.fixture(params=[False, True], ids=["same owner", "next owner"])
def handed_over(request: pytest.FixtureRequest) -> bool:
    """Whether the lanes change hands between the event and its order."""
    return bool(request.param)


def test_a_recall_reaches_everybody_who_got_the_event_and_tells_each_of_that_event_alone(handed_over: bool) -> None:
    """Two targets with different receivers: nobody learns an id that it did not have."""
    lanes = Lanes()
    here, there = seizure(JARVA), seizure(HYLLIE)
    published_by(lanes, (here, f"{JARVA}/investigation"), (there, f"{HYLLIE}/investigation"))
    if handed_over:
        lanes.reopen()
    # Järva's order names an event in Hyllie too, which is not Järva's to recall.
    order = correction(here, there)
    published_by(lanes, (order, f"{JARVA}/investigation"))
    recalled = [d for d in lanes.deliveries(order["event_id"]) if d["view_group"] != "main"]
    assert {d["desk"] for d in recalled} == desks(lanes, here) - {f"{JARVA}/investigation"}
    assert all(d["event"]["payload"]["target_ids"] == [here["event_id"]] for d in recalled)
    assert all(
        (d["rules"], d["obligations"], d["priority"]) == (["RECALL"], ["confirm_within_24h"], 1) for d in recalled
    )
    assert all(
        d["event"]["payload"]["reason"] is None and d["event"]["payload"]["person_ref"] is None for d in recalled
    )
    assert len({d["delivery_id"] for d in recalled}) == len(recalled)


def test_the_ledger_has_the_recall_as_a_line_of_its_own() -> None:
    """Beside the order's own line; its receivers are those that were told."""
    lanes, body = Lanes(), seizure()
    order = correction(body)
    published_by(lanes, (body, f"{JARVA}/investigation"), (order, f"{JARVA}/investigation"))
    own, recalled = lanes.lines(order["event_id"])
    assert (own["outcome"], recalled["outcome"]) == ("origin_only", "recalled")
    assert {r["desk"] for r in recalled["receivers"]} == desks(lanes, body) - {f"{JARVA}/investigation"}


def test_an_event_that_nobody_had_is_recalled_to_nobody() -> None:
    """Nor is anything told of an id that the bus has never seen."""
    lanes, unknown = Lanes(), seizure()
    order = correction(unknown)
    published_by(lanes, (order, f"{JARVA}/investigation"))
    assert desks(lanes, order) == {f"{JARVA}/investigation"}
    assert [line["outcome"] for line in lanes.lines(order["event_id"])] == ["origin_only"]


def test_a_release_lets_the_event_reach_the_one_it_names_with_the_fields_it_names(handed_over: bool) -> None:
    """Decided anew for that receiver alone; the ledger has a further line of the event."""
    lanes, body = Lanes(), under_originator()
    publisher = f"{HYLLIE}/investigation"
    published_by(lanes, (body, publisher))
    assert desks(lanes, body) == {publisher}
    if handed_over:
        lanes.reopen()
    published_by(lanes, (release(body, receiver=MALMO), SPOC))
    assert desks(lanes, body) == {publisher, f"{MALMO}/intelligence"}
    (found,) = [d for d in lanes.deliveries(body["event_id"]) if d["desk"] == f"{MALMO}/intelligence"]
    assert found["view_group"] == "main"
    assert found["event"]["payload"]["items"][0]["substance_id"] == "cocaine"
    assert found["event"]["payload"]["seizure_no"] is None
    assert [line["outcome"] for line in lanes.lines(body["event_id"])] == ["origin_only", "released"]
    assert [r["desk"] for r in lanes.lines(body["event_id"])[1]["receivers"]] == [f"{MALMO}/intelligence"]


def test_a_release_by_somebody_else_than_the_originator_releases_nothing() -> None:
    """The publisher cannot lift another's control."""
    lanes, body = Lanes(), under_originator()
    published_by(lanes, (body, f"{HYLLIE}/investigation"), (release(body, receiver=MALMO), f"{HYLLIE}/investigation"))
    assert desks(lanes, body) == {f"{HYLLIE}/investigation"}


def test_a_released_receiver_hears_of_the_recall_too() -> None:
    """It is a past receiver like any other, and a further release of what was recalled finds nothing."""
    lanes, body = Lanes(), under_originator()
    order = correction(body)
    published_by(
        lanes,
        (body, f"{HYLLIE}/investigation"),
        (release(body, receiver=MALMO), SPOC),
        (order, f"{HYLLIE}/investigation"),
        (release(body, receiver="se.syd"), SPOC),
    )
    assert desks(lanes, order, f"recall:{body['event_id']}") == {f"{MALMO}/intelligence"}
    assert desks(lanes, body) == {f"{HYLLIE}/investigation", f"{MALMO}/intelligence"}


def test_what_is_derived_inherits_in_every_lane() -> None:
    """A seizure that derives from an H2 one is under H2 itself, whatever its own code; so is what derives from that."""
    lanes, root = Lanes(5), under_originator()
    desk = f"{HYLLIE}/investigation"
    published_by(lanes, (root, desk))
    lanes.reopen()
    parent: dict[str, Any] = root
    for _ in range(4):
        derived = seizure(HYLLIE)
        derived["provenance"] = {"root_ids": [derived["event_id"]], "derived_from": [parent["event_id"]]}
        published_by(lanes, (derived, desk))
        assert desks(lanes, derived) == {desk}
        (own,) = lanes.deliveries(derived["event_id"])
        assert own["handling"] == "H2"
        parent = derived


def test_an_order_stands_in_every_lane_once() -> None:
    """One copy for each partition, none for an ordinary event; a retry makes no more."""
    lanes, body = Lanes(4), seizure()
    order = correction(body)
    published_by(lanes, (body, f"{JARVA}/investigation"), (order, f"{JARVA}/investigation"))
    published_by(lanes, (order, f"{JARVA}/investigation"))
    copies = [o.partition for o in lanes.written if o.topic == ACCEPTED and o.headers[0][0] == ORDER_HEADER]
    assert copies == [0, 1, 2, 3]


def test_an_event_that_comes_after_its_recall_reaches_nobody() -> None:
    """The order was quicker than its target; the ledger tells what became of it."""
    lanes, body = Lanes(), seizure()
    published_by(lanes, (correction(body), f"{JARVA}/investigation"), (body, f"{JARVA}/investigation"))
    assert desks(lanes, body) == set()
    assert [line["outcome"] for line in lanes.lines(body["event_id"])] == ["origin_only"]


def test_a_circle_opens_for_later_events_and_closes_with_its_last_day() -> None:
    """Its members outside the area get what its area and topics bring, from the order on, in every lane."""
    lanes = Lanes()
    member = "se.vast.storgoteborg/intelligence"
    before, within, other = (seizure(JARVA, topics=["drugs"]) for _ in range(3))
    other["topics"] = ["weapons"]
    published_by(lanes, (before, f"{JARVA}/investigation"))
    published_by(lanes, (circle(JARVA, member), f"{NORD}/coordination"))
    lanes.reopen()
    published_by(lanes, (within, f"{JARVA}/investigation"), (other, f"{JARVA}/investigation"))
    assert [member in desks(lanes, body) for body in (before, within, other)] == [False, True, False]
    late = seizure(JARVA, topics=["drugs"])
    lanes = Lanes()
    published_by(lanes, (circle(JARVA, member, first=-30, last=-1), f"{NORD}/coordination"))
    published_by(lanes, (late, f"{JARVA}/investigation"))
    assert member not in desks(lanes, late)
