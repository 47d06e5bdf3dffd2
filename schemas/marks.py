"""Marks of fields that views must heed: sealed fields, and fields that point at a person."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel

from schemas.catalogue import EVENT_TYPES

_SEALED: Final = "sealed"
_PERSON: Final = "person"


@lru_cache(maxsize=len(EVENT_TYPES))
def sealed_fields(event_type: str) -> frozenset[str]:
    """The sealed fields of a type: outside every view but where a rule says ``unseal``.

    Shape: dotted paths from the event, lists left out of the path: ``payload.child_ref``, ``provenance.source_key``.
    Source: clarification 28.
    """
    return frozenset(_marked(EVENT_TYPES[event_type].model, _SEALED, ""))


@lru_cache(maxsize=len(EVENT_TYPES))
def person_fields(event_type: str) -> frozenset[str]:
    """The fields of a type that point at a person: no person-free view holds one. Paths as in ``sealed_fields``."""
    return frozenset(_marked(EVENT_TYPES[event_type].model, _PERSON, ""))


def _marked(model: type[BaseModel], mark: str, prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(mark):
            yield path
        else:
            for inner in _models_in(field.annotation):
                yield from _marked(inner, mark, f"{path}.")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation holds: itself, or inside a list, an option or ``Annotated``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _models_in(get_args(annotation)[0])
    else:
        for argument in get_args(annotation):
            yield from _models_in(argument)
