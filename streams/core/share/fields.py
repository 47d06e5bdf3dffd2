"""What fields an event type has, read from its model: paths, kinds of values, and which are sealed or name a person.

Paths are dotted from the event and leave lists out: ``payload.items.mass_g``, ``persons.category``.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from schemas.catalogue import EVENT_TYPES
from schemas.marks import person_fields, sealed_fields

#: Envelope fields that hold or lead to a person; with the marked fields they are what a person-free view leaves out.
PERSON_BRANCHES = ("persons", "objects", "network_ref", "case_ref")


class Kind(StrEnum):
    """What kind of value a field holds."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth value"
    MOMENT = "time"
    BRANCH = "group of fields"
    CLEARANCE = "clearance"


class Field(NamedTuple):
    """One field: its kind, whether it stands in a list, and its closed list of values if it has one."""

    path: str
    kind: Kind
    many: bool
    values: frozenset[str | int] | None = None


@cache
def fields_of(event_type: str) -> Mapping[str, Field]:
    """Every field of a type by its path, groups of fields too."""
    return {field.path: field for field in _walk(EVENT_TYPES[event_type].model, "", many=False)}


def find_field(event_type: str, name: str) -> Field | None:
    """The field that a condition's name means for a type: envelope first, then payload, then what the engine adds."""
    fields = fields_of(event_type)
    return next((fields[p] for p in (name, f"payload.{name}", f"enrichment.{name}") if p in fields), None)


def enrichment_names() -> frozenset[str]:
    """The names of what the engine adds, as conditions use them."""
    some_type = next(iter(EVENT_TYPES))
    return frozenset(p.removeprefix("enrichment.") for p in fields_of(some_type) if p.startswith("enrichment."))


@cache
def leaves_of(event_type: str) -> frozenset[str]:
    """The paths that hold a value: what an allow-list may name."""
    return frozenset(path for path, field in fields_of(event_type).items() if field.kind is not Kind.BRANCH)


@cache
def sealed_leaves(event_type: str) -> frozenset[str]:
    """The leaves that are sealed, or lie in a group of fields that is."""
    return frozenset(
        p for p in leaves_of(event_type) if any(_within(p, sealed) for sealed in sealed_fields(event_type))
    )


@cache
def person_leaves(event_type: str) -> frozenset[str]:
    """The leaves that hold or lead to a person."""
    branches = (*PERSON_BRANCHES, *person_fields(event_type))
    return frozenset(path for path in leaves_of(event_type) if any(_within(path, branch) for branch in branches))


def _within(path: str, branch: str) -> bool:
    return path == branch or path.startswith(f"{branch}.")


def without(leaves: frozenset[str], branches: frozenset[str]) -> frozenset[str]:
    """The leaves that lie in none of the branches."""
    return frozenset(leaf for leaf in leaves if not any(_within(leaf, branch) for branch in branches))


def _walk(model: type[BaseModel], prefix: str, *, many: bool) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{name}"
        inner, in_list = _unwrap(info.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield Field(path, Kind.BRANCH, many or in_list)
            yield from _walk(inner, f"{path}.", many=many or in_list)
        else:
            yield Field(path, _kind(inner), many or in_list, _values(inner))


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    """The type inside ``Annotated``, an option or a list, and whether a list was among them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _unwrap(get_args(annotation)[0])
    if origin is list:
        return _unwrap(get_args(annotation)[0])[0], True
    if origin in (Union, UnionType):
        options = [option for option in get_args(annotation) if option is not NoneType]
        return _unwrap(options[0])
    return annotation, False


def _kind(annotation: Any) -> Kind:
    values = _values(annotation)
    if values is not None:
        return Kind.NUMBER if all(isinstance(value, int) for value in values) else Kind.TEXT
    if annotation is bool:
        return Kind.TRUTH
    if annotation in (int, float, Decimal):
        return Kind.NUMBER
    return Kind.MOMENT if annotation in (datetime, date, AwareDatetime) else Kind.TEXT


def _values(annotation: Any) -> frozenset[str | int] | None:
    if get_origin(annotation) is Literal:
        return frozenset(value.value if isinstance(value, Enum) else value for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return frozenset(member.value for member in annotation)
    return None
