"""The envelope that every event carries: identity, time, place, law, trust, provenance, and what the engine adds."""

from typing import Annotated, Generic, Self, TypeVar

from pydantic import Field, model_validator

from schemas.model import (
    Count,
    CountryCode,
    EventId,
    KeyedHash,
    Latitude,
    Longitude,
    Model,
    Moment,
    Ref,
    Score,
    ShortText,
    Text,
    UnitCode,
)
from schemas.vocabulary import (
    ActorLevel,
    ActorRole,
    AgeBand,
    ChainStage,
    CommonBasis,
    FactOrAssessment,
    Function,
    Handling,
    InfoGrade,
    LegalOrigin,
    Novelty,
    ObjectKind,
    OriginLevel,
    PersonCategory,
    Purpose,
    RetentionClass,
    SourceGrade,
)

Priority = Annotated[int, Field(ge=1, le=5)]


class Origin(Model):
    """The desk that published (ursprung). It comes from credentials; a body may repeat it, never change it."""

    unit: UnitCode
    function: Function


class Geo(Model):
    """A place in WGS84, with how far off it may be: a guess of 2 km and a GPS fix must not deduplicate alike."""

    lon: Longitude
    lat: Latitude
    accuracy_m: Annotated[int, Field(ge=0, le=1_000_000)]
    place_type: Ref | None = None
    place_label: ShortText | None = None


class Grading(Model):
    """Evaluation of source and information (värdering), Europol 4x4: A, B, C or X, and 1 to 4."""

    source: SourceGrade
    info: InfoGrade
    by: Ref
    at: Moment


class Provenance(Model):
    """Where it comes from. An original report's own id is its root; a retelling keeps the roots of what it retells."""

    root_ids: Annotated[list[EventId], Field(min_length=1, max_length=200)]
    source_key: KeyedHash | None = None
    derived_from: Annotated[list[EventId], Field(max_length=200)] = []


class Person(Model):
    """A person in the event, as a pseudonym. Category and fact/assessment are legal duties (BDL 2:9-10)."""

    ref: Ref
    category: PersonCategory
    fact_or_assessment: FactOrAssessment
    age_band: AgeBand | None = None
    protected: bool = False


class ObjectRef(Model):
    """A thing that can be matched between events, only as a keyed hash."""

    kind: ObjectKind
    ref: KeyedHash


class SecrecyGround(Model):
    """A mark for the release decision: a section of OSL, for the named fields or for the whole event."""

    ref: Annotated[str, Field(pattern=r"^[0-9]{1,2}:[0-9]{1,2}( [a-z])?$")]
    fields: Annotated[list[ShortText], Field(max_length=50)] = []


class Retention(Model):
    """The retention class and its clock (gallring). ``due_at`` is computed; a hold stops it."""

    retention_class: RetentionClass
    clock_start: Moment | None = None
    due_at: Moment | None = None
    hold: bool = False


class Trace(Model):
    """Correlation across systems and the publisher's own audit record."""

    correlation_id: Ref | None = None
    audit_id: Ref | None = None


class Cluster(Model):
    """Counts of like events near in place and time, this one included (clarification 44)."""

    count_7d_50km: Count = 0


class Enrichment(Model):
    """What the engine adds. A body that carries it is refused: only the assess agent writes here."""

    origin_level: OriginLevel
    alert_tier: Annotated[int, Field(ge=1, le=3)] | None = None
    novelty: Novelty | None = None
    conflict_score: Score | None = None
    distance_to_border_m: Count | None = None
    displacement_candidate: bool | None = None
    digital: bool | None = None
    own_use_minor_offence_only: bool | None = None
    cluster: Cluster | None = None
    areas_found: Annotated[list[UnitCode], Field(max_length=200)] = []
    input_priority: Priority
    priority_reason: ShortText
    retention: Retention | None = None
    gazetteer_version: Ref
    substances_version: Ref


