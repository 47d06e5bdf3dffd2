"""GeoJSON (RFC 7946): a feature for each event, with a point, a scene's outline, or no geometry."""

from collections.abc import Sequence
from typing import Any

import orjson

from consumers.exports.items import Item, iso, place_of, summary_of

Ring = list[list[float]]


def geojson(items: Sequence[Item]) -> bytes:
    """A feature collection as its bytes; coordinates are longitude and latitude in WGS84."""
    features = [_feature(item) for item in items]
    return orjson.dumps({"type": "FeatureCollection", "features": features}, option=orjson.OPT_INDENT_2)


def _feature(item: Item) -> dict[str, Any]:
    meta, place = item.delivery.meta, place_of(item)
    return {
        "type": "Feature",
        "id": item.event_id,
        "geometry": _outline(item)
        or (None if place is None else {"type": "Point", "coordinates": [place[0], place[1]]}),
        "properties": {
            "event_id": item.event_id,
            "event_type": meta.event_type,
            "revision": meta.revision,
            "occurred_from": iso(item.occurred),
            "published_at": iso(item.published),
            "origin": item.origin,
            "areas": list(item.event.get("areas") or ()),
            "accuracy_m": None if place is None else place[2],
            "priority": meta.priority,
            "grading": f"{item.grade['source']}{item.grade['info']}" if item.grade else None,
            "handling": item.handling.value,
            "tlp": item.tlp,
            "summary": summary_of(item) or None,
            "synthetic": meta.synthetic,
        },
    }


def _outline(item: Item) -> dict[str, Any] | None:
    """A scene's outline as a closed ring, anticlockwise as the RFC has it (section 3.1.6)."""
    corners = item.payload.get("polygon")
    if not corners:
        return None
    ring: Ring = [[float(corner["lon"]), float(corner["lat"])] for corner in corners]
    if _signed_area(ring) < 0:
        ring.reverse()
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _signed_area(ring: Ring) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum((one[0] * two[1] - two[0] * one[1]) / 2 for one, two in pairs)
