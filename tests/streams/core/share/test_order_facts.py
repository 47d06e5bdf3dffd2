"""What rules may ask of orders, and the places that orders and earlier events name. Each test states one fact."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from streams.core.share import NO_ORDERS, Orders
from streams.core.share.case_event import CASE_TIME
from streams.core.share.event_facts import EVENT_FACTS
from streams.core.share.event_places import PLACES_OF_EVENT
from streams.core.share.facts import Facts
from streams.core.share.lifting import is_lifted, released_fields
from streams.core.share.order_forms import Known
from streams.core.share.receiver_facts import RECEIVER_FACTS, limits_of_need
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, event, told

DESKS = PACK.engine(REFERENCE.gazetteer, REFERENCE.substances).receivers
SOLNA = f"{NORD}.solna"


def facts(made: dict[str, Any], orders: Orders = NO_ORDERS, at: datetime = CASE_TIME) -> Facts:
    """An event as rules see it, under these orders."""
    return Facts(orders.inherited(made), REFERENCE.gazetteer, REFERENCE.substances, at, orders)


def of_receiver(name: str, of: Facts, desk: str) -> Any:
    """A fact of one receiver."""
    return RECEIVER_FACTS[name].read(of, DESKS[desk])


def circle(**changes: Any) -> dict[str, Any]:
    """Järva's focus group on drugs, on the day of the cases alone."""
    payload = {
        "order_no": "fg-1",
        "area": JARVA,
        "members": [f"{JARVA}/intelligence", f"{NORD}/investigation"],
        "first_day": date(2026, 3, 2),
        "last_day": date(2026, 3, 2),
    }
    by = changes.pop("by", f"{JARVA}/coordination")
    written = {"event_type": "focus_group_order", "from": by, "topics": ["drugs"]}
    return (
        written
        | {name: changes.pop(name) for name in ("reported_at", "revision") if name in changes}
        | {"payload": payload | changes}
    )


def report(**written: Any) -> dict[str, Any]:
    """A report on drugs in Järva."""
    return event(event_type="intelligence_report", **{"topics": ["drugs"], "by": f"{JARVA}/intelligence", **written})


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 23, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 23, 0, tzinfo=UTC), False),
    ],
)
def test_a_circle_is_open_from_midnight_to_midnight_in_sweden(moment: datetime, *, open_: bool) -> None:
    """Clarification 45; it closes by itself."""
    seen = facts(report(), told(circle()), moment)
    assert EVENT_FACTS["focus_group.active"].read(seen) is open_
    assert of_receiver("receiver.in_circle", seen, f"{NORD}/investigation") is open_


def test_a_circle_is_for_its_topics_its_area_and_its_members() -> None:
    """And nobody opens one over an area that is not below its own unit."""
    for made, orders in (
        (report(topics=["weapons"]), told(circle())),
        (report(areas=[SOLNA]), told(circle())),
        (report(), told(circle(by=f"{SOLNA}/coordination"))),
    ):
        assert EVENT_FACTS["focus_group.active"].read(facts(made, orders)) is False
    wide = told(circle(by="se.stockholm/coordination", area=NORD))
    assert EVENT_FACTS["focus_group.active"].read(facts(report(), wide)) is True
    assert of_receiver("receiver.in_circle", facts(report(), wide), f"{JARVA}/surveillance") is False


def test_a_later_version_of_an_order_takes_its_place_whenever_it_is_told() -> None:
    """The order told last may be the one written first."""
    first, later = circle(), circle(revision=2, members=[f"{JARVA}/prevention"])
    for orders in (told(first, later), told(later, first)):
        seen = facts(report(), orders)
        assert of_receiver("receiver.in_circle", seen, f"{JARVA}/prevention") is True
        assert of_receiver("receiver.in_circle", seen, f"{JARVA}/intelligence") is False


