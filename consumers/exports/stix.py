"""STIX 2.1: a bundle of reports with TLP 2.0 markings, our grading and handling as an extension of ours.

Source: OASIS STIX 2.1 (os), sections 4.16, 4.7, 7.2 and 7.3; OASIS TLP 2.0 marking definitions, 1 October 2022.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from consumers.exports.items import Item, iso, place_of, summary_of
from schemas.catalogue import EVENT_TYPES

#: STIX ids of ours are made of our own ids: the same event gives the same object in every export.
_SPACE: Final = uuid.UUID("5d0c7bb4-6a3c-4a52-9a8e-5a7d5f6f2c11")
EXTENSION_ID: Final = "extension-definition--8f7a4d0e-33b1-4c9f-9d38-6c2f4a6f0b57"
_TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_MADE: Final = "2022-10-01T00:00:00.000Z"
_TLP_IDS: Final = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_MADE: Final = "2026-07-01T00:00:00.000Z"
_AUTHORITY: Final = "Polismyndigheten (Sambus)"
_REPORT_TYPES: Final = {"intelligence_report": "threat-report", "situation_picture": "threat-report"}
_OURS: Final = frozenset(
    [
        "event_id",
        "event_type",
        "revision",
        "supersedes",
        "areas",
        "purpose",
        "grading",
        "legal_origin",
        "secrecy_grounds",
        "provenance",
        "topics",
        "payload",
    ]
)


def stix_bundle(items: Sequence[Item]) -> bytes:
    """A bundle as its bytes. Objects stand in it once, however many events share them."""
    objects: dict[str, dict[str, Any]] = {}
    for made in (_authority(), _extension()):
        objects[made["id"]] = made
    for item in items:
        for made in (_tlp(item.tlp), *_of(item)):
            objects[made["id"]] = made
    named = f"{sorted(objects)}{[iso(item.published) for item in items]}"
    return orjson.dumps(
        {"type": "bundle", "id": _id("bundle", named), "objects": list(objects.values())}, option=orjson.OPT_INDENT_2
    )


def _of(item: Item) -> Iterator[dict[str, Any]]:
    """A report, with the unit that published it and the place it is about."""
    unit = _common("identity", item.origin, item) | {
        "name": item.origin,
        "identity_class": "organization",
        "sectors": ["government-national"],
        "created": _MADE,
        "modified": _MADE,
    }
    del unit["object_marking_refs"]
    refs = [unit["id"]]
    place = place_of(item)
    if place is not None:
        where = _location(item, place)
        refs.append(where["id"])
        yield where
    yield unit
    report = _common("report", item.event_id, item) | {
        "name": _name(item),
        "published": iso(item.published),
        "object_refs": refs,
        "report_types": [_REPORT_TYPES.get(item.delivery.meta.event_type, "observed-data")],
        "extensions": {EXTENSION_ID: _ours(item)},
    }
    if text := summary_of(item):
        report["description"] = text
    if item.delivery.meta.synthetic:
        report["labels"] = ["synthetic"]
    yield report


def _common(kind: str, named: str, item: Item) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": _id(kind, named),
        "created_by_ref": _id("identity", _AUTHORITY),
        "created": iso(item.published),
        "modified": iso(item.published),
        "object_marking_refs": [_TLP_IDS[item.tlp]],
    }


def _location(item: Item, place: tuple[float, float, int | None]) -> dict[str, Any]:
    lon, lat, accuracy = place
    where = _common("location", f"{item.event_id} place", item) | {"longitude": lon, "latitude": lat, "country": "SE"}
    if accuracy is not None:
        where["precision"] = float(accuracy)
    return where


def _ours(item: Item) -> dict[str, Any]:
    """The event as the desk may see it: nothing that STIX has no word for is lost."""
    event = {name: value for name, value in item.event.items() if name in _OURS}
    told = {
        "extension_type": "property-extension",
        "handling": item.handling.value,
        "sensitivity": item.delivery.meta.sensitivity,
        "marks": list(item.delivery.meta.marks),
        **({"handling_text": item.event["handling_text"]} if item.event.get("handling_text") else {}),
        **({"source_grade": item.grade["source"], "info_grade": item.grade["info"]} if item.grade else {}),
        "event": {"event_id": item.event_id, "event_type": item.delivery.meta.event_type} | event,
    }
    shown: dict[str, Any] = _without_empty(told)
    return shown


def _name(item: Item) -> str:
    kind = EVENT_TYPES.get(item.delivery.meta.event_type)
    title = item.delivery.meta.event_type if kind is None else kind.title_en
    return f"{title.capitalize()} {item.event_id}"


def _authority() -> dict[str, Any]:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": _id("identity", _AUTHORITY),
        "created": _MADE,
        "modified": _MADE,
        "name": _AUTHORITY,
        "identity_class": "organization",
        "sectors": ["government-national"],
    }


def _extension() -> dict[str, Any]:
    """Says what our extension is; its schema stands in the project's documents."""
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION_ID,
        "created": _MADE,
        "modified": _MADE,
        "created_by_ref": _id("identity", _AUTHORITY),
        "name": "Sambus grading and handling",
        "description": "Grading 4x4 (source A, B, C or X, information 1 to 4), handling H0 to H3, sensitivity 0 to 4.",
        "schema": "https://sambus.example/stix/grading-and-handling.json",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }


def _tlp(label: str) -> dict[str, Any]:
    """The marking definition that OASIS published for a label of TLP 2.0."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _TLP_IDS[label],
        "created": _TLP_MADE,
        "name": f"TLP:{label}",
        "extensions": {_TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": label.lower()}},
    }


def _id(kind: str, named: str) -> str:
    """An id that is the same whenever the same is named, in the form (version 4) that STIX asks for."""
    made = uuid.uuid5(_SPACE, f"{kind} {named}")
    return f"{kind}--{uuid.UUID(bytes=made.bytes, version=4)}"


def _without_empty(value: Any) -> Any:
    """Values without empty lists and dictionaries, which STIX does not allow."""
    if isinstance(value, Mapping):
        kept = {name: _without_empty(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in ([], {}, None)}
    if isinstance(value, list):
        return [found for each in value if (found := _without_empty(each)) not in ([], {}, None)]
    return value


#: What a reader of our extension needs: a JSON schema of it.
EXTENSION_SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["extension_type", "handling", "sensitivity", "event"],
    "additionalProperties": False,
    "properties": {
        "extension_type": {"const": "property-extension"},
        "handling": {"enum": ["H0", "H1", "H2", "H3"]},
        "handling_text": {"type": "string"},
        "sensitivity": {"type": "integer", "minimum": 0, "maximum": 4},
        "source_grade": {"enum": ["A", "B", "C", "X"]},
        "info_grade": {"enum": [1, 2, 3, 4]},
        "marks": {"type": "array", "items": {"type": "string"}},
        "event": {"type": "object", "required": ["event_id", "event_type"]},
    },
}
