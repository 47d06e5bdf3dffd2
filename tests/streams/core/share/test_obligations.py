"""Obligations with a time limit: until when, by whom, and what the form refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streams.core.share.forms import Obligation, PackFile
from streams.core.share.obligations import Clock, Clocks
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE

AT = datetime(2026, 11, 11, 12, tzinfo=UTC)
CLOCKS = Clocks(PACK.file, REFERENCE.gazetteer)


def clock(**form: Any) -> Clock:
    """A clock of this form."""
    return Clock("named", Obligation.model_validate({"text": "Something is owed", "done_by": ["done"], **form}))


def names(desk: str, *obligations: str) -> list[str]:
    """What a desk owes of a delivery's obligations."""
    return [owed.name for owed in CLOCKS.owed(desk, obligations)]


@pytest.mark.parametrize(
    ("urgency", "limit"),
    [("urgent_direct", timedelta(hours=8)), ("urgent", timedelta(days=3)), ("normal", timedelta(days=7))],
)
def test_the_reply_clocks_of_the_union_follow_the_urgency(urgency: str, limit: timedelta) -> None:
    """Eight hours, three days, seven days (förordning 2017:504 10:7)."""
    (owed,) = CLOCKS.owed("se.noa-spoc/coordination", ("clock_by_urgency",))
    assert owed.due({"payload": {"urgency": urgency}}, AT) == AT + limit


def test_a_limit_counts_from_publication_unless_a_field_is_named() -> None:
    """A field that the event leaves out is no start; publication is."""
    event = {"payload": {"effective_at": AT - timedelta(hours=2)}}
    assert clock(within="PT24H").due(event, AT) == AT + timedelta(days=1)
    assert clock(within="PT24H", **{"from": "payload.effective_at"}).due(event, AT) == AT + timedelta(hours=22)
    assert clock(within="PT24H", **{"from": "payload.confirm_by"}).due(event, AT) == AT + timedelta(days=1)


def test_of_several_limits_the_first_counts_and_without_any_nothing_is_due() -> None:
    """A sender's own time is due as it stands; a message that sets none sets no clock."""
    soon = {"payload": {"due_at": AT + timedelta(hours=1)}}
    assert clock(within="P5D", until="payload.due_at").due(soon, AT) == AT + timedelta(hours=1)
    assert clock(until="payload.due_at").due({"payload": {"due_at": None}}, AT) is None


def test_a_grading_is_owed_of_what_came_without_one() -> None:
    """And nothing else is let off by it."""
    graded = {"grading": {"source": "B", "info": 2}}
    (owed,) = CLOCKS.owed(f"{JARVA}/intelligence", ("grade_within_24h",))
    assert owed.due({"grading": None}, AT) == AT + timedelta(days=1)
    assert owed.due(graded, AT) is None
    (other,) = CLOCKS.owed(f"{JARVA}/intelligence", ("feedback_within_14d",))
    assert other.due(graded, AT) == AT + timedelta(days=14)


@pytest.mark.parametrize(("hours", "due"), [(2, 2), (48, 24)])
def test_a_recall_is_confirmed_by_its_own_time_or_within_a_day(hours: int, due: int) -> None:
    """The earlier of the two."""
    (owed,) = CLOCKS.owed(f"{JARVA}/intelligence", ("confirm_within_24h",))
    order = {"payload": {"confirm_by": AT + timedelta(hours=hours)}}
    assert owed.due(order, AT) == AT + timedelta(hours=due)


def test_only_those_desks_owe_that_the_obligation_means() -> None:
    """Regions acknowledge an alert, their intelligence desks; whoever else gets it owes nothing."""
    assert names("se.stockholm/intelligence", "acknowledge_region_15_min") == ["acknowledge_region_15_min"]
    for desk in ("se.stockholm/surveillance", f"{JARVA}/intelligence", "partner.tullverket/coordination"):
        assert names(desk, "acknowledge_region_15_min") == []
    assert names(f"{NORD}/surveillance", "audit", "accept_or_decline_with_reason", "review_30d") == [
        "accept_or_decline_with_reason"
    ]


def test_an_obligation_without_a_limit_is_its_text_alone() -> None:
    """Both writings are one form."""
    assert PACK.file.obligations["audit"] == Obligation(text="The delivery is logged for audit")
    assert not PACK.file.obligations["audit"].lives
    assert isinstance(PACK.file, PackFile)
