"""Who a receiver is, and what it may hold: a desk or partner with its clearance and purposes (behörighet)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.records import desk_address
from schemas.vocabulary import Function
from streams.core.share.forms import Access, AccessEntry

#: The class of every desk of the police; partners have the class of their list.
POLICE: Final = "police"
#: A partner receives at one desk; its own organisation is not ours to know.
PARTNER_FUNCTION: Final = Function.COORDINATION

MINOR_AGE_BANDS: Final = frozenset({"<12", "12-14", "15-17"})


class Clearance(NamedTuple):
    """What may be held, or must be held to see: a sensitivity, and marks for kinds of people (clarification 17)."""

    sensitivity: int
    marks: frozenset[str]

    def __lt__(self, needed: tuple[Any, ...]) -> bool:
        """Whether this does not suffice for what is needed. It is no order of tuples: marks are a set."""
        return bool(self.sensitivity < needed[0] or not self.marks >= needed[1])

    def __ge__(self, needed: tuple[Any, ...]) -> bool:
        """Whether this suffices for what is needed."""
        return not self < needed


class Receiver(NamedTuple):
    """One desk that may receive."""

    desk: str
    unit: str
    function: str
    level: str
    receiver_class: str
    clearance: Clearance
    purposes: frozenset[str]
    #: The event types that it has stated a need of (a partner), or that its task is to have.
    needs: frozenset[str] = frozenset()


def required_clearance(event: Mapping[str, Any]) -> Clearance:
    """What a receiver needs to see an event's people in clear."""
    marks = set()
    for person in event.get("persons") or ():
        if person.get("age_band") in MINOR_AGE_BANDS:
            marks.add("minors")
        if person.get("protected"):
            marks.add("protected")
    if (event.get("payload") or {}).get("age_band") in MINOR_AGE_BANDS:
        marks.add("minors")
    if event.get("legal_origin") == "human_source":
        marks.add("source")
    return Clearance(int(event.get("sensitivity") or 0), frozenset(marks))


def receivers_of(access: Access, gazetteer: Gazetteer) -> dict[str, Receiver]:
    """Every desk of the gazetteer and every partner, by desk address."""
    found: dict[str, Receiver] = {}
    for unit in gazetteer.units.values():
        for function in unit.functions:
            desk = desk_address(unit.code, function)
            at_level = access.levels.get(f"{unit.level}/{function}") or access.functions[function]
            entry = access.desks.get(desk) or at_level
            found[desk] = _receiver(unit.code, str(function), str(unit.level), POLICE, entry)
    for partner in PARTNERS.values():
        desk = desk_address(partner.code, PARTNER_FUNCTION)
        entry = access.desks.get(desk) or access.partners[partner.partner_class]
        found[desk] = _receiver(partner.code, str(PARTNER_FUNCTION), "partner", str(partner.partner_class), entry)
    return found


def _receiver(unit: str, function: str, level: str, receiver_class: str, entry: AccessEntry) -> Receiver:
    clearance, purposes = Clearance(entry.sensitivity, frozenset(entry.marks)), frozenset(entry.purposes)
    desk, needs = desk_address(unit, function), frozenset(entry.need_stated)
    return Receiver(desk, unit, function, level, receiver_class, clearance, purposes, needs)
