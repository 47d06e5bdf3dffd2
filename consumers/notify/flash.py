"""A flash alert (blixtlarm) as it may leave the gateway: what kind, which areas, a link. Codes only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from consumers.feed import Delivery
from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer

FLASH: Final = 1
#: A mail and a message name so many areas; a nationwide alert concerns all of them.
MOST_AREAS: Final = 10


@dataclass(frozen=True, slots=True)
class Flash:
    """One flash alert: no text of the event, no place but police areas, nobody.

    Shape: ``delivery_id`` tells two alerts apart; ``areas`` are unit codes of the gazetteer.
    """

    delivery_id: str
    event_type: str
    areas: tuple[str, ...]
    published_at: datetime
    synthetic: bool

    def body(self, link: str) -> dict[str, Any]:
        """What a webhook is told."""
        return {
            "type": "flash_alert",
            "delivery_id": self.delivery_id,
            "event_type": self.event_type,
            "areas": list(self.areas),
            "published_at": self.published_at.isoformat(),
            "synthetic": self.synthetic,
            "link": link_to(link, self.delivery_id),
        }


def flash_of(item: Delivery, gazetteer: Gazetteer) -> Flash | None:
    """A delivery as a flash alert; None when it is none.

    Shape: of what the event says, only codes that the catalogue and the gazetteer know are taken over.
    """
    meta = item.meta
    if meta.priority != FLASH or meta.event_type not in EVENT_TYPES:
        return None
    areas = [area for area in item.event.get("areas") or (meta.origin.unit,) if gazetteer.known(area)]
    return Flash(meta.delivery_id, meta.event_type, tuple(areas[:MOST_AREAS]), meta.published_at, meta.synthetic)


def link_to(page: str, delivery_id: str) -> str:
    """Where the alert can be read, by whoever may."""
    return f"{page.rstrip('/')}#{quote(delivery_id.partition(':')[0])}"


def title_of(flash: Flash, lang: str) -> str:
    """The type in words."""
    kind = EVENT_TYPES[flash.event_type]
    return kind.title_sv if lang == "sv" else kind.title_en


def places_of(flash: Flash, gazetteer: Gazetteer) -> Sequence[str]:
    """The areas in words."""
    return [unit.name for code in flash.areas if (unit := gazetteer.unit(code)) is not None]