def signed(by: str, block: str, receiver: str = "se.vast") -> dict[str, Any]:
    """A release of the case's event past one block."""
    payload = {"decision_no": by, "target_ids": ["this"], "receiver": receiver, "decided_as": "circle_owner"}
    rest = {"lifts": [block], "fields_released": ["summary"], "expires": CASE_TIME}
    return {"event_type": "release_decision", "from": f"{by}/coordination", "payload": payload | rest}


def lifted(made: dict[str, Any], block: str, liftable_by: str, *orders: dict[str, Any]) -> bool:
    """Whether a block is lifted for the intelligence desk of the region West."""
    seen = facts(made, told(*orders, this=made["event_id"]))
    return is_lifted(block, liftable_by, DESKS["se.vast/intelligence"], seen)


def test_the_owner_of_a_circle_or_the_publisher_opens_it_and_nobody_opens_a_register() -> None:
    """Clarification 19."""
    made = report(by=f"{NORD}/intelligence")
    for by, opens in ((JARVA, True), (NORD, True), (SOLNA, False), ("se.vast", False)):
        assert lifted(made, "B05", "circle_owner", circle(), signed(by, "B05")) is opens
    register = made | {"legal_origin": "register"}
    assert not lifted(register, "B05", "circle_owner", circle(), signed(NORD, "B05"))


def test_every_originator_of_what_an_event_is_built_on_must_sign() -> None:
    """Two restricted inputs have two originators; one of them is not enough, and both show what both released."""
    inputs = [
        {"event_id": name, "event_type": "intelligence_report", "from": f"{unit}/intelligence", "handling": "H2"}
        for name, unit in (("one", "se.syd"), ("two", "se.nord"))
    ]
    made = report(provenance={"root_ids": ["x"], "source_key": None, "derived_from": ["one", "two"]})
    assert not lifted(made, "B02", "originator", *inputs, signed("se.syd", "B02"))
    both = [signed("se.syd", "B02"), signed("se.nord", "B02")]
    assert lifted(made, "B02", "originator", *inputs, *both)
    both[0]["payload"] |= {"fields_released": ["summary", "areas"]}
    seen = facts(made, told(*inputs, *both, this=made["event_id"]))
    assert released_fields(DESKS["se.vast/intelligence"], seen) == {
        frozenset({"summary", "areas"}),
        frozenset({"summary"}),
    }


@pytest.mark.parametrize(
    ("actions", "state"),
    [(["recall"], "recalled"), (["erase"], "recalled"), (["correct", "restrict"], "restricted"), (["hold"], None)],
)
def test_the_strictest_of_the_corrections_of_an_event_is_its_state(actions: list[str], state: str | None) -> None:
    """From the moment they take effect; and only those of its own unit or one above it count."""
    made = report()
    for by, counts in ((JARVA, True), (NORD, True), (SOLNA, False)):
        orders = told(*(correction(by, action, number) for number, action in enumerate(actions)), this=made["event_id"])
        seen = facts(made, orders)
        assert EVENT_FACTS["state"].read(seen) == (state if counts else None)
        assert EVENT_FACTS["state"].read(facts(made, orders, CASE_TIME - timedelta(seconds=1))) is None


def correction(by: str, action: str, number: int = 0) -> dict[str, Any]:
    """A correction of the case's event, from the time of the case on."""
    payload = {"order_no": str(number), "action": action, "target_ids": ["this"], "effective_at": CASE_TIME}
    return {"event_type": "correction_order", "from": f"{by}/coordination", "payload": payload}


def test_a_hold_stops_the_clock_of_deletion_until_it_is_released() -> None:
    """The last of the orders to hold and to release counts."""
    due = CASE_TIME + timedelta(days=1)
    made = report(enrichment={"retention": {"retention_class": "R4", "due_at": due, "hold": False}})
    hold, release = correction(JARVA, "hold", 1), correction(JARVA, "release_hold", 2)
    later = release | {"reported_at": CASE_TIME}
    for orders, expected in (((), due), ((hold,), None), ((hold, later), due)):
        seen = facts(made, told(*orders, this=made["event_id"]))
        assert EVENT_FACTS["retention.due_at"].read(seen) == expected


