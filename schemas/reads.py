"""The read log (läslogg): who read which deliveries, when and for what. Ids and codes, no content."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.model import EventId, KeyedHash, Model, Moment, Ref
from schemas.records import Desk


class ReadKind(StrEnum):
    """What a line tells of."""

    OPENED = "opened"  # somebody began to read; lines that follow name the reading alone
    SHOWN = "shown"  # deliveries were about to be shown
    ASKED = "asked"  # one question that was answered at once, with what was shown
    CONFIRMED = "confirmed"  # the reader has taken away what was recalled
    CLOSED = "closed"


class Channel(StrEnum):
    """Which way it was read."""

    STREAM = "stream"
    PAGE = "page"
    CARDS = "cards"
    EXPLAIN = "explain"
    REQUESTS = "requests"
    SEARCH = "search"
    EXPORT = "export"
    NOTICE = "notice"
    QUARANTINE = "quarantine"  # what a desk published and could not be accepted


class ReadDelivery(Model):
    """One delivery to the line's desk."""

    event_id: EventId
    revision: int
    view_group: Ref


class ReadLine(Model):
    """One line of the read log, written before anything is shown.

    Shape: ``readings`` are those to whom the deliveries were shown; who that is, and for what, stands in the line that
    opened the reading, and in every line of a question. ``subject`` is an opaque id of a person or system; ``gone`` are
    events that were recalled, and that the reader has taken away.
    """

    kind: ReadKind
    at: Moment
    desk: Desk
    readings: Annotated[list[Ref], Field(min_length=1, max_length=10_000)]
    channel: Channel | None = None
    subject: Ref | None = None
    subscription: Ref | None = None
    purpose: Ref | None = None
    case_ref: KeyedHash | None = None
    deliveries: Annotated[list[ReadDelivery], Field(max_length=10_000)] = []
    gone: Annotated[list[EventId], Field(max_length=1_000)] = []
    #: Records of quarantine that were shown whole, partition:offset.
    quarantined: Annotated[list[Ref], Field(max_length=10_000)] = []
