"""What the engine knows of an event beyond its fields, worked out when a rule asks for it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.records import BUS_UNIT, desk_address
from schemas.substances import SubstanceRegister
from schemas.vocabulary import Function
from streams.core.share.access import Clearance, required_clearance
from streams.core.share.order_forms import Circle, Known, Operation, Release, may_correct
from streams.core.share.orders import NO_ORDERS, Orders
from streams.core.share.restraint import ends_of, reported_in

_ROUTINE: Final = 4
#: From this sensitivity on an event may hold personal data even without a list of persons (clarification 13).
_PERSONAL_DATA: Final = 2
#: Who publishes without being a unit of the police: partners, and the bus itself.
_NO_UNITS: Final = frozenset({*PARTNERS, BUS_UNIT})
_SUBSTANCE_LISTS: Final = ("substance_ids", "substances", "substances_suspected", "substances_confirmed")


class Facts:
    """One event as rules see it.

    Units: ``now`` is the record's time, aware UTC, never a clock.
    Errors: none; an area or unit that the gazetteer does not know makes ``validation`` fail (B08).
    """

    __slots__ = (
        "_areas",
        "_circles",
        "_clearance",
        "_desks",
        "_heirs",
        "_home",
        "_operations",
        "_releases",
        "_substances",
        "enrichment",
        "event",
        "gazetteer",
        "now",
        "orders",
        "origin_unit",
        "origin_units",
        "payload",
        "substances",
    )

    def __init__(
        self,
        event: Mapping[str, Any],
        gazetteer: Gazetteer,
        substances: SubstanceRegister,
        now: datetime,
        orders: Orders = NO_ORDERS,
    ) -> None:
        self.event = event
        self.payload: Mapping[str, Any] = event.get("payload") or {}
        self.gazetteer = gazetteer
        self.substances = substances
        self.now = now
        self.orders = orders
        #: What the assess stage added.
        self.enrichment: Mapping[str, Any] = event.get("enrichment") or {}
        #: The unit that published; empty when the event does not say.
        self.origin_unit = str((event.get("origin_unit") or {}).get("unit") or "")
        #: The unit that published, or those that took over from it.
        self.origin_units: tuple[str, ...] = gazetteer.successors(self.origin_unit) or (self.origin_unit,)
        self._heirs: set[tuple[str, ...]] | None = None
        self._areas: tuple[str, ...] | None = None
        self._clearance: Clearance | None = None
        self._substances: tuple[str, ...] | None = None
        self._desks: tuple[str, ...] | None = None
        self._home: tuple[str, ...] | None = None
        self._circles: tuple[Circle, ...] | None = None
        self._operations: tuple[Operation, ...] | None = None
        self._releases: tuple[Release, ...] | None = None

    @property
    def origin_desks(self) -> tuple[str, ...]:
        """The desk that published, or those that took over from it."""
        if self._desks is None:
            origin = self.event.get("origin_unit") or {}
            named = origin.get("unit")
            self._desks = tuple(desk_address(unit, origin["function"]) for unit in self.origin_units) if named else ()
        return self._desks

    @property
    def areas(self) -> tuple[str, ...]:
        """The known areas of the event, the publisher's and those found from coordinates; ended ones by successor."""
        if self._areas is None:
            self._areas = tuple(sorted({heir for heirs in self._area_heirs() for heir in heirs}))
        return self._areas

    def _area_heirs(self) -> set[tuple[str, ...]]:
        """Each area that the event lists as what it is now: itself, or those that took over from it."""
        if self._heirs is None:
            gazetteer = self.gazetteer
            listed = {*(self.event.get("areas") or ()), *(self.enrichment.get("areas_found") or ())}
            self._heirs = {gazetteer.successors(code) or (code,) for code in listed if gazetteer.known(code)}
        return self._heirs

    @property
    def names_areas(self) -> bool:
        """Whether the event names any area at all, known or not: an unknown area is not the same as none."""
        return bool(self.event.get("areas") or self.enrichment.get("areas_found"))

    @property
    def home_units(self) -> tuple[str, ...]:
        """Units that what is not yet common or not yet graded stays with: its own, and its grading unit (13, 14)."""
        if self._home is None:
            grading = (_grading_unit(self.gazetteer, unit) for unit in self.origin_units)
            self._home = tuple(dict.fromkeys((*self.origin_units, *(unit for unit in grading if unit is not None))))
        return self._home

    # What orders say of it

    @property
    def circles(self) -> tuple[Circle, ...]:
        """The circles in force whose area the event lies in and whose topics it has."""
        if self._circles is None:
            topics = frozenset(self.event.get("topics") or ())
            found: Iterable[Circle] = ()
            if topics and self.orders.circles:
                around = {code for area in self.areas for code in (area, *self.gazetteer.ancestors(area))}
                found = self.orders.circles_of(around, topics, self.now)
            self._circles = tuple(sorted(found, key=lambda circle: circle.key))
        return self._circles

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases in force that name this event, whoever signed them."""
        if self._releases is None:
            self._releases = self.orders.releases_of(self.event["event_id"], self.now) if self.orders.releases else ()
        return self._releases

    @property
    def case_team(self) -> frozenset[str]:
        """The units that may see what is bound to the case: the publisher's own, and those that work on it.

        What an investigation desk outside the team says of the case is its own alone: nobody has agreed to it.
        """
        units, own = self.case_units, frozenset(self.origin_units)
        outside = (self.event.get("origin_unit") or {}).get("function") == Function.INVESTIGATION and not units & own
        return own if outside else units | own

    @property
    def case_units(self) -> frozenset[str]:
        """The units that work on the case that the event names."""
        return self.orders.team(self.event.get("case_ref"))

    @property
    def from_register(self) -> bool:
        """Whether any of it comes from a register behind a wall of its own."""
        return bool(self.payload.get("register_source")) or self.event.get("legal_origin") == "register"

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The joint operations that the event belongs to: the one it names, or those of its areas and topics.

        Shape: each with those partners alone that whoever has charge of the event's places has agreed to.
        """
        if self._operations is None:
            self._operations = self._find_operations() if self.orders.operations else ()
        return self._operations

    def _find_operations(self) -> tuple[Operation, ...]:
        named = self.event.get("operation_ref")
        topics = frozenset(self.event.get("topics") or ())
        meant = [
            each
            for each in self.orders.operations_at(self.now)
            if (each.number == named if named is not None else not topics.isdisjoint(each.topics))
        ]
        places = self.areas if self.names_areas or named is None else self.origin_units
        paths = [frozenset((place, *self.gazetteer.ancestors(place))) for place in places]
        return tuple(agreed for each in meant if (agreed := _agreed(each, meant, paths)).partners)

    @property
    def known_inputs(self) -> tuple[Known, ...]:
        """What is remembered of the events that this one is built on or about, of those that are remembered."""
        return self._known(reported_in(self.event))

    @property
    def known_ends(self) -> tuple[Known, ...]:
        """What is remembered of the two ends of a link."""
        return self._known(ends_of(self.event))

    def _known(self, ids: Iterable[str]) -> tuple[Known, ...]:
        return tuple(known for each in ids if (known := self.orders.known.get(each)) is not None)

    def input_priority(self) -> int:
        """The priority known before the rules (clarification 27)."""
        return int(self.enrichment.get("input_priority") or self.event.get("priority") or _ROUTINE)

    def input_priority_reason(self) -> str:
        """Why the event came with that priority."""
        return str(self.enrichment.get("priority_reason") or "routine")

    def area_count(self) -> int:
        """Distinct areas, leaving out any that is an ancestor of another in the list (clarification 3).

        An area that has been split since counts once: a reorganisation makes no event wider than it was.
        """
        areas = self.areas
        if len(areas) < 2:  # noqa: PLR2004 - fewer than two cannot hold each other
            return len(areas)
        above = {ancestor for code in areas for ancestor in self.gazetteer.ancestors(code)}
        return sum(not above.issuperset(heirs) for heirs in self._area_heirs())

    def region_count(self) -> int:
        """Distinct regions that the areas lie in; one that has been split since lies where its first heir does."""
        found = {self.gazetteer.region_of(heirs[0]) for heirs in self._area_heirs()}
        return len(found - {None})

    def alert_tier(self) -> int | None:
        """The register's tier or the publisher's alert level, the more urgent (clarification 43)."""
        found = [self._register_tier(), self.payload.get("alert_level")]
        return min((tier for tier in found if tier is not None), default=None)

    def _register_tier(self) -> int | None:
        if self.event.get("enrichment") is not None:
            tier = self.enrichment.get("alert_tier")
            return None if tier is None else int(tier)
        substance = self.payload.get("substance_id")
        return None if substance is None else self.substances.tier(substance)

    def substance_ids(self) -> tuple[str, ...]:
        """Every substance that the payload names, wherever it stands, once each."""
        if self._substances is None:
            self._substances = self._find_substances()
        return self._substances

    def _find_substances(self) -> tuple[str, ...]:
        payload = self.payload
        found = [payload.get("substance_id")]
        for name in _SUBSTANCE_LISTS:
            found += payload.get(name) or ()
        for name in ("items", "analyses"):
            found += [item.get("substance_id") for item in payload.get(name) or ()]
        return tuple(dict.fromkeys(substance for substance in found if substance))

    def holds_personal_data(self) -> bool:
        """Whether the event has persons, or a sensitivity at which it may (clarification 13)."""
        return bool(self.event.get("persons")) or int(self.event.get("sensitivity") or 0) >= _PERSONAL_DATA

    def validation(self) -> str:
        """``failed`` when an area or the origin is unknown; intake quarantines such events before they come here."""
        known = all(self.gazetteer.known(code) for code in self.event.get("areas") or ())
        origin = self.origin_unit
        return "passed" if known and (self.gazetteer.known(origin) or origin in _NO_UNITS) else "failed"

    @property
    def bus_link(self) -> bool:
        """Whether it is a link that the bus itself found: it holds ids and names of features alone."""
        return self.origin_unit == BUS_UNIT and self.event["event_type"] == "link_suggestion"

    def required_clearance(self) -> Clearance:
        """What a receiver needs to see the people of the event in clear (clarification 17)."""
        if self._clearance is None:
            self._clearance = required_clearance(self.event)
        return self._clearance


