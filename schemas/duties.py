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


class DutyTaken(Model):
    """One obligation of one desk about one event, as the rules gave it.

    Shape: ``done_by`` are the kinds of answer that meet it; ``each`` says whose answer counts: the ``desk``'s own,
    one of its ``unit``, or that of ``any`` who owes it.
    """

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


class DutyBook(Model):
    """Obligations and answers about one event: what is new of them on ``duties``, all of them in the state.

    Shape: ``told`` are the states that were written, ``<duty_id> <state>``, with what ended it and when.
    """

    event_id: EventId
    taken: list[DutyTaken] = []
    answers: list[DutyAnswer] = []
    told: list[Annotated[str, Field(max_length=480)]] = []


class Duty(DutyTaken):
    """How one obligation stands, on ``ledger.duties``. ``closed_by`` is the kind of answer that met it."""

    duty_state: DutyState
    closed_at: Moment | None = None
    closed_by: Ref | None = None
