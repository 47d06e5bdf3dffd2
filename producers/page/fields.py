"""What kind of field a value of an event needs, and its limits: read from the models' JSON Schema, never said twice."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.events.common import ReceiverId, SubstanceId
from schemas.model import KEYED_HASH, UNIT_CODE, UUID_V7

#: A text that may be longer than this is written in several lines.
_LONG_TEXT: Final = 1000


class _FormSchema(GenerateJsonSchema):
    """JSON Schema that keeps what a form must know of decimals."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        limits = {"minimum": schema.get("ge"), "maximum": schema.get("le"), "exclusiveMinimum": schema.get("gt")}
        stated = {name: float(limit) for name, limit in limits.items() if limit is not None}
        return {"type": "decimal", "places": schema.get("decimal_places"), **stated}


def form_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model, for forms."""
    return model.model_json_schema(schema_generator=_FormSchema)


class Value(NamedTuple):
    """One value of an event as its schema has it: the node without references, and whether it may be left out.

    Shape: ``vocabulary`` is the name of the closed vocabulary that it is from.
    """

    node: Mapping[str, Any]
    vocabulary: str | None
    required: bool


def value_at(schema: Mapping[str, Any], place: str) -> Value:
    """The value at a place with dots. Errors: ``KeyError`` when the model has no such field."""
    node: Mapping[str, Any] = schema
    vocabulary, required = None, True
    for name in place.split("."):
        required = required and name in node.get("required", ())
        node, vocabulary = resolved(node["properties"][name], schema)
    return Value(node, vocabulary, required)


def resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """A node without its references and without its null; the name of the vocabulary that it is from."""
    name = None
    while True:
        if "$ref" in node:
            found = str(node["$ref"]).rpartition("/")[2]
            node = schema["$defs"][found]
            name = found if "enum" in node else name
        elif "anyOf" in node:
            (node,) = [each for each in node["anyOf"] if each.get("type") != "null"]
        else:
            return node, name


def kind_of(value: Value, schema: Mapping[str, Any]) -> str:
    """The kind of field for a value."""
    node = value.node
    if node.get("type") == "array":
        return _kind_of_list(node, schema)
    if "enum" in node or "const" in node:
        return "choice"
    if node.get("type") == "object":
        return "grade" if {"source", "info"} <= node["properties"].keys() else "group"
    if node.get("type") == "boolean":
        return "yesno" if value.required else "flag"
    if node.get("type") == "string":
        return _kind_of_text(node)
    return {"integer": "whole", "number": "number", "decimal": "decimal"}[node["type"]]


def limits_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """The limits of a value, by the names that the page knows."""
    names = {
        "minimum": "min",
        "maximum": "max",
        "exclusiveMinimum": "above",
        "places": "places",
        "minLength": "shortest",
        "maxLength": "longest",
        "pattern": "pattern",
        "minItems": "least",
        "maxItems": "most",
    }
    return {ours: node[theirs] for theirs, ours in names.items() if node.get(theirs) is not None}


def values_of(node: Mapping[str, Any]) -> list[str | int]:
    """The values of a closed vocabulary, or of a whole number between two limits."""
    if "enum" in node:
        return list(node["enum"])
    if "const" in node:
        return [node["const"]]
    return list(range(node["minimum"], node["maximum"] + 1))


def _pattern_of(kind: Any) -> str:
    (constraints,) = kind.__metadata__
    return str(constraints.pattern)


_BY_PATTERN: Final[Mapping[str, tuple[str, str]]] = {
    UNIT_CODE: ("area", "areas"),
    KEYED_HASH: ("reference", "references"),
    UUID_V7: ("id", "ids"),
    _pattern_of(SubstanceId): ("substance", "substances"),
    _pattern_of(ReceiverId): ("receiver", "receivers"),
}


def _kind_of_text(node: Mapping[str, Any]) -> str:
    if "pattern" in node and node["pattern"] in _BY_PATTERN:
        return _BY_PATTERN[node["pattern"]][0]
    if "format" in node:
        return {"date-time": "moment", "date": "day"}[node["format"]]
    return "long" if node.get("maxLength", 0) > _LONG_TEXT else "text"


def _kind_of_list(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    items, _ = resolved(node["items"], schema)
    if items.get("type") == "object":
        return "list"
    if "enum" in items:
        return "choices"
    return _BY_PATTERN[items["pattern"]][1] if items.get("pattern") in _BY_PATTERN else "texts"
