"""What goes into a file: events of the desk's own view, as JSON values, each with its markings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from consumers.exports.handling import (
    HANDLING_STRICTNESS,
    TLP_STRICTNESS,
    HandlingTable,
    Released,
    Tlp,
    handling_of,
)
from consumers.feed import Delivery
from schemas.vocabulary import Handling

#: Fields that say which event it is, what it is worth and how it must be handled: they go with whatever was released.
_ALWAYS: Final = frozenset(
    [
        "event_id",
        "event_type",
        "revision",
        "published_at",
        "origin_unit",
        "handling",
        "handling_text",
        "grading",
        "originator",
        "derived_max_handling",
        "sensitivity",
        "secrecy_grounds",
        "synthetic",
    ]
)
MARK: Final = "sambus"


@dataclass(frozen=True, slots=True)
class Item:
    """One event of an export. ``event`` holds JSON values only; ``released_by`` the decision that let it through."""

    delivery: Delivery
    row_id: int
    event: Mapping[str, Any]
    handling: Handling
    tlp: Tlp
    released_by: str | None

    @property
    def event_id(self) -> str:
        """The event."""
        return self.delivery.meta.event_id

    @property
    def payload(self) -> Mapping[str, Any]:
        """The typed part."""
        found: Mapping[str, Any] = self.event.get("payload") or {}
        return found

    @property
    def published(self) -> datetime:
        """When it was accepted."""
        return self.delivery.meta.published_at

    @property
    def occurred(self) -> datetime:
        """When it happened, as far as the view shows it; else when it was published."""
        found = self.delivery.event.get("occurred_from")
        return found if isinstance(found, datetime) and "occurred_from" in self.event else self.published

    @property
    def origin(self) -> str:
        """The desk that published it."""
        origin = self.delivery.meta.origin
        return f"{origin.unit}/{origin.function}"

    @property
    def grade(self) -> Mapping[str, Any]:
        """Source and information, if it is graded and the view shows it."""
        found: Mapping[str, Any] = self.event.get("grading") or {}
        return found


def item_of(delivery: Delivery, row_id: int, release: Released | None, table: HandlingTable) -> Item:
    """An event as it goes into a file; of one that a release let through, only the fields that it names."""
    handling = handling_of(delivery)
    event = plain(delivery.event)
    if release is not None:
        event = _only(event, release.fields | _ALWAYS)
    return Item(
        delivery=delivery,
        row_id=row_id,
        event=event,
        handling=handling,
        tlp=table.label(delivery.event, handling, delivery.meta.sensitivity),
        released_by=None if release is None else release.decision_id,
    )


def strictest(items: Iterable[Item]) -> tuple[Handling, Tlp]:
    """The markings of a whole file."""
    found = list(items)
    handling = max((each.handling for each in found), key=HANDLING_STRICTNESS.index)
    return handling, max((each.tlp for each in found), key=TLP_STRICTNESS.index)


def _only(event: Mapping[str, Any], fields: frozenset[str], path: str = "") -> dict[str, Any]:
    """The fields that were released, each with all below it."""
    kept: dict[str, Any] = {}
    for name, value in event.items():
        here = f"{path}{name}"
        if here in fields:
            kept[name] = value
        elif isinstance(value, Mapping) and (inner := _only(value, fields, f"{here}.")):
            kept[name] = inner
        elif isinstance(value, list) and any(field.startswith(f"{here}.") for field in fields):
            parts = [_only(each, fields, f"{here}.") for each in value if isinstance(each, Mapping)]
            kept[name] = [part for part in parts if part]
    return kept


def plain(value: Any) -> Any:
    """A view's values as JSON has them: times as ISO text in UTC, exact numbers as text."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value


def iso(moment: datetime) -> str:
    """A moment in UTC with milliseconds, as all formats here write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def summary_of(item: Item) -> str:
    """The main text of an event, for formats that have one."""
    payload = item.payload
    for name in ("summary", "question", "answer", "abstract", "problem", "advice_officer", "need_statement", "title"):
        if isinstance(payload.get(name), str):
            return str(payload[name])
    return ""


def place_of(item: Item) -> tuple[float, float, int | None] | None:
    """Longitude, latitude and accuracy in metres: of the event, or the centre of a scene."""
    geo = item.event.get("geo") or {}
    if geo.get("lon") is not None and geo.get("lat") is not None:
        return float(geo["lon"]), float(geo["lat"]), geo.get("accuracy_m")
    centre = item.payload.get("centre") or {}
    if centre.get("lon") is not None and centre.get("lat") is not None:
        return float(centre["lon"]), float(centre["lat"]), item.payload.get("radius_m")
    return None
