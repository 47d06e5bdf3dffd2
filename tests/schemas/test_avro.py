"""Avro schemas say what the models say, the same every time, and refuse what the wire has no safe form for."""

import json
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Literal

import fastavro
import pytest
from avro import schema as apache_avro
from pydantic import BaseModel, ConfigDict, Field

from schemas.avro import (
    BUS_RECORDS,
    ENUM_PROPERTY,
    AvroModelError,
    Schema,
    current_schemas,
    delivery_schema,
    event_schema,
    generate,
    record_schema,
    view_schema,
)
from schemas.avro_code import kind, named_types
from schemas.catalogue import EVENT_TYPES
from schemas.envelope import Event, Payload
from schemas.model import Count, CountryCode, Model, Moment, Ref, Sek, UnitCode

NAMES = sorted(current_schemas())


class Colour(StrEnum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


class Grade(IntEnum):
    """Two grades."""

    ONE = 1
    TWO = 2


class Part(Model):
    """A part of it."""

    weight: Annotated[Decimal, Field(max_digits=12, decimal_places=3)] | None = None


class Sample(Payload):
    """Everything that a payload may hold."""

    name: Ref
    colour: Colour
    grade: Grade | None = None
    kind: Literal["a", "b"] = "a"
    value: Sek = Field(description="whole value")
    count: Count | None = None
    share: float = 0.0
    sure: bool = False
    day: date | None = None
    seen: Moment
    parts: Annotated[list[Part], Field(max_length=5)] = []
    more: list[Part] = Field(default_factory=list)
    route: list[CountryCode | UnitCode] = []
    level: Colour | None = Colour.RED


def fields_of(schema: Schema) -> dict[str, Any]:
    """A record's fields by name."""
    return {field["name"]: field for field in schema["fields"]}


def payload_of(schema: Schema) -> dict[str, Any]:
    """The fields of an event schema's payload."""
    form = fields_of(schema)["payload"]["type"]
    return fields_of(form[1] if isinstance(form, list) else form)


SAMPLE = event_schema("sample", Event[Sample])
FIELDS = payload_of(SAMPLE)


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("name", "string"),
        ("colour", {"type": "string", ENUM_PROPERTY: ["red", "blue"]}),
        ("grade", ["null", {"type": "long", ENUM_PROPERTY: [1, 2]}]),
        ("kind", {"type": "string", ENUM_PROPERTY: ["a", "b"]}),
        ("value", {"type": "bytes", "logicalType": "decimal", "precision": 14, "scale": 2}),
        ("count", ["null", "long"]),
        ("share", "double"),
        ("sure", "boolean"),
        ("day", ["null", {"type": "int", "logicalType": "date"}]),
        ("seen", {"type": "long", "logicalType": "timestamp-millis"}),
        ("more", {"type": "array", "items": "se.sambus.payload.Part"}),
        ("route", {"type": "array", "items": "string"}),
        ("level", [{"type": "string", ENUM_PROPERTY: ["red", "blue"]}, "null"]),
    ],
)
def test_a_field_has_the_form_of_its_type(field: str, form: Any) -> None:
    """Each kind of annotation has one Avro form."""
    assert FIELDS[field]["type"] == form


def test_defaults_let_old_and_new_live_together() -> None:
    """A default of the model is one of the schema; a required field has none."""
    defaults = {name: field["default"] for name, field in FIELDS.items() if "default" in field}
    assert defaults == {
        "grade": None,
        "kind": "a",
        "count": None,
        "share": 0.0,
        "sure": False,
        "day": None,
        "parts": [],
        "more": [],
        "route": [],
        "level": "red",
    }


def test_a_record_is_named_and_described_by_its_model() -> None:
    """Name, namespace and documentation come from the models."""
    assert (SAMPLE["namespace"], SAMPLE["name"]) == ("se.sambus.event", "sample")
    assert SAMPLE["doc"] == "Everything that a payload may hold."
    assert FIELDS["value"]["doc"] == "whole value"
    assert {"se.sambus.payload.Sample", "se.sambus.payload.Part", "se.sambus.envelope.Grading"} <= set(
        named_types(SAMPLE)
    )


