"""A JSON schema of MISP's core format, as far as an event and its attributes go; written after the draft.

Source: draft-dulaunoy-misp-core-format, sections 2.2 (Event), 2.4 (Attribute), 2.6 (Tag).
"""

from typing import Any

_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}
_NUMBER = {"type": "string", "pattern": "^[0-9]+$"}
_ORG = {
    "type": "object",
    "required": ["name", "uuid"],
    "properties": {"name": {"type": "string", "minLength": 1}, "uuid": _UUID, "id": _NUMBER},
    "additionalProperties": False,
}
_TAG = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "colour": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
        "exportable": {"type": "boolean"},
    },
    "additionalProperties": False,
}
_CATEGORIES = [
    "Antivirus detection",
    "Artifacts dropped",
    "Attribution",
    "External analysis",
    "Financial fraud",
    "Internal reference",
    "Network activity",
    "Other",
    "Payload delivery",
    "Payload installation",
    "Payload type",
    "Persistence mechanism",
    "Person",
    "Social network",
    "Support Tool",
    "Targeting data",
]
#: Types that the draft allows in these categories; ours are among them.
_TYPES = {"Internal reference": ["text", "link", "comment", "other", "hex"], "Other": ["comment", "text", "other"]}
_ATTRIBUTE: dict[str, Any] = {
    "type": "object",
    "required": ["uuid", "type", "category", "value", "to_ids", "distribution", "timestamp"],
    "properties": {
        "uuid": _UUID,
        "id": _NUMBER,
        "type": {"type": "string"},
        "category": {"enum": _CATEGORIES},
        "value": {"type": "string", "minLength": 1},
        "comment": {"type": "string"},
        "to_ids": {"type": "boolean"},
        "distribution": {"enum": ["0", "1", "2", "3", "4", "5"]},
        "sharing_group_id": _NUMBER,
        "timestamp": _NUMBER,
        "disable_correlation": {"type": "boolean"},
        "deleted": {"type": "boolean"},
        "Tag": {"type": "array", "items": _TAG},
    },
    "additionalProperties": False,
    "allOf": [
        {"if": {"properties": {"category": {"const": category}}}, "then": {"properties": {"type": {"enum": types}}}}
        for category, types in _TYPES.items()
    ],
}
MISP_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["Event"],
    "additionalProperties": False,
    "properties": {
        "Event": {
            "type": "object",
            "required": [
                "uuid",
                "info",
                "date",
                "timestamp",
                "published",
                "analysis",
                "threat_level_id",
                "distribution",
                "Orgc",
                "Attribute",
            ],
            "properties": {
                "uuid": _UUID,
                "id": _NUMBER,
                "info": {"type": "string", "minLength": 1},
                "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
                "timestamp": _NUMBER,
                "publish_timestamp": _NUMBER,
                "published": {"type": "boolean"},
                "analysis": {"enum": ["0", "1", "2"]},
                "threat_level_id": {"enum": ["1", "2", "3", "4"]},
                "distribution": {"enum": ["0", "1", "2", "3", "4"]},
                "sharing_group_id": _NUMBER,
                "locked": {"type": "boolean"},
                "proposal_email_lock": {"type": "boolean"},
                "disable_correlation": {"type": "boolean"},
                "attribute_count": _NUMBER,
                "Org": _ORG,
                "Orgc": _ORG,
                "Tag": {"type": "array", "items": _TAG},
                "Attribute": {"type": "array", "items": _ATTRIBUTE},
                "Object": {"type": "array"},
            },
            "additionalProperties": False,
        }
    },
}
