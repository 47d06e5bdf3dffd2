"""Pictures, plans and joint work: what is known of a situation, and what is to be done about it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import Confidence, Day, MeasureStatus, PartnerId, Period, Scope, Window
from schemas.model import PERSON, SEALED, Count, EventId, Flag, MassG, Model, Ref, ShortText, Text, UnitCode
from schemas.records import Desk
from schemas.vocabulary import Function


class Probability(StrEnum):
    """Words of estimative probability (sannolikhetsord), most likely first."""

    ALMOST_CERTAIN = "almost_certain"
    VERY_LIKELY = "very_likely"
    LIKELY = "likely"
    EVEN_CHANCE = "even_chance"
    UNLIKELY = "unlikely"
    VERY_UNLIKELY = "very_unlikely"


class KeyJudgement(Model):
    """One judgement of a picture, with how likely it is and how sure the analyst is of that."""

    text: Text
    probability: Probability
    confidence: Confidence


class Measure(StrEnum):
    """What a figure of a picture counts: groups of reports of one real event, each once."""

    SEIZURES = "seizures"
    MASS = "mass"
    WEAPON_SEIZURES = "weapon_seizures"
    ACTIVE_SCENES = "active_scenes"
    VIOLENCE = "violence"
    POISONINGS = "poisonings"
    DEATHS = "deaths"
    ALERTS = "alerts"
    REPORTS = "reports"


class Figure(Model):
    """One figure of a picture, and what it was in the period of the same length before.

    Units: masses in grams, net; ``mass`` has masses, every other measure counts.
    """

    area: UnitCode
    measure: Measure
    substance_id: Ref | None = None
    count: Count | None = None
    earlier_count: Count | None = None
    mass_g: MassG | None = None
    earlier_mass_g: MassG | None = None


class SituationPicture(Payload):
    """A situation picture (lägesbild). It cites its inputs, or how many there were where they may not be cited.

    Shape: a ``draft`` is the bus's own: figures, on which an analyst builds judgements.
    """

    scope: Scope
    theme: ShortText
    period: Period
    draft: Flag = False
    figures: Annotated[list[Figure], Field(max_length=2000)] = []
    key_judgements: Annotated[list[KeyJudgement], Field(max_length=50)] = []
    input_event_ids: Annotated[list[EventId], Field(max_length=1000)] = []
    input_count: Count | None = None
    gaps: Annotated[list[ShortText], Field(max_length=50)] = []
    review_by: Day
    supersedes_ref: EventId | None = None
    public_version_ref: Ref | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A picture rests on something, and is reviewed after it was drawn."""
        if not self.input_event_ids and self.input_count is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/input_event_ids")
        if not self.draft and not self.key_judgements:
            yield Contradiction(Check.NEEDS_COMPANION, "/key_judgements")
        if self.review_by < self.period.last_day:
            yield Contradiction(Check.TIMES_REVERSED, "/review_by")


class SituationPictureEvent(Event[SituationPicture]):
    """A situation picture on the bus."""

    event_type: Literal["situation_picture"]

    def contradictions(self) -> Iterator[Contradiction]:
        """A local or regional picture is of an area."""
        yield from super().contradictions()
        if self.payload.scope in (Scope.LOCAL, Scope.REGIONAL) and not self.areas:
            yield Contradiction(Check.NEEDS_COMPANION, "/areas")


class PlanTargetKind(StrEnum):
    """What a plan is aimed at."""

    ACTOR = "actor"
    PLACE = "place"
    PHENOMENON = "phenomenon"


class PlanTarget(Model):
    """One target of a plan. An actor is a pseudonym."""

    kind: PlanTargetKind
    ref: Annotated[Ref, PERSON]


class PlanStatus(StrEnum):
    """How far a plan has come."""

    DRAFT = "draft"
    DECIDED = "decided"
    ONGOING = "ongoing"
    ENDED = "ended"
    CANCELLED = "cancelled"


