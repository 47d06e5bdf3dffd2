"""Silence is an incident, quiet is not: made-up rhythms replayed over weeks, false alarms and delays measured.

Every rhythm is drawn from a seed, so the figures are the same on every machine.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers.watch.holidays import is_holiday
from consumers.watch.rhythm import Rhythm
from consumers.watch.set_rhythms import RhythmsError, read_rhythms
from consumers.watch.silence import FORGOTTEN_AFTER, Heard, Publishers, reasons
from schemas.alarms import AlarmCode
from schemas.gazetteer import load_gazetteer
from tests.consumers.watch.rhythms import BEGIN, DAY, ZONE, bursts, delay, machine, nights, office, steady, watched

DESK = "se.stockholm/intelligence"
WEEKS_14 = 98
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

Gen = Callable[[int], Iterator[datetime]]


def local(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of 2026 in Stockholm."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("made", "look", "most"),
    [
        (lambda days: steady(days, 600), 5 * MINUTE, 0),
        (lambda days: steady(days, 21_600), 15 * MINUTE, 1),
        (lambda days: machine(days, 600), 5 * MINUTE, 0),
        (lambda days: office(days, 300), 5 * MINUTE, 0),
        (lambda days: office(days, 1800), 5 * MINUTE, 0),
        (lambda days: nights(days, 120), 5 * MINUTE, 0),
        (bursts, 5 * MINUTE, 0),
    ],
    ids=["random-10-min", "random-6-h", "machine", "office-5-min", "office-30-min", "nights", "bursts"],
)
def test_over_fourteen_weeks_a_rhythm_raises_hardly_an_alarm(made: Gen, look: timedelta, most: int) -> None:
    """Nights, weekends, Friday afternoons, Easter and summer time included; the sparsest has one at most."""
    _, found = watched(made(WEEKS_14), look, BEGIN + WEEKS_14 * DAY)
    assert found.looks > 1_000
    assert len(found.alarms) <= most, found.alarms


@pytest.mark.parametrize(
    ("made", "at", "within"),
    [
        # Who dies on a Tuesday at 10 is called silent within: three times the longest gap of weeks.
        (lambda: steady(86, 60), local(5, 26, 10), 20 * MINUTE),
        (lambda: machine(86, 600), local(5, 26, 10), 31 * MINUTE),
        (lambda: office(86, 60), local(5, 26, 10), 30 * MINUTE),
        (lambda: office(86, 300), local(5, 26, 10), 2 * HOUR),
        (lambda: bursts(86), local(5, 26, 10), 9 * HOUR),
    ],
    ids=["steady", "machine", "office-1-min", "office-5-min", "bursts"],
)
def test_silence_is_told_within_a_few_of_the_longest_gaps(
    made: Callable[[], Iterator[datetime]], at: datetime, within: timedelta
) -> None:
    """Measured with a watch that looks every three seconds."""
    rhythm = _learned(moment for moment in made() if moment < at)
    assert delay(rhythm, rhythm.last, within) <= within


def test_an_office_that_does_not_open_is_silent_when_others_have_long_begun() -> None:
    """Not at night, not at eight when it may be late, but in the hours after it."""
    rhythm = _learned(moment for moment in office(86, 60) if moment < local(5, 26))
    assert not rhythm.silent(local(5, 26, 3))
    assert not rhythm.silent(local(5, 26, 8, 39))
    first = next(at for at in (local(5, 26, 8) + n * MINUTE for n in range(600)) if rhythm.silent(at))
    assert local(5, 26, 9) <= first <= local(5, 26, 10)


def test_a_new_publisher_is_not_called_silent_before_its_rhythm_is_known() -> None:
    """Two of its weeks."""
    assert _learned(office(7, 60)).limit(local(3, 9, 12)) is None
    assert _learned(office(17, 60)).limit(local(3, 18, 12)) is not None


def test_one_long_outage_does_not_make_the_next_unseen() -> None:
    """After a whole dead day the same outage is found again; a rhythm that has truly changed is learned."""
    dead = [moment for moment in office(86, 60) if not local(5, 19) < moment < local(5, 20)]
    rhythm = _learned(moment for moment in dead if moment < local(5, 26, 10))
    assert delay(rhythm, rhythm.last, 4 * HOUR) <= 4 * HOUR
    slower = [m for m in office(40, 60) if m < local(3, 30)] + [m for m in office(98, 1800) if m > local(3, 30)]
    _, found = watched(iter(slower), 5 * MINUTE, BEGIN + 98 * DAY)
    assert found.alarms
    assert found.alarms[-1] < local(5, 10), "the new rhythm was learned"


def test_what_was_learned_survives_being_written_down() -> None:
    """In whole."""
    rhythm = _learned(office(30, 300))
    told = rhythm.as_json() | {"first": rhythm.first.isoformat(), "last": rhythm.last.isoformat()}
    assert Rhythm.from_json(told) == rhythm


def test_what_comes_late_or_twice_changes_nothing() -> None:
    """A restart reads again what it had not noted as read."""
    moments = list(steady(3, 600))
    once, again = _learned(iter(moments)), _learned(iter(moments))
    for moment in moments[-50:]:
        again.heard(moment)
    assert once == again


def test_a_silent_publisher_is_a_reason_and_one_that_is_forgotten_is_none() -> None:
    """With how long; after two months nobody waits any longer."""
    publishers = Publishers()
    publishers.hear(Heard(int(moment.timestamp() * 1000), DESK, None) for moment in steady(30, 600))
    last = publishers.verdicts(BEGIN + 30 * DAY)[0].last
    (reason,) = reasons(publishers.verdicts(last + 8 * HOUR))
    assert (reason.code, reason.where, reason.value) == (AlarmCode.PUBLISHER_SILENT, DESK, 28_800.0)
    assert publishers.verdicts(last + FORGOTTEN_AFTER + DAY) == []


def test_nobody_is_called_silent_for_the_time_in_which_nobody_could_publish() -> None:
    """The bus was away for a day and is back: everybody's time begins anew."""
    publishers = Publishers()
    publishers.hear(Heard(int(moment.timestamp() * 1000), DESK, None) for moment in steady(30, 600))
    now = publishers.verdicts(BEGIN + 30 * DAY)[0].last + DAY
    assert publishers.verdicts(now)[0].silent
    assert not publishers.verdicts(now, since=now - 5 * MINUTE)[0].silent


