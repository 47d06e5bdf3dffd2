"""Duties (plikter): what a desk owes about an event, what answers it, and when it is late. Values in, values out.

A book holds all that is known of one event's duties. Books are joined as sets are, so that the order in which duties,
answers and ticks come makes no difference to where a duty ends up.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.catalogue import EVENT_TYPES
from schemas.duties import DutyState
from schemas.records import BUS_DESK, desk_address
from streams.core.share.obligations import GRADED, Clock

FEEDBACK: Final = "feedback"
#: The answer that feedback with a suggested grading is: who may not publish the event anew grades it so.
SUGGESTED: Final = "suggested"
#: What a publisher cannot say of its own event.
_BY_OTHERS: Final = frozenset({FEEDBACK, SUGGESTED})
_CLOSED: Final = (DutyState.DONE, DutyState.DONE_LATE)
_TOLD_OF: Final = (DutyState.LATE, *_CLOSED)


class Taken(NamedTuple):
    """One duty, as ``schemas.duties.Duty`` without how it stands."""

    duty_id: str
    event_id: str
    event_type: str
    revision: int
    delivery_id: str
    obligation: str
    text: str
    owed_by: str
    origin: str
    done_by: tuple[str, ...]
    each: str
    opened_at: datetime
    due_at: datetime
    pack_version: str
    synthetic: bool


class Term(NamedTuple):
    """One obligation and the deliveries that bring it, as ``schemas.duties.DutyTerm``."""

    obligation: str
    text: str
    done_by: tuple[str, ...]
    each: str
    owed_by: tuple[str, ...]


class Terms(NamedTuple):
    """What sharing an event obliges to, as ``schemas.duties.DutyTerms``."""

    event_type: str
    origin: str
    pack_version: str
    synthetic: bool
    owed: tuple[Term, ...]


class Answer(NamedTuple):
    """What can meet duties, as ``schemas.duties.DutyAnswer``."""

    kinds: tuple[str, ...]
    by: str
    at: datetime
    group: str | None = None
    obligation: str | None = None
    successor: str | None = None


class Standing(NamedTuple):
    """How a duty stands; ``closed_by`` is the kind of answer that met it."""

    state: DutyState
    closed_at: datetime | None = None
    closed_by: str | None = None


class Book(NamedTuple):
    """Duties, answers, and how each duty that is not open stood when it was last told of, all about one event."""

    event_id: str
    taken: Mapping[str, Taken] = {}
    answers: frozenset[Answer] = frozenset()
    told: Mapping[str, Standing] = {}


class Change(NamedTuple):
    """A duty that stands otherwise than was last written; ``notify`` are the desks that are told of it."""

    duty: Taken
    standing: Standing
    notify: tuple[str, ...] = ()


#: A delivery, as ``<desk>:<view_group>``, and the clocks that its desk owes.
Given = tuple[str, tuple[Clock, ...]]


def dues(event: Mapping[str, Any], given: Iterable[Given], at: datetime) -> dict[Clock, datetime]:
    """When each obligation that deliveries bring falls due; those that set no limit for this event left out."""
    found: dict[Clock, datetime] = {}
    for clock in dict.fromkeys(clock for _, clocks in given for clock in clocks):
        due = clock.due(event, at)
        if due is not None:
            found[clock] = max(due, at)
    return found


def terms(event: Mapping[str, Any], given: Sequence[Given], clocks: Iterable[Clock], pack_version: str) -> Terms:
    """What these deliveries oblige to: an entry for each clock, in this order. It holds for every such event."""
    owed = tuple(
        Term(clock.name, clock.form.text, tuple(clock.form.done_by), clock.form.each, by)
        for clock in clocks
        if (by := tuple(delivery for delivery, its in given if clock in its))
    )
    return Terms(event["event_type"], _desk(event["origin_unit"]), pack_version, bool(event["synthetic"]), owed)


def answers(event: Mapping[str, Any], at: datetime) -> Iterator[tuple[str, Answer]]:
    """What an event answers: the id of the event that the duties are about, and the answer.

    A receipt counts only for a delivery of the desk that gives it, whatever it says.
    """
    by, payload = _desk(event["origin_unit"]), event["payload"]
    match event["event_type"]:
        case "receipt" if delivery_id := payload.get("delivery_id"):
            about, _, desk, group = delivery_id.split(":", 3)
            if desk == by:
                yield about, Answer((str(payload["kind"]),), by, at, group, payload["obligation"])
        case "feedback_note" if about := payload.get("about_id"):
            suggested = () if payload.get("grade_suggestion") is None else (SUGGESTED,)
            yield about, Answer((FEEDBACK, *suggested), by, at)
        case "information_reply" if about := payload.get("request_id"):
            yield about, Answer(("reply",), by, at)
        case kind if event["supersedes"] is not None and EVENT_TYPES[kind].intelligence_kind:
            kinds = () if event["grading"] is None else (GRADED,)
            yield event["supersedes"], Answer(kinds, by, at, successor=event["event_id"])


def joined(book: Book, other: Book) -> Book:
    """What two books about one event say together. Of one duty told twice, the one that falls due first counts."""
    duties = dict(book.taken)
    for duty_id, duty in other.taken.items():
        known = duties.get(duty_id)
        duties[duty_id] = duty if known is None else min(known, duty, key=_urgency)
    return Book(book.event_id, duties, book.answers | other.answers, {**other.told, **book.told})


def standing(duty: Taken, book: Book, now: datetime) -> Standing:
    """How a duty stands now. What met it first counts, by the time at which it was said."""
    met = [(max(answer.at, duty.opened_at), kind) for answer in book.answers for kind in _met(duty, answer, book)]
    if met:
        at, by = min(met)
        return Standing(DutyState.DONE if at <= duty.due_at else DutyState.DONE_LATE, at, by)
    if _successor(duty, book) is not None:
        return Standing(DutyState.MOVED)
    # Records come with times before the last tick's: what was late stays late.
    was_late = duty.duty_id in book.told
    return Standing(DutyState.LATE if was_late or now > duty.due_at else DutyState.OPEN)


def advanced(before: Book, book: Book, now: datetime) -> tuple[Book, list[Change]]:
    """The book with what is to be told now, and what is to be told: each state of a duty once, its end once."""
    told, changes = dict(book.told), []
    for duty_id, duty in sorted(book.taken.items()):
        found, known = standing(duty, book, now), told.get(duty_id)
        if found.state is DutyState.OPEN:  # that it is in the book says so: an open book is as it came
            if before.taken.get(duty_id) != duty:
                changes.append(Change(duty, found))
            continue
        if known == found and before.taken.get(duty_id) in (None, duty):
            continue
        ended = known is not None and known.state in _CLOSED
        changes.append(Change(duty, found, () if known == found or ended else _desks_told(duty, found)))
        told[duty_id] = found
    return book._replace(told=told), changes


def handed_on(changes: Iterable[Change], book: Book) -> Iterator[Book]:
    """For duties that have moved: the book of the revision that took the event's place, their time limit unchanged."""
    for duty, found, _ in changes:
        successor = _successor(duty, book)
        if found.state is DutyState.MOVED and successor is not None:
            duty_id = successor + duty.duty_id.removeprefix(duty.event_id)
            moved = duty._replace(event_id=successor, duty_id=duty_id)
            yield Book(successor, {moved.duty_id: moved})


