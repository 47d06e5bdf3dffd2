"""Drafts (utkast till lägesbild): the figures of a closed calendar period, as an event without judgements."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

from schemas.events.common import Scope
from schemas.events.plans import SituationPictureEvent
from schemas.gazetteer import Gazetteer
from schemas.pictures import SYNTHETIC_THEME
from schemas.records import BUS_UNIT
from schemas.vocabulary import Function, Handling, LegalOrigin, Level, Purpose
from streams.core.picture.book import Book
from streams.core.picture.cells import CONDITIONS, Where
from streams.core.picture.rows import events_in, figures
from streams.core.picture.settings import PictureSettings
from streams.core.picture.windows import HOUR_MS, Period, period_after, period_before, period_of

_SCOPES: Final = {
    Level.LOCAL_POLICE_AREA: Scope.LOCAL,
    Level.POLICE_AREA: Scope.LOCAL,
    Level.REGION: Scope.REGIONAL,
    Level.NATIONAL: Scope.NATIONAL,
}
_SENSITIVITY: Final = 1
_BACKGROUND: Final = 5
_DIGEST: Final = 16


class Slot(NamedTuple):
    """What a draft is of: its area, theme, window and calendar period."""

    where: Where
    window: str
    period: Period

    def key(self) -> bytes:
        """The same for the same, and for no other."""
        kind = "synthetic" if self.where.synthetic else "real"
        return f"{self.where.area}:{self.where.theme}:{kind}:{self.window}:{self.period.first_day}".encode()


class Draft(NamedTuple):
    """What a draft says. ``digest`` is the same for two that say the same."""

    slot: Slot
    figures: tuple[Mapping[str, Any], ...]
    input_count: int
    conditions: bool
    digest: bytes


def draft(book: Book, slot: Slot, gazetteer: Gazetteer) -> Draft:
    """The figures of a period, of its area and of each area directly below."""
    where, earlier = slot.where, period_before(slot.period).span
    found: list[dict[str, Any]] = []
    count, conditions = 0, False
    for area in (where.area, *gazetteer.children(where.area)):
        cell = book.cells.get(where._replace(area=area))
        if cell is None:
            continue
        now, before = cell.totals((slot.period.span, earlier))
        found += [{"area": area, **figure} for figure in figures(now, before)]
        if area == where.area:
            count = events_in(now)
            conditions = any(measure == CONDITIONS for measure, _ in now)
    digest = blake2b(repr((found, count, conditions)).encode(), digest_size=_DIGEST).digest()
    return Draft(slot, tuple(found), count, conditions, digest)


def closed(period: Period, now_ms: int, settings: PictureSettings) -> bool:
    """Whether a period's lateness bound has passed."""
    return now_ms >= period.span.end_ms + settings.lateness_ms


def beyond(period: Period, now_ms: int, settings: PictureSettings) -> bool:
    """Whether a period is closed for good: corrections of it are published no more."""
    return now_ms > period.span.end_ms + settings.lateness_ms + settings.corrected_ms


def slots_of(where: Where, hour: int, level: Level, settings: PictureSettings) -> Iterator[Slot]:
    """The drafts that an hour of an area has a part in: those of its periods, and of the ones that look back at it."""
    for name, window in settings.windows_of(level):
        period = period_of(hour, window.days)
        yield Slot(where, name, period)
        yield Slot(where, name, period_after(period))


def event_of(told: Draft, now_ms: int, level: Level, settings: PictureSettings) -> dict[str, Any]:
    """The draft as an event of the bus.

    Shape: a validated event in native values. Its handling code is the strictest of its inputs: H0 or H1.
    """
    slot, now = told.slot, datetime.fromtimestamp(now_ms / 1000, UTC)
    event_id = _id(slot, told.digest, now_ms)
    last = slot.period.last_day
    body = {
        "event_id": event_id,
        "event_type": "situation_picture",
        "occurred_from": datetime.fromtimestamp(slot.period.span.first * HOUR_MS / 1000, UTC),
        "occurred_to": datetime.fromtimestamp(slot.period.span.end_ms / 1000, UTC) - timedelta(milliseconds=1),
        "reported_at": now,
        "origin_unit": {"unit": BUS_UNIT, "function": Function.COORDINATION},
        "areas": [slot.where.area],
        "purpose": Purpose.NO_PERSONAL_DATA,
        "handling": Handling.H1 if told.conditions else Handling.H0,
        "sensitivity": _SENSITIVITY,
        "legal_origin": LegalOrigin.OWN_OBSERVATION,
        "provenance": {"root_ids": [event_id]},
        "priority": _BACKGROUND,
        "synthetic": slot.where.synthetic,
        "payload": {
            "scope": _SCOPES[level],
            "theme": slot.where.theme + (SYNTHETIC_THEME if slot.where.synthetic else ""),
            "period": {"first_day": slot.period.first_day, "last_day": last},
            "draft": True,
            "figures": list(told.figures),
            "input_count": told.input_count,
            "review_by": last + settings.windows[slot.window].review,
        },
    }
    return SituationPictureEvent.model_validate(body).model_dump(mode="python")


def _id(slot: Slot, digest: bytes, now_ms: int) -> str:
    """A UUIDv7 of that moment; the same draft made twice at one moment has one id."""
    noise = blake2b(slot.key() + digest, digest_size=10).digest()
    bits = int.from_bytes(now_ms.to_bytes(6, "big") + noise, "big")
    bits = bits & ~(0xF << 76) | (0x7 << 76)
    bits = bits & ~(0x3 << 62) | (0x2 << 62)
    return str(UUID(int=bits))
