"""What several event families are built of: substances, periods, places, confidence, and checks they share."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.checks import Check, Contradiction
from schemas.model import UNIT_CODE, Checked, Latitude, Longitude, Model, Moment
from schemas.vocabulary import Identification


def _no_number(value: object) -> object:
    """Refuse a bare number as a date: which epoch and unit it counts from would be a guess."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date_type", "a date is ISO 8601 text, not a number")
    return value


#: A calendar day in Sweden (Europe/Stockholm).
Day = Annotated[date, BeforeValidator(_no_number)]
#: An id in the substance register. Whether the register knows it is for intake to say.
SubstanceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60)]
#: An id of the register, or unknown_powder, stands for a substance nobody has identified.
UNKNOWN_SUBSTANCE = "unknown_powder"
#: A partner that publishes or receives through its own gateway.
PartnerId = Annotated[str, StringConstraints(pattern=r"^partner\.[a-z0-9]+([-_][a-z0-9]+)*$", max_length=120)]
#: A unit or a partner, as a receiver is named.
ReceiverId = Annotated[str, StringConstraints(pattern=rf"{UNIT_CODE}|^partner\.[a-z0-9_-]+$", max_length=120)]
#: SHA-256 of published content, as hex: shows that a later version differs.
ContentHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Year = Annotated[int, Field(ge=2000, le=2200, strict=True)]
Urgency = Annotated[int, Field(ge=1, le=3, strict=True, json_schema_extra={"unit": "1 most urgent"})]
Degrees = Annotated[int, Field(ge=0, le=359, strict=True)]
Millimetres = Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=2)]
CryptoUnits = Annotated[Decimal, Field(ge=0, max_digits=38, decimal_places=18)]


class Confidence(StrEnum):
    """How sure an assessment is (tillförsikt)."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Scope(StrEnum):
    """At which level a picture or plan applies (omfattning)."""

    LOCAL = "local"
    REGIONAL = "regional"
    NATIONAL = "national"
    INTERNATIONAL = "international"


class Context(StrEnum):
    """Where a seizure was made (beslagssituation)."""

    STREET = "street"
    VEHICLE = "vehicle"
    HOME = "home"
    PARCEL = "parcel"
    BORDER = "border"
    PRODUCTION_SITE = "production_site"
    PRISON = "prison"


class MeasureStatus(StrEnum):
    """How far a measure or action has come."""

    PLANNED = "planned"
    ONGOING = "ongoing"
    DONE = "done"
    DROPPED = "dropped"


class Point(Model):
    """A corner or a centre, WGS84."""

    lon: Longitude
    lat: Latitude


class Window(Checked):
    """A span of time, both ends included."""

    start: Moment
    end: Moment

    def contradictions(self) -> Iterator[Contradiction]:
        """The end does not lie before the start."""
        if self.end < self.start:
            yield Contradiction(Check.TIMES_REVERSED, "/end")


class Period(Checked):
    """Calendar days, from the start of the first to the end of the last."""

    first_day: Day
    last_day: Day

    def contradictions(self) -> Iterator[Contradiction]:
        """The last day does not lie before the first."""
        if self.last_day < self.first_day:
            yield Contradiction(Check.TIMES_REVERSED, "/last_day")


def purity_needs_lab(purity: Decimal | None, identification: Identification, at: str) -> Iterator[Contradiction]:
    """Purity (renhetsgrad) is a laboratory's finding; nobody tastes a percentage."""
    if purity is not None and identification is not Identification.LAB_CONFIRMED:
        yield Contradiction(Check.PURITY_NEEDS_LAB, at)
