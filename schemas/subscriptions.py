"""What a gateway remembers for its readers: subscriptions (prenumerationer), and how far each has been read."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from schemas.model import KeyedHash, Model, Moment, Ref, ShortText, UnitCode
from schemas.records import Desk
from schemas.vocabulary import Purpose

#: Everything there is, in a list of types or logical feeds.
EVERYTHING: Final = "*"
#: A logical feed, or all that begin alike: ``feed.local.se.stockholm``, ``alert.*``, ``*``.
FeedPattern = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9][a-z0-9._-]*(\.\*)?)$", max_length=150)]
TypeName = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z_]*)$", max_length=60)]

#: Days are Swedish days, as for circles (clarification 45).
_HERE: Final = ZoneInfo("Europe/Stockholm")


class Subscription(Model):
    """What somebody reads of their desk's deliveries, for what, and until when.

    Shape: ``topics`` are logical feeds. ``case_ref`` narrows it to one case, whose purpose is the subscription's.
    Units: it is open to the end of ``ends_on``, a Swedish day.
    """

    subscription_id: Ref
    desk: Desk
    subject: Ref
    name: ShortText
    areas: Annotated[list[UnitCode], Field(min_length=1, max_length=200)]
    types: Annotated[list[TypeName], Field(min_length=1, max_length=100)]
    topics: Annotated[list[FeedPattern], Field(min_length=1, max_length=100)]
    purpose: Purpose
    case_ref: KeyedHash | None = None
    ends_on: date
    made_at: Moment
    ended_at: Moment | None = None

    @property
    def closes(self) -> datetime:
        """The first moment at which nothing is read by it any more."""
        end = datetime.combine(self.ends_on + timedelta(days=1), time(), _HERE)
        return end if self.ended_at is None else min(end, self.ended_at)


class Committed(Model):
    """How far a subscription has been read, as its reader said: a cursor's position.

    Shape: ``next_offset`` is the first that was not read; what was held back until after ``seen_at`` was not, either.
    """

    subscription_id: Ref
    topic: Ref
    partition: int
    next_offset: int
    seen_at: Moment
    committed_at: Moment
