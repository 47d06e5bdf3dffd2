"""Requests between desks: who asked whom, when an answer is due, and how it stands at any moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.feed import Delivery
from consumers.requests import Box, Standing, requests_of
from schemas.duties import Duty, DutyState
from tests.consumers.carded import DESK, delivered, event_id
from tests.consumers.made import AT

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
ASKER, COLLEAGUE = "se.syd.malmo/intelligence", "se.stockholm/investigation"


def request(number: int, *, by: str = ASKER, due: timedelta = timedelta(days=7), **changes: Any) -> Delivery:
    """A request that the desk got, or asked itself."""
    event = {"payload": {"question": "Känt fordon?", "due_at": AT + due, "urgency": "normal"}} | changes
    return delivered(number, "information_request", event, by=by)


def reply(number: int, to: int, *, by: str = DESK, minute: float = 10) -> Delivery:
    """A reply to a request."""
    payload = {"request_id": event_id(to), "result": "given", "answer": "Ja."}
    return delivered(number, "information_reply", {"payload": payload}, by=by, minute=minute)


def clock(number: int, due_at: datetime) -> Duty:
    """The duty that a request brought."""
    own = event_id(number)
    return Duty(
        duty_id=f"{own}:{DESK}:main:clock_by_urgency",
        event_id=own,
        event_type="information_request",
        revision=1,
        delivery_id=f"{own}:1:{DESK}:main",
        obligation="clock_by_urgency",
        text="The reply comes in time",
        owed_by=DESK,
        origin=ASKER,
        done_by=["reply"],
        each="unit",
        opened_at=AT,
        due_at=due_at,
        pack_version="2026.1",
        duty_state=DutyState.OPEN,
    )


@pytest.mark.parametrize(
    ("due", "answered", "standing"),
    [
        (timedelta(days=7), False, Standing.OPEN),
        (timedelta(hours=1), False, Standing.LATE),
        (timedelta(days=7), True, Standing.ANSWERED),
        (timedelta(minutes=5), True, Standing.ANSWERED_LATE),
    ],
)
def test_a_request_stands_by_its_clock(due: timedelta, *, answered: bool, standing: Standing) -> None:
    """The moment of the reply counts once there is one."""
    items = [request(1, due=due), *([reply(2, 1)] if answered else [])]
    (found,) = requests_of(DESK, items, (), NOW)
    assert (found.standing, found.box, found.asker) == (standing, Box.TO_US, ASKER)


def test_the_duty_of_the_rules_goes_before_what_the_request_says() -> None:
    """What a desk owes is what the rules laid on it."""
    (found,) = requests_of(DESK, [request(1, due=timedelta(days=30))], [clock(1, AT + timedelta(hours=8))], NOW)
    assert (found.due_at, found.standing) == (AT + timedelta(hours=8), Standing.LATE)


def test_a_colleagues_reply_answers_what_the_unit_was_asked() -> None:
    """Any desk of the unit may; another unit's reply to the same request does not."""
    asked = request(1)
    (ours,) = requests_of(DESK, [asked, reply(2, 1, by=COLLEAGUE)], (), NOW)
    (theirs,) = requests_of(DESK, [asked, reply(2, 1, by="se.noa/intelligence")], (), NOW)
    assert (ours.standing, theirs.standing) == (Standing.ANSWERED, Standing.OPEN)
    (mine,) = requests_of(DESK, [request(1, by=DESK), reply(2, 1, by="se.noa/intelligence")], (), NOW)
    assert (mine.box, mine.standing) == (Box.OURS, Standing.ANSWERED)
    assert [each.answer for each in mine.replies] == ["Ja."]


def test_what_is_late_stands_first_and_what_is_answered_last() -> None:
    """In whatever order it came; a revision stands in the place of what it replaces."""
    items = [
        reply(9, 1),
        request(1),
        request(2, due=timedelta(days=3)),
        request(3, due=timedelta(hours=2)),
        request(4),
        delivered(5, "information_request", {"supersedes": event_id(4), "payload": {}}, by=ASKER),
    ]
    for order in (items, items[::-1]):
        found = requests_of(DESK, order, (), NOW)
        assert found[0].event_id == event_id(3)
        assert found[-1].event_id == event_id(1)
        assert event_id(4) not in {each.event_id for each in found}
