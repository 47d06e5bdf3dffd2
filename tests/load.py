"""Synthetic load: events of the common types, spread over the whole gazetteer, encoded as units would send them."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from producers.client import RawRecord
from schemas.catalogue import EVENT_TYPES
from schemas.codec import ORIGIN_HEADER, Codec, cloud_event_headers
from schemas.example_data import good_examples
from schemas.gazetteer import load_gazetteer
from schemas.validation import validate
from schemas.vocabulary import Level

#: Type, its share of a thousand, the function that publishes it, and the payload field that makes its key unique.
MIX = (
    ("surveillance_observation", 450, "surveillance", "observer_ref"),
    ("drug_seizure", 250, "investigation", "seizure_no"),
    ("intelligence_report", 200, "intelligence", "local_report_no"),
    ("violence_incident", 50, "investigation", "incident_no"),
    ("open_drug_scene", 50, "surveillance", "scene_id"),
)
_EARLIER = timedelta(minutes=30)


class Made(NamedTuple):
    """One synthetic event as published. ``good`` tells whether intake will accept it."""

    event_id: str
    event_type: str
    good: bool
    record: RawRecord


def event_id(at: datetime, rng: random.Random) -> str:
    """A UUIDv7 of this moment from seeded randomness, so that a load can be made again."""
    ms = int(at.timestamp() * 1000)
    value = (ms << 80) | (0x7 << 76) | (rng.getrandbits(12) << 64) | (0b10 << 62) | rng.getrandbits(62)
    return str(uuid.UUID(int=value))


def load(count: int, *, seed: int = 1, bad_share: float = 0.0) -> Iterator[Made]:
    """Make ``count`` events. A bad one names an area that does not exist."""
    rng = random.Random(seed)  # noqa: S311 - made-up load
    codec, gazetteer = Codec(), load_gazetteer()
    lpos = list(gazetteer.units_at(Level.LOCAL_POLICE_AREA))
    types = [entry for entry in MIX for _ in range(entry[1])]
    now = datetime.now(UTC)
    for _ in range(count):
        event_type, _, function, key_field = rng.choice(types)
        area = rng.choice(lpos)
        good = rng.random() >= bad_share
        body = _body(event_type, key_field, area if good else "se.atlantis", now, rng)
        event = validate(event_type, body)
        if isinstance(event, tuple):
            raise TypeError(f"{event_type}: {event}")
        value = codec.encode(event_type, event.model_dump(mode="python"))
        desk = f"{area}/{function}"
        headers = cloud_event_headers(body["event_id"], event_type, desk, now, 1)
        record = RawRecord(body["event_id"].encode(), value, (*headers, (ORIGIN_HEADER, desk.encode())))
        yield Made(body["event_id"], event_type, good, record)


def _body(event_type: str, key_field: str, area: str, now: datetime, rng: random.Random) -> dict[str, Any]:
    body = rng.choice(_EXAMPLES[event_type]) | {"areas": [area]}
    made_id = event_id(now - timedelta(seconds=rng.randrange(60)), rng)
    body |= {"event_id": made_id, "revision": 1, "supersedes": None, "provenance": {"root_ids": [made_id]}}
    at = now - _EARLIER - timedelta(seconds=rng.randrange(3600))
    body |= {"occurred_from": at.isoformat(), "occurred_to": None, "reported_at": (now - _EARLIER).isoformat()}
    hashed = key_field in {"seizure_no", "incident_no"}
    unique = f"{rng.getrandbits(256):064x}" if hashed else f"made-{rng.getrandbits(64):016x}"
    body["payload"] = body["payload"] | {key_field: unique}
    return _of_its_own(body, area, rng)


def _of_its_own(body: dict[str, Any], area: str, rng: random.Random) -> dict[str, Any]:
    """Give a body a place in its area, and persons and things that no other has: what is alike would be joined."""
    payload, unit, here = body["payload"], load_gazetteer().unit(area), body.get("geo") or _ANYWHERE
    aside, up = rng.uniform(-0.05, 0.05), rng.uniform(-0.03, 0.03)
    if unit is not None:
        aside, up = aside + unit.lon - float(here["lon"]), up + unit.lat - float(here["lat"])
    if body.get("geo"):
        body["geo"] = _moved(body["geo"], aside, up)
    if payload.get("centre"):
        payload["centre"] = _moved(payload["centre"], aside, up)
    if payload.get("polygon"):
        payload["polygon"] = [_moved(corner, aside, up) for corner in payload["polygon"]]
    body["persons"] = [person | {"ref": f"made-{rng.getrandbits(64):x}"} for person in body.get("persons") or ()]
    body["objects"] = [thing | {"ref": f"{rng.getrandbits(256):064x}"} for thing in body.get("objects") or ()]
    if payload.get("vehicle_plate"):
        payload["vehicle_plate"] = "".join(rng.choices("ABCDEFGHJKLMNOPRSTUWXYZ", k=3)) + f"{rng.randrange(1000):03}"
    if payload.get("suppliers_refs"):
        payload["suppliers_refs"] = [f"made-{rng.getrandbits(64):x}" for _ in payload["suppliers_refs"]]
    return body


def _moved(place: dict[str, Any], aside: float, up: float) -> dict[str, Any]:
    return place | {"lon": round(float(place["lon"]) + aside, 5), "lat": round(float(place["lat"]) + up, 5)}


#: About where the examples without a place of their own lie.
_ANYWHERE: dict[str, Any] = {"lon": 17.14, "lat": 60.67}

_EXAMPLES = {
    event_type: [example.body for example in good_examples(event_type)]
    for event_type, *_ in MIX
    if event_type in EVENT_TYPES
}
