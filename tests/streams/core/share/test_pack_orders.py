"""The pack's laws under orders (domain rules 5.2, 5.3 and 5.5): what people decide opens exactly what it names.

Orders are circles, releases, corrections and joint operations; events are of every type.
"""

import random
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.share import Ruling
from streams.core.share.case_event import CASE_TIME
from streams.core.share.order_forms import may_correct
from tests.streams.core.share.packs import JARVA, desks, ruling, told
from tests.streams.core.share.strategies import DESKS, events
from tests.streams.core.share.turning import UNITS

EXAMPLES = settings(max_examples=100, deadline=None)
FUNCTIONS = ("intelligence", "surveillance", "investigation", "coordination")
TOPICS = ("narcotics", "weapons")
AUTHORITIES = ("partner.kustbevakningen", "partner.sakerhetspolisen", "partner.ekobrottsmyndigheten", "partner.rmv")
#: Types that a joint operation is a need of.
JOINT_TYPES = ("intelligence_report", "drug_seizure", "weapon_seizure", "violence_incident", "online_market_listing")
#: What a release may lift, and events without any of it.
LIFTABLE: tuple[dict[str, Any], ...] = (
    {},
    {"handling": "H2"},
    {"common_basis": "restricted_circle"},
    {"legal_origin": "coercive_measure", "case_ref": "case-1"},
)
#: The blocks that nobody lifts; B09 is no denial.
NEVER_LIFTED = frozenset({"B01", "B03", "B04", "B07", "B08", "B10"})


class Ordered(NamedTuple):
    """An order as a case writes it, and the units and desks that it names as receivers."""

    written: dict[str, Any]
    units: frozenset[str]
    desks: frozenset[str]

    def names(self, desk: str) -> bool:
        """Whether it is for this desk."""
        return desk in self.desks or desk.partition("/")[0] in self.units


@st.composite
def releases(draw: st.DrawFn, made: dict[str, Any]) -> Ordered:
    """A release of the event by its own unit or another, for a unit and some functions of it."""
    unit = draw(UNITS | _denied(made).map(lambda desk: desk.partition("/")[0]))
    by = draw(st.sampled_from([_origin(made)] * 3 + ["se.noa-spoc/coordination", draw(DESKS)]))
    functions = draw(st.just([]) | st.lists(st.sampled_from(FUNCTIONS), max_size=2, unique=True))
    payload = {
        "decision_no": f"d-{draw(st.integers(1, 3))}",
        "target_ids": [made["event_id"]],
        "receiver": unit,
        "functions": functions,
        "lifts": draw(st.sampled_from([["B02", "B05", "B06"], ["B02", "B05", "B06"], ["B02"], ["B06"], []])),
        "fields_released": ["event_id", "areas"],
        "decided_as": draw(st.sampled_from(["originator", "circle_owner", "investigation_leader", "prosecutor"])),
        "expires": CASE_TIME + timedelta(hours=draw(st.sampled_from([1, 1, 0, -1]))),
    }
    named = frozenset(f"{unit}/{function}" for function in functions)
    return Ordered(_order("release_decision", by, payload), frozenset() if functions else frozenset({unit}), named)


@st.composite
def circles(draw: st.DrawFn, made: dict[str, Any]) -> Ordered:
    """A focus group about an area of the event or another place, opened by a unit that may or by another."""
    members = draw(st.lists(DESKS | _denied(made), min_size=1, max_size=2, unique=True))
    first = date(2026, 3, draw(st.sampled_from([1, 2, 3])))
    payload = {
        "order_no": f"c-{draw(st.integers(1, 3))}",
        "area": draw(st.sampled_from([*made["areas"], "se.stockholm"])),
        "members": members,
        "first_day": first,
        "last_day": first + timedelta(days=1),
    }
    written = _order("focus_group_order", draw(st.just("se/coordination") | DESKS), payload) | {
        "topics": [draw(st.sampled_from(TOPICS))]
    }
    return Ordered(written, frozenset(), frozenset(members))


@st.composite
def recalls(draw: st.DrawFn, made: dict[str, Any]) -> Ordered:
    """A correction order about the event, by its own unit or another."""
    payload = {
        "order_no": f"r-{draw(st.integers(1, 3))}",
        "action": draw(st.sampled_from(["recall", "restrict", "correct", "erase", "hold", "release_hold"])),
        "target_ids": [made["event_id"]],
        "effective_at": CASE_TIME + timedelta(hours=draw(st.sampled_from([-1, 0, 1]))),
    }
    by = draw(st.sampled_from([_origin(made)] * 3 + [draw(DESKS)]))
    return Ordered(_order("correction_order", by, payload), frozenset(), frozenset())


@st.composite
def operations(draw: st.DrawFn, made: dict[str, Any]) -> Ordered:
    """A joint operation in an area of the event or another place, ordered by a unit that may or by another."""
    partners = draw(st.lists(st.sampled_from(AUTHORITIES), min_size=1, max_size=2, unique=True))
    payload = {
        "operation_no": f"o-{draw(st.integers(1, 2))}",
        "parties": draw(st.lists(st.sampled_from(made["areas"]) | UNITS, min_size=1, max_size=2, unique=True)),
        "partners": [{"partner": partner} for partner in partners],
        "window": {"start": CASE_TIME - timedelta(hours=1), "end": CASE_TIME + timedelta(hours=1)},
    }
    by = draw(st.sampled_from(["se/coordination", *(f"{unit}/coordination" for unit in made["areas"])]) | DESKS)
    written = _order("joint_operation", by, payload) | {"topics": [draw(st.sampled_from(TOPICS))]}
    return Ordered(written, frozenset(partners), frozenset())


