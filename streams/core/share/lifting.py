"""Who may release what to whom: a release counts only when whoever may has signed it (clarifications 16, 19).

B02 is lifted by the originators, all of them; B05's circle part by the circle's owner; B06 by the case team.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from schemas.partners import PARTNERS
from streams.core.share.access import Receiver
from streams.core.share.order_forms import Release, may_correct
from streams.core.share.restraint import originator_of

if TYPE_CHECKING:
    from streams.core.share.facts import Facts

#: The national contact point signs for whoever is abroad, and records the foreign consent.
_CONTACT_POINT: Final = "se.noa-spoc"


def lifting(block: str, liftable_by: str, receiver: Receiver, facts: "Facts") -> tuple[Release, ...]:
    """The releases that lift a block rule for this receiver: none unless everybody who must has signed."""
    named = [r for r in facts.releases if block in r.lifts and r.names(receiver.unit, receiver.function)]
    return _LIFTED_BY[liftable_by](named, facts) if named else ()


def released_to(receiver: Receiver, facts: "Facts") -> tuple[Release, ...]:
    """The releases of this event to this receiver that count, whatever they lift."""
    return tuple(r for r in counted(facts) if r.names(receiver.unit, receiver.function))


def counted(facts: "Facts") -> tuple[Release, ...]:
    """The releases of this event signed by someone who has charge of it in any of the ways there are."""
    return tuple(each for each in facts.releases if _may_release(each, facts))


def _may_release(release: Release, facts: "Facts") -> bool:
    unit = release.unit
    return (
        may_correct(unit, facts.origin_unit)
        or unit in _originators(facts)
        or unit in facts.case_team
        or any(unit == circle.unit for circle in facts.circles)
    )


def _by_originators(releases: Iterable[Release], facts: "Facts") -> tuple[Release, ...]:
    """Every originator has signed: the event's own, and those of what it is built on."""
    needed = _originators(facts)
    signed = tuple(release for release in releases if release.unit in needed)
    return signed if needed and {release.unit for release in signed} == needed else ()


def _originators(facts: "Facts") -> frozenset[str]:
    """The units that sign: the originators themselves, the contact point for those abroad.

    Nobody can sign when only the publisher says that it is built on such input, and not whose.
    """
    named = facts.orders.originators(facts.event)
    if not named and facts.event.get("originator"):
        named = frozenset({originator_of(facts.event)})
    return frozenset(name if facts.gazetteer.known(name) or name in PARTNERS else _CONTACT_POINT for name in named)


def _by_circle_owner(releases: Iterable[Release], facts: "Facts") -> tuple[Release, ...]:
    """The circle's owner or the publisher has signed; nobody lifts the register part (clarification 19)."""
    if facts.from_register:
        return ()
    owners = {facts.origin_unit, *(circle.unit for circle in facts.circles)}
    return tuple(release for release in releases if release.unit in owners)[:1]


def _by_case_team(releases: Iterable[Release], facts: "Facts") -> tuple[Release, ...]:
    return tuple(release for release in releases if release.unit in facts.case_team)[:1]


_LIFTED_BY: Final[Mapping[str, Callable[[Iterable[Release], "Facts"], tuple[Release, ...]]]] = {
    "originator": _by_originators,
    "circle_owner": _by_circle_owner,
    "investigation_leader_or_prosecutor": _by_case_team,
}