COAST_GUARD = "partner.kustbevakningen"


def operation(by: str = f"{NORD}/coordination", **changes: Any) -> dict[str, Any]:
    """A joint operation on drugs in Järva with the Coast Guard, at the time of the cases."""
    payload = {
        "operation_no": "op-1",
        "parties": [JARVA],
        "partners": [{"partner": COAST_GUARD}],
        "window": {"start": CASE_TIME, "end": CASE_TIME},
    }
    return {"event_type": "joint_operation", "from": by, "topics": ["drugs"], "payload": payload | changes}


def needed(made: dict[str, Any], *orders: dict[str, Any], by: str = COAST_GUARD) -> Any:
    """Whether a partner has stated its need of an event under these operations."""
    return of_receiver("receiver.need_stated", facts(made, told(*orders)), f"{by}/coordination")


def test_a_joint_operation_states_its_partners_need_in_its_window_area_and_topics() -> None:
    """Or for the events that name it."""
    for made, states in (
        (report(), True),
        (report(topics=["weapons"]), False),
        (report(topics=["weapons"], operation_ref="op-1"), True),
        (report(operation_ref="op-2"), False),
        (report(areas=[SOLNA]), False),
        (report(areas=[]), False),
    ):
        assert needed(made, operation()) is states
    late = facts(report(), told(operation()), CASE_TIME + timedelta(seconds=1))
    assert EVENT_FACTS["joint_operation.exists"].read(late) is False


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        (f"{JARVA}/coordination", True),
        ("se.stockholm/coordination", True),
        ("se/coordination", True),
        (f"{SOLNA}/coordination", False),
        ("se.nord.norrbotten.lulea-boden/coordination", False),
        ("se.noa/coordination", False),
        ("partner.frivilligorganisationerna/coordination", False),
        (f"{COAST_GUARD}/coordination", False),
    ],
)
@pytest.mark.parametrize("named", [None, "op-1"])
def test_a_joint_operation_counts_only_from_who_has_charge_of_the_place(
    by: str, named: str | None, *, counts: bool
) -> None:
    """Of its parties, or of what is above them; also for an event that names its number, which anybody may write."""
    assert needed(report(operation_ref=named), operation(by)) is counts
    assert EVENT_FACTS["joint_operation.exists"].read(facts(report(operation_ref=named), told(operation(by)))) is counts


def test_an_event_in_two_areas_needs_both_to_agree() -> None:
    """By an order of each with the same number and partner, in force at the same time; no party speaks for another."""
    both, made = [JARVA, SOLNA], report(areas=[JARVA, SOLNA])
    ours, theirs = operation(f"{JARVA}/coordination", parties=both), operation(f"{SOLNA}/coordination", parties=both)
    assert needed(made, ours, theirs)
    assert needed(made, ours, operation(f"{SOLNA}/coordination", parties=[SOLNA]))
    assert needed(made, operation(f"{NORD}/coordination", parties=both))
    assert needed(report(), ours)
    assert not needed(made, ours)
    assert not needed(made, operation(f"{JARVA}/coordination", parties=[JARVA]))
    for lacks in (
        {"operation_no": "op-2"},
        {"parties": [JARVA]},
        {"partners": [{"partner": "partner.tullverket"}]},
        {"window": {"start": CASE_TIME - timedelta(days=2), "end": CASE_TIME - timedelta(days=1)}},
    ):
        assert not needed(made, ours, theirs | {"payload": theirs["payload"] | lacks})


