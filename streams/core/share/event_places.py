"""Places that an event, or an order about it, names: where its circle, its reporters or its case team sit."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.records import desk_address
from streams.core.share.access import PARTNER_FUNCTION
from streams.core.share.facts import Facts
from streams.core.share.lifting import contact_or_self, counted, signers

Codes = tuple[str, ...]

_WHOLE_NAME: Final = 100.0


def _desks_of(unit: str, functions: Iterable[str], gazetteer: Gazetteer) -> Iterator[str]:
    """The desks of a unit with these functions, all if none; a partner has one."""
    if unit in PARTNERS:
        yield desk_address(unit, PARTNER_FUNCTION)
        return
    wanted = frozenset(functions)
    yield from (desk for desk in gazetteer.desks(unit) if not wanted or desk.partition("/")[2] in wanted)


def _released(facts: Facts) -> Codes:
    """Whom a release is for: of a decision the receiver that it names, of an event whoever it was released to."""
    if facts.event["event_type"] == "release_decision":
        named = [(facts.payload.get("receiver") or "", facts.payload.get("functions") or ())]
    elif not facts.releases:
        return ()
    else:
        named = [(release.receiver, sorted(release.functions)) for release in counted(facts)]
    return _sorted(desk for unit, functions in named for desk in _desks_of(unit, functions, facts.gazetteer))


def _originators(facts: Facts) -> Codes:
    """The desks of those who must answer: of a decision, for its targets; of an event, for itself."""
    if facts.event["event_type"] == "release_decision":
        bounds = (facts.orders.restraints.get(target) for target in facts.payload.get("target_ids") or ())
        named = {name for bound in bounds if bound is not None for name in bound.originators}
        units = {contact_or_self(name, facts.gazetteer) for name in named}
    else:
        units = set(signers(facts))
    return _sorted(desk for unit in units for desk in _desks_of(unit, (), facts.gazetteer))


def _case_team(facts: Facts) -> Codes:
    """The desks of the units that work on the case; nobody's when the event belongs to none."""
    if facts.event.get("case_ref") is None:
        return ()
    units = facts.case_units.union(facts.origin_units)
    return _sorted(desk for unit in units for desk in _desks_of(unit, (), facts.gazetteer))


def _chain_areas(facts: Facts) -> Codes:
    """The areas of both ends of a link, as far as they are remembered, and those that the link itself names."""
    return _sorted((*facts.areas, *(area for end in facts.known_ends for area in end.areas)))


def _both_ends(facts: Facts) -> Codes:
    """The desks that have both ends of a link; of an end that nobody remembers, nobody has anything."""
    ends = facts.known_ends
    return _sorted(ends[0].desks & ends[1].desks) if len(ends) == 2 else ()  # noqa: PLR2004 - a link has two ends


def _ships_from(facts: Facts) -> Codes:
    """The Swedish area that goods are sent from, by the name of a municipality, a county or a unit."""
    named = facts.payload.get("ships_from")
    return _find(facts.gazetteer, named) if isinstance(named, str) else ()


@lru_cache(maxsize=4096)
def _find(gazetteer: Gazetteer, name: str) -> Codes:
    if gazetteer.known(name):
        return (name,)
    found = gazetteer.by_municipality(name) or gazetteer.by_county(name)
    return found or tuple(hit.code for hit in gazetteer.search(name, limit=1) if hit.score == _WHOLE_NAME)


def _reply_to(facts: Facts) -> Codes:
    """The desk that asked (clarification 6)."""
    named = facts.payload.get("reply_to")
    return (named,) if isinstance(named, str) else ()


def _sorted(codes: Iterable[str]) -> Codes:
    return tuple(sorted(set(codes)))


#: Places worked out from the event and the orders about it. The circle's are in ``Reach.starts``.
PLACES_OF_EVENT: Final[Mapping[str, Callable[[Facts], Codes]]] = {
    "origin": lambda f: f.origin_units,
    "origin_desk": lambda f: f.origin_desks,
    "reporters": lambda f: _sorted(known.origin_desk for known in f.known_inputs),
    "reply_to": _reply_to,
    "case_team": _case_team,
    "release.receiver": _released,
    "originators": _originators,
    "chain_areas": _chain_areas,
    "both_ends": _both_ends,
    "ships_from_area": _ships_from,
}
