"""Quarantine by causes: the same fault in the same field is one matter, whichever record and item it is in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consumers.causes import By, Selection, cause_of, groups
from consumers.marks import Drop, Retried
from consumers.quarantine import Entry, Place, Shown, State, shown
from schemas.codec import Codec
from schemas.problems import Problem, RejectCode
from schemas.records import QuarantinedProblem
from tests.consumers.made import JARVA, PUBLISHER, new_id, quarantined

CODEC = Codec()
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def fault(code: RejectCode, pointer: str) -> QuarantinedProblem:
    """One thing that is wrong, as stored."""
    found = Problem(code, pointer)
    return QuarantinedProblem(code=code, pointer=pointer, remedy_sv=found.remedy_sv, remedy_en=found.remedy_en)


AREA = [fault(RejectCode.AREA_UNKNOWN, f"/areas/{index}") for index in range(3)]
PURPOSE = fault(RejectCode.PURPOSE_MISSING, "/purpose")


def line(offset: int, *problems: QuarantinedProblem, origin: str | None = PUBLISHER, minutes: int = 0) -> Shown:
    """A record in quarantine, as everybody sees it."""
    record = quarantined(origin, new_id(), problems=list(problems) or [AREA[0]], at=AT + timedelta(minutes=minutes))
    return shown(Entry(Place(0, offset), record), None, CODEC)


def test_a_cause_is_a_code_and_a_field_whichever_item_it_was() -> None:
    """The third area that nobody knows is the same matter as the first."""
    assert {cause_of(each) for each in AREA} == {"AREA_UNKNOWN /areas/*"}
    assert cause_of(fault(RejectCode.UNREADABLE, "")) == "UNREADABLE"
    assert cause_of(fault(RejectCode.FIELD_INVALID, "/payload/items/12/x1")) == "FIELD_INVALID /payload/items/*/x1"


def test_groups_tell_how_many_since_when_from_whom_and_name_the_newest() -> None:
    """The largest first; a record counts once for each cause that it has, however often."""
    found = [line(n, AREA[n % 3], AREA[(n + 1) % 3], minutes=n) for n in range(5)]
    found.append(line(9, AREA[0], PURPOSE, origin=JARVA, minutes=9))
    area, purpose = groups(found, By.CAUSE)
    assert (area.key, area.count, area.origins) == ("AREA_UNKNOWN /areas/*", 6, 2)
    assert (area.first, area.last) == (AT, AT + timedelta(minutes=9))
    assert area.examples == (Place(0, 9), Place(0, 4), Place(0, 3))
    assert area.problem is not None
    assert area.problem.remedy_sv.startswith("Områdeskoden")
    assert (purpose.key, purpose.count, purpose.examples) == ("PURPOSE_MISSING /purpose", 1, (Place(0, 9),))


def test_groups_by_origin_and_by_type_hold_what_is_not_known_too() -> None:
    """What no desk was proven to have published is a group of its own; so is what has no type of ours."""
    found = [line(1), line(2), line(3, origin=None)]
    assert [(group.key, group.count) for group in groups(found, By.ORIGIN)] == [(PUBLISHER, 2), ("unproven", 1)]
    unknown = replace(found[0], event_type=None)
    assert [group.key for group in groups([found[1], unknown], By.TYPE)] == ["?", "drug_seizure"]


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), True),
        (Selection(origin=PUBLISHER), True),
        (Selection(origin=JARVA), False),
        (Selection(origin="unproven"), False),
        (Selection(cause="AREA_UNKNOWN"), True),
        (Selection(cause="AREA_UNKNOWN /areas/*"), True),
        (Selection(cause="AREA_UNKNOWN /areas/0"), False),
        (Selection(cause="AREA"), False),
        (Selection(event_type="drug_seizure"), True),
        (Selection(event_type="weapon_seizure"), False),
        (Selection(since=AT), True),
        (Selection(since=AT + timedelta(seconds=1)), False),
        (Selection(until=AT), True),
        (Selection(until=AT - timedelta(seconds=1)), False),
        (Selection(state=State.DROPPED), False),
        (Selection(state=None), True),
        (Selection(origin=PUBLISHER, cause="PURPOSE_MISSING"), False),
    ],
    ids=repr,
)
def test_a_selection_takes_what_every_part_of_it_fits(selection: Selection, taken: bool) -> None:
    """Both ends of the time count."""
    assert selection.takes(line(1)) is taken


def test_what_was_done_with_a_record_decides_how_it_stands() -> None:
    """Dropped counts before published again: it is for good."""
    waiting = line(1)
    again = replace(waiting, retried=Retried(PUBLISHER, AT, mended=False, sent="in.gateway:0:1"))
    dropped = replace(again, dropped=Drop(PUBLISHER, AT, "Prov"))
    assert [each.state for each in (waiting, again, dropped)] == [State.WAITING, State.RETRIED, State.DROPPED]
    assert [Selection().takes(each) for each in (waiting, again, dropped)] == [True, False, False]
