"""What the engine knows of an event beyond its fields: facts that rules may ask about."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS, PartnerClass
from schemas.records import desk_address
from schemas.substances import SubstanceRegister
from schemas.vocabulary import Function, Level, Purpose
from streams.core.share.access import POLICE, Clearance, Receiver, required_clearance
from streams.core.share.fields import Kind
from streams.core.share.order_forms import Circle, Release
from streams.core.share.orders import NO_ORDERS, Orders

_ROUTINE: Final = 4
#: From this sensitivity on an event may hold personal data even without a list of persons (clarification 13).
_PERSONAL_DATA: Final = 2


class Facts:
    """One event as rules see it.

    Units: ``now`` is the record's time, aware UTC, never a clock.
    Errors: none; an area or unit that the gazetteer does not know makes ``validation`` fail (B08).
    """

    __slots__ = (
        "_areas",
        "_circles",
        "_home",
        "_releases",
        "event",
        "gazetteer",
        "now",
        "orders",
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
        self._areas: tuple[str, ...] | None = None
        self._home: tuple[str, ...] | None = None
        self._circles: tuple[Circle, ...] | None = None
        self._releases: tuple[Release, ...] | None = None

    @property
    def enrichment(self) -> Mapping[str, Any]:
        """What the assess stage added."""
        return self.event.get("enrichment") or {}

    @property
    def origin_unit(self) -> str:
        """The unit that published; empty when the event does not say."""
        return str((self.event.get("origin_unit") or {}).get("unit") or "")

    @property
    def origin_desk(self) -> str | None:
        """The desk that published."""
        origin = self.event.get("origin_unit") or {}
        return desk_address(origin["unit"], origin["function"]) if origin.get("unit") else None

    @property
    def areas(self) -> tuple[str, ...]:
        """The known areas of the event, the publisher's and those found from coordinates; ended ones by successor."""
        if self._areas is None:
            listed = dict.fromkeys((*(self.event.get("areas") or ()), *(self.enrichment.get("areas_found") or ())))
            known = [code for code in listed if self.gazetteer.known(code)]
            current = [after for code in known for after in (self.gazetteer.successors(code) or (code,))]
            self._areas = tuple(sorted(set(current)))
        return self._areas

    @property
    def names_areas(self) -> bool:
        """Whether the event names any area at all, known or not: an unknown area is not the same as none."""
        return bool(self.event.get("areas") or self.enrichment.get("areas_found"))

    @property
    def home_units(self) -> tuple[str, ...]:
        """Units that what is not yet common or not yet graded stays with: its own, and its grading unit (13, 14)."""
        if self._home is None:
            grading = self._grading_unit()
            own = self.origin_unit
            self._home = (own,) if grading is None or grading == own else (own, grading)
        return self._home

    # What orders say of it

    @property
    def circles(self) -> tuple[Circle, ...]:
        """The circles in force whose area the event lies in and whose topics it has."""
        if self._circles is None:
            topics = frozenset(self.event.get("topics") or ())
            found = self.orders.circles_of(self._lies_in, topics, self.now) if topics and self.orders.circles else ()
            self._circles = tuple(sorted(found, key=lambda circle: circle.key))
        return self._circles

    def _lies_in(self, area: str) -> bool:
        return any(code == area or area in self.gazetteer.ancestors(code) for code in self.areas)

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases in force that name this event, whoever signed them."""
        if self._releases is None:
            self._releases = self.orders.releases_of(self.event["event_id"], self.now) if self.orders.releases else ()
        return self._releases

    @property
    def case_team(self) -> frozenset[str]:
        """The units that may see what is bound to the case: the publisher's own, and those that work on it."""
        return self.orders.team(self.event.get("case_ref")) | {self.origin_unit}

    @property
    def from_register(self) -> bool:
        """Whether any of it comes from a register behind a wall of its own."""
        return bool(self.payload.get("register_source")) or self.event.get("legal_origin") == "register"

    def _grading_unit(self) -> str | None:
        """The nearest unit upwards with an intelligence desk, itself included (clarification 14)."""
        for code in (self.origin_unit, *self.gazetteer.ancestors(self.origin_unit)):
            unit = self.gazetteer.unit(code)
            if unit is not None and Function.INTELLIGENCE in unit.functions:
                return code
        return None

    def input_priority(self) -> int:
        """The priority known before the rules (clarification 27)."""
        return int(self.enrichment.get("input_priority") or self.event.get("priority") or _ROUTINE)

    def input_priority_reason(self) -> str:
        """Why the event came with that priority."""
        return str(self.enrichment.get("priority_reason") or "routine")

    def area_count(self) -> int:
        """Distinct areas, leaving out any that is an ancestor of another in the list (clarification 3)."""
        areas = self.areas
        if len(areas) < 2:  # noqa: PLR2004 - fewer than two cannot hold each other
            return len(areas)
        above = {ancestor for code in areas for ancestor in self.gazetteer.ancestors(code)}
        return sum(code not in above for code in areas)

    def region_count(self) -> int:
        """Distinct regions that the areas lie in."""
        return len({region for code in self.areas if (region := self.gazetteer.region_of(code)) is not None})

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

    def holds_personal_data(self) -> bool:
        """Whether the event has persons, or a sensitivity at which it may (clarification 13)."""
        return bool(self.event.get("persons")) or int(self.event.get("sensitivity") or 0) >= _PERSONAL_DATA

    def validation(self) -> str:
        """``failed`` when an area or the origin is unknown; intake quarantines such events before they come here."""
        known = all(self.gazetteer.known(code) for code in self.event.get("areas") or ())
        origin = self.origin_unit
        return "passed" if known and (self.gazetteer.known(origin) or origin in PARTNERS) else "failed"

    def required_clearance(self) -> Clearance:
        """What a receiver needs to see the people of the event in clear (clarification 17)."""
        return required_clearance(self.event)


