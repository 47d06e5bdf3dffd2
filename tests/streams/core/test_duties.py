"""Duties: whatever the order of what comes, one end; each desk is told once; who may answer for whom."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.duties import DutyState
from schemas.records import BUS_DESK
from streams.core.duties import (
    Answer,
    Book,
    Change,
    Standing,
    Taken,
    advanced,
    answers,
    dues,
    handed_on,
    joined,
    next_due,
    standing,
    terms,
)
from streams.core.share.forms import Obligation
from streams.core.share.obligations import Clock

AT = datetime(2026, 11, 11, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENT, NEWER = "01a1bef3-ef60-761b-b93e-2ae10202a6ec", "01a1bef3-ef60-761b-b93e-2ae10202a6ed"
JARVA, NORD, STOCKHOLM = "se.x.y.jarva", "se.x.y", "se.x"
ORIGIN = f"{JARVA}/surveillance"


def duty(desk: str = f"{NORD}/intelligence", **changes: Any) -> Taken:
    """A duty of a desk, due in five minutes, that an acknowledgement meets."""
    made = Taken(
        duty_id=f"{EVENT}:{desk}:main:acknowledge",
        event_id=EVENT,
        event_type="violence_incident",
        revision=1,
        delivery_id=f"{EVENT}:1:{desk}:main",
        obligation="acknowledge",
        text="The receiver acknowledges",
        owed_by=desk,
        origin=ORIGIN,
        done_by=("acknowledged", "declined"),
        each="desk",
        opened_at=AT,
        due_at=AT + 5 * MINUTE,
        pack_version="2026.1+00000000",
        synthetic=True,
    )
    return made._replace(**changes)


def book(*duties: Taken, said: tuple[Answer, ...] = ()) -> Book:
    """A book of these duties and answers."""
    return Book(EVENT, {each.duty_id: each for each in duties}, frozenset(said))


def answer(by: str, kind: str = "acknowledged", minutes: int = 1, **more: Any) -> Answer:
    """An answer so many minutes after the event."""
    return Answer((kind,), by, AT + minutes * MINUTE, **more)


def state(each: Taken, *said: Answer, minutes: int = 60) -> DutyState:
    """How a duty stands after these answers."""
    return standing(each, book(each, said=said), AT + minutes * MINUTE).state


def test_a_duty_is_open_until_it_is_due_and_late_after() -> None:
    """The moment itself is in time."""
    assert state(duty(), minutes=5) is DutyState.OPEN
    assert state(duty(), minutes=6) is DutyState.LATE


@pytest.mark.parametrize(("minutes", "then"), [(1, DutyState.DONE), (5, DutyState.DONE), (6, DutyState.DONE_LATE)])
def test_an_answer_ends_it_in_time_or_late(minutes: int, then: DutyState) -> None:
    """By the time at which it was said, not at which it was read."""
    assert state(duty(), answer(duty().owed_by, minutes=minutes)) is then


def test_another_kind_of_answer_another_group_or_another_obligation_does_not_count() -> None:
    """A receipt is about one delivery."""
    by = duty().owed_by
    for other in (answer(by, "confirmed"), answer(by, group="S15"), answer(by, obligation="triage")):
        assert state(duty(), other) is DutyState.LATE
    assert state(duty(), answer(by, group="main", obligation="acknowledge")) is DutyState.DONE


def test_each_says_whose_answer_counts() -> None:
    """The desk's own; one of its unit; that of any unit that owes it, or of the publisher's."""
    own, colleague, stranger = duty().owed_by, f"{NORD}/investigation", f"{STOCKHOLM}/intelligence"
    counted = {
        each: [by for by in (own, colleague, stranger, ORIGIN) if state(duty(each=each), answer(by)) is DutyState.DONE]
        for each in ("desk", "unit", "any")
    }
    assert counted == {"desk": [own], "unit": [own, colleague], "any": [own, colleague, ORIGIN]}
    both = book(duty(each="any"), duty(stranger, each="any"), said=(answer(stranger),))
    assert {standing(each, both, AT).state for each in both.taken.values()} == {DutyState.DONE}


def test_a_publisher_cannot_give_itself_feedback() -> None:
    """It waits to hear from another."""
    fed = duty(each="any", done_by=("feedback",))
    assert state(fed, answer(ORIGIN, "feedback")) is DutyState.LATE
    assert state(fed, answer(f"{JARVA}/intelligence", "feedback")) is DutyState.DONE


def test_a_suggested_grading_is_one_by_who_owes_it_and_not_by_the_publisher() -> None:
    """An intelligence desk may not publish the observation anew, so this is how it grades."""
    graded = duty(each="any", done_by=("graded", "suggested"))
    assert state(graded, answer(graded.owed_by, "suggested")) is DutyState.DONE
    assert state(graded, answer(ORIGIN, "suggested")) is DutyState.LATE
    assert state(graded, answer(ORIGIN, "graded")) is DutyState.DONE
    assert state(graded, answer(graded.owed_by, "feedback")) is DutyState.LATE


def test_whoever_owes_it_is_told_and_the_publisher_when_it_is_late_or_declined() -> None:
    """Done in time concerns the desk alone."""
    by = duty().owed_by
    cases = {
        (by,): (answer(by),),
        (by, ORIGIN): (answer(by, "declined"),),
        (by, ORIGIN, "late"): (),
    }
    for told, said in cases.items():
        _, changes = advanced(Book(EVENT), book(duty(), said=said), AT + 9 * MINUTE)
        assert [change.notify for change in changes] == [told[:2]]


def test_the_bus_is_not_told_of_what_is_late() -> None:
    """What it asks itself is owed to nobody's desk."""
    _, changes = advanced(Book(EVENT), book(duty(origin=BUS_DESK)), AT + 9 * MINUTE)
    assert [change.notify for change in changes] == [(duty().owed_by,)]


