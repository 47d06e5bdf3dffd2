"""Why an event went where it went, as far as the asker may know. Values in, values out; nothing is looked up here.

What may be known: the publishing desk sees the rules, and how many desks of which level (or kind of partner) and
function each one reached or was kept from; a receiver sees its own line; operations sees numbers, versions, hashes and
places; to everybody else there is no explanation at all, not even that there is nothing to explain.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.receipts import class_of
from schemas.records import POINTED, Decision, Quarantined, Receiver, desk_address


class Stored(NamedTuple):
    """A decision with its place in the ledger and in its lane's chain; no lane when the line has no link."""

    decision: Decision
    where: str  # partition:offset
    lane: int | None
    number: int | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class Reach:
    """How many desks of one level and function a rule reached, or a block rule kept from the event.

    ``level`` is a police level or, for those outside the police, the class of partner.
    """

    rule: str
    level: str
    function: str
    desks: int


@dataclass(frozen=True, slots=True)
class OwnLine:
    """What a receiver may know of how it came to be one: its own line of the decision and nobody else's."""

    view_group: str
    rules: tuple[str, ...]
    view: tuple[str, ...]
    priority: int
    priority_reason: str
    feed: str
    obligations: tuple[str, ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublisherPart:
    """What only the publishing desk may know: what became of the event, by rule and by number."""

    outcome: str
    desks: int
    kept_from: int
    shared: tuple[Reach, ...]
    withheld: tuple[Reach, ...]
    input_hash: str
    accepted_from: str


@dataclass(frozen=True, slots=True)
class OperatorPart:
    """What operations may know: what became of the event in numbers, and where its line stands. No desk, no content."""

    told: PublisherPart
    where: str
    lane: int | None
    number: int | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class Rejection:
    """The publisher's own event in quarantine: codes and places, no content."""

    at: datetime
    where: str
    codes: tuple[str, ...]
    pointers: tuple[str, ...]
    remedies_sv: tuple[str, ...]
    remedies_en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision on one event, for one asker.

    Shape: ``concerns`` are the ends of a link that it joined or parted; of a match that it pointed to, for operations
    alone: whoever got the pointer may not know the other end, not even by its id.
    """

    event_type: str
    revision: int
    published_at: datetime
    pack_version: str | None
    gazetteer_version: str | None
    own: tuple[OwnLine, ...]
    publisher: PublisherPart | None
    operator: OperatorPart | None = None
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """All that an asker may know of an event: decisions in the order made, rejections of its own."""

    decisions: tuple[Explanation, ...] = ()
    rejections: tuple[Rejection, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.decisions or self.rejections)


def answer(
    decisions: Iterable[Decision], quarantined: Iterable[tuple[str, Quarantined]], asker: str, gazetteer: Gazetteer
) -> Answer:
    """Everything that one desk may know of an event.

    Shape: the event's decisions and quarantined records with their places in; one answer out, empty for an outsider.
    Source: domain rules section 1.9, clarification 24.
    """
    told = (explain(decision, asker, gazetteer) for decision in decisions)
    return Answer(
        decisions=tuple(explanation for explanation in told if explanation is not None),
        rejections=tuple(_rejection(where, record) for where, record in quarantined if record.origin == asker),
    )


def overview(stored: Stored, gazetteer: Gazetteer) -> Explanation:
    """What operations may know of one decision, whoever published or got the event."""
    decision = stored.decision
    origin = desk_address(decision.origin.unit, decision.origin.function)
    part = OperatorPart(
        _publisher_part(decision, origin, gazetteer), stored.where, stored.lane, stored.number, stored.digest
    )
    return _explanation(decision, operator=part)


def explain(decision: Decision, asker: str, gazetteer: Gazetteer) -> Explanation | None:
    """What one desk may know of one decision; None when that is nothing."""
    publishes = asker == desk_address(decision.origin.unit, decision.origin.function)
    own = tuple(_own_line(receiver) for receiver in decision.receivers if receiver.desk == asker)
    if not publishes and not own:
        return None
    return _explanation(decision, own, _publisher_part(decision, asker, gazetteer) if publishes else None)


def _explanation(
    decision: Decision,
    own: tuple[OwnLine, ...] = (),
    publisher: PublisherPart | None = None,
    operator: OperatorPart | None = None,
) -> Explanation:
    return Explanation(
        event_type=decision.event_type,
        revision=decision.revision,
        published_at=decision.published_at,
        pack_version=decision.pack_version,
        gazetteer_version=decision.gazetteer_version,
        own=own,
        publisher=publisher,
        operator=operator,
        concerns=tuple(decision.concerns) if operator is not None or decision.outcome != POINTED else (),
    )


def _publisher_part(decision: Decision, asker: str, gazetteer: Gazetteer) -> PublisherPart:
    others = [receiver for receiver in decision.receivers if receiver.desk != asker]
    return PublisherPart(
        outcome=decision.outcome,
        desks=len({receiver.desk for receiver in others}),
        kept_from=len({withheld.desk for withheld in decision.withheld}),
        shared=_reach(((receiver.desk, receiver.rules) for receiver in others), gazetteer),
        withheld=_reach(((withheld.desk, withheld.rules) for withheld in decision.withheld), gazetteer),
        input_hash=decision.input_hash,
        accepted_from=decision.accepted_from,
    )


def _reach(lines: Iterable[tuple[str, Sequence[str]]], gazetteer: Gazetteer) -> tuple[Reach, ...]:
    """Distinct desks, counted by rule, level and function: numbers, never addresses."""
    pairs = {(rule, desk) for desk, rules in lines for rule in rules}
    counted = Counter((rule, class_of(desk, gazetteer), desk.partition("/")[2]) for rule, desk in pairs)
    return tuple(Reach(*where, desks) for where, desks in sorted(counted.items()))


def _own_line(receiver: Receiver) -> OwnLine:
    return OwnLine(
        view_group=receiver.view_group,
        rules=tuple(receiver.rules),
        view=tuple(receiver.view),
        priority=receiver.priority,
        priority_reason=receiver.priority_reason,
        feed=receiver.feed,
        obligations=tuple(receiver.obligations),
        marks=tuple(receiver.marks),
    )


def _rejection(where: str, record: Quarantined) -> Rejection:
    return Rejection(
        at=record.at,
        where=where,
        codes=tuple(problem.code for problem in record.problems),
        pointers=tuple(problem.pointer for problem in record.problems),
        remedies_sv=tuple(problem.remedy_sv for problem in record.problems),
        remedies_en=tuple(problem.remedy_en for problem in record.problems),
    )