class OperationalPlan(Payload):
    """An operational plan (operativ plan). It rests on a picture; its ``window`` is sealed until its end.

    Shape: ``executing_units`` carry it out, and see the window before its end.
    """

    plan_no: Ref
    picture_refs: Annotated[list[EventId], Field(min_length=1, max_length=50)]
    targets: Annotated[list[PlanTarget], Field(min_length=1, max_length=100)]
    window: Annotated[Window, SEALED]
    executing_units: Annotated[list[UnitCode], Field(max_length=50)] = []
    resources: Text | None = None
    functions: Annotated[list[Function], Field(min_length=1, max_length=9)]
    measures: Annotated[list[ShortText], Field(max_length=50)] = []
    decision_by: Ref
    status: PlanStatus
    debrief_ref: Ref | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A debriefing follows a plan that has ended."""
        if self.debrief_ref is not None and self.status is not PlanStatus.ENDED:
            yield Contradiction(Check.NOT_AT_THIS_STAGE, "/debrief_ref")


class OperationalPlanEvent(Event[OperationalPlan]):
    """An operational plan on the bus: time and place that leak end the operation."""

    event_type: Literal["operational_plan"]
    minimum_sensitivity: ClassVar[int] = 3


class PlannedAction(Model):
    """One action of an action plan."""

    text: ShortText
    owner: Ref
    due: Day
    indicator: ShortText | None = None
    status: MeasureStatus


class ActionPlan(Payload):
    """An action plan (handlingsplan). The parts of the strategy it carries out stand in ``strategy_refs``."""

    plan_no: Ref
    plan_version: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    scope: Scope
    actions: Annotated[list[PlannedAction], Field(min_length=1, max_length=200)]


class ActionPlanEvent(Event[ActionPlan]):
    """An action plan on the bus."""

    event_type: Literal["action_plan"]
    person_free: ClassVar[bool] = True

    def contradictions(self) -> Iterator[Contradiction]:
        """An action plan says which parts of the strategy it carries out."""
        yield from super().contradictions()
        if not self.strategy_refs:
            yield Contradiction(Check.NEEDS_COMPANION, "/strategy_refs")


class FocusGroupOrder(Payload):
    """A decision on a local focus group (beslut om lokal fokusgrupp). Its circle closes by itself.

    Shape: ``members`` are desks; the group's topics stand in the envelope.
    Units: the circle is open from the start of ``first_day`` to the end of ``last_day``, Europe/Stockholm.
    """

    order_no: Ref
    area: UnitCode
    picture_ref: EventId
    members: Annotated[list[Desk], Field(min_length=1, max_length=100)]
    first_day: Day
    last_day: Day
    leader: Ref

    def contradictions(self) -> Iterator[Contradiction]:
        """The order ends after it begins."""
        if self.last_day < self.first_day:
            yield Contradiction(Check.TIMES_REVERSED, "/last_day")


class FocusGroupOrderEvent(Event[FocusGroupOrder]):
    """A focus-group order on the bus: staff data only, no persons."""

    event_type: Literal["focus_group_order"]
    person_free: ClassVar[bool] = True

    def contradictions(self) -> Iterator[Contradiction]:
        """A circle without topics would see everything or nothing."""
        yield from super().contradictions()
        if not self.topics:
            yield Contradiction(Check.NEEDS_COMPANION, "/topics")


class JointOperationKind(StrEnum):
    """Kinds of joint operations."""

    OPERATIONAL = "operational"
    ADMINISTRATIVE = "administrative"


class JointPartner(Model):
    """One partner of a joint operation: its part in it, what it may see, and by which legal gate."""

    partner: PartnerId
    role: ShortText
    fields_allowed: Annotated[list[Ref], Field(max_length=100)] = []
    legal_gate: ShortText
    decision_ref: Ref


class JointOperation(Payload):
    """A joint operation (gemensam insats) with other authorities, driven by a need in a picture.

    Shape: ``parties`` are the police units that take part, ``partners`` everybody else.
    """

    operation_no: Ref
    kind: JointOperationKind
    parties: Annotated[list[UnitCode], Field(min_length=1, max_length=50)]
    partners: Annotated[list[JointPartner], Field(min_length=1, max_length=50)]
    need_statement: Text
    picture_ref: EventId
    window: Window
    results: Text | None = None


class JointOperationEvent(Event[JointOperation]):
    """A joint operation on the bus."""

    event_type: Literal["joint_operation"]
