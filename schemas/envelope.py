"""The envelope that every event carries: identity, time, place, law, trust, provenance, and what the engine adds."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import Field

from schemas.checks import Check, Contradiction
from schemas.model import (
    PERSON,
    SEALED,
    Checked,
    Count,
    EventId,
    Flag,
    KeyedHash,
    Latitude,
    Longitude,
    MassG,
    Model,
    Moment,
    Ref,
    RouteStop,
    Score,
    ShortText,
    Text,
    UnitCode,
    VolumeMl,
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
    Identification,
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

#: From this sensitivity on an event may hold personal data.
PERSONAL_DATA_SENSITIVITY = 2

Priority = Annotated[int, Field(ge=1, le=5, strict=True)]


class Origin(Model):
    """The desk that published (ursprung). It comes from credentials; a body may repeat it, never change it."""

    unit: UnitCode
    function: Function


class Geo(Model):
    """A place in WGS84, with how far off it may be: a guess of 2 km and a GPS fix must not deduplicate alike."""

    lon: Longitude
    lat: Latitude
    accuracy_m: Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
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
    source_key: Annotated[KeyedHash | None, SEALED] = None
    # Made anew by a factory here and below: pydantic copies a default of [] deeply, at 1.5 µs for each field and event.
    derived_from: Annotated[list[EventId], Field(max_length=200)] = Field(default_factory=list)


class Person(Model):
    """A person in the event, as a pseudonym. Category and fact/assessment are legal duties (BDL 2:9-10)."""

    ref: Ref
    category: PersonCategory
    fact_or_assessment: FactOrAssessment
    age_band: AgeBand | None = None
    protected: Flag = False


class ObjectRef(Model):
    """A thing that can be matched between events, only as a keyed hash."""

    kind: ObjectKind
    ref: KeyedHash


class SecrecyGround(Model):
    """A mark for the release decision: a section of OSL, for the named fields or for the whole event."""

    ref: Annotated[str, Field(pattern=r"^[0-9]{1,2}:[0-9]{1,2}( [a-z])?$")]
    fields: Annotated[list[ShortText], Field(max_length=50)] = Field(default_factory=list)


class Retention(Model):
    """The retention class and its clock (gallring). ``due_at`` is computed; a hold stops it."""

    retention_class: RetentionClass
    clock_start: Moment | None = None
    due_at: Moment | None = None
    hold: Flag = False


class Trace(Model):
    """Correlation across systems and the publisher's own audit record."""

    correlation_id: Ref | None = None
    audit_id: Ref | None = None


class Cluster(Model):
    """Counts of like events near in place and time, this one included (clarification 44)."""

    count_7d_50km: Count = 0


class SubstanceCandidate(Model):
    """A substance that words of the event may mean. A street name gives candidates, never a fact."""

    substance_id: Ref
    identification: Identification
    pointer: ShortText  # JSON pointer to the field that named it
    ambiguous: Flag = False  # the same words mean other substances too


class Quantity(Model):
    """How much of one substance an event tells of in all, in one unit each; never summed over different units.

    Units: net and gross mass in grams, volume in millilitres. ``pure_mass_g`` only from a stated purity.
    """

    substance_id: Ref
    mass_g: MassG | None = None
    gross_mass_g: MassG | None = None
    pure_mass_g: MassG | None = None
    volume_ml: VolumeMl | None = None
    count: Count | None = None


class MadeBy(Model):
    """By what an enrichment was made: the name of the part, and the version of the data that it went by."""

    field: Ref
    by: Ref
    version: Ref


class Enrichment(Model):
    """What the engine adds. A body that carries it is refused: only workers write here."""

    origin_level: OriginLevel
    alert_tier: Annotated[int, Field(ge=1, le=3, strict=True)] | None = None
    novelty: Novelty | None = None
    conflict_score: Score | None = None
    distance_to_border_m: Count | None = None  # to another police area
    distance_to_country_border_m: Count | None = None  # by land
    displacement_candidate: Flag | None = None
    digital: Flag | None = None
    own_use_minor_offence_only: Flag | None = None
    cluster: Cluster | None = None
    areas_found: Annotated[list[UnitCode], Field(max_length=200)] = []
    violence_count_14d_2km: Count | None = None
    chain_stage_found: ChainStage | None = None
    substance_candidates: Annotated[list[SubstanceCandidate], Field(max_length=50)] = []
    quantities: Annotated[list[Quantity], Field(max_length=100)] = []
    marks_found: Annotated[list[Ref], Field(max_length=10)] = []  # minors, protected
    made_by: Annotated[list[MadeBy], Field(max_length=30)] = []
    input_priority: Priority
    priority_reason: ShortText
    retention: Retention | None = None
    gazetteer_version: Ref
    substances_version: Ref


class Payload(Checked):
    """Base of the typed payloads; no payload field has an envelope field's name."""


P = TypeVar("P", bound=Payload)