class Payload(Model):
    """Base of the typed payloads; no payload field has an envelope field's name."""


P = TypeVar("P", bound=Payload)


class Event(Model, Generic[P]):
    """One event: an envelope and a typed payload. Never changed after it is published; a correction is a new revision.

    Units: times are UTC in whole milliseconds; masses, distances and money carry their unit in the field name.
    Source: domain event catalogue, section 1.
    """

    event_id: EventId
    event_type: Ref
    schema_version: Annotated[int, Field(ge=1, le=1000)] = 1
    revision: Annotated[int, Field(ge=1, le=10_000)] = 1
    supersedes: EventId | None = None

    occurred_from: Moment
    occurred_to: Moment | None = None
    reported_at: Moment
    published_at: Moment | None = Field(default=None, description="set by the bus when accepted")

    origin_unit: Origin | None = None
    areas: Annotated[list[UnitCode], Field(max_length=200)] = []
    geo: Geo | None = None

    purpose: Purpose
    common_basis: CommonBasis | None = None
    max_penalty_years: Annotated[float, Field(ge=0, le=100)] | None = None
    systematic: bool = False
    grading: Grading | None = None
    handling: Handling = Handling.H0
    handling_text: ShortText | None = None
    originator: Ref | None = None
    derived_max_handling: Handling | None = None
    sensitivity: Annotated[int, Field(ge=0, le=4)]
    sensitive_data: bool = False
    secrecy_grounds: Annotated[list[SecrecyGround], Field(max_length=50)] = []
    legal_origin: LegalOrigin
    investigation_secret: bool = False
    provenance: Provenance

    persons: Annotated[list[Person], Field(max_length=200)] = []
    objects: Annotated[list[ObjectRef], Field(max_length=200)] = []
    network_ref: Ref | None = None
    chain_ref: Ref | None = None
    case_ref: KeyedHash | None = None
    operation_ref: Ref | None = None

    topics: Annotated[list[Ref], Field(max_length=50)] = []
    actor_role: ActorRole | None = None
    actor_level: ActorLevel | None = None
    strategic_actor: bool = False
    chain_stage: ChainStage | None = None
    route: Annotated[list[CountryCode | UnitCode], Field(max_length=50)] = []

    public: bool = False
    released_to: Annotated[list[Ref], Field(max_length=200)] = []
    actionable: bool = False
    purpose_change_checked: bool = False
    offence_indicated: bool = False
    danger_to_life: bool = False
    danger_reason: ShortText | None = None
    silent_search: bool = False

    priority: Priority | None = None
    retention_class: RetentionClass | None = None
    hold: bool = False
    strategy_refs: Annotated[list[Ref], Field(max_length=50)] = []
    trace: Trace | None = None
    synthetic: bool = Field(default=False, description="made up: demo, test or canary, never a real matter")

    payload: P
    enrichment: Enrichment | None = None

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        if self.occurred_to is not None and self.occurred_to < self.occurred_from:
            raise ValueError("occurred_to must not be before occurred_from")
        return self

    @model_validator(mode="after")
    def _danger_has_reason(self) -> Self:
        if self.danger_to_life and self.danger_reason is None:
            raise ValueError("danger_to_life needs danger_reason")
        return self

    @model_validator(mode="after")
    def _first_revision_supersedes_nothing(self) -> Self:
        if self.supersedes == self.event_id:
            raise ValueError("supersedes must name another event")
        return self


#: Fields only the bus may set; a body that sets one is refused with ENGINE_FIELD.
ENGINE_FIELDS = ("published_at", "enrichment")

__all__ = [
    "ENGINE_FIELDS",
    "Cluster",
    "Enrichment",
    "Event",
    "Geo",
    "Grading",
    "ObjectRef",
    "Origin",
    "Payload",
    "Person",
    "Priority",
    "Provenance",
    "Retention",
    "SecrecyGround",
    "Text",
    "Trace",
]
