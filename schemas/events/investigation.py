"""Investigation and forensics: what a case has come to, and what the laboratory found."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import Day, SubstanceId, purity_needs_lab
from schemas.model import Checked, Count, Flag, KeyedHash, Model, Percent, Ref, ShortText, UnitCode
from schemas.vocabulary import Identification

#: Sensitivity of a matter under investigation (förundersökningssekretess, OSL 18:1).
OPEN_CASE_SENSITIVITY = 3


class InvestigationStage(StrEnum):
    """How far a criminal case has come."""

    REPORTED = "reported"
    INITIATED = "initiated"
    SUSPECT_SERVED = "suspect_served"
    DETAINED = "detained"
    CHARGED = "charged"
    ACQUITTED = "acquitted"
    CONVICTED = "convicted"
    PENALTY_ORDER = "penalty_order"
    PROSECUTION_WAIVED = "prosecution_waived"
    DROPPED = "dropped"


OPEN_STAGES = frozenset(
    {
        InvestigationStage.REPORTED,
        InvestigationStage.INITIATED,
        InvestigationStage.SUSPECT_SERVED,
        InvestigationStage.DETAINED,
        InvestigationStage.CHARGED,
    }
)
LAGFORD_STAGES = frozenset(
    {InvestigationStage.CONVICTED, InvestigationStage.PENALTY_ORDER, InvestigationStage.PROSECUTION_WAIVED}
)


class OffenceDegree(StrEnum):
    """Degree of an offence (grad)."""

    RINGA = "ringa"
    NORMAL = "normal"
    GROVT = "grovt"
    SYNNERLIGEN_GROVT = "synnerligen_grovt"


class InvestigationEvent(Payload):
    """A step in a criminal case (utredningshändelse). Authoritative: a later stage supersedes an earlier one.

    Shape: ``case_no`` and ``k_number_hash`` are keyed hashes. ``lagford`` follows from the stage (conviction,
    penalty order, waiver of prosecution); it may be left out, and when given it must agree. ``team_units`` are other
    units that work on the case: who works on it already names them.
    """

    case_no: KeyedHash
    stage: InvestigationStage
    lagford: Flag | None = None
    offence_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,5}$")]
    degree: OffenceDegree | None = None
    drop_reason: Ref | None = None
    k_number_hash: KeyedHash | None = None
    success_factors: Annotated[list[ShortText], Field(max_length=20)] = []
    final_at: Day | None = None
    linked_scene: Ref | None = None
    team_units: Annotated[list[UnitCode], Field(max_length=50)] = []

    def contradictions(self) -> Iterator[Contradiction]:
        """What follows from the stage agrees with it."""
        if self.lagford is not None and self.lagford is not (self.stage in LAGFORD_STAGES):
            yield Contradiction(Check.DERIVED_VALUE_WRONG, "/lagford")
        if self.drop_reason is not None and self.stage is not InvestigationStage.DROPPED:
            yield Contradiction(Check.NOT_AT_THIS_STAGE, "/drop_reason")
        if self.stage is InvestigationStage.DROPPED and self.drop_reason is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/drop_reason")
        if self.final_at is not None and self.stage in OPEN_STAGES:
            yield Contradiction(Check.NOT_AT_THIS_STAGE, "/final_at")


class InvestigationEventEvent(Event[InvestigationEvent]):
    """A step in a criminal case on the bus."""

    event_type: Literal["investigation_event"]

    def contradictions(self) -> Iterator[Contradiction]:
        """An open case is under investigation secrecy (OSL 18:1)."""
        yield from super().contradictions()
        if self.payload.stage in OPEN_STAGES and self.sensitivity < OPEN_CASE_SENSITIVITY:
            yield Contradiction(Check.SENSITIVITY_TOO_LOW, "/sensitivity")


class LabAnalysis(Checked):
    """One substance found in a sample, and how sure the laboratory is."""

    substance_id: SubstanceId
    identification: Literal[Identification.LAB_CONFIRMED, Identification.SCREENING]
    purity_pct: Percent | None = None
    uncertainty_pct: Percent | None = None
    salt_form: ShortText | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Purity comes from a confirmed analysis, and an uncertainty belongs to a purity."""
        yield from purity_needs_lab(self.purity_pct, self.identification, "/purity_pct")
        if self.uncertainty_pct is not None and self.purity_pct is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/purity_pct")


class LinkFeatures(Model):
    """What can show that two samples come from one production."""

    logo: ShortText | None = None
    die_id: Ref | None = None
    batch_profile_id: Ref | None = None


class ForensicResult(Payload):
    """A laboratory's result (forensiskt resultat, NFC). With a seizure number it updates that seizure's item."""

    lab_no: Ref
    seizure_no: KeyedHash | None = None
    item_no: Count | None = None
    analyses: Annotated[list[LabAnalysis], Field(min_length=1, max_length=50)]
    link_features: LinkFeatures | None = None
    method: ShortText | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """An item number belongs to a seizure."""
        if self.item_no is not None and self.seizure_no is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/seizure_no")


class ForensicResultEvent(Event[ForensicResult]):
    """A laboratory's result on the bus."""

    event_type: Literal["forensic_result"]
