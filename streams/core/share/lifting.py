"""Who may release what to whom: a release counts only when whoever may has signed it (clarifications 16, 19).

B02 is lifted by the originators, all of them; B05's circle part by the circle's owner; B06 by the case team.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from streams.core.share.access import Receiver
from streams.core.share.order_forms import Release, may_correct
from streams.core.share.restraint import originator_of

if TYPE_CHECKING:
    from streams.core.share.facts import Facts

#: The national contact point signs for whoever is abroad, and records the foreign consent.
_CONTACT_POINT: Final = "se.noa-spoc"


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
        or unit in facts.case_team
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


def _by_case_team(releases: Iterable[Release], facts: "Facts") -> bool:
    return any(release.unit in facts.case_team for release in releases)


_LIFTED_BY: Final[Mapping[str, Callable[[Iterable[Release], "Facts"], bool]]] = {
    "originator": _by_originators,
    "circle_owner": _by_circle_owner,
    "investigation_leader_or_prosecutor": _by_case_team,
}