def test_a_duty_about_grading_moves_to_the_revision_with_its_limit() -> None:
    """An ungraded revision gives no new time, a graded one ends it."""
    graded = duty(done_by=("graded",), each="any")
    ungraded = Answer((), ORIGIN, AT + MINUTE, successor=NEWER)
    after, changes = advanced(Book(EVENT), book(graded, said=(ungraded,)), AT + MINUTE)
    (moved,) = handed_on(changes, after)
    (there,) = moved.taken.values()
    assert [change.standing.state for change in changes] == [DutyState.MOVED]
    assert (moved.event_id, there.event_id, there.due_at) == (NEWER, NEWER, graded.due_at)
    assert there.duty_id == graded.duty_id.replace(EVENT, NEWER)
    again = duty(duty_id=there.duty_id, event_id=NEWER, due_at=AT + 60 * MINUTE)
    assert joined(Book(NEWER, {again.duty_id: again}), moved).taken[there.duty_id].due_at == graded.due_at
    assert state(graded, ungraded, Answer(("graded",), ORIGIN, AT + MINUTE, successor=NEWER)) is DutyState.DONE
    assert state(duty(), ungraded) is DutyState.LATE


# Any order, one end

DESKS = (f"{NORD}/intelligence", f"{NORD}/surveillance", f"{STOCKHOLM}/intelligence")
STEPS = st.one_of(
    st.builds(lambda desk, each, due: duty(desk, each=each, due_at=AT + due * MINUTE), st.sampled_from(DESKS),
              st.sampled_from(["desk", "unit", "any"]), st.integers(1, 9)),
    st.builds(answer, st.sampled_from((*DESKS, ORIGIN)), st.sampled_from(["acknowledged", "declined", "done"]),
              st.integers(0, 12)),
    st.integers(0, 12).map(lambda minutes: AT + minutes * MINUTE),
)  # fmt: skip


def played(steps: list[Taken | Answer | datetime]) -> tuple[Book, list[Change]]:
    """The book and everything that was told, after duties, answers and ticks in this order; then a late tick."""
    known, told = Book(EVENT), []
    for step in (*steps, AT + 90 * MINUTE):
        new = known
        if isinstance(step, Taken):
            new = joined(known, book(step))
        elif isinstance(step, Answer):
            new = joined(known, book(said=(step,)))
        now = step if isinstance(step, datetime) else AT
        known, changes = advanced(known, new, now)
        told += changes
    return known, told


def ends(known: Book) -> dict[str, tuple[Taken, Standing]]:
    """Each duty and how it stands in the end."""
    return {name: (each, standing(each, known, AT + 90 * MINUTE)) for name, each in known.taken.items()}


