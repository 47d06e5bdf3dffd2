"""Events and the orders about them, made up, as units would publish them now."""

from datetime import UTC, datetime, timedelta
from typing import Any

from producers.client import RawRecord, new_event_id
from schemas.codec import ORIGIN_HEADER, Codec
from schemas.example_data import good_examples
from schemas.validation import validate

JARVA = "se.stockholm.stockholm-nord.jarva"
NORD = "se.stockholm.stockholm-nord"
HYLLIE = "se.syd.malmo.hyllie"
MALMO = "se.syd.malmo"
_CODEC = Codec()

Body = dict[str, Any]


def seizure(area: str = JARVA, **envelope: Any) -> Body:
    """A seizure in an area, new with every call."""
    body = _body("drug_seizure", envelope | {"areas": [area]})
    body["payload"]["seizure_no"] = new_event_id().replace("-", "").ljust(64, "0")
    return body


def shooting(place: tuple[float, float], *, minutes: int = 0, **envelope: Any) -> Body:
    """A shooting, new with every call. Units: longitude and latitude; minutes after the hour that examples begin at."""
    body = _body("violence_incident", envelope)
    begin = datetime.fromisoformat(body["occurred_from"]) + timedelta(minutes=minutes)
    body["occurred_from"] = _text(begin)
    body["geo"] = body["geo"] | {"lon": place[0], "lat": place[1]}
    body["payload"]["incident_no"] = new_event_id().replace("-", "").ljust(64, "0")
    return body


def under_originator(area: str = HYLLIE) -> Body:
    """A seizure built on what Denmark provided under its control (H2): only the contact point can release it."""
    return seizure(area, handling="H2", originator="DK")


def correction(*targets: Body, action: str = "recall", **payload: Any) -> Body:
    """An order to recall or correct events, in force at once."""
    now = datetime.now(UTC)
    said = {
        "order_no": f"ko-{new_event_id()}",
        "action": action,
        "target_ids": [target["event_id"] for target in targets],
        "reason": "Uppgiften avser fel person.",
        "effective_at": _text(now - timedelta(minutes=1)),
        "confirm_by": _text(now + timedelta(hours=24)),
    }
    return _body("correction_order", {}, said | payload)


def release(*targets: Body, receiver: str, **payload: Any) -> Body:
    """A release of events under third-party control to the intelligence desk of one unit."""
    said = {
        "decision_no": f"dp-{new_event_id()}",
        "target_ids": [target["event_id"] for target in targets],
        "receiver": receiver,
        "functions": ["intelligence"],
        "decided_as": "originator",
        "lifts": ["B02"],
        "fields_released": ["areas", "payload.items"],
        "expires": _text(datetime.now(UTC) + timedelta(days=30)),
    }
    return _body("release_decision", {}, said | payload)


def circle(area: str, *members: str, first: int = -1, last: int = 30, **payload: Any) -> Body:
    """A focus group for drugs in an area. Units: ``first`` and ``last`` are days from today."""
    today = datetime.now(UTC).date()
    said = {
        "order_no": f"fg-{new_event_id()}",
        "area": area,
        "members": list(members),
        "first_day": (today + timedelta(days=first)).isoformat(),
        "last_day": (today + timedelta(days=last)).isoformat(),
    }
    return _body("focus_group_order", {"areas": [area], "topics": ["drugs"]}, said | payload)


def link(one: Body, other: Body, status: str = "confirmed", **envelope: Any) -> Body:
    """A link between two events, confirmed by somebody unless it is only suggested."""
    decided = None if status == "suggested" else "analyst-301"
    said = {"a_id": one["event_id"], "b_id": other["event_id"], "status": status, "decided_by": decided}
    return _body("link_suggestion", envelope, said)


def feedback(report: Body, **envelope: Any) -> Body:
    """Feedback on a report: what it led to."""
    return _body("feedback_note", envelope, {"about_id": report["event_id"]})


def published(body: Body, desk: str) -> RawRecord:
    """The record by which a desk publishes a body through the gateway."""
    event = validate(body["event_type"], body)
    if isinstance(event, tuple):
        raise TypeError(f"{body['event_type']}: {event}")
    value = _CODEC.encode(body["event_type"], event.model_dump(mode="python"))
    return RawRecord(body["event_id"].encode(), value, ((ORIGIN_HEADER, desk.encode()),))


def _body(event_type: str, envelope: Body, payload: Body | None = None) -> Body:
    example = good_examples(event_type)[0].body
    event_id, now = new_event_id(), datetime.now(UTC)
    times = {"occurred_from": _text(now - timedelta(hours=1)), "occurred_to": None, "reported_at": _text(now)}
    own = {"event_id": event_id, "revision": 1, "supersedes": None, "provenance": {"root_ids": [event_id]}}
    # Persons and things of its own: what is alike would be found to belong together.
    own["persons"] = [person | {"ref": f"made-{event_id}"} for person in example.get("persons") or ()]
    own["objects"] = [
        thing | {"ref": event_id.replace("-", "").rjust(64, "0")} for thing in example.get("objects") or ()
    ]
    return {**example, **times, **own, **envelope, "payload": {**example["payload"], **(payload or {})}}


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
