"""What an event says of earlier ones, for the ledger: ids and codes, and nothing of what a machine counted."""

from typing import Any

import pytest

from schemas.records import BUS_UNIT
from streams.core.share.saying import NOTHING, Saying, saying_of

OWN, FIRST, SECOND = "own", "first", "second"


def event(event_type: str, unit: str = "se.noa", derived: tuple[str, ...] = (), **payload: Any) -> dict[str, Any]:
    """An event as far as it says something of others."""
    return {
        "event_id": OWN,
        "event_type": event_type,
        "origin_unit": {"unit": unit, "function": "intelligence"},
        "provenance": {"root_ids": [OWN], "derived_from": list(derived)},
        "payload": payload,
    }


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (event("feedback_note", about_id=FIRST, kind="used"), Saying((FIRST,), "used")),
        (
            event("receipt", delivery_id=f"{FIRST}:1:se.noa/intelligence:main", kind="accepted"),
            Saying((FIRST,), "accepted"),
        ),
        (event("investigation_event", derived=(FIRST,), stage="charged"), Saying((FIRST,), "charged")),
        (
            event("asset_forfeiture", lead_event_ids=[FIRST, SECOND], stage="ordered"),
            Saying((FIRST, SECOND), "ordered"),
        ),
        (event("information_reply", request_id=FIRST, result="none"), Saying((FIRST,), "none")),
        (event("situation_picture", input_event_ids=[FIRST, SECOND, FIRST]), Saying((FIRST, SECOND))),
        (event("operational_plan", picture_refs=[FIRST]), Saying((FIRST,))),
        (event("focus_group_order", picture_ref=FIRST), Saying((FIRST,))),
        (event("intelligence_report", derived=(FIRST, OWN)), Saying((FIRST,))),
        (event("intelligence_report"), NOTHING),
        (event("investigation_event", stage="charged"), NOTHING),
    ],
)
def test_what_an_event_says_of_others(told: dict[str, Any], expected: Saying) -> None:
    """Each once, itself left out; the code only where something is named."""
    assert saying_of(told) == expected


@pytest.mark.parametrize(
    ("relation", "status", "said"),
    [
        ("duplicate", "suggested", "joined"),
        ("echo", "confirmed", "joined"),
        ("joint_seizure", "suggested", None),
        ("joint_seizure", "confirmed", "joined"),
        ("related", "confirmed", None),
        ("duplicate", "rejected", "parted"),
    ],
)
def test_a_link_says_only_whether_its_ends_are_one(relation: str, status: str, said: str | None) -> None:
    """Of what is merely related nothing is kept; the bus's own links count as others do."""
    link = event("link_suggestion", unit=BUS_UNIT, a_id=FIRST, b_id=SECOND, relation=relation, status=status)
    assert saying_of(link) == (NOTHING if said is None else Saying((FIRST, SECOND), said))


def test_what_the_bus_counted_by_itself_is_no_use() -> None:
    """A draft of a picture cites thousands of reports that nobody has looked at."""
    assert saying_of(event("situation_picture", unit=BUS_UNIT, input_event_ids=[FIRST])) == NOTHING
