"""Orders (beslut): what human decisions in force say, which the rules ask about.

That is circles, releases, corrections, joint operations, case teams, and the restraints that derived events inherit.
Orders are told event by event, in the order in which a lane meets them, and never change: ``told`` gives others.
Whether a decision is in force is looked at against the time of the record that is decided on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from streams.core.share.case_team import NO_TEAM, CaseTeam, is_step, says_more, with_step
from streams.core.share.order_forms import (
    Circle,
    Correction,
    Known,
    Operation,
    Order,
    Release,
    circle_of,
    correction_of,
    may_correct,
    operation_of,
    release_of,
)
from streams.core.share.restraint import Restraint, Restraints, inherit, inputs_of, own_originators, restraint_of
from streams.core.share.shelf import Shelf

O = TypeVar("O", bound=Order)  # noqa: E741 - one letter for a type variable

#: What an event's state is after each action of a correction order; the others say nothing of it.
_STATES: Final = {"recall": "recalled", "erase": "recalled", "restrict": "restricted", "correct": "superseded"}
#: The state that stops most, first.
_STRICTEST_FIRST: Final = ("recalled", "restricted", "superseded")


@dataclass(frozen=True, slots=True)
class Orders:
    """The decisions that a lane has been told of.

    Shape: decisions by their natural key (unit and number), so that a revision takes its place; what they say of
    events by the events' ids.
    """

    circles: Mapping[str, Circle] = field(default_factory=dict)
    circles_by_area: Mapping[str, tuple[Circle, ...]] = field(default_factory=dict)
    operations: Mapping[str, Operation] = field(default_factory=dict)
    releases: Mapping[str, tuple[Release, ...]] = field(default_factory=dict)
    corrections: Mapping[str, tuple[Correction, ...]] = field(default_factory=dict)
    teams: Shelf[CaseTeam] = field(default_factory=Shelf)
    restraints: Restraints = field(default_factory=Shelf[Restraint])
    known: Shelf[Known] = field(default_factory=Shelf)

    # Being told

    def relevant(self, event: Mapping[str, Any]) -> bool:
        """Whether other lanes must be told of this event: a decision, or what binds others that are built on it."""
        return self.decides(event) or (
            self.restraints.get(event["event_id"]) is None and restraint_of(self.inherited(event)) is not None
        )

    def decides(self, event: Mapping[str, Any]) -> bool:
        """Whether lanes must be told the event itself: it is a decision, or tells who works on a case."""
        return event["event_type"] in _TOLD or (is_step(event) and says_more(self._case(event), event))

    def told(self, event: Mapping[str, Any], at: datetime) -> "Orders":
        """The orders after one more event; the same ones when it says nothing of the kind.

        Shape: an event as the codec decodes it. Units: ``at`` is the record's time; what ended before it is let go.
        Errors: none for what an event says.
        """
        teller = _TOLD.get(event["event_type"])
        made = self if teller is None else teller(self, event, at)
        if is_step(event):
            made = replace(made, teams=made.teams.put(event["case_ref"], with_step(self._case(event), event)))
        bound = made.restraint(event)
        if bound is not None and made.restraints.get(event["event_id"]) != bound:
            made = replace(made, restraints=made.restraints.put(event["event_id"], bound))
        return made

    def knowing(self, event_id: str, known: Known) -> "Orders":
        """The orders with what is remembered of one shared event: where it came from, and whom it reached."""
        return replace(self, known=self.known.put(event_id, known))

    def unreleased(self) -> "Orders":
        """The orders without any release: what they would say if nobody had signed one."""
        return replace(self, releases={})

    # What they say of an event

    def inherited(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The event under the restraints of what it is built on; itself when there are none."""
        bounds = self._bounds(event)
        return inherit(event, bounds) if bounds else event

    def restraint(self, event: Mapping[str, Any]) -> Restraint | None:
        """What the event, with all that it is built on, asks of what is built on it; None for nothing."""
        bound = restraint_of(self.inherited(event))
        return None if bound is None else bound._replace(originators=self.originators(event))

    def originators(self, event: Mapping[str, Any]) -> frozenset[str]:
        """Everybody who must answer before an event under the third-party rule goes out (clarification 16)."""
        inputs = (bound.originators for bound in self._bounds(event) if bound.third_party)
        return own_originators(event).union(*inputs)

    def state(self, event: Mapping[str, Any], now: datetime) -> str | None:
        """``recalled``, ``restricted`` or ``superseded``, if somebody who may has said so; the strictest counts."""
        if event["event_id"] not in self.corrections:
            return None
        said = {_STATES.get(each.action) for each in self._corrections(event, now)}
        return next((state for state in _STRICTEST_FIRST if state in said), None)

    def held(self, event: Mapping[str, Any], now: datetime) -> bool:
        """Whether its deletion is stopped by a hold: its own, or the last order to hold or release it."""
        if event["event_id"] not in self.corrections:
            return bool(event.get("hold"))
        holds = [each for each in self._corrections(event, now) if each.action in ("hold", "release_hold")]
        last = max(holds, key=lambda each: (each.effective, each.version), default=None)
        return bool(event.get("hold")) if last is None else last.action == "hold"

    def circles_of(self, areas: Iterable[str], topics: frozenset[str], now: datetime) -> Iterator[Circle]:
        """The circles in force over one of these areas for one of these topics.

        An order holds for the area of its unit and those below it, and for no other.
        """
        for area in areas:
            for circle in self.circles_by_area.get(area) or ():
                meant = circle.open(now) and not circle.topics.isdisjoint(topics)
                if meant and may_correct(circle.unit, area) and not self._void(circle, now):
                    yield circle

    def operations_at(self, now: datetime) -> Iterator[Operation]:
        """The joint operations that go on."""
        return (each for each in self.operations.values() if each.open(now) and not self._void(each, now))

    def releases_of(self, event_id: str, now: datetime) -> tuple[Release, ...]:
        """The releases in force that name this event, whoever signed them."""
        found = self.releases.get(event_id)
        return () if found is None else tuple(r for r in found if now <= r.expires and not self._void(r, now))

    def team(self, case_ref: str | None) -> frozenset[str]:
        """The units that work on a case: the one that published it first, and those that its team names."""
        return frozenset() if case_ref is None else (self.teams.get(case_ref) or NO_TEAM).units

    # Within

    def _case(self, step: Mapping[str, Any]) -> CaseTeam:
        return self.teams.get(step["case_ref"]) or NO_TEAM

    def _bounds(self, event: Mapping[str, Any]) -> list[Restraint]:
        return [bound for name in inputs_of(event) if (bound := self.restraints.get(name)) is not None]

    def _corrections(self, event: Mapping[str, Any], now: datetime) -> Iterator[Correction]:
        unit = _unit(event)
        for each in self.corrections.get(event["event_id"]) or ():
            if each.effective <= now and may_correct(each.unit, unit):
                yield each

    def _void(self, order: Order, now: datetime) -> bool:
        """Whether a decision was itself recalled, restricted or corrected."""
        return any(
            each.action in _STATES and each.effective <= now and may_correct(each.unit, order.unit)
            for each in self.corrections.get(order.order_id) or ()
        )


