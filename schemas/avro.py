"""Avro schemas generated from the pydantic models, which stay the one source of what an event is.

Enums become strings, so that a new symbol breaks no old reader; the closed list stays in pydantic and, for people and
tools, in the property ``sambus.enum``. Every integer is a long, so that a wider bound breaks no reader either.
"""

import types
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import BaseMetadata
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from schemas.acts import Act
from schemas.duties import DutyBook, DutyTerms
from schemas.pausing import PauseEnd, SourcePause
from schemas.pictures import PictureRow
from schemas.reads import ReadLine
from schemas.receipts import Receipts
from schemas.records import Decision, DeliveryMeta, PackRecord, Quarantined, QuarantineDrop, QuarantineRetry
from schemas.sealing import SEALED, SealedEvent
from schemas.subscriptions import Committed, Subscription

NAMESPACE: Final = "se.sambus"
ENUM_PROPERTY: Final = "sambus.enum"
#: Records that the bus writes about events, by schema name.
BUS_RECORDS: Final[Mapping[str, type[BaseModel]]] = {
    "act": Act,
    "committed": Committed,
    "decision": Decision,
    "duty_book": DutyBook,
    "duty_terms": DutyTerms,
    "pack_record": PackRecord,
    "pause_end": PauseEnd,
    "picture_row": PictureRow,
    "quarantine_drop": QuarantineDrop,
    "quarantine_retry": QuarantineRetry,
    "quarantined": Quarantined,
    "read_line": ReadLine,
    SEALED: SealedEvent,
    "source_pause": SourcePause,
    "subscription": Subscription,
    "receipts": Receipts,
}
DELIVERY_PREFIX: Final = "delivery."

Schema = dict[str, Any]
AvroType = str | list[Any] | Schema

_NO_DEFAULT: Final = object()
_PLAIN: Final[dict[Any, AvroType]] = {
    str: "string",
    bool: "boolean",
    int: "long",
    float: "double",
    bytes: "bytes",
    date: {"type": "int", "logicalType": "date"},
    datetime: {"type": "long", "logicalType": "timestamp-millis"},
    AwareDatetime: {"type": "long", "logicalType": "timestamp-millis"},
}


class AvroModelError(TypeError):
    """A model says something that the wire format has no safe form for. It names the model and the field."""


def event_schema(event_type: str, model: type[BaseModel]) -> Schema:
    """The schema of an event type as it is published.

    Shape: the ``Event[...]`` model in, a record named ``se.sambus.event.<event_type>`` out; same model, same result.
    Errors: ``AvroModelError`` for a model that has no safe Avro form.
    """
    return _Walk(nullable=False).record(model, f"{NAMESPACE}.event.{event_type}")


def view_schema(event_type: str, model: type[BaseModel]) -> Schema:
    """The schema of a minimised event: the same fields, each of them nullable all the way down, named ``…view…``."""
    return _Walk(nullable=True).record(model, f"{NAMESPACE}.view.{event_type}")


def delivery_schema(event_type: str, model: type[BaseModel]) -> Schema:
    """The schema of a delivery: the fields of ``DeliveryMeta`` and then ``event``, the view.

    ``event`` is last and not nullable, so that a delivery's bytes are the meta's bytes followed by the view's.
    """
    schema = record_schema(f"delivery.{event_type}", DeliveryMeta)
    schema["fields"].append({"name": "event", "type": view_schema(event_type, model)})
    return schema


def record_schema(name: str, model: type[BaseModel]) -> Schema:
    """The schema of a record that the bus itself writes, named ``se.sambus.<name>``."""
    return _Walk(nullable=False).record(model, f"{NAMESPACE}.{name}")


def generate(models: Mapping[str, type[BaseModel]]) -> dict[str, Schema]:
    """Every schema of the bus by its name: events and their deliveries, then the bus's own records.

    Shape: event type → ``Event[...]`` model in; names as the codec knows them out, sorted within each kind.
    """
    events = {name: event_schema(name, models[name]) for name in sorted(models)}
    deliveries = {f"{DELIVERY_PREFIX}{name}": delivery_schema(name, models[name]) for name in sorted(models)}
    return events | deliveries | {name: record_schema(name, model) for name, model in BUS_RECORDS.items()}


@lru_cache(maxsize=1)
def current_schemas() -> Mapping[str, Schema]:
    """The schemas of this version of the code, generated from the event catalogue."""
    from schemas.catalogue import EVENT_TYPES

    return generate({name: entry.model for name, entry in EVENT_TYPES.items()})


