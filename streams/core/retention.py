"""How long an event may be kept: the clock of its retention class (gallring). Times in Swedish calendar years."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.vocabulary import RetentionClass

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_DAYS = {RetentionClass.R1: 365, RetentionClass.R12: 183}
#: Years after the end of the calendar year in which the clock started.
_YEARS_AFTER_YEAR_END = {RetentionClass.R4: 3, RetentionClass.R5: 5, RetentionClass.R10: 1}


def due_at(retention_class: RetentionClass, clock_start: datetime) -> datetime | None:
    """When the event must be erased at the latest, or None when only a later event tells.

    Units: aware UTC. The classes R2, R3, R6-R9, R11 and R13 run from the end of a case, a judgment or a person's
    latest registration, which are events of their own; R0 holds no personal data.
    Source: lag 2018:1693 ch. 4, as the event catalogue's section 2 gives it.
    """
    if retention_class in _DAYS:
        return clock_start + timedelta(days=_DAYS[retention_class])
    if retention_class in _YEARS_AFTER_YEAR_END:
        year = clock_start.astimezone(_STOCKHOLM).year + _YEARS_AFTER_YEAR_END[retention_class]
        return datetime(year + 1, 1, 1, tzinfo=_STOCKHOLM).astimezone(UTC)
    return None
