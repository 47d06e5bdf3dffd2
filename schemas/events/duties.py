"""Duties: receipts, by which a desk says what it did with a delivery, and the bus's own notices of what is owed."""

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar, Literal

from schemas.checks import Check, Contradiction
from schemas.duties import DutyId, DutyState, ObligationName
from schemas.envelope import Event, Payload
from schemas.model import EventId, Moment, Ref, ShortText, Text
from schemas.records import DeliveryId, Desk


class ReceiptKind(StrEnum):
    """What a desk says of a delivery."""

    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CONFIRMED = "confirmed"
    DONE = "done"


class Receipt(Payload):
    """A receipt (kvittens): what the desk that got a delivery did with it.

    Shape: ``done`` names the obligation that it is about; the other kinds speak for themselves.
    """

    delivery_id: DeliveryId
    kind: ReceiptKind
    obligation: ObligationName | None = None
    reason: Text | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Whoever declines says why, and whatever is done has its name."""
        if self.kind is ReceiptKind.DECLINED and self.reason is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/reason")
        if self.kind is ReceiptKind.DONE and self.obligation is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/obligation")
        if self.kind is not ReceiptKind.DONE and self.obligation is not None:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/obligation")


class ReceiptEvent(Event[Receipt]):
    """A receipt on the bus: about a delivery, never about a person."""

    event_type: Literal["receipt"]
    person_free: ClassVar[bool] = True


class ObligationNotice(Payload):
    """A notice of an obligation (pliktbesked): late, or met. Made by the bus alone.

    Shape: ``about_id`` is the event, ``about_delivery`` the delivery that brought the obligation; ``closed_by`` is
    what met it: a kind of receipt, or ``feedback``, ``reply``, ``graded``, ``suggested``.
    """

    duty_id: DutyId
    obligation: ObligationName
    obligation_text: ShortText
    about_id: EventId
    about_type: Ref
    about_delivery: DeliveryId
    owed_by: Desk
    duty_state: DutyState
    opened_at: Moment
    due_at: Moment
    closed_at: Moment | None = None
    closed_by: Ref | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """It falls due after it arose, and what is closed says when and by what."""
        if self.due_at < self.opened_at:
            yield Contradiction(Check.TIMES_REVERSED, "/due_at")
        closed = self.duty_state in (DutyState.DONE, DutyState.DONE_LATE)
        if closed is not (self.closed_at is not None):
            yield Contradiction(Check.NEEDS_COMPANION, "/closed_at")
        if (self.closed_at is None) is not (self.closed_by is None):
            yield Contradiction(Check.NEEDS_COMPANION, "/closed_by")


class ObligationNoticeEvent(Event[ObligationNotice]):
    """A notice on the bus: codes, ids and times, no content of the event that it is about."""

    event_type: Literal["obligation_notice"]
    person_free: ClassVar[bool] = True
    bus_only: ClassVar[bool] = True
