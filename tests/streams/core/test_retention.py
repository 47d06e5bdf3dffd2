"""Retention: the clocks that run from the event itself, in Swedish calendar years."""

from datetime import UTC, datetime

from schemas.vocabulary import RetentionClass
from streams.core.retention import due_at

NEW_YEARS_EVE = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)  # 23:59 in Sweden


def test_intelligence_outside_a_case_is_kept_three_years_after_its_year() -> None:
    """R4: three years after the end of the calendar year of registration."""
    assert due_at(RetentionClass.R4, NEW_YEARS_EVE) == datetime(2029, 12, 31, 23, tzinfo=UTC)


def test_the_year_is_the_swedish_one() -> None:
    """One minute later it is 2027 in Sweden, though not yet in UTC."""
    later = NEW_YEARS_EVE.replace(hour=23, minute=0)
    assert due_at(RetentionClass.R4, later) == datetime(2030, 12, 31, 23, tzinfo=UTC)


def test_not_commonly_available_is_kept_one_year() -> None:
    """R1: one year from first processing."""
    assert due_at(RetentionClass.R1, NEW_YEARS_EVE) == datetime(2027, 12, 31, 22, 59, tzinfo=UTC)


def test_what_a_later_event_ends_has_no_date_yet() -> None:
    """R7 runs from a judgment that is not there."""
    assert due_at(RetentionClass.R7, NEW_YEARS_EVE) is None