SET = """
rhythms:
  - publisher: se.stockholm
    silent_after: 15m
    quiet:
      - {from: "17:00", to: "07:00"}
      - {days: [sat, sun]}
  - {publisher: se.syd/finance, retired: true}
  - {publisher: se.vast/intelligence, silent_after: 10s}
"""


def given(tmp_path: Path, text: str) -> Publishers:
    """Publishers by what a file sets."""
    path = tmp_path / "rhythms.yaml"
    path.write_text(text, "utf-8")
    return Publishers(read_rhythms(path, load_gazetteer()))


@pytest.mark.parametrize(
    ("at", "silent"),
    [
        (local(5, 26, 7, 14), False),  # a Tuesday: quiet was meant until seven
        (local(5, 26, 7, 16), True),
        (local(5, 26, 16, 59), True),
        (local(5, 26, 17, 1), False),
        (local(5, 30, 12), False),  # a Saturday
        (local(6, 1, 7, 10), False),
        (local(6, 1, 7, 16), True),
    ],
)
def test_a_set_rhythm_outdoes_what_was_learned_and_knows_when_quiet_is_meant(
    tmp_path: Path, at: datetime, silent: bool
) -> None:
    """A unit's holds for its desks."""
    publishers = given(tmp_path, SET)
    publishers.hear([Heard(int(local(5, 25, 16).timestamp() * 1000), DESK, None)])
    verdict = next(each for each in publishers.verdicts(at) if each.origin == DESK)
    assert (verdict.silent, verdict.learned) == (silent, False)


def test_who_is_awaited_and_never_came_is_silent_too_and_who_is_retired_is_not(tmp_path: Path) -> None:
    """Its time begins with the watch."""
    publishers = given(tmp_path, SET)
    publishers.hear([Heard(int(local(1, 7).timestamp() * 1000), "se.syd/finance", None)])
    now = local(1, 8)
    assert not any(each.silent for each in publishers.verdicts(now))
    later = {each.origin: each.silent for each in publishers.verdicts(now + timedelta(seconds=11))}
    assert later == {"se.vast/intelligence": True, "se.syd/finance": False}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rhythms: [{publisher: se.stockholm}]", "silent_after"),
        ("rhythms: [{publisher: se.stockholm, silent_after: soon}]", "15m"),
        ("rhythms: [{publisher: se.stockholm, silent_after: 1h, quite: []}]", "quite"),
        ("rhythms: [{publisher: se.nowhere, silent_after: 1h}]", "se.nowhere"),
        ("rhythms: [{publisher: se.stockholm, silent_after: 1h, retired: true}]", "either"),
        ("rhythms: [{publisher: se.stockholm, silent_after: 1h, quiet: [{from: 7}]}]", "quotes"),
        ("rhythms: {", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, says: str) -> None:
    """The first thing that is wrong."""
    with pytest.raises(RhythmsError, match=says):
        given(tmp_path, text)


def test_holidays_are_swedens() -> None:
    """Those that move, too."""
    expected = {(1, 1), (1, 6), (4, 3), (4, 5), (4, 6), (5, 1), (5, 14), (5, 24), (6, 6), (6, 19), (12, 24), (12, 25)}
    expected |= {(12, 26), (12, 31)}
    days = (datetime(2026, 1, 1, tzinfo=UTC) + number * DAY for number in range(365))
    assert {(day.month, day.day) for day in days if is_holiday(day.date())} == expected


def _learned(moments: Iterator[datetime]) -> Rhythm:
    rhythm: Rhythm | None = None
    for moment in moments:
        rhythm = rhythm or Rhythm.begun(moment)
        rhythm.heard(moment)
    assert rhythm is not None
    return rhythm
