"""Asking, answering, learning: requests and replies, knowledge items, and messages from abroad."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import Day, ReceiverId
from schemas.model import SEALED, CountryCode, EventId, Flag, Moment, Ref, RouteStop, ShortText, Text, UnitCode
from schemas.records import Desk
from schemas.vocabulary import LegalOrigin


class RequestUrgency(StrEnum):
    """How soon a reply is due (förordning 2017:504 10:7): 8 hours, 3 days, 7 days."""

    URGENT_DIRECT = "urgent_direct"
    URGENT = "urgent"
    NORMAL = "normal"


class InformationRequest(Payload):
    """A request for information (informationsbegäran). Its purpose stands in the envelope."""

    request_no: Ref
    question: Text
    legal_basis: ShortText
    wanted_topics: Annotated[list[Ref], Field(max_length=50)] = []
    due_at: Moment
    urgency: RequestUrgency
    asked_of: Annotated[list[ReceiverId], Field(min_length=1, max_length=50)]


class InformationRequestEvent(Event[InformationRequest]):
    """A request on the bus."""

    event_type: Literal["information_request"]

    def contradictions(self) -> Iterator[Contradiction]:
        """A reply is due after the question was written."""
        yield from super().contradictions()
        if self.payload.due_at < self.reported_at:
            yield Contradiction(Check.TIMES_REVERSED, "/payload/due_at")


class ReplyResult(StrEnum):
    """What a request came to."""

    GIVEN = "given"
    PARTLY = "partly"
    NONE = "none"
    REFUSED = "refused"


class InformationReply(Payload):
    """A reply to a request (svar). ``refusal_ground`` is sealed: the ground may itself be secret.

    Shape: ``reply_to`` is the desk that asked.
    """

    request_id: EventId
    reply_to: Desk
    legal_basis: ShortText
    result: ReplyResult
    answer: Text | None = None
    refusal_ground: Annotated[ShortText | None, SEALED] = None
    release_decision_id: EventId | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Only a reply that gives something has an answer, and a refusal has its ground."""
        gives = self.result in (ReplyResult.GIVEN, ReplyResult.PARTLY)
        if self.answer is not None and not gives:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/answer")
        if gives and self.answer is None and self.release_decision_id is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/answer")
        if self.result is ReplyResult.REFUSED and self.refusal_ground is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/refusal_ground")


class InformationReplyEvent(Event[InformationReply]):
    """A reply on the bus."""

    event_type: Literal["information_reply"]


class KnowledgeKind(StrEnum):
    """Kinds of knowledge."""

    METHOD = "method"
    EVALUATION = "evaluation"
    RESEARCH = "research"
    EXPERIENCE = "experience"
    SUCCESS_FACTOR = "success_factor"


class Audience(StrEnum):
    """Whom a knowledge item is for."""

    LOCAL = "local"
    INTELLIGENCE = "intelligence"
    SURVEILLANCE = "surveillance"
    INVESTIGATION = "investigation"
    PREVENTION = "prevention"
    INVESTIGATION_LEADERS = "investigation_leaders"
    BASIC_TRAINING = "basic_training"
    PARTNERS = "partners"


class KnowledgeItem(Payload):
    """A knowledge item (kunskapsunderlag: metod, utvärdering, forskning, erfarenhet).

    Units: ``evidence_level`` 0 (none) to 4 (replicated); valid to the end of ``valid_until``.
    """

    item_id: Ref
    item_version: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    kind: KnowledgeKind
    title: ShortText
    abstract: Text
    audience: Annotated[list[Audience], Field(min_length=1, max_length=8)]
    evidence_level: Annotated[int, Field(ge=0, le=4, strict=True)]
    legal_cleared: Flag
    legal_cleared_on: Day | None = None
    valid_until: Day
    supersedes_ref: Ref | None = None
    doi: Annotated[str, StringConstraints(pattern=r"^10\.[0-9]{4,9}/\S+$", max_length=200)] | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A clearance has its day, and an item outlives its clearance."""
        if self.legal_cleared is not (self.legal_cleared_on is not None):
            yield Contradiction(Check.NEEDS_COMPANION, "/legal_cleared_on")
        elif self.legal_cleared_on is not None and self.valid_until < self.legal_cleared_on:
            yield Contradiction(Check.TIMES_REVERSED, "/valid_until")


class KnowledgeItemEvent(Event[KnowledgeItem]):
    """A knowledge item on the bus: de-identified."""

    event_type: Literal["knowledge_item"]
    person_free: ClassVar[bool] = True


class ForeignChannel(StrEnum):
    """Channels of the national contact point."""

    SIENA = "siena"
    EUROPOL = "europol"
    INTERPOL = "interpol"
    EMPACT = "empact"
    SIS = "sis"
    LIAISON = "liaison"


class RequestOrSpontaneous(StrEnum):
    """Whether a message asks or tells."""

    REQUEST = "request"
    SPONTANEOUS = "spontaneous"


class ForeignMessage(Payload):
    """A message from abroad (utländskt meddelande: SIENA, Europol, Interpol, Empact).

    Shape: it comes from a country, a ``body`` (organisation) or both; its 4x4 evaluation and handling code stand
    in the envelope. ``competent_area`` is set by the national contact point.
    """

    channel: ForeignChannel
    ref: Ref
    part: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 1
    from_country: CountryCode | None = None
    body: ShortText | None = None
    request_or_spontaneous: RequestOrSpontaneous
    summary: Text
    conditions: Annotated[list[ShortText], Field(max_length=50)] = []
    empact_action: Ref | None = None
    due_at: Moment | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    umf_version: Ref | None = None
    consent_for_onward: Flag
    onward_to: Annotated[list[RouteStop], Field(max_length=50)] = []
    competent_area: UnitCode

    def contradictions(self) -> Iterator[Contradiction]:
        """It comes from somewhere, a request has its time, and receivers are named only with consent."""
        if self.from_country is None and self.body is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/from_country")
        if self.request_or_spontaneous is RequestOrSpontaneous.REQUEST and self.due_at is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/due_at")
        if self.onward_to and not self.consent_for_onward:
            yield Contradiction(Check.NEEDS_COMPANION, "/consent_for_onward")


class ForeignMessageEvent(Event[ForeignMessage]):
    """A message from abroad on the bus: the sender's conditions bind (BDL 2:20 a)."""

    event_type: Literal["foreign_message"]
    minimum_sensitivity: ClassVar[int] = 2

    def contradictions(self) -> Iterator[Contradiction]:
        """What came from abroad says so."""
        yield from super().contradictions()
        if self.legal_origin is not LegalOrigin.FOREIGN:
            yield Contradiction(Check.LEGAL_ORIGIN_MISMATCH, "/legal_origin")
