"""When a delivery must leave the archive (gallring): the date that it tells, or that of its class."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from consumers.archive.limits import RetentionLimits
from schemas.catalogue import EVENT_TYPES
from schemas.records import DeliveryMeta
from schemas.vocabulary import RetentionClass

_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")


def due_of(meta: DeliveryMeta, event: Mapping[str, Any], limits: RetentionLimits) -> datetime | None:
    """When a delivery must be erased at the latest; None when only a later event or an order tells.

    Shape: the date that the bus worked out goes first. A view that shows neither date nor class has what is usual for
    its type, counted from when it was published: a hidden field must not keep anything for ever.
    """
    told = (event.get("enrichment") or {}).get("retention") or {}
    due = told.get("due_at")
    if isinstance(due, datetime):
        return due
    named = told.get("retention_class") or event.get("retention_class")
    usual = EVENT_TYPES.get(meta.event_type)
    kind = RetentionClass(named) if named else usual.retention_class if usual is not None else None
    start = told.get("clock_start") or meta.published_at
    return None if kind is None else _due(kind, start, limits)


def _due(kind: RetentionClass, start: datetime, limits: RetentionLimits) -> datetime | None:
    if (days := limits.days.get(kind)) is not None:
        return start + timedelta(days=days)
    if (years := limits.years_after_year_end.get(kind)) is not None:
        return datetime(start.astimezone(_STOCKHOLM).year + years + 1, 1, 1, tzinfo=_STOCKHOLM).astimezone(UTC)
    return None
