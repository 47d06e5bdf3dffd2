"""What operations did by the console, and why: alarms taken, deliveries made again, searches of who read what.

Ids, codes and addresses; the reasons are those of the people of operations, who see no content.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.model import EventId, Model, Moment, Ref, ShortText
from schemas.records import Desk


class ActKind(StrEnum):
    """What was done."""

    TAKEN = "taken"  # somebody says that they see to an alarm
    HANDED_BACK = "handed_back"  # they no longer do
    REDELIVERED = "redelivered"  # readers of a desk get again what they have had
    READS_SEARCHED = "reads_searched"  # somebody asked who has read an event
    EVENT_SEARCHED = "event_searched"  # somebody asked what became of an event


#: Why something was done: long enough to say something, short enough to be no report.
Reason = Annotated[str, StringConstraints(min_length=8, max_length=200)]


class Act(Model):
    """One thing that somebody of operations did.

    Shape: ``subject`` and ``desk`` are who did it, an opaque id and an address. ``code`` and ``where`` name an alarm,
    ``about_desk`` the desk and ``event_id`` the event that it is about; ``since`` and ``count`` say from when and how
    many deliveries were made again.
    """

    act_id: Ref
    kind: ActKind
    at: Moment
    subject: Ref
    desk: Desk
    code: Ref | None = None
    where: ShortText | None = None
    about_desk: Desk | None = None
    event_id: EventId | None = None
    since: Moment | None = None
    count: Annotated[int, Field(ge=0)] = 0
    reason: ShortText | None = None