NO_ORDERS: Final = Orders()


def _unit(event: Mapping[str, Any]) -> str:
    return str((event.get("origin_unit") or {}).get("unit") or "")


def _tell_circle(orders: Orders, event: Mapping[str, Any], at: datetime) -> Orders:
    circles = _with(orders.circles, circle_of(event), lambda each: each.closes > at)
    by_area: dict[str, tuple[Circle, ...]] = {}
    for circle in circles.values():
        by_area[circle.area] = (*by_area.get(circle.area, ()), circle)
    return replace(orders, circles=circles, circles_by_area=by_area)


def _tell_operation(orders: Orders, event: Mapping[str, Any], at: datetime) -> Orders:
    return replace(orders, operations=_with(orders.operations, operation_of(event), lambda each: each.ends >= at))


def _with(known: Mapping[str, O], new: O, keep: Callable[[O], bool]) -> Mapping[str, O]:
    """The decisions with one more, unless a later revision of it is known; without those that have ended."""
    before = known.get(new.key)
    if before is not None and before.version > new.version:
        return known
    return {key: each for key, each in known.items() if keep(each)} | {new.key: new}


def _tell_release(orders: Orders, event: Mapping[str, Any], at: datetime) -> Orders:
    new = release_of(event)
    if any(r.key == new.key and r.version > new.version for some in orders.releases.values() for r in some):
        return orders
    kept: dict[str, tuple[Release, ...]] = {}
    for target, releases in orders.releases.items():
        left = tuple(each for each in releases if each.expires >= at and each.key != new.key)
        if left:
            kept[target] = left
    for target in event["payload"]["target_ids"]:
        kept[target] = (*kept.get(target, ()), new)
    return replace(orders, releases=kept)


def _tell_correction(orders: Orders, event: Mapping[str, Any], at: datetime) -> Orders:  # noqa: ARG001 - one signature
    new = correction_of(event)
    kept = dict(orders.corrections)
    for target in event["payload"]["target_ids"]:
        before = tuple(each for each in kept.get(target, ()) if each.order_id != new.order_id)
        kept[target] = (*before, new)
    return replace(orders, corrections=kept)


_TOLD: Final[Mapping[str, Callable[[Orders, Mapping[str, Any], datetime], Orders]]] = {
    "focus_group_order": _tell_circle,
    "joint_operation": _tell_operation,
    "release_decision": _tell_release,
    "correction_order": _tell_correction,
}
