"""MISP event JSON (MISP core format): one MISP event for an export, its attributes the events of the bus.

Source: MISP core format, draft-dulaunoy-misp-core-format, sections 2.2-2.7; MISP taxonomies ``tlp``.
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from consumers.exports.handling import Tlp
from consumers.exports.items import Item, iso, strictest, summary_of
from schemas.catalogue import EVENT_TYPES

_SPACE: Final = uuid.UUID("c35b9d0c-92c8-4f43-8f6e-1b65b0a6d1f4")
_ORGANISATION: Final = {"name": "Polismyndigheten (Sambus)", "uuid": "0b1d1f8e-6d9b-4f0a-8f7d-2f1a3b7c9d55"}
#: Only the organisation itself spreads what it gets: MISP's own distribution levels know none of our rules.
_YOUR_ORGANISATION_ONLY: Final = "0"
_TLP_TAGS: Final[dict[Tlp, tuple[str, str]]] = {
    "CLEAR": ("tlp:clear", "#ffffff"),
    "GREEN": ("tlp:green", "#339900"),
    "AMBER": ("tlp:amber", "#ffc000"),
    "AMBER+STRICT": ("tlp:amber+strict", "#ffc000"),
    "RED": ("tlp:red", "#cc0033"),
}
_THREAT: Final = {1: "1", 2: "1", 3: "2", 4: "3", 5: "4"}
_GREY: Final = "#6b7280"
_CATEGORY: Final = "Internal reference"


def misp_event(items: Sequence[Item], export_id: str) -> bytes:
    """An event as its bytes. Each event of the bus is a comment, its number, and its whole view as JSON."""
    _, tlp = strictest(items)
    newest = max(item.published for item in items)
    stamp = str(int(newest.timestamp()))
    event = {
        "uuid": export_id,
        "info": _info(items),
        "date": min(item.occurred for item in items).date().isoformat(),
        "timestamp": stamp,
        "published": False,
        "publish_timestamp": "0",
        "analysis": "2",
        "threat_level_id": min((_THREAT[item.delivery.meta.priority] for item in items), key=int),
        "distribution": _YOUR_ORGANISATION_ONLY,
        "sharing_group_id": "0",
        "locked": True,
        "proposal_email_lock": False,
        "disable_correlation": False,
        "Org": _ORGANISATION,
        "Orgc": _ORGANISATION,
        "Tag": [_tlp_tag(tlp)],
        "Attribute": [each for item in items for each in _attributes(item, stamp)],
        "Object": [],
    }
    event["attribute_count"] = str(len(event["Attribute"]))  # type: ignore[arg-type]
    return orjson.dumps({"Event": event}, option=orjson.OPT_INDENT_2)


def _info(items: Sequence[Item]) -> str:
    made_up = "[SYNTHETIC] " if any(item.delivery.meta.synthetic for item in items) else ""
    return f"{made_up}Sambus export, {len(items)} event{'s' if len(items) > 1 else ''}"


def _attributes(item: Item, stamp: str) -> Iterator[dict[str, Any]]:
    kind = EVENT_TYPES.get(item.delivery.meta.event_type)
    title = item.delivery.meta.event_type if kind is None else kind.title_en
    tags = [_tlp_tag(item.tlp), *map(_tag, _our_tags(item))]
    about = f"{title}, {item.origin}, {iso(item.occurred)}"
    whole = {"origin": item.origin, "published_at": iso(item.published), "event": item.event}
    parts = [
        ("text", item.event_id, f"event_id: {about}"),
        ("text", orjson.dumps(whole).decode(), f"json: {about}"),
    ]
    if text := summary_of(item):
        parts.insert(1, ("comment", text, about))
    for attribute_type, value, comment in parts:
        named = (
            f"{item.event_id}:{item.delivery.meta.revision}:{item.delivery.meta.view_group}:{attribute_type}:{comment}"
        )
        yield {
            "uuid": str(uuid.uuid5(_SPACE, named)),
            "type": attribute_type,
            "category": _CATEGORY if attribute_type == "text" else "Other",
            "value": value,
            "comment": comment,
            "to_ids": False,
            "distribution": _YOUR_ORGANISATION_ONLY,
            "sharing_group_id": "0",
            "timestamp": stamp,
            "disable_correlation": True,
            "deleted": False,
            "Tag": tags,
        }


def _our_tags(item: Item) -> Iterator[str]:
    """Our own taxonomy: MISP's admiralty scale would lose what 4x4 says (``handling.yaml``, ``lossy_scales``)."""
    yield f'sambus:handling="{item.handling.value}"'
    yield f'sambus:sensitivity="{item.delivery.meta.sensitivity}"'
    yield f'sambus:event-type="{item.delivery.meta.event_type}"'
    if item.grade:
        yield f'sambus:source-grade="{item.grade["source"]}"'
        yield f'sambus:info-grade="{item.grade["info"]}"'
    if item.delivery.meta.synthetic:
        yield "sambus:synthetic"


def _tlp_tag(label: Tlp) -> dict[str, Any]:
    name, colour = _TLP_TAGS[label]
    return {"name": name, "colour": colour, "exportable": True}


def _tag(name: str) -> dict[str, Any]:
    return {"name": name, "colour": _GREY, "exportable": True}