def test_what_a_partner_may_see_is_what_all_orders_that_agree_let_it_see() -> None:
    """An order that names no field leaves it to the rule's view; a need of its own is no operation's to narrow."""
    both, desk = [JARVA, SOLNA], DESKS[f"{COAST_GUARD}/coordination"]
    ours = operation(f"{JARVA}/coordination", partners=[{"partner": COAST_GUARD, "fields_allowed": ["areas", "geo"]}])
    theirs = operation(
        f"{SOLNA}/coordination", parties=both, partners=[{"partner": COAST_GUARD, "fields_allowed": ["areas"]}]
    )
    open_ = operation(f"{NORD}/coordination", operation_no="op-2", parties=both)
    for orders, areas, limits in (
        ((ours,), [JARVA], {frozenset({"areas", "geo"})}),
        ((ours, theirs), both, {frozenset({"areas", "geo"}), frozenset({"areas"})}),
        ((open_,), both, set()),
        ((ours, theirs), [SOLNA], {frozenset({"areas"})}),
    ):
        assert limits_of_need(facts(report(areas=areas), told(*orders)), desk) == limits
    seizure = event(event_type="drug_seizure", topics=["drugs"])
    customs = ours | {
        "payload": ours["payload"] | {"partners": [{"partner": "partner.tullverket", "fields_allowed": ["areas"]}]}
    }
    assert limits_of_need(facts(seizure, told(customs)), DESKS["partner.tullverket/coordination"]) == frozenset()


def test_an_event_without_areas_lies_where_it_was_published() -> None:
    """When it names the operation; of the topic alone it is no part of it."""
    assert needed(report(areas=[], operation_ref="op-1"), operation())
    assert not needed(report(areas=[], operation_ref="op-1", by=f"{SOLNA}/intelligence"), operation())


def test_only_who_has_both_ends_is_entitled_to_a_link() -> None:
    """Of an end that nobody remembers, nobody has anything; its areas are those of both ends."""
    link = event(event_type="link_suggestion", areas=[], payload={"a_id": "a", "b_id": "b", "status": "confirmed"})
    here, there = f"{JARVA}/intelligence", f"{SOLNA}/intelligence"
    one = NO_ORDERS.knowing("a", Known(here, (JARVA,), frozenset({there})))
    both = one.knowing("b", Known(there, (SOLNA,), frozenset()))
    assert of_receiver("receiver.entitled_to_both", facts(link, both), there) is True
    assert of_receiver("receiver.entitled_to_both", facts(link, both), here) is False
    assert of_receiver("receiver.entitled_to_both", facts(link, one), there) is False
    assert PLACES_OF_EVENT["chain_areas"](facts(link, both)) == (JARVA, SOLNA)


def test_reporters_are_the_desks_whose_reports_an_event_goes_back_to() -> None:
    """As far as they are remembered."""
    known = NO_ORDERS.knowing("a", Known(f"{SOLNA}/surveillance", (), frozenset()))
    note = event(event_type="feedback_note", payload={"about_id": "a", "kind": "used"})
    assert PLACES_OF_EVENT["reporters"](facts(note, known)) == (f"{SOLNA}/surveillance",)
    assert PLACES_OF_EVENT["reporters"](facts(note)) == ()


def test_goods_are_sent_from_a_swedish_place_by_its_name_and_from_nowhere_abroad() -> None:
    """A county's police areas, a unit by its own name; a misspelt or foreign name is nowhere."""
    for name, places in (
        ("Polisområde Malmö", ("se.syd.malmo",)),
        ("Stockholms län", tuple(REFERENCE.gazetteer.by_county("Stockholms län"))),
        ("Amsterdam", ()),
    ):
        made = event(event_type="online_market_listing", payload={"ships_from": name})
        assert PLACES_OF_EVENT["ships_from_area"](facts(made)) == places


def test_a_strategic_actor_is_one_that_a_region_or_the_national_level_says_is_one() -> None:
    """Said by a local police area it is ignored (clarification 36)."""
    for by, counts in (("se.stockholm", True), ("se.noa-und", True), (JARVA, False), (NORD, False)):
        made = report(by=f"{by}/intelligence", strategic_actor=True)
        assert EVENT_FACTS["strategic_actor"].read(facts(made)) is counts
