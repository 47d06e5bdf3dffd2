"""Deliveries made up for the tests of cards: reports, revisions, links, orders and pointers, as one desk gets them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from consumers.feed import Delivery, Position
from schemas.envelope import Origin
from schemas.records import BUS_DESK
from schemas.vocabulary import Function
from tests.consumers.made import AT, delivery_meta

DESK = "se.stockholm/intelligence"
JARVA_INV = "se.stockholm.stockholm-nord.jarva/investigation"
SOLNA_SURV = "se.stockholm.stockholm-nord.solna/surveillance"


def event_id(number: int) -> str:
    """An event id in the ids' form, in the order of the numbers."""
    return f"01a1c000-{number:04x}-7000-8000-{number:012x}"


def at(minute: float) -> datetime:
    """A moment of the story."""
    return AT + timedelta(minutes=minute)


def report(number: int, **changes: Any) -> Delivery:
    """A report of a shooting.

    Shape: ``by`` the desk, ``grading`` as B2, ``revision``, ``supersedes`` a number, ``roots`` numbers,
    ``view_group``, ``event_type``, ``minute``, ``marks``, ``payload``.
    """
    said: dict[str, Any] = {
        "by": JARVA_INV,
        "grading": "B2",
        "revision": 1,
        "view_group": "main",
        "marks": [],
    } | changes
    grading = {"source": said["grading"][0], "info": said["grading"][1]} if said["grading"] else None
    event = {
        "event_id": event_id(number),
        "grading": grading,
        "supersedes": event_id(said["supersedes"]) if "supersedes" in said else None,
        "reported_at": at(said.get("minute", number)),
        "provenance": {"root_ids": [event_id(root) for root in said.get("roots", [number])]},
        "payload": said.get("payload", {"kind": "shooting"}),
    }
    return delivered(number, said.pop("event_type", "violence_incident"), event, **said)


def link(number: int, one: int, other: int, **changes: Any) -> Delivery:
    """A link of the bus between two reports: a duplicate, unless told otherwise.

    Shape: ``by`` a desk when a unit says it, ``relation``, ``status``, ``features``, flags; else as ``report``.
    """
    said: dict[str, Any] = {"by": BUS_DESK, "relation": "duplicate", "status": "suggested", "revision": 1} | changes
    payload = {
        "a_id": event_id(one),
        "b_id": event_id(other),
        "features": said.get("features", ["kind", "place", "time"]),
        "score": said.get("score", 0.97),
        "status": said["status"],
        "relation": said["relation"],
        "same_origin": said.get("same_origin", False),
        "independent": said.get("independent", False),
        "decided_by": None if said["status"] == "suggested" else said["by"],
    }
    return delivered(number, "link_suggestion", {"reported_at": at(said.get("minute", 0)), "payload": payload}, **said)


def person(number: int, one: int, other: int, status: str, **changes: Any) -> Delivery:
    """What somebody at a desk decided of two reports."""
    return link(number, one, other, status=status, **{"by": DESK, "minute": number} | changes)


def order(number: int, *targets: int, action: str = "recall", **changes: Any) -> Delivery:
    """An order that the bus passed on to whoever had its targets, one at a time."""
    payload = {"action": action, "target_ids": [event_id(target) for target in targets]}
    group = f"recall:{event_id(targets[0])}"
    return delivered(number, "correction_order", {"payload": payload}, **{"view_group": group} | changes)


def pointer(number: int, about: int, *kinds: str) -> Delivery:
    """A pointer of the bus to one of the desk's own events."""
    payload = {"about_id": event_id(about), "about_type": "violence_incident", "kinds": list(kinds)}
    payload |= {"pointer_ref": f"TP-{number}", "contact": "se/coordination"}
    return delivered(number, "match_pointer", {"payload": payload}, by=BUS_DESK)


def delivered(number: int, event_type: str, event: Mapping[str, Any], **said: Any) -> Delivery:
    """A delivery of an event to the desk."""
    unit, _, function = said.get("by", JARVA_INV).partition("/")
    group, own = said.get("view_group", "main"), event_id(number)
    meta = delivery_meta(
        DESK,
        own,
        delivery_id=f"{own}:{said.get('revision', 1)}:{DESK}:{group}",
        event_type=event_type,
        revision=said.get("revision", 1),
        view_group=group,
        origin=Origin(unit=unit, function=Function(function)),
        published_at=at(said.get("published", said.get("minute", number))),
        marks=said.get("marks", []),
    )
    return Delivery(meta, {name: value for name, value in event.items() if value is not None}, Position(0, number))
