"""The event catalogue: every type there is, who may publish it, its key, and what is usual for it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas import keys
from schemas.envelope import Event
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
from schemas.keys import NaturalKey, of_payload
from schemas.partners import PARTNER_PUBLISHERS, PARTNERS, PartnerClass
from schemas.vocabulary import Function, Purpose
from schemas.vocabulary import RetentionClass as R

_INT, _SUR, _INV = Function.INTELLIGENCE, Function.SURVEILLANCE, Function.INVESTIGATION
_PRE, _COO, _KNO = Function.PREVENTION, Function.COORDINATION, Function.KNOWLEDGE
_FOR, _FIN, _ITC = Function.FORENSICS, Function.FINANCE, Function.IT_CRIME
_P1, _P2, _P5 = Purpose.PREVENT, Purpose.INVESTIGATE, Purpose.INTERNATIONAL_DUTY
_PF, _PN = Purpose.FORENSIC, Purpose.NO_PERSONAL_DATA


class EventType(NamedTuple):
    """One type of the catalogue.

    Shape: ``publishers`` are the functions that may publish it, any if empty; ``partners`` the classes of partners
    whose desks may, none if empty. Sensitivity, purpose and retention are what is usual, for forms and defaults; an
    event states its own. ``intelligence_kind`` needs a grading before it leaves its unit.
    """

    name: str
    model: type[Event[Any]]
    title_sv: str
    title_en: str
    publishers: frozenset[Function]
    usual_sensitivity: int
    usual_purpose: Purpose
    retention_class: R
    natural_key: NaturalKey
    intelligence_kind: bool = False
    partners: frozenset[PartnerClass] = frozenset()
    version: int = 1

    def may_be_published_by(self, unit: str, function: Function) -> bool:
        """Whether this desk may publish it. Shape: the desk is one that the gazetteer or the list of partners has."""
        if self.bus_only or (self.publishers and function not in self.publishers):
            return False
        partner = PARTNERS.get(unit)
        return partner is None or partner.partner_class in self.partners

    @property
    def bus_only(self) -> bool:
        """Whether the bus alone makes it: published by nobody."""
        return self.model.bus_only

    @property
    def family(self) -> str:
        """The family it belongs to: the file of its model."""
        return self.model.__module__.rpartition(".")[2]

    @property
    def examples(self) -> str:
        """Where its good and bad examples stand, inside the package."""
        return f"examples/{self.name}.yaml"


def _type(
    name: str,
    model: type[Event[Any]],
    titles: tuple[str, str],
    publishers: set[Function],
    usual: tuple[int, Purpose, R],
    natural_key: NaturalKey,
    *,
    intelligence_kind: bool = False,
) -> EventType:
    sv, en = titles
    partners = PARTNER_PUBLISHERS.get(name, frozenset())
    return EventType(name, model, sv, en, frozenset(publishers), *usual, natural_key, intelligence_kind, partners)


_TYPES: Final = (
    _type(
        "intelligence_report",
        intelligence.IntelligenceReportEvent,
        ("underrättelserapport", "intelligence report"),
        {_INT, _SUR, _INV, _PRE},
        (2, _P1, R.R4),
        keys.intelligence_report,
        intelligence_kind=True,
    ),
    _type(
        "surveillance_observation",
        intelligence.SurveillanceObservationEvent,
        ("spaningsobservation", "surveillance observation"),
        {_SUR},
        (2, _P1, R.R1),
        keys.surveillance_observation,
        intelligence_kind=True,
    ),
    _type(
        "investigation_event",
        investigation.InvestigationEventEvent,
        ("utredningshändelse", "investigation event"),
        {_INV},
        (3, _P2, R.R7),
        keys.investigation_event,
    ),
    _type(
        "forensic_result",
        investigation.ForensicResultEvent,
        ("forensiskt resultat", "forensic result"),
        {_FOR},
        (2, _PF, R.R7),
        keys.forensic_result,
    ),
    _type(
        "drug_seizure",
        seizures.DrugSeizureEvent,
        ("narkotikabeslag", "drug seizure"),
        {_INV, _SUR},
        (2, _P2, R.R7),
        of_payload("seizing_authority", "seizure_no"),
    ),
    _type(
        "weapon_seizure",
        seizures.WeaponSeizureEvent,
        ("vapenbeslag", "weapon seizure"),
        {_INV, _SUR},
        (2, _P2, R.R7),
        keys.weapon_seizure,
    ),
    _type(
        "open_drug_scene",
        places.OpenDrugSceneEvent,
        ("öppen narkotikascen", "open drug scene"),
        {_SUR, _PRE, _INT},
        (1, _P1, R.R0),
        of_payload("scene_id"),
    ),
    _type(
        "violence_incident",
        places.ViolenceIncidentEvent,
        ("våldshändelse", "violence incident"),
        {_INV, _COO},
        (2, _P2, R.R7),
        of_payload("incident_no"),
    ),
    _type(
        "substance_alert",
        harm.SubstanceAlertEvent,
        ("substanslarm", "substance alert"),
        {_INT, _COO, _FOR},
        (1, _PN, R.R0),
        keys.substance_alert,
    ),
    _type(
        "drug_poisoning",
        harm.DrugPoisoningEvent,
        ("narkotikarelaterad förgiftning eller dödsfall", "drug poisoning"),
        {_INV},
        (3, _P2, R.R8),
        of_payload("case_no"),
    ),
    _type(
        "financial_intelligence",
        money.FinancialIntelligenceEvent,
        ("finansiell underrättelse", "financial intelligence"),
        {_FIN},
        (3, _P1, R.R3),
        keys.financial_intelligence,
    ),
    _type(
        "asset_forfeiture",
        money.AssetForfeitureEvent,
        ("förverkande av brottsvinst", "asset forfeiture"),
        {_INV, _FIN},
        (2, _P2, R.R7),
        keys.asset_forfeiture,
    ),
    _type(
        "online_market_listing",
        digital.OnlineMarketListingEvent,
        ("annons på nätmarknad", "online market listing"),
        {_INT, _ITC},
        (2, _P1, R.R4),
        keys.online_market_listing,
        intelligence_kind=True,
    ),
    _type(
        "encrypted_service_lead",
        digital.EncryptedServiceLeadEvent,
        ("uppslag om krypterad tjänst", "encrypted service lead"),
        {_INT, _INV, _ITC},
        (4, _P1, R.R3),
        keys.encrypted_service_lead,
        intelligence_kind=True,
    ),
    _type(
        "minor_recruitment_concern",
        community.MinorRecruitmentConcernEvent,
        ("oro för rekrytering av barn och unga", "minor recruitment concern"),
        {_PRE},
        (3, _P1, R.R1),
        keys.minor_recruitment_concern,
        intelligence_kind=True,
    ),
    _type(
        "citizen_promise",
        community.CitizenPromiseEvent,
        ("medborgarlöfte", "citizen promise"),
        {_PRE, _COO},
        (0, _PN, R.R0),
        of_payload("promise_id", "year"),
    ),
    _type(
        "situation_picture",
        plans.SituationPictureEvent,
        ("lägesbild", "situation picture"),
        {_COO, _INT},
        (2, _P1, R.R4),
        keys.situation_picture,
    ),
    _type(
        "operational_plan",
        plans.OperationalPlanEvent,
        ("operativ plan", "operational plan"),
        {_COO},
        (3, _P1, R.R3),
        of_payload("plan_no"),
    ),
    _type(
        "action_plan",
        plans.ActionPlanEvent,
        ("handlingsplan", "action plan"),
        {_COO},
        (1, _PN, R.R0),
        of_payload("plan_no", "plan_version"),
    ),
    _type(
        "focus_group_order",
        plans.FocusGroupOrderEvent,
        ("beslut om lokal fokusgrupp", "focus group order"),
        {_COO},
        (2, _PN, R.R0),
        of_payload("order_no"),
    ),
    _type(
        "joint_operation",
        plans.JointOperationEvent,
        ("gemensam insats", "joint operation"),
        {_COO},
        (3, _P1, R.R3),
        of_payload("operation_no"),
    ),
    _type(
        "information_request",
        exchange.InformationRequestEvent,
        ("informationsbegäran", "information request"),
        {_COO, _INT, _INV},
        (2, _P1, R.R3),
        of_payload("request_no"),
    ),
    _type(
        "information_reply",
        exchange.InformationReplyEvent,
        ("svar på informationsbegäran", "information reply"),
        {_COO, _INT, _INV},
        (2, _P1, R.R3),
        keys.information_reply,
    ),
    _type(
        "knowledge_item",
        exchange.KnowledgeItemEvent,
        ("kunskapsunderlag", "knowledge item"),
        {_KNO},
        (0, _PN, R.R0),
        of_payload("item_id", "item_version"),
    ),
    _type(
        "foreign_message",
        exchange.ForeignMessageEvent,
        ("utländskt meddelande", "foreign message"),
        {_COO, _INT},
        (3, _P5, R.R11),
        keys.foreign_message,
    ),
    _type(
        "correction_order",
        control.CorrectionOrderEvent,
        ("rättelse, återkallelse, begränsning eller gallring", "correction order"),
        set(),
        (2, _PN, R.R0),
        of_payload("order_no"),
    ),
    _type(
        "release_decision",
        control.ReleaseDecisionEvent,
        ("delgivnings- eller sekretessprövning", "release decision"),
        set(),
        (2, _P1, R.R3),
        of_payload("decision_no"),
    ),
    _type(
        "feedback_note",
        control.FeedbackNoteEvent,
        ("återkoppling", "feedback note"),
        set(),
        (2, _P1, R.R4),
        keys.feedback_note,
    ),
    _type(
        "link_suggestion",
        control.LinkSuggestionEvent,
        ("sambandsförslag", "link suggestion"),
        set(),
        (3, _P1, R.R4),
        keys.link_suggestion,
    ),
    _type(
        "match_pointer",
        control.MatchPointerEvent,
        ("träffpekare", "match pointer"),
        set(),
        (2, _PN, R.R0),
        of_payload("pointer_ref", "about_id"),
    ),
    _type(
        "originator_question",
        control.OriginatorQuestionEvent,
        ("fråga till uppgiftslämnaren", "question to the originator"),
        set(),
        (1, _PN, R.R0),
        of_payload("about_id"),
    ),
    _type(
        "public_notice",
        community.PublicNoticeEvent,
        ("publicerad händelsenotis", "public notice"),
        set(),
        (0, _PN, R.R0),
        of_payload("source", "notice_no"),
    ),
    _type(
        "receipt",
        duties.ReceiptEvent,
        ("kvittens", "receipt"),
        set(),
        (1, _PN, R.R0),
        keys.receipt,
    ),
    _type(
        "obligation_notice",
        duties.ObligationNoticeEvent,
        ("pliktbesked", "obligation notice"),
        set(),
        (1, _PN, R.R0),
        of_payload("duty_id", "duty_state"),
    ),
)

#: Every event type by its name.
EVENT_TYPES: Final[Mapping[str, EventType]] = {entry.name: entry for entry in _TYPES}
#: What a unit may publish; the rest is made by the bus alone.
PUBLISHED_TYPES: Final[Mapping[str, EventType]] = {entry.name: entry for entry in _TYPES if not entry.bus_only}
