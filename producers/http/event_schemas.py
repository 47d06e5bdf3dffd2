"""The events as JSON Schema for the OpenAPI document: what a desk may write, of every type that it may publish."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from producers.http.cloudevents import BATCHED, STRUCTURED
from schemas.catalogue import EVENT_TYPES
from schemas.envelope import ENGINE_FIELDS

_REF: Final = "#/components/schemas/{model}"
_ATTRIBUTE: Final = {"type": "string", "minLength": 1}


def components() -> dict[str, Any]:
    """Every schema that the intake's requests name, by its name."""
    models: list[tuple[type[BaseModel], Any]] = [(kind.model, "validation") for kind in _published()]
    by_model, made = models_json_schema(models, ref_template=_REF)
    schemas: dict[str, Any] = made["$defs"]
    names = {kind.name: _name(by_model[kind.model, "validation"]) for kind in _published()}
    for name in names.values():
        for field in ENGINE_FIELDS:
            schemas[name]["properties"].pop(field)
    schemas["SentEvent"] = _any_of(names)
    schemas["CloudEvent"] = _cloud_event()
    return schemas


def request_body() -> dict[str, Any]:
    """The request's content in each form."""
    event, cloud = ({"$ref": _REF.format(model=name)} for name in ("SentEvent", "CloudEvent"))
    return {
        "required": True,
        "description": "One event or several. Content-Encoding may be gzip.",
        "content": {
            "application/json": {"schema": {"anyOf": [event, _list(event)]}},
            STRUCTURED: {"schema": cloud},
            BATCHED: {"schema": _list(cloud)},
        },
    }


def _published() -> list[Any]:
    return [kind for kind in EVENT_TYPES.values() if not kind.bus_only]


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _any_of(names: Mapping[str, str]) -> dict[str, Any]:
    mapping = {event_type: _REF.format(model=name) for event_type, name in names.items()}
    return {
        "description": "An event of any type that a desk may publish, in the wire's JSON form.",
        "oneOf": [{"$ref": reference} for reference in mapping.values()],
        "discriminator": {"propertyName": "event_type", "mapping": mapping},
    }


def _cloud_event() -> dict[str, Any]:
    """CloudEvents 1.0.2 in JSON; attributes of its own are allowed and not looked at."""
    return {
        "description": "A CloudEvent. ``id``, ``type`` and ``time`` stand for what ``data`` leaves out of the event.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**_ATTRIBUTE, "description": "The event_id, a UUIDv7."},
            "source": {
                **_ATTRIBUTE,
                "format": "uri-reference",
                "description": "Your own; it names no other desk.",
            },
            "type": {"type": "string", "pattern": r"^se\.sambus\.[a-z][a-z0-9_]{0,63}\.v[1-9][0-9]{0,2}$"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "data": {"$ref": _REF.format(model="SentEvent")},
        },
    }


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(of), "maxItems": 1000}