class Fact(NamedTuple):
    """One fact by the name that rules use: its kind, how it is found, its values if closed, whether it is a list."""

    kind: Kind
    read: Callable[[Facts], Any]
    values: frozenset[str] | None = None
    many: bool = False


class ReceiverFact(NamedTuple):
    """One fact of a possible receiver."""

    kind: Kind
    read: Callable[[Receiver], Any]
    values: frozenset[str] | None = None
    many: bool = False


#: Facts of the event. They go before fields of the same name: ``priority`` is the input priority (clarification 27).
EVENT_FACTS: Final[Mapping[str, Fact]] = {
    "now": Fact(Kind.MOMENT, lambda f: f.now),
    "priority": Fact(Kind.NUMBER, Facts.input_priority),
    "areas.count": Fact(Kind.NUMBER, Facts.area_count),
    "regions.count": Fact(Kind.NUMBER, Facts.region_count),
    "substance.alert_tier": Fact(Kind.NUMBER, Facts.alert_tier),
    "home_units": Fact(Kind.TEXT, lambda f: f.home_units, many=True),
    "holds_personal_data": Fact(Kind.TRUTH, Facts.holds_personal_data),
    "validation": Fact(Kind.TEXT, Facts.validation, frozenset({"failed", "passed"})),
    "required_clearance": Fact(Kind.CLEARANCE, Facts.required_clearance),
}

_FUNCTIONS: Final = frozenset(map(str, Function))
_LEVELS: Final = frozenset({*map(str, Level), "partner"})
_CLASSES: Final = frozenset({POLICE, *map(str, PartnerClass)})

#: Facts of the receiver, one at a time.
RECEIVER_FACTS: Final[Mapping[str, ReceiverFact]] = {
    "receiver.desk": ReceiverFact(Kind.TEXT, lambda r: r.desk),
    "receiver.unit": ReceiverFact(Kind.TEXT, lambda r: r.unit),
    "receiver.function": ReceiverFact(Kind.TEXT, lambda r: r.function, _FUNCTIONS),
    "receiver.level": ReceiverFact(Kind.TEXT, lambda r: r.level, _LEVELS),
    "receiver.class": ReceiverFact(Kind.TEXT, lambda r: r.receiver_class, _CLASSES),
    "receiver.purposes": ReceiverFact(Kind.TEXT, lambda r: r.purposes, frozenset(map(str, Purpose)), many=True),
    "receiver.clearance": ReceiverFact(Kind.CLEARANCE, lambda r: r.clearance),
}

#: Facts in which receivers of one kind may differ.
UNIT_FACTS: Final = frozenset({"receiver.desk", "receiver.unit", "receiver.level"})