def _order(event_type: str, by: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"event_type": event_type, "from": by, "payload": payload}


def _denied(made: dict[str, Any]) -> st.SearchStrategy[str]:
    """The desks that the event is withheld from; its own when there are none."""
    return st.sampled_from([withheld.desk for withheld in ruling(made).withheld] or [_origin(made)])


def _origin(made: dict[str, Any]) -> str:
    return f"{made['origin_unit']['unit']}/{made['origin_unit']['function']}"


@st.composite
def told_events(draw: st.DrawFn, event_type: str | None = None) -> dict[str, Any]:
    """Events with the topics that circles are about, many behind a block that can be lifted."""
    topics = draw(st.lists(st.sampled_from(TOPICS), min_size=1, max_size=2, unique=True))
    made: dict[str, Any] = draw(events(event_type)) | {"topics": topics}
    made["areas"] = made["areas"] or [JARVA]
    made |= draw(st.sampled_from(LIFTABLE))
    return made


def under(made: dict[str, Any], *orders: Ordered) -> Ruling:
    """What the pack says of an event when these orders have been told, in this order."""
    return ruling(made, orders=told(*(each.written for each in orders), this=made["event_id"]))


def by_desk(said: Ruling, desk: str) -> list[object]:
    """All that one desk has of a ruling."""
    return [(*r[:2], r.view.names, r.view.fields, *r[3:]) for r in said.receivers if r.desk == desk]


@EXAMPLES
@given(st.data())
def test_a_release_opens_the_event_to_whom_it_names_and_changes_nothing_for_others(data: st.DataObject) -> None:
    """Nobody but the receiver named can tell that there is one."""
    made = data.draw(told_events())
    release = data.draw(releases(made))
    before, after = ruling(made), under(made, release)
    assert all(release.names(desk) for desk in desks(after) - desks(before))
    assert desks(before) <= desks(after)
    for desk in desks(after) - {_origin(made)}:
        assert release.names(desk) or by_desk(before, desk) == by_desk(after, desk)


@EXAMPLES
@given(st.data())
def test_no_release_lifts_what_nobody_may_lift(data: st.DataObject) -> None:
    """Whoever B01, B03, B04, B07, B08 or B10 denies is denied all the same."""
    made = data.draw(told_events())
    release = data.draw(releases(made))
    after = desks(under(made, release))
    for withheld in ruling(made).withheld:
        if NEVER_LIFTED & set(withheld.block_rules) and withheld.desk not in desks(ruling(made)):
            assert withheld.desk not in after


@EXAMPLES
@given(st.data())
def test_a_circle_opens_the_event_to_its_members_and_to_nobody_else(data: st.DataObject) -> None:
    """Nobody outside can tell that there is one."""
    made = data.draw(told_events())
    circle = data.draw(circles(made))
    before, after = ruling(made), under(made, circle)
    assert all(circle.names(desk) for desk in desks(after) - desks(before))
    for desk in (desks(before) | desks(after)) - {_origin(made)}:
        assert circle.names(desk) or by_desk(before, desk) == by_desk(after, desk)


@EXAMPLES
@given(st.data())
def test_an_operation_opens_the_event_to_its_partners_by_order_of_who_has_charge_of_the_place(
    data: st.DataObject,
) -> None:
    """Nobody else can tell that there is one, and nobody opens what happens in another's area."""
    made = data.draw(told_events(data.draw(st.sampled_from(JOINT_TYPES))))
    made |= {"operation_ref": data.draw(st.sampled_from([None, "o-1"]))}
    operation = data.draw(operations(made))
    before, after = ruling(made), under(made, operation)
    opened = desks(after) - desks(before)
    assert all(operation.names(desk) for desk in opened)
    for desk in (desks(before) | desks(after)) - {_origin(made)}:
        assert operation.names(desk) or by_desk(before, desk) == by_desk(after, desk)
    if opened:
        unit = operation.written["from"].partition("/")[0]
        assert all(may_correct(unit, area) for area in made["areas"])


@EXAMPLES
@given(st.data())
def test_a_correction_adds_no_receiver(data: st.DataObject) -> None:
    """It takes the event from everybody, or leaves all as it was; a hold stops the clock of an event that expired."""
    made = data.draw(told_events())
    correction = data.draw(recalls(made))
    if correction.written["payload"]["action"] == "hold":
        made |= {"enrichment": (made.get("enrichment") or {}) | {"retention": None}}
    assert desks(under(made, correction)) <= desks(ruling(made))


@EXAMPLES
@given(st.data(), st.randoms(use_true_random=False))
def test_the_order_in_which_orders_are_told_changes_nothing(data: st.DataObject, shuffle: random.Random) -> None:
    """Each lane may meet them in another order inside a window; of two with one number the later written counts."""
    made = data.draw(told_events())
    kinds = st.one_of(releases(made), circles(made), recalls(made), operations(made))
    orders = data.draw(st.lists(kinds, min_size=2, max_size=4))
    written = [_at(each, number) for number, each in enumerate(orders)]
    again = list(written)
    shuffle.shuffle(again)
    one, other = under(made, *written), under(made, *again)
    assert [by_desk(one, desk) for desk in sorted(desks(one))] == [by_desk(other, d) for d in sorted(desks(other))]
    assert one.withheld == other.withheld


def _at(order: Ordered, number: int) -> Ordered:
    """The same order with an id and a time of writing of its own."""
    stamp = {"event_id": f"order-{number}", "reported_at": CASE_TIME - timedelta(minutes=60 - number)}
    return order._replace(written=order.written | stamp)
