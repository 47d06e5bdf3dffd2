"""Deliveries as server-sent events: each record decoded once, each way of seeing it encoded once. No I/O here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from consumers.access import Paths, Rights, forbidden, hidden, shown
from consumers.cards import Standing
from consumers.feed import Delivery, Position, Unreadable, read_delivery
from consumers.gateway.live import Frame, Want
from consumers.gateway.tail import Entry
from consumers.withdrawn import Withdrawal, Withdrawn
from schemas.codec import Codec
from schemas.reads import ReadDelivery

#: A heartbeat moves the reader's place on and tells it nothing else: an event without data is not dispatched.
HEARTBEAT: Final = b"\n"


def event(name: str, data: Any) -> bytes:
    """One server-sent event without its id. JSON has no line breaks of its own, so nothing in it can end the event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data, default=str))


def milliseconds(moment: datetime) -> int:
    """A moment as milliseconds since 1970, rounded down."""
    return int(moment.timestamp() * 1000)


class Showing:
    """Makes what readers see of some records of one partition.

    Shape: made for one batch and thrown away with it; ``name`` is that of the events that hold deliveries.
    ``seen_ms``: until when readers have had what was held back. A record of which somebody may see nothing gives None,
    whatever the reason.
    """

    def __init__(
        self,
        codec: Codec,
        withdrawn: Withdrawn,
        partition: int,
        now: datetime,
        seen_ms: int = 0,
        name: str = "delivery",
    ) -> None:
        self._codec = codec
        self._withdrawn = withdrawn
        self._partition = partition
        self._now = now
        self._seen_ms = seen_ms
        self._name = name
        self._items: dict[int, Delivery | Unreadable] = {}
        self._data: dict[tuple[int, Paths], bytes] = {}

    def item(self, entry: Entry) -> Delivery | Unreadable:
        """What a record holds."""
        known = self._items.get(entry.offset)
        if known is None:
            place = Position(self._partition, entry.offset)
            known = self._items[entry.offset] = read_delivery(self._codec, entry.desk, entry.value, place)
        return known

    def held_after(self, entry: Entry, seen_ms: int) -> bool:
        """Whether a record was held back until after a moment."""
        item = self.item(entry)
        until = item.meta.not_before if isinstance(item, Delivery) else None
        return until is not None and milliseconds(until) > seen_ms

    def frame(self, entry: Entry, want: Want, *, late: bool = False) -> Frame | None:
        """A record as these readers see it."""
        item = self.item(entry)
        if isinstance(item, Unreadable):
            return Frame(event("unreadable", unreadable(item)), entry.offset, entry.offset + 1, self._seen_ms)
        if hidden(want.lens, item.meta, item.event, self._now) is not None:
            return None
        view, kept_back = shown(want.lens.rights, item.meta.event_type, item.event)
        data = self._data.get((entry.offset, kept_back))
        if data is None:
            data = self._data[entry.offset, kept_back] = event(self._name, self._said(item, view))
        reads = (read_of(item),)
        if late and item.meta.not_before is not None:
            return Frame(data, entry.offset, 0, milliseconds(item.meta.not_before), late, reads)
        return Frame(data, entry.offset, entry.offset + 1, self._seen_ms, late, reads)

    def recall(self, entry: Entry, taken: Withdrawal) -> Frame:
        """What is told of an order before the order itself: a reader who goes away between is told again."""
        return Frame(event("recall", recalled(taken)), entry.offset, entry.offset, self._seen_ms)

    def withdrawal(self, item: Delivery) -> Withdrawal | None:
        """The order that takes a delivery's content away, if there is one."""
        return self._withdrawn.of(item.meta.desk, item.meta.event_id, item.meta.origin.unit)

    def _said(self, item: Delivery, view: Mapping[str, Any]) -> dict[str, Any]:
        return said_of(item, view, self.withdrawal(item))


def said_of(item: Delivery, view: Mapping[str, Any], taken: Withdrawal | None) -> dict[str, Any]:
    """A delivery as JSON tells it. What was recalled has its meta data, its standing, and no content."""
    return {
        "position": _position(item.position),
        "meta": item.meta.model_dump(mode="json"),
        "standing": Standing.STANDS if taken is None else taken.standing,
        "event": view if taken is None else {},
    }


def as_seen(item: Delivery, rights: Rights, now: datetime) -> Delivery | None:
    """A delivery with the fields that somebody may see; None when they may see none of it."""
    if forbidden(rights, item.meta, item.event, now) is not None:
        return None
    view, gone = shown(rights, item.meta.event_type, item.event)
    return Delivery(item.meta, dict(view), item.position) if gone else item


def read_of(item: Delivery) -> ReadDelivery:
    """A delivery as the read log names it."""
    return ReadDelivery(event_id=item.meta.event_id, revision=item.meta.revision, view_group=item.meta.view_group)


def unreadable(item: Unreadable) -> dict[str, Any]:
    """What is told of a record that cannot be shown: a code and its size."""
    return {"unreadable": item.code, "size": item.size, "position": _position(item.position)}


def recalled(taken: Withdrawal) -> dict[str, Any]:
    """What a stream is told of a recall."""
    return {
        "event_id": taken.event_id,
        "standing": taken.standing,
        "action": taken.action,
        "order_id": taken.order_id,
        "order_delivery": taken.order_delivery,
        "ordered_at": taken.ordered_at,
        "confirm_by": taken.confirm_by,
    }


def _position(position: Position) -> dict[str, int]:
    return {"partition": position.partition, "offset": position.offset}
