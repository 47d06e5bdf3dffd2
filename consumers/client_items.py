"""What a stream of the gateway tells, as values; and where one begins. No I/O here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import ValidationError

from consumers.cards import Standing
from consumers.feed import Delivery, Position, Unreadable
from consumers.sse import ServerEvent
from schemas.problems import RejectCode
from schemas.records import DeliveryMeta
from schemas.wire_json import revived


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery. ``cursor`` takes up after it; a ``standing`` that is withdrawn comes without content."""

    delivery: Delivery
    standing: Standing
    cursor: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """An event that was recalled, restricted or erased: whoever has it takes it away now.

    The iterator tells the gateway that it is gone when it is asked for the next item.
    """

    event_id: str
    standing: Standing
    order_delivery: str
    cursor: str


@dataclass(frozen=True, slots=True)
class CardTold:
    """A card as it stands now, for streams with cards."""

    card: Mapping[str, Any]
    cursor: str


@dataclass(frozen=True, slots=True)
class NotReadable:
    """A record that cannot be shown, told instead of the delivery that it should have been."""

    record: Unreadable
    cursor: str


Item = Received | Recalled | CardTold | NotReadable


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stream begins: after a cursor, at a moment (``1h`` or ISO), else where the subscription was committed."""

    cursor: str | None = None
    since: str | None = None
    now: bool = False

    def parameters(self) -> dict[str, str]:
        """As the address takes it."""
        if self.cursor is not None:
            return {"cursor": self.cursor}
        if self.since is not None:
            return {"since": self.since}
        return {"from": "now"} if self.now else {}


def item_of(told: ServerEvent) -> Item:
    """An event of a stream as a value."""
    return ITEMS[told.name](orjson.loads(told.data), told.last_id)


def item_of_page(said: Mapping[str, Any]) -> Delivery | Unreadable:
    """One of a page's deliveries as a value."""
    item = _unreadable(said, "") if "unreadable" in said else _received(said, "")
    return item.delivery if isinstance(item, Received) else item.record


def _received(said: Mapping[str, Any], cursor: str) -> Received | NotReadable:
    position = Position(**said["position"])
    try:
        meta = DeliveryMeta.model_validate(said["meta"])
    except ValidationError:  # a later version of the gateway says more than we know
        return NotReadable(Unreadable(RejectCode.FIELD_INVALID, position, 0), cursor)
    event = revived(meta.event_type, said["event"])
    return Received(Delivery(meta, event, position), Standing(said["standing"]), cursor)


def _recalled(said: Mapping[str, Any], cursor: str) -> Item:
    return Recalled(said["event_id"], Standing(said["standing"]), said["order_delivery"], cursor)


def _card(said: Mapping[str, Any], cursor: str) -> Item:
    return CardTold(said, cursor)


def _unreadable(said: Mapping[str, Any], cursor: str) -> NotReadable:
    record = Unreadable(RejectCode(said["unreadable"]), Position(**said["position"]), int(said["size"]))
    return NotReadable(record, cursor)


ITEMS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Item]]] = {
    "delivery": _received,
    "recall": _recalled,
    "card": _card,
    "unreadable": _unreadable,
}
