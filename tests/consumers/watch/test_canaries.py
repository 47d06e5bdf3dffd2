"""Canaries judged and taken in turn: what arrives, what leaks, what is late, and when a path is well again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.watch.canaries import EVERYWHERE, IN_TIME, MANY, Canary, Direction, Last, Rounds, judge
from schemas.alarms import AlarmCode

NOW = datetime(2026, 7, 8, 12, tzinfo=UTC)
EVERY = timedelta(seconds=3)
A, B, C, OWN = (f"se.{name}/intelligence" for name in ("syd", "vast", "ost", "nord"))

CANARY = Canary(
    name="a case",
    event_type="drug_seizure",
    desk=OWN,
    body={},
    anchor=NOW,
    arrive=(A, f"{B}#B01"),
    never=(C, f"{A}#B01"),
    proves=("S01",),
    walls=("B04",),
)


def told(*deliveries: tuple[str, str], event_id: str = "e", made: list[str] | None = None) -> dict[str, Any]:
    """A result: deliveries as desk and view group; by default each was made."""
    return {
        "event_id": event_id,
        "refused": [],
        "deliveries": [{"desk": desk, "group": group, "rules": []} for desk, group in deliveries],
        "made": {"deliver.syd": [desk for desk, _ in deliveries] if made is None else made},
    }


RIGHT = ((A, "main"), (B, "B01"), (OWN, "main"))


@pytest.mark.parametrize(
    ("result", "missing", "leaked"),
    [
        (told(*RIGHT), (), ()),
        (told((A, "main")), (f"{B}#B01",), ()),
        (told((A, "main"), (B, "main")), (f"{B}#B01",), ()),  # another delivery is not the one
        (told(*RIGHT, (C, "main")), (), (C,)),
        (told(*RIGHT, (C, "S17")), (), (C,)),  # whatever its view group
        (told(*RIGHT, (A, "B01")), (), (f"{A}#B01",)),
        (told(*RIGHT, made=[A]), (f"{B}#B01",), ()),  # decided, and no delivery was made
        (told(*RIGHT, made=[A, B, C]), (), (C,)),  # not decided, and a delivery was made
        ({"event_id": "e", "refused": ["AREA_UNKNOWN"]}, (A, f"{B}#B01"), ()),
    ],
)
def test_what_was_decided_is_held_against_what_must_come_of_it(
    result: dict[str, Any], missing: tuple[str, ...], leaked: tuple[str, ...]
) -> None:
    """By address: a desk, or a desk and a view group."""
    assert judge(CANARY, result) == (missing, leaked)


def test_with_only_nobody_else_may_get_it_but_its_own_desk() -> None:
    """However the rule that let it through is called."""
    only = replace(CANARY, only=True, never=())
    assert judge(only, told(*RIGHT)).leaked == ()
    assert judge(only, told(*RIGHT, (C, "main"))).leaked == (C,)


def last(rounds: Rounds, rule: str, direction: Direction) -> Last:
    """How a path stands."""
    return rounds.paths[rule, direction].last


def test_a_leak_stays_an_alarm_until_the_same_case_holds_again() -> None:
    """Another case of the same wall that holds ends nothing."""
    other = replace(CANARY, name="another case")
    rounds = Rounds([CANARY, other], EVERY)
    rounds.sent("e", CANARY, NOW)
    rounds.heard(told(*RIGHT, (C, "main")), NOW + EVERY)
    assert [(r.code, r.where, r.value) for r in rounds.reasons()] == [(AlarmCode.CANARY_LEAKED, "B04", 1)]
    assert last(rounds, "S01", Direction.ARRIVE) is Last.OK
    rounds.sent("f", other, NOW + EVERY)
    rounds.heard(told(*RIGHT, event_id="f"), NOW + EVERY)
    assert last(rounds, "B04", Direction.NEVER) is Last.LEAKED
    rounds.sent("g", CANARY, NOW + EVERY)
    rounds.heard(told(*RIGHT, event_id="g"), NOW + EVERY)
    assert list(rounds.reasons()) == []
    assert (rounds.counted.sent, rounds.counted.arrived, rounds.counted.leaked) == (3, 2, 1)


def test_one_that_is_not_decided_on_in_time_is_late_and_tried_again_soon() -> None:
    """What comes after its time changes nothing any more: the next one does."""
    rounds = Rounds([CANARY], EVERY)
    rounds.sent("e", CANARY, NOW)
    rounds.overdue(NOW + IN_TIME)
    assert list(rounds.reasons()) == []
    late = NOW + IN_TIME + EVERY
    rounds.overdue(late)
    assert [(r.code, r.where) for r in rounds.reasons()] == [(AlarmCode.CANARY_LATE, "S01")]
    rounds.heard(told(*RIGHT), late)
    assert last(rounds, "S01", Direction.ARRIVE) is Last.LATE
    rounds._due = late + timedelta(hours=1)
    assert rounds.due(late + timedelta(seconds=5)) == []
    assert rounds.due(late + timedelta(seconds=16)) == [CANARY]


def test_many_late_paths_are_one_alarm() -> None:
    """It is not the rules then."""
    canaries = [replace(CANARY, name=f"case {n}", proves=(f"S{n:02}",), walls=()) for n in range(MANY + 1)]
    rounds = Rounds(canaries, EVERY)
    for number, canary in enumerate(canaries):
        rounds.sent(str(number), canary, NOW)
    rounds.overdue(NOW + 2 * IN_TIME)
    assert [(r.code, r.where, r.value) for r in rounds.reasons()] == [(AlarmCode.CANARY_LATE, EVERYWHERE, MANY + 1)]
    assert len(rounds.due(NOW + 4 * IN_TIME)) <= MANY + 1, "no flood when the bus is back"


def test_each_path_is_tried_once_before_any_is_tried_twice() -> None:
    """One after another, each in its turn, and all of them again and again."""
    canaries = [replace(CANARY, name=f"case {n}", proves=(f"S{n // 3:02}",), walls=()) for n in range(9)]
    rounds = Rounds(canaries, EVERY)
    at, tried = NOW, []
    for number in range(18):
        (canary,) = rounds.due(at)
        assert rounds.due(at) == [], "one for each turn"
        rounds.sent(str(number), canary, at)
        rounds.heard(told(*RIGHT, event_id=str(number)), at)
        tried.append(canary)
        at += EVERY
    assert {each.proves for each in tried[:3]} == {("S00",), ("S01",), ("S02",)}
    assert sorted(each.name for each in tried) == sorted(2 * [each.name for each in canaries])


def test_what_is_shown_holds_rules_and_addresses_alone() -> None:
    """Every path, with its last result."""
    rounds = Rounds([CANARY], EVERY)
    rounds.heard({"event_id": "of another watch"}, NOW)
    shown = rounds.shown()
    assert [(each["rule"], each["direction"], each["last"]) for each in shown["rules"]] == [
        ("B04", "never", "waiting"),
        ("S01", "arrive", "waiting"),
    ]
    assert shown["cases"] == 1
