"""Intelligence and surveillance: the intelligence report and the surveillance observation."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import Confidence, Day, Degrees
from schemas.model import PERSON, SEALED, SEALED_PERSON, Count, Flag, Ref, ShortText, Text, UnitCode
from schemas.vocabulary import LegalOrigin


class IntelligenceReport(Payload):
    """An intelligence report or lead (underrättelserapport, underrättelseuppslag).

    Shape: ``assessment`` is kept apart from the facts of ``summary``; role, level and chain stage of the actor
    stand in the envelope. ``source_description`` is sealed: it could give a source away.
    """

    local_report_no: Ref | None = None
    summary: Text
    assessment: Text | None = None
    confidence: Confidence | None = None
    mo_codes: Annotated[list[Ref], Field(max_length=50)] = []
    valid_until: Day | None = None
    actor_home_area: UnitCode | None = None
    territory_area: UnitCode | None = None
    linked_scene: Ref | None = None
    source_description: Annotated[Text | None, SEALED] = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A confidence belongs to an assessment."""
        if self.confidence is not None and self.assessment is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/assessment")


class IntelligenceReportEvent(Event[IntelligenceReport]):
    """An intelligence report on the bus."""

    event_type: Literal["intelligence_report"]


class ObservationKind(StrEnum):
    """What was observed."""

    HANDOVER = "handover"
    MEETING = "meeting"
    STASH = "stash"
    LOOKOUT = "lookout"
    VEHICLE = "vehicle"
    SALE = "sale"
    PRODUCTION_SIGN = "production_sign"


class WeatherLight(StrEnum):
    """Light and weather, which say what the observer could see."""

    DAYLIGHT = "daylight"
    DUSK_OR_DAWN = "dusk_or_dawn"
    DARK_LIT = "dark_lit"
    DARK_UNLIT = "dark_unlit"
    RAIN_OR_SNOW = "rain_or_snow"
    FOG = "fog"
    INDOORS = "indoors"


class SurveillanceObservation(Payload):
    """A surveillance observation (spaningsobservation).

    Shape: ``observer_ref`` is a pseudonym, never a name, and sealed; media are pointers, not bytes.
    Units: ``heading_deg`` clockwise from north.
    """

    observation_kind: ObservationKind
    observer_ref: Annotated[Ref, SEALED_PERSON]
    duration_s: Count | None = None
    vehicle_plate: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[A-ZÅÄÖ0-9]{2,10}$")] | None,
        PERSON,
    ] = None
    heading_deg: Degrees | None = None
    heading_to_neighbour: Flag = False
    media_refs: Annotated[list[ShortText], Field(max_length=100)] = []
    weather_light: WeatherLight | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """Towards a neighbouring area needs a heading."""
        if self.heading_to_neighbour and self.heading_deg is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/heading_deg")


class SurveillanceObservationEvent(Event[SurveillanceObservation]):
    """A surveillance observation on the bus: method and observer are at risk, so never below sensitivity 2."""

    event_type: Literal["surveillance_observation"]
    minimum_sensitivity: ClassVar[int] = 2

    def contradictions(self) -> Iterator[Contradiction]:
        """An observation is the police's own, or a camera's; what a source told is an intelligence report."""
        yield from super().contradictions()
        if self.legal_origin is LegalOrigin.HUMAN_SOURCE:
            yield Contradiction(Check.LEGAL_ORIGIN_MISMATCH, "/legal_origin")
