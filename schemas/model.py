"""The base model and the scalar types that the envelope and every payload are built of."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.checks import Contradiction, contradiction_error

#: A moment as most write it, which Python reads in a fifth of the time.
_USUAL_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3])(?::[0-9]{2}){2}(?:\.[0-9]{1,3})?Z")
UNIT_CODE = r"^(se|partner)(\.[a-z0-9]+(-[a-z0-9]+)*)*$"
UUID_V7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
KEYED_HASH = r"^[0-9a-f]{64}$"


class Model(BaseModel):
    """Base of everything on the bus: unknown fields are refused, values never change once made.

    Errors: pydantic's texts leave the input out, so that a stray traceback holds no content.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        ser_json_inf_nan="constants",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )


class Checked(Model):
    """A model with checks between its fields. All that fail are reported together."""

    def contradictions(self) -> Iterator[Contradiction]:
        """Every pair of fields that do not fit together; runs when each field is good by itself."""
        return iter(())

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = tuple(self.contradictions())
        if found:
            raise contradiction_error(found)
        return self


def fields_of(value: Mapping[str, Any] | Model) -> Mapping[str, Any]:
    """What a value holds by the names of its fields, whether it is a model or was one."""
    return vars(value) if isinstance(value, Model) else value


def _utc_milliseconds(value: Any, parse: ValidatorFunctionWrapHandler) -> datetime:
    """Store times as UTC with millisecond precision, the precision of the wire.

    A bare number is refused: whether it means seconds or milliseconds would be a guess.
    """
    if type(value) is datetime and value.tzinfo is UTC and not value.microsecond % 1000:
        return value  # as decoded from the wire, which is most of them
    if type(value) is str and _USUAL_MOMENT.fullmatch(value):
        with suppress(ValueError):  # no day of the calendar: below it is refused in pydantic's words
            return datetime.fromisoformat(value)
    if isinstance(value, int | float):
        raise PydanticCustomError("moment_type", "a time is ISO 8601 text with an offset, not a number")
    moment: datetime = parse(value)
    return to_wire_time(moment)


def to_wire_time(moment: datetime) -> datetime:
    """An aware time in UTC and whole milliseconds, rounded down: the form that the wire keeps."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


#: Marks of a field. Sealed: outside every type view, it reaches only a desk for which a rule says ``unseal``.
#: Person: it points at a person, so no person-free view holds it.
SEALED = Field(json_schema_extra={"sealed": True})
PERSON = Field(json_schema_extra={"person": True})
SEALED_PERSON = Field(json_schema_extra={"sealed": True, "person": True})

#: A moment: aware on input, stored as UTC in whole milliseconds.
Moment = Annotated[AwareDatetime, Field(json_schema_extra={"unit": "UTC, ms"}), WrapValidator(_utc_milliseconds)]
UnitCode = Annotated[str, StringConstraints(pattern=UNIT_CODE, max_length=120)]
EventId = Annotated[str, StringConstraints(pattern=UUID_V7)]
#: HMAC-SHA-256 as hex: a reference to a person, case or object that is never plain.
KeyedHash = Annotated[str, StringConstraints(pattern=KEYED_HASH)]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=120)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
#: A stop on a route: a country (ISO 3166-1) or a unit's area.
RouteStop = Annotated[str, StringConstraints(pattern=rf"^[A-Z]{{2}}$|{UNIT_CODE}", max_length=120)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
#: Strict: the text "yes" or the number 1 is not a truth value, and "5" or 5.0 is not a count.
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(ge=0, le=2_000_000_000, strict=True)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
MassG = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=3)]
VolumeMl = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=3)]
Sek = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]
Score = Annotated[float, Field(ge=0, le=1)]
Longitude = Annotated[Decimal, Field(ge=-180, le=180, max_digits=8, decimal_places=5)]
Latitude = Annotated[Decimal, Field(ge=-90, le=90, max_digits=7, decimal_places=5)]
