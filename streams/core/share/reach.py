"""Whom a share clause means: from places, levels and functions to desks. Pure look-ups in the gazetteer, cached."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Final, TypeAlias

from schemas.gazetteer import Gazetteer
from schemas.records import desk_address
from schemas.vocabulary import Level
from streams.core.share.access import PARTNER_FUNCTION, Receiver
from streams.core.share.conditions import Residue
from streams.core.share.event_places import PLACES_OF_EVENT
from streams.core.share.facts import Facts
from streams.core.share.forms import Share

Codes: TypeAlias = tuple[str, ...]

#: Places that a field of the payload names (clarification 6).
FIELD_PLACES: Final[Mapping[str, str]] = {
    "actor_home_area": "actor_home_area",
    "competent_area": "competent_area",
    "asked_units": "asked_of",
    "parties": "parties",
    "executing_units": "executing_units",
}
#: Places that are desks themselves: a clause may name functions, which then choose among them.
DESK_PLACES: Final = frozenset(
    {
        "origin_desk",
        "focus_group.members",
        "reporters",
        "reply_to",
        "case_team",
        "release.receiver",
        "originators",
        "both_ends",
    }
)
#: Places of a decision's own receivers: what rules may share control events to (clarification 26).
DECISION_PLACES: Final = frozenset({"origin_desk", "release.receiver", "originators"})
PLACES: Final = frozenset(
    {
        "origin",
        "event_areas",
        "ancestors",
        "neighbours",
        "all_areas",
        "affected_or_all_areas",
        "chain_areas",
        "ships_from_area",
        *FIELD_PLACES,
        *DESK_PLACES,
    }
)
#: Levels as rules name them; ``national`` is ``se`` and all national units (clarification 11).
LEVELS: Final = (Level.NATIONAL, Level.REGION, Level.POLICE_AREA, Level.LOCAL_POLICE_AREA)
_MAX_CACHED: Final = 20_000
_AREAS: Final[Callable[[Facts], Codes]] = attrgetter("areas")


@dataclass(frozen=True, slots=True)
class Clause:
    """One share clause, ready to be resolved. ``number`` tells it from every other clause of the pack."""

    number: int
    to: str
    units: Codes
    levels: Codes
    functions: Codes
    partners: Codes
    down: bool
    topic: str
    #: The places of the event that it starts from: all that its meaning depends on.
    places: Callable[[Facts], Codes]

    def starts(self, facts: Facts) -> Iterable[Codes]:
        """The sets of places that it starts from: one, but one for each circle that the event concerns."""
        if self.to != "focus_group.members":
            return (self.places(facts),)
        return ((circle.number, *sorted(circle.members)) for circle in facts.circles)

    def feed(self, receiver: Receiver, places: Codes = ()) -> str:
        """The logical feed address of a receiver: its unit's code in place of ``{area}``, a circle's number."""
        feed = self.topic.replace("{area}", receiver.unit).replace("{partner}", receiver.unit.removeprefix("partner."))
        return feed.replace("{focus_group}", places[0]) if self.to == "focus_group.members" else feed


def clause_of(form: Share, number: int) -> Clause:
    """A clause from its form; ``to`` becomes ``units`` for unit codes and ``partners`` for partners."""
    to = "partners" if form.partners else "units" if isinstance(form.to, list) else str(form.to)
    return Clause(
        number=number,
        to=to,
        units=tuple(form.to) if isinstance(form.to, list) else (),
        levels=tuple(form.level or ()),
        functions=(form.desk,) if form.desk else tuple(form.functions or ()),
        partners=tuple(form.partners or ()),
        down=form.down,
        topic=form.topic,
        places=_places(to),
    )


def _places(to: str) -> Callable[[Facts], Codes]:
    if to in ("units", "partners", "all_areas"):  # the same desks whatever the event says
        return lambda _: ()
    if to in FIELD_PLACES:
        return partial(_named, FIELD_PLACES[to])
    if to == "ancestors":
        return lambda facts: facts.areas if facts.names_areas else facts.origin_units
    if to == "affected_or_all_areas":
        return lambda facts: facts.areas if facts.names_areas else ("se",)
    return PLACES_OF_EVENT.get(to, _AREAS)


def _named(field: str, facts: Facts) -> Codes:
    named = facts.payload.get(field) or ()
    return (named,) if isinstance(named, str) else tuple(named)


class Reach:
    """Resolves clauses against one gazetteer. What a clause means for the same places is worked out once."""

    def __init__(self, gazetteer: Gazetteer, receivers: Mapping[str, Receiver]) -> None:
        self._gazetteer = gazetteer
        self.receivers = receivers
        self._cache: dict[tuple[int, Codes], tuple[Receiver, ...]] = {}
        self._kept: dict[Hashable, tuple[Receiver, ...]] = {}
        self._units: Mapping[str, Callable[[Clause, Codes], Iterable[str]]] = {
            "origin": self._areas,
            "event_areas": self._areas,
            "chain_areas": self._areas,
            "ships_from_area": self._areas,
            "ancestors": self._ancestors,
            "neighbours": self._neighbours,
            "all_areas": self._everywhere,
            "affected_or_all_areas": self._affected,
        }

    def kept(self, clause: Clause, places: Codes, left: tuple[Residue, ...]) -> tuple[Receiver, ...]:
        """Those of the receivers that a clause means for which what is left of its conditions holds."""
        keys = tuple(residue.key() for residue in left)
        key = (clause.number, places, keys)
        found = None if None in keys else self._kept.get(key)
        if found is None:
            meant = self.resolve(clause, places)
            found = tuple(receiver for receiver in meant if all(residue.holds(receiver) for residue in left))
            if None not in keys:
                if len(self._kept) >= _MAX_CACHED:
                    self._kept.clear()
                self._kept[key] = found
        return found

    def resolve(self, clause: Clause, places: Codes) -> tuple[Receiver, ...]:
        """The receivers that a clause means, in the order of their addresses."""
        key = (clause.number, places)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            desks = {heir for desk in self._desks(clause, places) for heir in self._heirs(desk)}
            found = self._cache[key] = tuple(self.receivers[desk] for desk in sorted(desks) if desk in self.receivers)
        return found

    def _heirs(self, desk: str) -> Iterable[str]:
        """The desk itself, or the same desk of the units that took over from its own: nothing goes to ended units."""
        unit, _, function = desk.partition("/")
        heirs = self._gazetteer.successors(unit)
        return (desk_address(heir, function) for heir in heirs) if heirs else (desk,)

    def _desks(self, clause: Clause, places: Codes) -> Iterator[str]:
        if clause.to in DESK_PLACES:
            wanted = frozenset(clause.functions)
            yield from (desk for desk in places if not wanted or desk.partition("/")[2] in wanted)
        elif clause.to == "partners":
            yield from (desk_address(f"partner.{name}", PARTNER_FUNCTION) for name in clause.partners)
        elif clause.to == "units":
            yield from self._named(clause, clause.units)
        elif clause.to in FIELD_PLACES:
            yield from self._named(clause, [unit for place in places for unit in self._up(place, clause)])
        else:
            for unit in self._units[clause.to](clause, places):
                yield from (desk_address(unit, function) for function in clause.functions)

    def _named(self, clause: Clause, units: Iterable[str]) -> Iterator[str]:
        """Desks of units named by code: those with a function of the rule, else the unit's first (clarification 10)."""
        for unit in units:
            wanted = [desk_address(unit, function) for function in clause.functions]
            matching = [desk for desk in wanted if desk in self.receivers]
            if unit.startswith("partner."):
                matching = [desk_address(unit, PARTNER_FUNCTION)]
            yield from matching or self._gazetteer.desks(unit)[:1]

    # Units

    def _areas(self, clause: Clause, places: Codes) -> Iterator[str]:
        for place in places:
            yield from self._up(place, clause)
            if clause.down:
                yield from self._down(place, clause)

    def _up(self, place: str, clause: Clause) -> Iterator[str]:
        """The unit of each level on the place's path, itself or upwards; without levels the place itself."""
        if not clause.levels:
            yield place
        for level in clause.levels:
            if level == Level.NATIONAL:
                yield from self._at(level)
            elif (unit := self._gazetteer.at_level(place, level)) is not None:
                yield unit

    def _down(self, place: str, clause: Clause) -> Iterator[str]:
        for level in clause.levels:
            if level != Level.NATIONAL:
                yield from self._gazetteer.below(place, level)

    def _ancestors(self, clause: Clause, places: Codes) -> Iterator[str]:
        for place in places:
            for unit in self._gazetteer.ancestors(place):
                level = self._gazetteer.units[unit].level
                if not clause.levels:
                    yield unit
                elif level in clause.levels:
                    yield from self._at(level) if level is Level.NATIONAL else (unit,)

    def _neighbours(self, clause: Clause, places: Codes) -> Iterator[str]:
        own = set(places)
        for place in places:
            for level in clause.levels or (self._gazetteer.units[place].level,):
                unit = self._gazetteer.at_level(place, level)
                yield from (near for near in self._gazetteer.neighbours(unit or "") if near not in own)

    def _everywhere(self, clause: Clause, places: Codes) -> Iterator[str]:  # noqa: ARG002 - one signature for all
        for level in clause.levels:
            yield from self._at(level)

    def _affected(self, clause: Clause, places: Codes) -> Iterator[str]:
        """The event's areas below national level, going down; everywhere if it has none (clarification 5)."""
        below = [place for place in places if self._gazetteer.region_of(place) is not None]
        if places and not below:
            yield from self._everywhere(clause, places)
        for place in below:
            yield from self._down(place, clause)

    def _at(self, level: str) -> Iterator[str]:
        yield from self._gazetteer.units_at(level)
        if level == Level.NATIONAL:
            yield from self._gazetteer.units_at(Level.NATIONAL_UNIT)
