"""Windows, their figures and their course; drafts of calendar periods and what changes them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from schemas.pictures import PictureRow
from schemas.vocabulary import Level
from streams.core.picture.book import Book
from streams.core.picture.cells import Where
from streams.core.picture.drafts import Slot, closed, draft, event_of, slots_of
from streams.core.picture.fact import Tally
from streams.core.picture.rows import row
from streams.core.picture.settings import DAY_MS
from streams.core.picture.windows import HOUR_MS, Period, day_start_ms, hour_of, period_after, period_before, period_of
from tests.streams.core.picture.made import (
    COUNTRY,
    GAZETTEER,
    JARVA,
    NORD,
    NOW_MS,
    SETTINGS,
    SOLNA,
    STOCKHOLM,
    book,
    fact,
    join,
)

DRUGS = Where(JARVA, "drugs", synthetic=True)


def shown(
    made: Book, where: Where = DRUGS, window: str = "24h", now_ms: int = NOW_MS
) -> dict[str, tuple[object, object]]:
    """The figures of a row, now and before, by measure and substance."""
    found = row(made.cells[where], where, window, now_ms, SETTINGS)
    lines = PictureRow.model_validate(found).figures if found else []
    return {
        f"{line.measure} {line.substance_id or ''}".strip(): (
            (line.count, line.earlier_count)
            if line.mass_g is None
            else (float(line.mass_g), float(line.earlier_mass_g or 0))
        )
        for line in lines
    }


def test_a_row_tells_the_window_and_the_one_before() -> None:
    """The last 24 hours with the running one, and the 24 before; the week has both."""
    made = book([fact(1), fact(2), fact(3, from_ms=NOW_MS - 30 * HOUR_MS)])
    assert shown(made) == {"seizures": (2, 1), "seizures amphetamine": (2, 1), "mass amphetamine": (3.0, 1.5)}
    assert shown(made, window="7d")["seizures"] == (3, 0)


def test_time_alone_moves_events_out_of_a_window() -> None:
    """What is now becomes the earlier, then nothing: a row of nothing is none."""
    made = book([fact(1)])
    assert shown(made, now_ms=NOW_MS + DAY_MS)["seizures"] == (0, 1)
    assert shown(made, now_ms=NOW_MS + 3 * DAY_MS) == {}


def test_a_course_adds_up_to_its_figure() -> None:
    """One value for each hour, or day, of the window."""
    made = book([fact(1), fact(2, from_ms=NOW_MS - 5 * HOUR_MS), fact(3, from_ms=NOW_MS - 3 * DAY_MS)])
    for window, steps in (("24h", 24), ("7d", 7), ("28d", 28)):
        found = PictureRow.model_validate(row(made.cells[DRUGS], DRUGS, window, NOW_MS, SETTINGS))
        counts = {line.substance_id: line for line in found.figures if line.measure == "seizures"}[None]
        assert (len(counts.counts), sum(counts.counts)) == (steps, counts.count)
        mass = next(line for line in found.figures if line.measure == "mass")
        assert (len(mass.masses_g), sum(mass.masses_g)) == (steps, mass.mass_g)


def test_a_scene_counts_in_every_step_of_its_life() -> None:
    """It is active in each window that it touches, once."""
    alive = fact(
        1, tallies=(Tally("active_scenes", "", 1),), from_ms=NOW_MS - 90 * DAY_MS, until_ms=NOW_MS - 2 * DAY_MS
    )
    made = book([alive])
    assert [shown(made, window=window)["active_scenes"] for window in ("7d", "28d")] == [(1, 1), (1, 1)]
    assert shown(made) == {}
    found = PictureRow.model_validate(row(made.cells[DRUGS], DRUGS, "7d", NOW_MS, SETTINGS))
    assert found.figures[0].counts == [1, 1, 1, 1, 1, 0, 0]


def period(day: date, days: int) -> Period:
    """The period of so many days that holds noon of a day."""
    return period_of(hour_of(day_start_ms(day)) + 12, days)


def test_periods_are_swedish_days_and_weeks_from_monday() -> None:
    """Also in the nights when the clocks change; four weeks begin on a Monday too."""
    assert (period(date(2026, 3, 29), 1).span.end - period(date(2026, 3, 29), 1).span.first) == 23
    assert (period(date(2026, 10, 25), 1).span.end - period(date(2026, 10, 25), 1).span.first) == 25
    week = period(date(2026, 11, 24), 7)
    assert (week.first_day, week.last_day) == (date(2026, 11, 23), date(2026, 11, 29))
    assert period(date(2026, 11, 24), 28).first_day.isoweekday() == 1


@given(st.integers(400_000, 600_000), st.sampled_from([1, 7, 28]))
def test_periods_follow_each_other_without_gap(hour: int, days: int) -> None:
    """Every hour lies in exactly one period of a length."""
    found = period_of(hour, days)
    assert found.span.first <= hour < found.span.end
    assert period_after(period_before(found)) == found
    assert period_of(found.span.end, days) == period_after(found)


def slot(area: str, window: str = "7d") -> Slot:
    """The draft of the week, or day, that holds the made facts."""
    return Slot(Where(area, "drugs", synthetic=True), window, period_of(hour_of(NOW_MS), SETTINGS.windows[window].days))


def test_a_draft_shows_its_area_and_those_below_and_counts_a_group_once() -> None:
    """The police area has two seizures where its two local areas have two and one: one lies in both."""
    made = book([fact(1), fact(2, areas=(JARVA, SOLNA)), fact(3), join(1, 3)])
    told = draft(made, slot(NORD), GAZETTEER)
    counts = {f["area"]: f["count"] for f in told.figures if (f["measure"], f["substance_id"]) == ("seizures", None)}
    assert counts == {NORD: 2, JARVA: 2, SOLNA: 1}
    assert told.input_count == 2


def test_a_late_report_makes_another_draft_and_a_repeated_one_does_not() -> None:
    """The digest tells whether a closed window has changed."""
    made, late = book([fact(1)]), fact(2, from_ms=NOW_MS - 2 * HOUR_MS)
    before = draft(made, slot(STOCKHOLM), GAZETTEER)
    made.take(fact(1))
    assert draft(made, slot(STOCKHOLM), GAZETTEER).digest == before.digest
    made.take(late)
    after = draft(made, slot(STOCKHOLM), GAZETTEER)
    assert (before.input_count, after.input_count) == (1, 2)
    assert before.digest != after.digest


def test_a_draft_is_a_good_event_of_the_bus() -> None:
    """Figures without judgements, its inputs counted and not named, the strictest handling of what it counts."""
    told = draft(book([fact(1), fact(2, conditions=True)]), slot(COUNTRY), GAZETTEER)
    event = event_of(told, NOW_MS, Level.NATIONAL, SETTINGS)
    payload = event["payload"]
    assert (payload["scope"], payload["draft"], payload["input_count"]) == ("national", True, 2)
    assert (event["origin_unit"]["unit"], event["handling"], event["synthetic"]) == ("se.bus", "H1", True)
    assert payload["theme"] == "drugs (synthetic)"
    assert payload["input_event_ids"] == event["provenance"]["derived_from"] == []
    assert event_of(told, NOW_MS, Level.NATIONAL, SETTINGS) == event


def test_a_window_closes_after_the_lateness_bound() -> None:
    """Not before: what is reported hours late still belongs to it."""
    week = slot(JARVA).period
    end = week.span.end_ms
    assert not closed(week, end + SETTINGS.lateness_ms - 1, SETTINGS)
    assert closed(week, end + SETTINGS.lateness_ms, SETTINGS)


def test_an_hour_has_a_part_in_its_own_windows_and_in_those_that_look_back() -> None:
    """Local areas have no drafts of days."""
    hour, drugs = hour_of(NOW_MS), slot(JARVA).where
    found = list(slots_of(drugs, hour, Level.LOCAL_POLICE_AREA, SETTINGS))
    assert [each.window for each in found] == ["7d", "7d", "28d", "28d"]
    assert found[1].period == period_after(found[0].period)
