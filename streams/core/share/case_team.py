"""Who works on a case (utredningsgrupp): the unit that published it first, and the units that its team names.

A step is told to every lane, and lanes meet two steps in different orders: a team is the same whatever the order.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.partners import PARTNERS

#: When a unit published its first step in a case, by the bus's time, and that step's id.
Claim = tuple[datetime, str]


class CaseTeam(NamedTuple):
    """One case: each unit's first step in it, whom each unit names as working on it, and the team that follows.

    Shape: no unit joins by saying so. The first to publish a step leads; whom a unit of the team names is in the team.
    """

    claims: Mapping[str, Claim]
    named: Mapping[str, frozenset[str]]
    units: frozenset[str]


NO_TEAM: Final = CaseTeam({}, {}, frozenset())


def is_step(event: Mapping[str, Any]) -> bool:
    """Whether an event is a step in a case by a unit of the police. Partners lead no case on the bus."""
    if event["event_type"] != "investigation_event" or not event.get("case_ref"):
        return False
    return _unit(event) not in PARTNERS


def says_more(team: CaseTeam, step: Mapping[str, Any]) -> bool:
    """Whether a step tells of its case what is not known yet: a further unit, or another name."""
    unit = _unit(step)
    return unit not in team.claims or not _names(step) <= team.named.get(unit, frozenset())


def with_step(team: CaseTeam, step: Mapping[str, Any]) -> CaseTeam:
    """The case with one more step."""
    unit = _unit(step)
    claim = (step["published_at"], step["event_id"])
    claims = {**team.claims, unit: min(claim, team.claims.get(unit, claim))}
    named = {**team.named, unit: team.named.get(unit, frozenset()) | _names(step)}
    return CaseTeam(claims, named, _team(claims, named))


def _team(claims: Mapping[str, Claim], named: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [min(claims, key=lambda unit: claims[unit])]
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting += named.get(unit, ())
    return frozenset(found)


def _names(step: Mapping[str, Any]) -> frozenset[str]:
    return frozenset((step.get("payload") or {}).get("team_units") or ()) - PARTNERS.keys()


def _unit(event: Mapping[str, Any]) -> str:
    return str((event.get("origin_unit") or {}).get("unit") or "")
