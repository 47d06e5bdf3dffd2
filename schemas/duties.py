"""What the bus writes of obligations (plikter): who owes what until when, what met it, and how it stands."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.model import EventId, Model, Moment, Ref, ShortText
from schemas.records import DeliveryId, Desk

#: The name of an obligation, as the rule pack has it.
ObligationName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]*$", max_length=100)]
#: A duty: ``<event_id>:<desk>:<view_group>:<obligation>``.
DutyId = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}:[a-z0-9.-]+/[a-z_]+:[A-Za-z0-9_.:-]+$", max_length=400)]


class DutyState(StrEnum):
    """How an obligation of one desk stands."""

    OPEN = "open"
    LATE = "late"
    DONE = "done"
    DONE_LATE = "done_late"
    MOVED = "moved"  # a revision took the event's place, and the obligation with it


class DutyTerm(Model):
    """One obligation and the deliveries that oblige to it, each as ``<desk>:<view_group>``.

    Shape: ``done_by`` are the kinds of answer that meet it; ``each`` says whose answer counts: the ``desk``'s own,
    one of its ``unit``, or that of ``any`` who owes it.
    """

    obligation: ObligationName
    text: ShortText
    done_by: list[Ref]
    each: Ref
    owed_by: list[Annotated[str, Field(max_length=280)]]


class DutyTerms(Model):
    """What sharing an event obliges to: the same for many events, so it is encoded once for all of them."""

    event_type: Ref
    origin: Desk
    pack_version: Ref
    synthetic: bool = False
    owed: list[DutyTerm]


class DutiesOpened(Model):
    """The obligations that one sharing of an event brought.

    Shape: ``due_at`` has a moment for each of the terms; ``terms`` are encoded ``DutyTerms``; ``shared_id`` is the
    event that was delivered, if the obligation has moved here from it.
    """

    revision: int
    opened_at: Moment
    due_at: list[Moment]
    terms: bytes
    shared_id: EventId | None = None


class DutyAnswer(Model):
    """Something that can meet obligations about an event.

    Shape: ``kinds`` as in ``DutyTaken.done_by``; ``group`` and ``obligation`` narrow it to deliveries of that view
    group and to that obligation; ``successor`` is the revision that took the event's place, to which obligations
    about its grading move.
    """

    kinds: list[Ref]
    by: Desk
    at: Moment
    group: Ref | None = None
    obligation: ObligationName | None = None
    successor: EventId | None = None


class DutyTold(Model):
    """How a duty stood when it was last told of. One that is open is not told of."""

    duty_id: DutyId
    duty_state: DutyState
    closed_at: Moment | None = None
    closed_by: Ref | None = None


class DutyBook(Model):
    """Obligations and answers about one event: what is new of them on ``duties``, all of them in the state."""

    event_id: EventId
    opened: list[DutiesOpened] = []
    answers: list[DutyAnswer] = []
    told: list[DutyTold] = []


class Duty(Model):
    """How one obligation of one desk about one event stands. ``closed_by`` is the kind of answer that met it."""

    duty_id: DutyId
    event_id: EventId
    event_type: Ref
    revision: int
    delivery_id: DeliveryId
    obligation: ObligationName
    text: ShortText
    owed_by: Desk
    origin: Desk
    done_by: list[Ref]
    each: Ref
    opened_at: Moment
    due_at: Moment
    pack_version: Ref
    synthetic: bool = False
    duty_state: DutyState
    closed_at: Moment | None = None
    closed_by: Ref | None = None
