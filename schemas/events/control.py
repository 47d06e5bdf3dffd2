"""Control events: corrections and recalls, release decisions, feedback, links. Without them the rest is blind."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import ReceiverId
from schemas.model import SEALED, SEALED_PERSON, EventId, Flag, Model, Moment, Ref, Score, ShortText, Text
from schemas.records import Desk
from schemas.vocabulary import Function, Handling, InfoGrade, SourceGrade

Targets = Annotated[list[EventId], Field(min_length=1, max_length=1000)]


class CorrectionAction(StrEnum):
    """What is to be done with the targets."""

    CORRECT = "correct"
    RECALL = "recall"
    RESTRICT = "restrict"
    ERASE = "erase"
    HOLD = "hold"
    RELEASE_HOLD = "release_hold"


class CorrectionOrder(Payload):
    """An order to correct, recall, restrict, erase or hold (rättelse, återkallelse, begränsning, gallring).

    Shape: it reaches everybody who received a target. ``person_ref`` and ``reason`` stay with the origin: sealed.
    """

    order_no: Ref
    action: CorrectionAction
    target_ids: Targets
    person_ref: Annotated[Ref | None, SEALED_PERSON] = None
    reason: Annotated[Text, SEALED]
    effective_at: Moment
    confirm_by: Moment

    def contradictions(self) -> Iterator[Contradiction]:
        """A confirmation cannot be due before the order takes effect."""
        if self.confirm_by < self.effective_at:
            yield Contradiction(Check.TIMES_REVERSED, "/confirm_by")


class CorrectionOrderEvent(Event[CorrectionOrder]):
    """A correction order on the bus: ids, no content, so it names no person in the envelope."""

    event_type: Literal["correction_order"]
    person_free: ClassVar[bool] = True


class LiftableBlock(StrEnum):
    """The three block rules that a signed decision can lift."""

    HANDLING = "B02"
    CIRCLE = "B05"
    OPEN_CASE = "B06"


class Decider(StrEnum):
    """In which role a release was decided."""

    ORIGINATOR = "originator"
    CIRCLE_OWNER = "circle_owner"
    INVESTIGATION_LEADER = "investigation_leader"
    PROSECUTOR = "prosecutor"
    RELEASE_OFFICER = "release_officer"


_OWNERS = {
    LiftableBlock.HANDLING: {Decider.ORIGINATOR},
    LiftableBlock.CIRCLE: {Decider.CIRCLE_OWNER},
    LiftableBlock.OPEN_CASE: {Decider.INVESTIGATION_LEADER, Decider.PROSECUTOR},
}


class ReleaseDecision(Payload):
    """A decision to release (delgivningsprövning, sekretessprövning), made by a person, for one receiver.

    Shape: ``functions`` are the receiver's desks that are meant, all if none; ``lifts`` the block rules it lifts.
    """

    decision_no: Ref
    target_ids: Targets
    receiver: ReceiverId
    functions: Annotated[list[Function], Field(max_length=9)] = []
    gate: ShortText
    balance_reason: Text
    decided_by: Ref
    decided_as: Decider
    lifts: Annotated[list[LiftableBlock], Field(max_length=3)] = []
    fields_released: Annotated[list[ShortText], Field(min_length=1, max_length=200)]
    conditions: Text | None = None
    expires: Moment

    def contradictions(self) -> Iterator[Contradiction]:
        """A block is lifted only by its owner."""
        for index, block in enumerate(self.lifts):
            if self.decided_as not in _OWNERS[block]:
                yield Contradiction(Check.DECIDER_MISMATCH, f"/lifts/{index}")


class ReleaseDecisionEvent(Event[ReleaseDecision]):
    """A release decision on the bus."""

    event_type: Literal["release_decision"]

    def contradictions(self) -> Iterator[Contradiction]:
        """A release that has expired when it is written releases nothing."""
        yield from super().contradictions()
        if self.payload.expires < self.reported_at:
            yield Contradiction(Check.TIMES_REVERSED, "/payload/expires")


class FeedbackKind(StrEnum):
    """What became of a report."""

    USED = "used"
    NOT_USED = "not_used"
    LED_TO = "led_to"
    KNOWN_BEFORE = "known_before"
    WRONG = "wrong"


class GradeSuggestion(Model):
    """A suggested new grading; the one who graded decides."""

    source: SourceGrade
    info: InfoGrade


class FeedbackNote(Payload):
    """Feedback on an event (återkoppling)."""

    about_id: EventId
    kind: FeedbackKind
    outcome_ref: Ref | None = None
    grade_suggestion: GradeSuggestion | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """What it led to is named."""
        if self.kind is FeedbackKind.LED_TO and self.outcome_ref is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/outcome_ref")


class FeedbackNoteEvent(Event[FeedbackNote]):
    """Feedback on the bus."""

    event_type: Literal["feedback_note"]


class LinkStatus(StrEnum):
    """Whether a link is only suggested."""

    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class LinkRelation(StrEnum):
    """How two events belong together (clarification 48). The first two make one card, the others are links alone."""

    DUPLICATE = "duplicate"  # two reports of the same real event
    ECHO = "echo"  # one retells the other, or both the same: they share a root or a source
    JOINT_SEIZURE = "joint_seizure"  # two authorities' numbers for one seizure: a person confirms it
    RELATED = "related"  # a person, a thing, a place or words in common
    DISPLACEMENT = "displacement"  # a scene near another that was broken up


#: Among the features of a link of the bus: the later of the two updates the earlier, by the same unit, and takes its
#: place on a card as a revision does (clarification 48).
UPDATE: Final = "update"


class LinkSuggestion(Payload):
    """A suggested link between two events (sambandsförslag). Never an automatic merge of persons.

    Shape: ``same_origin`` tells that the ends go back to one root or one source, so that neither confirms the other;
    ``independent`` that they go back to different ones. Neither holds when nothing tells. A joint seizure counts once
    when it is confirmed; a rejected link parts what was joined. ``matched_by`` is the version of the thresholds of the
    bus's own suggestions. ``reason`` tells both ends' readers why somebody decided so: no personal data.
    """

    a_id: EventId
    b_id: EventId
    features: Annotated[list[Ref], Field(min_length=1, max_length=50)]
    score: Score
    status: LinkStatus
    decided_by: Ref | None = None
    relation: LinkRelation = LinkRelation.RELATED
    same_origin: Flag = False
    independent: Flag = False
    matched_by: Ref | None = None
    reason: ShortText | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Two different ends, and somebody decided whatever is decided."""
        if self.same_origin and self.independent:
            yield Contradiction(Check.SAME_AND_INDEPENDENT, "/independent")
        if self.a_id == self.b_id:
            yield Contradiction(Check.SAME_END_TWICE, "/b_id")
        if (self.status is LinkStatus.SUGGESTED) is not (self.decided_by is None):
            yield Contradiction(Check.NEEDS_COMPANION, "/decided_by")


