"""The base model and the scalar types that the envelope and every payload are built of."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

UNIT_CODE = r"^(se|partner)(\.[a-z0-9]+(-[a-z0-9]+)*)*$"
UUID_V7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
KEYED_HASH = r"^[0-9a-f]{64}$"


class Model(BaseModel):
    """Base of everything on the bus: unknown fields are refused, values never change once made."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, ser_json_inf_nan="constants", allow_inf_nan=False
    )


def _utc_milliseconds(value: datetime) -> datetime:
    """Store times as UTC with millisecond precision, the precision of the wire."""
    utc = value.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


#: A moment: aware on input, stored as UTC in whole milliseconds.
Moment = Annotated[AwareDatetime, Field(json_schema_extra={"unit": "UTC, ms"}), AfterValidator(_utc_milliseconds)]
UnitCode = Annotated[str, StringConstraints(pattern=UNIT_CODE, max_length=120)]
EventId = Annotated[str, StringConstraints(pattern=UUID_V7)]
#: HMAC-SHA-256 as hex: a reference to a person, case or object that is never plain.
KeyedHash = Annotated[str, StringConstraints(pattern=KEYED_HASH)]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=120)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Count = Annotated[int, Field(ge=0, le=2_000_000_000)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
MassG = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=3)]
VolumeMl = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=3)]
Sek = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]
Score = Annotated[float, Field(ge=0, le=1)]
Longitude = Annotated[Decimal, Field(ge=-180, le=180, max_digits=8, decimal_places=5)]
Latitude = Annotated[Decimal, Field(ge=-90, le=90, max_digits=7, decimal_places=5)]
