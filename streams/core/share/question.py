"""The question whether an event may be shared, to whoever provided what it is built on (fråga till uppgiftslämnaren).

Source: domain rules, B02 and worked conflict 1; clarification 16.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.events.control import OriginatorQuestionEvent
from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.records import BUS_DESK, desk_address
from schemas.vocabulary import Function, LegalOrigin, Purpose
from streams.core.share.access import PARTNER_FUNCTION
from streams.core.share.facts import Facts
from streams.core.share.forms import Rule
from streams.core.share.lifting import signers
from streams.core.share.restraint import handling_of
from streams.core.share.ruling import WithheldRuling

QUESTION: Final = "originator_question"
#: In danger to life it is a flash; otherwise as urgent as the block itself.
FLASH, URGENT = 1, 2
_SENSITIVITY: Final = 1
#: The desks of a unit that answer for what it provided.
_ANSWERING: Final = (Function.INTELLIGENCE, Function.COORDINATION)


class Walls(NamedTuple):
    """Block rules by what they are to a question: those that originators lift, those that nobody may notice."""

    lifted: frozenset[str]
    closed: frozenset[str]


class Question(NamedTuple):
    """One question: its event, and the desks that it goes to."""

    event: dict[str, Any]
    desks: tuple[str, ...]


#: Who is kept away by a rule with this duty may not notice that there is anything.
_UNNOTICED: Final = "no_match_signal_outside"


def is_asked(withheld: Iterable[WithheldRuling], walls: Walls) -> bool:
    """Whether somebody would have the event if its originators agreed.

    Shape: whoever a closed wall keeps away (B05, B14) does not count. He would not have the event with their leave
    either, and the question would tell them of a circle or a search of which nobody outside may know.
    """
    return any(
        not walls.lifted.isdisjoint(each.block_rules) and walls.closed.isdisjoint(each.block_rules) for each in withheld
    )


def walls_of(rules: Iterable[Rule]) -> Walls:
    """What a pack's block rules are to an originator's question."""
    blocks = [rule for rule in rules if rule.effect == "deny"]
    return Walls(
        lifted=frozenset(rule.id for rule in blocks if rule.liftable_by == "originator"),
        closed=frozenset(rule.id for rule in blocks if _UNNOTICED in rule.obligations),
    )


def question_of(facts: Facts, event_id: str) -> Question | None:
    """The question about an event; None when nobody outside its own unit can answer it.

    Shape: ids, type and handling code of the event and the desk that published it: no content, and not who would
    get it. Units: asked at the time of the decision.
    """
    named = sorted(signers(facts).difference(facts.origin_units))
    desks = tuple(desk for unit in named for desk in _desks_of(unit, facts.gazetteer))
    if not desks:
        return None
    event, at, danger = facts.event, facts.now, bool(facts.event.get("danger_to_life"))
    origin = event["origin_unit"]
    payload = {
        "about_id": event["event_id"],
        "about_type": event["event_type"],
        "about_handling": handling_of(event),
        "asked_by": desk_address(origin["unit"], origin["function"]),
        "life_in_danger": danger,
    }
    body = _envelope(event_id, at, FLASH if danger else URGENT, synthetic=bool(event["synthetic"]))
    made = OriginatorQuestionEvent.model_validate(body | {"payload": payload})
    return Question(made.model_dump(mode="python"), desks)


def _envelope(event_id: str, at: datetime, priority: int, *, synthetic: bool) -> dict[str, Any]:
    unit, _, function = BUS_DESK.partition("/")
    return {
        "event_id": event_id,
        "event_type": QUESTION,
        "occurred_from": at,
        "reported_at": at,
        "published_at": at,
        "origin_unit": {"unit": unit, "function": function},
        "purpose": Purpose.NO_PERSONAL_DATA,
        "sensitivity": _SENSITIVITY,
        "legal_origin": LegalOrigin.OWN_OBSERVATION,
        "provenance": {"root_ids": [event_id]},
        "priority": priority,
        "synthetic": synthetic,
    }


def _desks_of(unit: str, gazetteer: Gazetteer) -> Iterator[str]:
    """The desks of a unit that answer, else its first (clarification 10); a partner has one."""
    if unit in PARTNERS:
        yield desk_address(unit, PARTNER_FUNCTION)
        return
    heirs = gazetteer.successors(unit) or (unit,)
    for heir in heirs:
        own = gazetteer.desks(heir)
        yield from [desk for desk in own if desk.partition("/")[2] in _ANSWERING] or own[:1]