@given(st.lists(STEPS, max_size=12), st.randoms(use_true_random=False))
def test_any_order_comes_to_the_same_end_and_tells_each_thing_once(steps: list[Any], random: Any) -> None:
    """The end of each duty is the same, the last that was written of it is that end, and no notice comes twice."""
    other = random.sample(steps, len(steps))
    (one, told), (two, _) = played(steps), played(other)
    assert ends(one) == ends(two)
    written = {change.duty.duty_id: (change.duty, change.standing) for change in told}
    assert written == ends(one)
    assert {name: one.told.get(name, Standing(DutyState.OPEN)) for name in one.taken} == {
        name: found for name, (_, found) in ends(one).items()
    }
    for desks in ("late", "end"):
        counted = Counter(
            (change.duty.duty_id, desk)
            for change in told
            for desk in change.notify
            if (change.standing.state is DutyState.LATE) == (desks == "late")
        )
        assert set(counted.values()) <= {1}


@given(st.lists(STEPS, max_size=8))
def test_joining_again_changes_nothing(steps: list[Any]) -> None:
    """What came twice is known once."""
    known, _ = played(steps)
    again, changes = advanced(known, joined(known, known), AT + 90 * MINUTE)
    assert (again, changes) == (known, [])
    assert next_due(known, AT + 90 * MINUTE) is None


# From events


def event(event_type: str, desk: str, **fields: Any) -> dict[str, Any]:
    """As much of an event as duties are made of."""
    unit, _, function = desk.partition("/")
    origin = {"unit": unit, "function": function}
    known = {"event_id": NEWER, "revision": 1, "supersedes": None, "grading": None, "synthetic": True, "payload": {}}
    return {**known, "event_type": event_type, "origin_unit": origin, **fields}


def receipt(desk: str, about: str) -> dict[str, Any]:
    """A receipt by a desk for a delivery of some desk."""
    payload = {"delivery_id": f"{EVENT}:1:{about}:recall:{NEWER}", "kind": "confirmed", "obligation": None}
    return event("receipt", desk, payload=payload)


def test_a_receipt_counts_for_the_desks_own_delivery_alone() -> None:
    """Nobody acknowledges for another by naming its delivery."""
    own = f"{NORD}/intelligence"
    assert list(answers(receipt(own, own), AT)) == [(EVENT, Answer(("confirmed",), own, AT, f"recall:{NEWER}"))]
    assert list(answers(receipt(own, f"{STOCKHOLM}/intelligence"), AT)) == []


@pytest.mark.parametrize(
    ("made", "kinds"),
    [
        (event("feedback_note", DESKS[0], payload={"about_id": EVENT}), ("feedback",)),
        (
            event(
                "feedback_note", DESKS[0], payload={"about_id": EVENT, "grade_suggestion": {"source": "B", "info": 2}}
            ),
            ("feedback", "suggested"),
        ),
        (event("information_reply", DESKS[0], payload={"request_id": EVENT}), ("reply",)),
        (event("intelligence_report", DESKS[0], supersedes=EVENT, grading={"source": "A"}), ("graded",)),
        (event("intelligence_report", DESKS[0], supersedes=EVENT), ()),
    ],
)
def test_what_answers_is_found_under_the_event_that_it_answers(made: dict[str, Any], kinds: tuple[str, ...]) -> None:
    """Feedback, with or without a suggested grading, a reply, a revision with or without a grading."""
    ((about, found),) = answers(made, AT)
    assert (about, found.kinds, found.by) == (EVENT, kinds, DESKS[0])


def test_events_that_answer_nothing_are_no_answers() -> None:
    """A seizure's revision is graded by nobody."""
    assert list(answers(event("drug_seizure", DESKS[0], supersedes=EVENT), AT)) == []


def test_what_deliveries_oblige_to_is_the_same_for_such_events_but_for_its_time() -> None:
    """One entry for each obligation with whoever owes it; what sets no limit for an event is not among them."""
    form = {"text": "Owed", "done_by": ["done"]}
    soon = Clock("soon", Obligation.model_validate(form | {"within": "PT5M"}))
    stated = Clock("stated", Obligation.model_validate(form | {"until": "payload.due_at"}))
    one, other = f"{DESKS[0]}:main", f"{DESKS[1]}:S15"
    given = [(one, (soon, stated)), (other, (soon,))]
    made = event("violence_incident", ORIGIN)
    assert dues(made, given, AT) == {soon: AT + 5 * MINUTE}
    earlier = event("violence_incident", ORIGIN, payload={"due_at": AT - MINUTE})
    assert dues(earlier, given, AT) == {soon: AT + 5 * MINUTE, stated: AT}
    assert terms(made, given, [soon], "2026.1") == terms(earlier, given, [soon], "2026.1")
    owed = terms(made, given, [soon, stated], "2026.1").owed
    assert [(term.obligation, term.owed_by) for term in owed] == [("soon", (one, other)), ("stated", (one,))]