def test_a_view_may_leave_out_anything() -> None:
    """Every field of a view, however deep, is null unless it is given."""
    view = view_schema("sample", Event[Sample])
    every = [field for record in named_types(view).values() for field in record["fields"]]
    assert len(every) > 100
    assert all(field["type"][0] == "null" and field["default"] is None for field in every)
    assert set(fields_of(view)) == set(fields_of(SAMPLE))
    assert set(payload_of(view)) == set(FIELDS)


def test_a_delivery_ends_with_its_event() -> None:
    """The view stands last and not nullable, so that bytes of meta and view can be joined."""
    delivery = delivery_schema("sample", Event[Sample])
    assert delivery["namespace"] == "se.sambus.delivery"
    assert delivery["fields"][-1]["name"] == "event"
    assert delivery["fields"][-1]["type"] == view_schema("sample", Event[Sample])


def test_the_same_models_give_the_same_text() -> None:
    """Generating twice gives the same bytes."""
    models = {name: entry.model for name, entry in EVENT_TYPES.items()}
    assert json.dumps(generate(models)) == json.dumps(generate(dict(reversed(models.items()))))


def test_every_event_type_has_an_event_and_a_delivery_schema() -> None:
    """The names are those of the contract, no more and no fewer."""
    deliveries = {f"delivery.{name}" for name in EVENT_TYPES}
    assert set(NAMES) == set(EVENT_TYPES) | deliveries | set(BUS_RECORDS)


@pytest.mark.parametrize("name", NAMES)
def test_another_avro_library_takes_every_schema(name: str) -> None:
    """It parses, and holds nothing that our code cannot write."""
    schema = current_schemas()[name]
    fastavro.parse_schema(schema)
    kinds = {kind(field["type"], named_types(schema))[0] for field in schema["fields"]}
    plain = {"string", "boolean", "long", "double", "bytes", "date", "timestamp-millis", "decimal"}
    assert kinds <= plain | {"union", "array", "record"}


@pytest.mark.parametrize("name", NAMES)
def test_apaches_own_library_reads_every_schema_as_it_is(name: str) -> None:
    """It finds the same fields; the product does not need it."""
    schema = current_schemas()[name]
    assert json.loads(str(apache_avro.parse(json.dumps(schema))))["fields"] == schema["fields"]


class Loop(BaseModel):
    """Holds itself."""

    inner: "list[Loop]" = []


class Empty(BaseModel):
    """Holds nothing."""


class HoldsEmpty(BaseModel):
    """A list of it could be endless."""

    many: list[Empty]


class NoDigits(BaseModel):
    """A decimal without bounds."""

    amount: Decimal


class Mixed(BaseModel):
    """Two kinds of value in one field."""

    either: int | str


class Holes(BaseModel):
    """A list with holes."""

    many: list[str | None]


class DecimalDefault(BaseModel):
    """A default that libraries read differently."""

    amount: Annotated[Decimal, Field(max_digits=4, decimal_places=2)] = Decimal(0)


class Anything(BaseModel):
    """A type with no form."""

    model_config: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)
    thing: complex


class Elsewhere:
    """Another module, as it were."""

    class Part(BaseModel):
        """Another part of the same name."""

        other: str


class Twins(BaseModel):
    """Two models of one name."""

    one: Part
    two: Elsewhere.Part


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Loop, "contains itself"),
        (HoldsEmpty, "no fields"),
        (NoDigits, "max_digits"),
        (Mixed, "mixes kinds"),
        (Holes, "may hold null"),
        (DecimalDefault, "default"),
        (Anything, "does not know"),
        (Twins, "rename one"),
    ],
)
def test_a_model_without_a_safe_form_is_refused(model: type[BaseModel], says: str) -> None:
    """Each says which model and field it is."""
    with pytest.raises(AvroModelError, match=says):
        record_schema("bad", model)
