"""From when to when each alarm lasted: told apart from what comes back at once, and from not knowing."""

from datetime import UTC, datetime, timedelta

import pytest

from consumers.console.episodes import Episodes
from consumers.health import Reason
from schemas.alarms import AlarmCode

AT = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
LATE = Reason(AlarmCode.LATE, "events.accepted", 30)
GONE = Reason(AlarmCode.NO_WORKER, "Empty", 0)


def after(seconds: float) -> datetime:
    """A moment so long after the first."""
    return AT + timedelta(seconds=seconds)


@pytest.fixture
def episodes() -> Episodes:
    """Looks are good for 15 s, as the watcher's are."""
    return Episodes(timedelta(seconds=15))


def test_an_alarm_lasts_from_the_first_look_that_found_it_to_the_first_that_did_not(episodes: Episodes) -> None:
    """Its value is the last one; when it is over, it stands among what is over."""
    episodes.take(AT, [])
    episodes.take(after(3), [LATE])
    episodes.take(after(6), [Reason(AlarmCode.LATE, "events.accepted", 33)])
    (lasting,) = episodes.lasting()
    assert (lasting.began_at, lasting.value, lasting.ended_at) == (after(3), 33, None)
    assert episodes.well_since is None
    episodes.take(after(9), [])
    assert episodes.lasting() == ()
    (over,) = episodes.over()
    assert (over.code, over.began_at, over.ended_at) == (AlarmCode.LATE, after(3), after(9))
    assert episodes.well_since == after(9)


def test_an_alarm_that_comes_back_at_once_was_not_over(episodes: Episodes) -> None:
    """It keeps its beginning; one that comes back later has a new one."""
    episodes.take(AT, [LATE])
    episodes.take(after(3), [])
    episodes.take(after(6), [LATE])
    assert [each.began_at for each in episodes.lasting()] == [AT]
    assert episodes.over() == ()
    episodes.take(after(9), [])
    for second in range(12, 30, 3):
        episodes.take(after(second), [])
    episodes.take(after(30), [LATE])
    assert [each.began_at for each in episodes.lasting()] == [after(30)]
    assert [each.ended_at for each in episodes.over()] == [after(9)]


def test_the_gravest_stand_first_and_places_of_one_alarm_are_told_apart(episodes: Episodes) -> None:
    """In the order of the table of alarms, whatever order they came in."""
    other = Reason(AlarmCode.LATE, "duties", 25)
    episodes.take(AT, [LATE, other, GONE])
    assert [(each.code, each.where) for each in episodes.lasting()] == [
        (AlarmCode.NO_WORKER, "Empty"),
        (AlarmCode.LATE, "duties"),
        (AlarmCode.LATE, "events.accepted"),
    ]


def test_a_time_in_which_nobody_looked_is_an_alarm_that_is_over(episodes: Episodes) -> None:
    """From when the last look was no longer good until the next."""
    episodes.take(AT, [])
    episodes.take(after(60), [])
    (over,) = episodes.over()
    assert (over.code, over.began_at, over.ended_at) == (AlarmCode.NOT_WATCHED, after(15), after(60))


def test_a_look_that_is_no_later_changes_nothing(episodes: Episodes) -> None:
    """The same snapshot read twice, or an older one behind it."""
    episodes.take(after(3), [LATE])
    episodes.take(after(3), [])
    episodes.take(AT, [])
    assert [each.code for each in episodes.lasting()] == [AlarmCode.LATE]


def test_what_was_over_long_ago_is_forgotten(episodes: Episodes) -> None:
    """A day is remembered."""
    episodes.take(AT, [LATE])
    episodes.take(after(3), [])
    assert episodes.over()
    for hour in range(1, 26):
        episodes.take(after(3 + hour * 3600), [])
    assert AlarmCode.LATE not in {each.code for each in episodes.over()}