class LinkSuggestionEvent(Event[LinkSuggestion]):
    """A suggested link on the bus; only someone entitled to both ends sees it."""

    event_type: Literal["link_suggestion"]


class PointerKind(StrEnum):
    """What two matters have in common."""

    PERSON = "person"
    VEHICLE = "vehicle"
    PHONE = "phone"
    WALLET = "wallet"
    DEVICE = "device"
    ACCOUNT = "account"
    WEAPON = "weapon"
    OPERATION = "operation"  # two planned operations would meet in place and time


class MatchPointer(Payload):
    """A pointer (träffpekare) to the owner of an event: something else has the same. Made by the bus alone.

    Shape: ``about_id`` is the owner's own event. Nothing tells of the other; both owners have the same
    ``pointer_ref``, by which ``contact`` can bring them together.
    """

    about_id: EventId
    about_type: Ref
    kinds: Annotated[list[PointerKind], Field(min_length=1, max_length=10)]
    pointer_ref: Ref
    contact: Desk


class MatchPointerEvent(Event[MatchPointer]):
    """A pointer on the bus: without content, and for one owner."""

    event_type: Literal["match_pointer"]
    bus_only: ClassVar[bool] = True
    person_free: ClassVar[bool] = True


class OriginatorQuestion(Payload):
    """The question whether something may be shared, to who provided what it is built on (tredjemansregeln).

    Shape: made by the bus alone; ids and codes, no content. ``asked_by`` is the desk that published the event, which
    tells more. A ``release_decision`` that names the event is the answer.
    """

    about_id: EventId
    about_type: Ref
    about_handling: Handling
    asked_by: Desk
    life_in_danger: Flag = False


class OriginatorQuestionEvent(Event[OriginatorQuestion]):
    """A question to an originator on the bus: without content."""

    event_type: Literal["originator_question"]
    bus_only: ClassVar[bool] = True
    person_free: ClassVar[bool] = True
