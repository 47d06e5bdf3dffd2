"""Who may release what to whom: a release counts only when whoever may has signed it (clarifications 16, 19).

B02 is lifted by the originators, all of them; B05's circle part by the circle's owner; B06 by the leader of the
investigation or the prosecutor.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS, PartnerClass
from schemas.vocabulary import Function
from streams.core.share.access import Receiver
from streams.core.share.order_forms import Release, may_correct
from streams.core.share.restraint import originator_of

if TYPE_CHECKING:
    from streams.core.share.facts import Facts

#: The national contact point signs for whoever is abroad, and records the foreign consent.
_CONTACT_POINT: Final = "se.noa-spoc"
#: Roles in which a release from an open investigation may be decided.
_LEADER, _PROSECUTOR = "investigation_leader", "prosecutor"


def is_lifted(block: str, liftable_by: str, receiver: Receiver, facts: "Facts") -> bool:
    """Whether a block rule is lifted for this receiver: everybody who must has signed a release that names it."""
    named = [r for r in facts.releases if block in r.lifts and r.names(receiver.unit, receiver.function)]
    return bool(named) and _LIFTED_BY[liftable_by](named, facts)


def released_to(receiver: Receiver, facts: "Facts") -> tuple[Release, ...]:
    """The releases of this event to this receiver that count, whatever they lift."""
    return tuple(r for r in counted(facts) if r.names(receiver.unit, receiver.function))


def released_fields(receiver: Receiver, facts: "Facts") -> frozenset[frozenset[str]]:
    """What a receiver sees under its releases: what each unit that signed has released, for all of them to hold."""
    by_unit: dict[str, frozenset[str]] = {}
    for release in released_to(receiver, facts):
        by_unit[release.unit] = by_unit.get(release.unit, frozenset()) | release.fields
    return frozenset(by_unit.values())


def counted(facts: "Facts") -> tuple[Release, ...]:
    """The releases of this event signed by someone who has charge of it in any of the ways there are."""
    return tuple(each for each in facts.releases if _may_release(each, facts))


def _may_release(release: Release, facts: "Facts") -> bool:
    unit = release.unit
    return (
        any(may_correct(unit, origin) for origin in facts.origin_units)
        or unit in signers(facts)
        or _leads_case(release, facts)
        or any(unit == circle.unit for circle in facts.circles)
    )


def signers(facts: "Facts") -> frozenset[str]:
    """The units that sign: the originators themselves, the contact point for those abroad.

    Nobody can sign when only the publisher says that it is built on such input, and not whose.
    """
    named = facts.orders.originators(facts.event)
    if not named and facts.event.get("originator"):
        named = frozenset({originator_of(facts.event)})
    return frozenset(contact_or_self(name, facts.gazetteer) for name in named)


def contact_or_self(originator: str, gazetteer: Gazetteer) -> str:
    """Who answers for an originator: itself when it is on the bus, the national contact point for those abroad."""
    return originator if gazetteer.known(originator) or originator in PARTNERS else _CONTACT_POINT


def _by_originators(releases: Iterable[Release], facts: "Facts") -> bool:
    """Every originator has signed: the event's own, and those of what it is built on."""
    needed = signers(facts)
    return bool(needed) and needed <= {release.unit for release in releases}


def _by_circle_owner(releases: Iterable[Release], facts: "Facts") -> bool:
    """The circle's owner or the publisher has signed; nobody lifts the register part (clarification 19)."""
    owners = {*facts.origin_units, *(circle.unit for circle in facts.circles)}
    return not facts.from_register and any(release.unit in owners for release in releases)


def _by_case_leader(releases: Iterable[Release], facts: "Facts") -> bool:
    """The leader of the investigation, or the prosecutor, has decided it as such (domain rules 1.8)."""
    roles = {_LEADER: _investigates, _PROSECUTOR: _prosecutes}
    return any(release.decided_as in roles and roles[release.decided_as](release, facts) for release in releases)


def _leads_case(release: Release, facts: "Facts") -> bool:
    return _investigates(release, facts) or _prosecutes(release, facts)


def _investigates(release: Release, facts: "Facts") -> bool:
    """Whether an investigation desk of the case team has signed: the leader of an investigation sits at one."""
    return release.function == Function.INVESTIGATION and release.unit in facts.case_team


def _prosecutes(release: Release, facts: "Facts") -> bool:
    """Whether the prosecutor has signed, of whose case it is (clarification 20)."""
    partner = PARTNERS.get(release.unit)
    prosecutor = partner is not None and partner.partner_class == PartnerClass.PROSECUTOR
    return prosecutor and facts.event.get("case_ref") is not None


_LIFTED_BY: Final[Mapping[str, Callable[[Iterable[Release], "Facts"], bool]]] = {
    "originator": _by_originators,
    "circle_owner": _by_circle_owner,
    "investigation_leader_or_prosecutor": _by_case_leader,
}