def answered(book: Book) -> dict[str, int]:
    """How many of the desks that owe something about the event have given each kind of receipt."""
    owing = {duty.owed_by for duty in book.taken.values()}
    said = {(kind, answer.by) for answer in book.answers for kind in answer.kinds if answer.group is not None}
    return dict(Counter(kind for kind, by in said if by in owing))


def group_of(delivery_id: str) -> str:
    """The view group of a delivery: it has one duty of each name, and a receipt is about one delivery."""
    return delivery_id.split(":", 3)[3]


def next_due(book: Book, now: datetime) -> datetime | None:
    """When the next of its duties falls due, if one is open."""
    still = (duty.due_at for duty in book.taken.values() if standing(duty, book, now).state is DutyState.OPEN)
    return min(still, default=None)


def _met(duty: Taken, answer: Answer, book: Book) -> list[str]:
    """The kinds of this answer that meet the duty, if whoever gave it can meet it."""
    own = answer.by == duty.origin
    kinds = [kind for kind in answer.kinds if kind in duty.done_by and not (own and kind in _BY_OTHERS)]
    if answer.obligation not in (None, duty.obligation) or answer.group not in (None, group_of(duty.delivery_id)):
        return []
    return kinds if kinds and _counts(answer.by, duty, book) else []


def _counts(by: str, duty: Taken, book: Book) -> bool:
    if duty.each == "desk":
        return by == duty.owed_by
    if duty.each == "unit":
        return _unit(by) == _unit(duty.owed_by)
    fellows = (other.owed_by for other in book.taken.values() if other.obligation == duty.obligation)
    return _unit(by) in {_unit(duty.origin), *map(_unit, fellows)}


def _successor(duty: Taken, book: Book) -> str | None:
    """The revision that a duty about grading moves to: the first that took the event's place."""
    if GRADED not in duty.done_by:
        return None
    found = [(answer.at, answer.successor) for answer in book.answers if answer.successor is not None]
    return min(found)[1] if found else None


def _desks_told(duty: Taken, found: Standing) -> tuple[str, ...]:
    """Whoever owes it; the publisher too when it is late, or declined, unless it is the bus itself."""
    if found.state not in _TOLD_OF:
        return ()
    late = found.state is not DutyState.DONE or found.closed_by == "declined"
    return (duty.owed_by, duty.origin) if late and duty.origin != BUS_DESK else (duty.owed_by,)


def _urgency(duty: Taken) -> tuple[datetime, datetime, Taken]:
    return duty.due_at, duty.opened_at, duty


def _desk(origin: Mapping[str, Any]) -> str:
    return desk_address(origin["unit"], origin["function"])


def _unit(desk: str) -> str:
    return desk.partition("/")[0]
