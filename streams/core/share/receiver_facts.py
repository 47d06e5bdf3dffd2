"""Facts of a possible receiver by the names that rules use: what it is, and what it has to do with the event."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from schemas.partners import PartnerClass
from schemas.vocabulary import Function, Level, Purpose
from streams.core.share.access import POLICE, Receiver
from streams.core.share.facts import Facts
from streams.core.share.fields import Kind
from streams.core.share.lifting import released_to, signers
from streams.core.share.order_forms import Limits


class ReceiverFact(NamedTuple):
    """One fact of a possible receiver: its kind, how it is found, its values if closed, whether it is a list.

    Shape: ``of_both`` tells whether it is a fact of the event too, or of the orders about it.
    """

    kind: Kind
    read: Callable[[Facts, Receiver], Any]
    values: frozenset[str] | None = None
    many: bool = False
    of_both: bool = False


def _in_circle(facts: Facts, receiver: Receiver) -> bool:
    """Whether the desk is a member of a circle in force for the event."""
    return any(receiver.desk in circle.members for circle in facts.circles)


def _in_case_team(facts: Facts, receiver: Receiver) -> bool:
    """Whether its unit works on the case; the prosecutor of a case does (clarification 20)."""
    if receiver.receiver_class == PartnerClass.PROSECUTOR:
        return facts.event.get("case_ref") is not None
    return receiver.unit in facts.case_team


def _need_stated(facts: Facts, receiver: Receiver) -> bool:
    """Whether it has stated its need: in its access data for the type, or as a partner of a joint operation."""
    if facts.event["event_type"] in receiver.needs:
        return True
    return any(receiver.unit in operation.partners for operation in facts.operations)


def limits_of_need(facts: Facts, receiver: Receiver) -> Limits:
    """What a receiver may see whose need was stated by joint operations alone; no limits for any other."""
    if facts.event["event_type"] in receiver.needs:
        return frozenset()
    return frozenset().union(*(operation.partners.get(receiver.unit, ()) for operation in facts.operations))


def _entitled_to_both(facts: Facts, receiver: Receiver) -> bool:
    """Whether it has both ends of the link; of an end that nobody remembers, nobody has anything."""
    ends = facts.known_ends
    return len(ends) == 2 and all(receiver.desk in end.desks for end in ends)  # noqa: PLR2004 - a link has two ends


def _sees_both(facts: Facts, receiver: Receiver) -> bool:
    """Whether it has both ends of the link in views that show whom and what they name."""
    ends = facts.known_ends
    return len(ends) == 2 and all(receiver.desk in end.seeing_desks for end in ends)  # noqa: PLR2004


_FUNCTIONS: Final = frozenset(map(str, Function))
_LEVELS: Final = frozenset({*map(str, Level), "partner"})
_CLASSES: Final = frozenset({POLICE, *map(str, PartnerClass)})
_PURPOSES: Final = frozenset(map(str, Purpose))

#: Facts of the receiver, one at a time.
RECEIVER_FACTS: Final[Mapping[str, ReceiverFact]] = {
    "receiver.desk": ReceiverFact(Kind.TEXT, lambda _, r: r.desk),
    "receiver.unit": ReceiverFact(Kind.TEXT, lambda _, r: r.unit),
    "receiver.level": ReceiverFact(Kind.TEXT, lambda _, r: r.level, _LEVELS),
    "receiver.function": ReceiverFact(Kind.TEXT, lambda _, r: r.function, _FUNCTIONS),
    "receiver.class": ReceiverFact(Kind.TEXT, lambda _, r: r.receiver_class, _CLASSES),
    "receiver.purposes": ReceiverFact(Kind.TEXT, lambda _, r: r.purposes, _PURPOSES, many=True),
    "receiver.clearance": ReceiverFact(Kind.CLEARANCE, lambda _, r: r.clearance),
    "receiver.in_circle": ReceiverFact(Kind.TRUTH, _in_circle, of_both=True),
    "receiver.in_case_team": ReceiverFact(Kind.TRUTH, _in_case_team, of_both=True),
    "receiver.released": ReceiverFact(Kind.TRUTH, lambda f, r: bool(released_to(r, f)), of_both=True),
    "receiver.need_stated": ReceiverFact(Kind.TRUTH, _need_stated, of_both=True),
    "receiver.entitled_to_both": ReceiverFact(Kind.TRUTH, _entitled_to_both, of_both=True),
    "receiver.sees_both": ReceiverFact(Kind.TRUTH, _sees_both, of_both=True),
    "receiver.is_originator": ReceiverFact(Kind.TRUTH, lambda f, r: r.unit in signers(f), of_both=True),
}