@lru_cache(maxsize=4096)
def _grading_unit(gazetteer: Gazetteer, origin: str) -> str | None:
    """The nearest unit upwards with an intelligence desk, itself included (clarification 14)."""
    for code in (origin, *gazetteer.ancestors(origin)):
        unit = gazetteer.unit(code)
        if unit is not None and Function.INTELLIGENCE in unit.functions:
            return code
    return None


def _agreed(operation: Operation, meant: Iterable[Operation], paths: Iterable[frozenset[str]]) -> Operation:
    """An operation with those partners alone that are agreed on for every place of the event.

    A number is anybody's to write, and so are the parties: an order counts for a party only from the party itself or a
    unit above it. Other parties agree by an order of their own with the same number and partner.
    Shape: ``paths`` are the places, each with the units above it. A partner sees what all that agreed let it see.
    """
    orders = [each for each in meant if each.number == operation.number]
    agreed = [[o for o in orders if any(may_correct(o.unit, party) for party in path & o.parties)] for path in paths]
    partners = {
        partner: frozenset[frozenset[str]]().union(*(o.partners.get(partner, ()) for by in agreed for o in by))
        for partner in operation.partners
        if agreed and all(any(partner in o.partners for o in by) for by in agreed)
    }
    return operation._replace(partners=partners)