class Event(Checked, Generic[P]):
    """One event: an envelope and a typed payload. Never changed after it is published; a correction is a new revision.

    Shape: each type is a subclass with its ``event_type`` as a literal. What a type demands of the envelope
    stands in that subclass: the class values below, and further checks in ``contradictions``.
    Units: times are UTC in whole milliseconds; masses, distances and money carry their unit in the field name.
    Source: domain event catalogue, section 1.
    """

    #: The least sensitivity that the law leaves the type, and the greatest that its purpose allows.
    minimum_sensitivity: ClassVar[int] = 0
    maximum_sensitivity: ClassVar[int] = 4
    #: Whether the type is person-free by construction.
    person_free: ClassVar[bool] = False
    #: Whether the bus alone makes it.
    bus_only: ClassVar[bool] = False

    event_id: EventId
    event_type: Ref
    schema_version: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    revision: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 1
    supersedes: EventId | None = None

    occurred_from: Moment
    occurred_to: Moment | None = None
    reported_at: Moment
    published_at: Moment | None = Field(default=None, description="set by the bus when accepted")

    origin_unit: Origin | None = None
    areas: Annotated[list[UnitCode], Field(max_length=200)] = Field(default_factory=list)
    geo: Geo | None = None

    purpose: Purpose
    common_basis: CommonBasis | None = None
    max_penalty_years: Annotated[float, Field(ge=0, le=100)] | None = None
    systematic: Flag = False
    grading: Grading | None = None
    handling: Handling = Handling.H0
    handling_text: ShortText | None = None
    originator: Ref | None = None
    derived_max_handling: Handling | None = None
    sensitivity: Annotated[int, Field(ge=0, le=4, strict=True)]
    sensitive_data: Flag = False
    secrecy_grounds: Annotated[list[SecrecyGround], Field(max_length=50)] = Field(default_factory=list)
    legal_origin: LegalOrigin
    investigation_secret: Flag = False
    provenance: Provenance

    persons: Annotated[list[Person], Field(max_length=200), PERSON] = Field(default_factory=list)
    objects: Annotated[list[ObjectRef], Field(max_length=200), PERSON] = Field(default_factory=list)
    network_ref: Ref | None = None
    chain_ref: Ref | None = None
    case_ref: KeyedHash | None = None
    operation_ref: Ref | None = None

    topics: Annotated[list[Ref], Field(max_length=50)] = Field(default_factory=list)
    actor_role: ActorRole | None = None
    actor_level: ActorLevel | None = None
    strategic_actor: Flag = False
    chain_stage: ChainStage | None = None
    route: Annotated[list[RouteStop], Field(max_length=50)] = Field(default_factory=list)

    public: Flag = False
    released_to: Annotated[list[Ref], Field(max_length=200)] = Field(default_factory=list)
    actionable: Flag = False
    purpose_change_checked: Flag = False
    offence_indicated: Flag = False
    danger_to_life: Flag = False
    danger_reason: ShortText | None = None
    silent_search: Flag = False

    priority: Priority | None = None
    retention_class: RetentionClass | None = None
    hold: Flag = False
    strategy_refs: Annotated[list[Ref], Field(max_length=50)] = Field(default_factory=list)
    trace: Trace | None = None
    synthetic: Flag = Field(default=False, description="made up: demo, test or canary, never a real matter")

    payload: P
    enrichment: Enrichment | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """What every event must hold to, whatever its type."""
        if self.occurred_to is not None and self.occurred_to < self.occurred_from:
            yield Contradiction(Check.TIMES_REVERSED, "/occurred_to")
        if self.danger_to_life and self.danger_reason is None:
            yield Contradiction(Check.DANGER_WITHOUT_REASON, "/danger_reason")
        if self.supersedes == self.event_id:
            yield Contradiction(Check.SUPERSEDES_ITSELF, "/supersedes")
        if self.handling is Handling.H2 and self.originator is None:
            yield Contradiction(Check.ORIGINATOR_MISSING, "/originator")
        if self.handling is Handling.H3 and self.handling_text is None:
            yield Contradiction(Check.HANDLING_TEXT_MISSING, "/handling_text")
        if self.sensitivity < self.minimum_sensitivity:
            yield Contradiction(Check.SENSITIVITY_TOO_LOW, "/sensitivity")
        if self.sensitivity > self.maximum_sensitivity:
            yield Contradiction(Check.SENSITIVITY_TOO_HIGH, "/sensitivity")
        if self.persons:
            yield from self._person_contradictions()

    def _person_contradictions(self) -> Iterator[Contradiction]:
        if self.person_free:
            yield Contradiction(Check.PERSONS_NOT_ALLOWED, "/persons")
        elif self.purpose is Purpose.NO_PERSONAL_DATA:
            yield Contradiction(Check.PERSONS_WITHOUT_PURPOSE, "/purpose")
        elif self.sensitivity < PERSONAL_DATA_SENSITIVITY:
            yield Contradiction(Check.PERSONS_NEED_SENSITIVITY, "/sensitivity")


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
