"""Where a value may stand in an event, as a path such as ``payload.items[0].mass_g``, and of which kind it is."""

import re
import types
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

#: A name, and perhaps a place in a list.
_STEP: Final = re.compile(r"([a-z][a-z0-9_]*)(?:\[([0-9]{1,3})\])?")

Steps = tuple[str | int, ...]


class Kind(StrEnum):
    """What a value is, for reading it from text."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "yes or no"
    MOMENT = "time"
    DAY = "day"
    GROUP = "group of fields"


class Place(NamedTuple):
    """A place in an event: its steps, what stands there, whether as a list, and its type for checking a value."""

    steps: Steps
    kind: Kind
    many: bool
    annotation: Any

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer."""
        return "".join(f"/{step}" for step in self.steps)


class NoSuchFieldError(LookupError):
    """A path that leads nowhere. ``name`` is the step that is not there, ``known`` what is there instead."""

    def __init__(self, name: str, known: Iterator[str] | list[str] | tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.known = tuple(known)


def place_of(model: type[BaseModel], path: str) -> Place:
    """The place that a path names in an event of this model. Errors: ``NoSuchFieldError``."""
    annotation: Any = model
    steps: list[str | int] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise NoSuchFieldError(part, ())
        name, index = match[1], match[2]
        annotation = _field(annotation, name)
        steps.append(name)
        if index is not None:
            item = _item(annotation)
            if item is None:
                raise NoSuchFieldError(part, (name,))
            annotation = item
            steps.append(int(index))
    item = _item(annotation)
    return Place(tuple(steps), _kind(annotation if item is None else item), item is not None, annotation)


def required(model: type[BaseModel]) -> list[str]:
    """The fields that have to be given, by name."""
    return [name for name, field in model.model_fields.items() if field.is_required()]


def model_at(model: type[BaseModel], name: str) -> type[BaseModel]:
    """The model of a group of fields. Errors: ``NoSuchFieldError``."""
    found = plain(_field(model, name))
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise NoSuchFieldError(name, ())
    return found


def put(body: dict[str, Any], steps: Steps, value: Any) -> None:
    """Set a value in a body. A list on the way is a mapping by index until ``settled`` makes it one."""
    at: Any = body
    for step in steps[:-1]:
        at = at.setdefault(step, {})
    at[steps[-1]] = value


def settled(value: Any) -> Any:
    """A body whose lists are lists: what stands at an index goes up when one before it is empty."""
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [settled(value[key]) for key in sorted(value)]
    return {key: settled(inner) for key, inner in value.items()}


def _field(annotation: Any, name: str) -> Any:
    model = plain(annotation)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise NoSuchFieldError(name, ())
    field = model.model_fields.get(name)
    if field is None:
        raise NoSuchFieldError(name, list(model.model_fields))
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _item(annotation: Any) -> Any:
    """The type of a list's items, or None for what is no list."""
    found = plain(annotation)
    return get_args(found)[0] if get_origin(found) is list else None


def plain(annotation: Any) -> Any:
    """A type without its bounds, and without None beside it."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        others = [each for each in get_args(annotation) if each is not type(None)]
        return plain(others[0])
    return annotation


def _kind(annotation: Any) -> Kind:
    found = plain(annotation)
    if not isinstance(found, type):  # a literal: one of some words
        return Kind.TEXT
    if issubclass(found, BaseModel):
        return Kind.GROUP
    if found is AwareDatetime:
        return Kind.MOMENT
    for base, kind in _KINDS:
        if issubclass(found, base):
            return kind
    return Kind.TEXT


#: In this order: a truth value is a number to Python, and a moment a day.
_KINDS: Final[tuple[tuple[type, Kind], ...]] = (
    (bool, Kind.FLAG),
    (IntEnum, Kind.WHOLE),
    (Enum, Kind.TEXT),
    (int, Kind.WHOLE),
    (float, Kind.NUMBER),
    (Decimal, Kind.NUMBER),
    (datetime, Kind.MOMENT),
    (date, Kind.DAY),
)
