"""Builders of events, one for each type that a unit may publish: they fill in what a program should not think about.

A builder takes the typed payload, when it happened, and how the information was come by (its legal origin): these only
the publisher knows. It fills in the id, the time of the report, the roots, and what the catalogue says is usual.
Whatever else the envelope has can be given by name, and goes before.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypedDict, TypeVar, Unpack, cast

from producers.encoding import new_event_id
from schemas.catalogue import EVENT_TYPES, EventType
from schemas.envelope import Event, Geo, Grading, ObjectRef, Payload, Person, Provenance, SecrecyGround, Trace
from schemas.events import (
    community,
    control,
    digital,
    duties,
    exchange,
    harm,
    intelligence,
    investigation,
    money,
    places,
    plans,
    seizures,
)
from schemas.problems import Problem
from schemas.validation import validate
from schemas.vocabulary import (
    ActorLevel,
    ActorRole,
    ChainStage,
    CommonBasis,
    Handling,
    LegalOrigin,
    Purpose,
    RetentionClass,
)

P = TypeVar("P", bound=Payload)


class EventError(ValueError):
    """What was given makes no event of the type. ``problems`` say where and what would be right; never content."""

    def __init__(self, event_type: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        told = "; ".join(f"{problem.code} {problem.pointer}: {problem.remedy_en}" for problem in self.problems)
        super().__init__(f"{event_type}: {told}")


class Envelope(TypedDict, total=False):
    """What may be given of the envelope beside what every builder asks for; fields as in ``schemas.envelope.Event``."""

    event_id: str
    reported_at: datetime
    occurred_to: datetime | None
    revision: int
    supersedes: str | None
    areas: Sequence[str]
    geo: Geo | None
    purpose: Purpose
    common_basis: CommonBasis | None
    max_penalty_years: float | None
    systematic: bool
    grading: Grading | None
    handling: Handling
    handling_text: str | None
    originator: str | None
    derived_max_handling: Handling | None
    sensitivity: int
    sensitive_data: bool
    secrecy_grounds: Sequence[SecrecyGround]
    investigation_secret: bool
    provenance: Provenance
    persons: Sequence[Person]
    objects: Sequence[ObjectRef]
    network_ref: str | None
    chain_ref: str | None
    case_ref: str | None
    operation_ref: str | None
    topics: Sequence[str]
    actor_role: ActorRole | None
    actor_level: ActorLevel | None
    strategic_actor: bool
    chain_stage: ChainStage | None
    route: Sequence[str]
    public: bool
    released_to: Sequence[str]
    actionable: bool
    purpose_change_checked: bool
    offence_indicated: bool
    danger_to_life: bool
    danger_reason: str | None
    silent_search: bool
    priority: int | None
    retention_class: RetentionClass | None
    hold: bool
    strategy_refs: Sequence[str]
    trace: Trace | None
    synthetic: bool


class Builder(Generic[P]):
    """Builds the events of one type."""

    def __init__(self, model: type[Event[P]]) -> None:
        self._type = _type_of(model)

    @property
    def event_type(self) -> str:
        """The name of the type."""
        return self._type.name

    def __call__(
        self,
        payload: P,
        *,
        occurred_from: datetime,
        legal_origin: LegalOrigin,
        retells: Sequence[Event[Any]] = (),
        **more: Unpack[Envelope],
    ) -> Event[P]:
        """An event, valid and with an id of its own: keep it, and send the same again if it must be sent again.

        Shape: ``retells`` are the events that it retells or is built on: their roots become its roots.
        Errors: ``EventError``, with everything that is wrong.
        """
        event_id = more.get("event_id") or new_event_id()
        body: dict[str, Any] = {
            "event_id": event_id,
            "event_type": self._type.name,
            "occurred_from": occurred_from,
            "reported_at": datetime.now(UTC),
            "legal_origin": legal_origin,
            "purpose": self._type.usual_purpose,
            "sensitivity": max(self._type.usual_sensitivity, self._type.model.minimum_sensitivity),
            "retention_class": self._type.retention_class,
            "provenance": _provenance(event_id, retells),
            "payload": payload,
            **{name: _plain(value) for name, value in more.items()},
        }
        event = validate(self._type.name, body)
        if not isinstance(event, Event):
            raise EventError(self._type.name, event)
        return cast("Event[P]", event)


def _type_of(model: type[Event[Any]]) -> EventType:
    return next(entry for entry in EVENT_TYPES.values() if entry.model is model)


def _plain(value: Any) -> Any:
    """A sequence as the list that the model wants."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _provenance(event_id: str, retells: Sequence[Event[Any]]) -> Provenance:
    """An original report is its own root. A retelling has the roots of what it retells, and its source if it is one."""
    if not retells:
        return Provenance(root_ids=[event_id])
    roots = dict.fromkeys(root for event in retells for root in event.provenance.root_ids)
    sources = {event.provenance.source_key for event in retells}
    return Provenance(
        root_ids=list(roots),
        source_key=sources.pop() if len(sources) == 1 else None,
        derived_from=[event.event_id for event in retells],
    )


intelligence_report: Final = Builder(intelligence.IntelligenceReportEvent)
surveillance_observation: Final = Builder(intelligence.SurveillanceObservationEvent)
investigation_event: Final = Builder(investigation.InvestigationEventEvent)
forensic_result: Final = Builder(investigation.ForensicResultEvent)
drug_seizure: Final = Builder(seizures.DrugSeizureEvent)
weapon_seizure: Final = Builder(seizures.WeaponSeizureEvent)
open_drug_scene: Final = Builder(places.OpenDrugSceneEvent)
violence_incident: Final = Builder(places.ViolenceIncidentEvent)
substance_alert: Final = Builder(harm.SubstanceAlertEvent)
drug_poisoning: Final = Builder(harm.DrugPoisoningEvent)
financial_intelligence: Final = Builder(money.FinancialIntelligenceEvent)
asset_forfeiture: Final = Builder(money.AssetForfeitureEvent)
online_market_listing: Final = Builder(digital.OnlineMarketListingEvent)
encrypted_service_lead: Final = Builder(digital.EncryptedServiceLeadEvent)
minor_recruitment_concern: Final = Builder(community.MinorRecruitmentConcernEvent)
citizen_promise: Final = Builder(community.CitizenPromiseEvent)
public_notice: Final = Builder(community.PublicNoticeEvent)
situation_picture: Final = Builder(plans.SituationPictureEvent)
operational_plan: Final = Builder(plans.OperationalPlanEvent)
action_plan: Final = Builder(plans.ActionPlanEvent)
focus_group_order: Final = Builder(plans.FocusGroupOrderEvent)
joint_operation: Final = Builder(plans.JointOperationEvent)
information_request: Final = Builder(exchange.InformationRequestEvent)
information_reply: Final = Builder(exchange.InformationReplyEvent)
knowledge_item: Final = Builder(exchange.KnowledgeItemEvent)
foreign_message: Final = Builder(exchange.ForeignMessageEvent)
correction_order: Final = Builder(control.CorrectionOrderEvent)
release_decision: Final = Builder(control.ReleaseDecisionEvent)
feedback_note: Final = Builder(control.FeedbackNoteEvent)
link_suggestion: Final = Builder(control.LinkSuggestionEvent)
receipt: Final = Builder(duties.ReceiptEvent)