class _Walk:
    """One walk over a model: remembers which records were written out, because Avro names a type once."""

    def __init__(self, *, nullable: bool) -> None:
        self._nullable = nullable
        self._seen: dict[str, type[BaseModel]] = {}
        self._open: list[type[BaseModel]] = []

    def record(self, model: type[BaseModel], name: str) -> Schema:
        """The record of a model, with its nested records written out where they are first used."""
        if model in self._open:
            raise AvroModelError(f"{model.__name__} contains itself; hostile bytes could nest it without end")
        if not model.model_fields:
            raise AvroModelError(f"{model.__name__} has no fields; an array of it could be endless in no bytes")
        self._open.append(model)
        namespace, _, short = name.rpartition(".")
        schema: Schema = {"type": "record", "name": short, "namespace": namespace}
        if doc := _first_line(model):
            schema["doc"] = doc
        schema["fields"] = [self._field(model, field, info) for field, info in model.model_fields.items()]
        self._open.pop()
        return schema

    def _field(self, model: type[BaseModel], name: str, info: FieldInfo) -> Schema:
        place = f"{model.__name__}.{name}"
        base, optional = self._type(info.annotation, info.metadata, place)
        default = _default(info, base, place)
        field: Schema = {"name": name, "type": base}
        if info.description:
            field["doc"] = info.description
        if self._nullable or (optional and default in (None, _NO_DEFAULT)):
            return field | {"type": ["null", base], "default": None}
        if optional:
            return field | {"type": [base, "null"], "default": default}
        return field if default is _NO_DEFAULT else field | {"default": default}

    def _type(self, annotation: Any, metadata: list[Any], place: str) -> tuple[AvroType, bool]:
        """Avro's form of an annotation, and whether it may be null."""
        origin = get_origin(annotation)
        if origin is Annotated:
            inner, *more = get_args(annotation)
            return self._type(inner, [*more, *metadata], place)
        if origin in (Union, types.UnionType):
            return self._union(get_args(annotation), metadata, place)
        if origin is list:
            return {"type": "array", "items": self._item(get_args(annotation)[0], place)}, False
        if origin is Literal:
            return {"type": "string", ENUM_PROPERTY: list(get_args(annotation))}, False
        return self._scalar(annotation, metadata, place), False

    def _union(self, members: tuple[Any, ...], metadata: list[Any], place: str) -> tuple[AvroType, bool]:
        forms = [self._type(member, metadata, place)[0] for member in members if member is not type(None)]
        if any(form != forms[0] for form in forms):
            raise AvroModelError(f"{place} mixes kinds of value; give each kind its own field")
        return forms[0], type(None) in members

    def _item(self, annotation: Any, place: str) -> AvroType:
        form, optional = self._type(annotation, [], place)
        if optional:
            raise AvroModelError(f"{place} is a list that may hold null; leave missing items out")
        return form

    def _scalar(self, annotation: Any, metadata: list[Any], place: str) -> AvroType:
        if annotation in _PLAIN:
            form = _PLAIN[annotation]
            return dict(form) if isinstance(form, dict) else form
        if annotation is Decimal:
            return _decimal(metadata, place)
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            kind = "long" if issubclass(annotation, IntEnum) else "string"
            return {"type": kind, ENUM_PROPERTY: [member.value for member in annotation]}
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self._nested(annotation, place)
        raise AvroModelError(f"{place} has a type that the wire format does not know")

    def _nested(self, model: type[BaseModel], place: str) -> AvroType:
        name = f"{NAMESPACE}.{'view.' if self._nullable else ''}{_room(model)}.{model.__name__}"
        known = self._seen.get(name)
        if known is model:
            if model in self._open:
                raise AvroModelError(f"{place} contains itself; hostile bytes could nest it without end")
            return name
        if known is not None:
            raise AvroModelError(f"{place}: two models are called {model.__name__}; rename one")
        self._seen[name] = model
        return self.record(model, name)


def _room(model: type[BaseModel]) -> str:
    """The part of the namespace that tells where a nested record is defined."""
    module = model.__module__.rpartition(".")[2]
    return {"envelope": "envelope", "records": "record"}.get(module, "payload")


def _first_line(model: type[BaseModel]) -> str:
    """The model's own docstring line; of an ``Event[...]``, its payload's."""
    payload = model.model_fields.get("payload")
    owner = payload.annotation if payload is not None else model
    return (getattr(owner, "__doc__", None) or "").strip().split("\n")[0]


def _decimal(metadata: list[Any], place: str) -> Schema:
    limits = _constraints(metadata)
    digits, places = limits.get("max_digits"), limits.get("decimal_places")
    if digits is None or places is None:
        raise AvroModelError(f"{place} is a Decimal without max_digits and decimal_places")
    return {"type": "bytes", "logicalType": "decimal", "precision": digits, "scale": places}


def _constraints(metadata: list[Any]) -> dict[str, Any]:
    """What ``Field(...)`` or an annotation demands, as names and values, wherever pydantic put it."""
    found: dict[str, Any] = {}
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            found |= _constraints(entry.metadata)
        elif isinstance(entry, BaseMetadata) or hasattr(entry, "__dict__"):
            found |= getattr(entry, "__dict__", {})
    return found


def _default(info: FieldInfo, form: AvroType, place: str) -> Any:
    """The model's default in Avro's JSON, or ``_NO_DEFAULT``; only defaults that every Avro library reads alike."""
    if info.is_required():
        return _NO_DEFAULT
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, Enum):
        value = value.value
    simple = value is None or (isinstance(value, (bool, int, float, str)) and not _is_logical(form))
    if not simple and value not in ([], ()):
        raise AvroModelError(f"{place} has a default that Avro libraries read differently; use null or an empty list")
    return [] if value == () else value


def _is_logical(form: AvroType) -> bool:
    return form == "bytes" or (isinstance(form, dict) and "logicalType" in form)
