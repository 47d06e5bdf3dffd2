"""Life-threatening substances: the alert, which is person-free by construction, and the poisoning."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import UNKNOWN_SUBSTANCE, Confidence, Day, Millimetres, SubstanceId
from schemas.model import Count, EventId, Flag, KeyedHash, Model, Ref, ShortText, Text
from schemas.vocabulary import AgeBand, Identification, Purpose

#: The least a person-free alert must blur its place, in metres.
ALERT_ACCURACY_M = 1000


class IntakeRoute(StrEnum):
    """How a substance is taken (intagssätt)."""

    SWALLOW = "swallow"
    SMOKE = "smoke"
    INHALE = "inhale"
    INJECT = "inject"
    NASAL = "nasal"


class Appearance(Model):
    """What the substance looks like, so that someone can recognise it."""

    colour: ShortText | None = None
    logo: ShortText | None = None
    length_mm: Millimetres | None = None
    width_mm: Millimetres | None = None
    thickness_mm: Millimetres | None = None


class SubstanceAlert(Payload):
    """A substance alert (substanslarm).

    Shape: a substance of the register, or ``unknown_features`` when nobody knows it yet. ``intake_route`` is the
    way of taking it; the envelope's ``route`` is the way of the goods.
    Units: ``alert_level`` 1 most urgent; counts within ``window_days``; valid to the end of ``valid_until``.
    """

    alert_level: Annotated[int, Field(ge=1, le=3, strict=True)]
    substance_id: SubstanceId | None = None
    unknown_features: ShortText | None = None
    identification: Identification
    appearance: Appearance | None = None
    sold_as: ShortText | None = None
    intake_route: IntakeRoute | None = None
    deaths: Count = 0
    poisonings: Count = 0
    window_days: Annotated[int, Field(ge=1, le=365, strict=True)] | None = None
    advice_officer: Text
    advice_public: Text | None = None
    valid_until: Day
    basis_event_ids: Annotated[list[EventId], Field(max_length=200)] = []

    def contradictions(self) -> Iterator[Contradiction]:
        """A substance is named or described, the laboratory confirms only what is named, counts have a window."""
        named = self.substance_id is not None and self.substance_id != UNKNOWN_SUBSTANCE
        if not named and self.unknown_features is None:
            yield Contradiction(Check.SUBSTANCE_OR_FEATURES, "/unknown_features")
        if not named and self.identification is Identification.LAB_CONFIRMED:
            yield Contradiction(Check.SUBSTANCE_OR_FEATURES, "/substance_id")
        if (self.deaths or self.poisonings) and self.window_days is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/window_days")


class SubstanceAlertEvent(Event[SubstanceAlert]):
    """A substance alert on the bus: no persons, nothing that leads to one, no exact place, sensitivity at most 1."""

    event_type: Literal["substance_alert"]
    person_free: ClassVar[bool] = True
    maximum_sensitivity: ClassVar[int] = 1

    def contradictions(self) -> Iterator[Contradiction]:
        """Nothing leads to a person or an address."""
        yield from super().contradictions()
        if self.geo is not None and self.geo.accuracy_m < ALERT_ACCURACY_M:
            yield Contradiction(Check.PLACE_TOO_EXACT, "/geo/accuracy_m")
        if self.geo is not None and self.geo.place_label is not None:
            yield Contradiction(Check.PLACE_TOO_EXACT, "/geo/place_label")
        for field in ("objects", "network_ref", "case_ref"):
            if getattr(self, field):
                yield Contradiction(Check.PERSONS_NOT_ALLOWED, f"/{field}")
        if self.purpose is not Purpose.NO_PERSONAL_DATA:
            yield Contradiction(Check.PURPOSE_MUST_BE_PN, "/purpose")


class PoisoningOutcome(StrEnum):
    """How a poisoning ended."""

    RECOVERED = "recovered"
    SEVERE = "severe"
    FATAL = "fatal"


class PoisoningSetting(StrEnum):
    """Where a poisoning happened."""

    HOME = "home"
    PUBLIC = "public"
    DETENTION = "detention"
    PARTY = "party"


class DrugPoisoning(Payload):
    """A drug-related poisoning or death (narkotikarelaterad förgiftning, dödsfall). ``case_no`` is a keyed hash."""

    case_no: KeyedHash | None = None
    outcome: PoisoningOutcome
    substances_suspected: Annotated[list[SubstanceId], Field(max_length=50)] = []
    substances_confirmed: Annotated[list[SubstanceId], Field(max_length=50)] = []
    confidence: Confidence | None = None
    setting: PoisoningSetting
    age_band: AgeBand
    naloxone_given: Flag | None = None
    autopsy_pending: Flag = False
    cluster_ref: Ref | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A suspicion states its confidence, and an autopsy is for the dead."""
        if self.substances_suspected and self.confidence is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/confidence")
        if self.autopsy_pending and self.outcome is not PoisoningOutcome.FATAL:
            yield Contradiction(Check.NOT_AT_THIS_STAGE, "/autopsy_pending")


class DrugPoisoningEvent(Event[DrugPoisoning]):
    """A poisoning on the bus: health data, only where strictly necessary (BDL 2:11)."""

    event_type: Literal["drug_poisoning"]
    minimum_sensitivity: ClassVar[int] = 3

    def contradictions(self) -> Iterator[Contradiction]:
        """Health data about a person are marked as sensitive personal data."""
        yield from super().contradictions()
        if self.persons and not self.sensitive_data:
            yield Contradiction(Check.HEALTH_DATA_UNMARKED, "/sensitive_data")
