"""The demo's day without a bus: its events as they would be assessed, for trying a changed rule pack on them."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from deploy.demo.making import Made, Maker
from deploy.demo.story import story
from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.fingerprint import fingerprint, said
from schemas.model import to_wire_time
from schemas.validation import validate
from streams.core.assess import Assess, Seen
from streams.core.outcome import Forward
from streams.core.reference import load_reference
from streams.core.share.difference import Replayed
from streams.core.share.orders import NO_ORDERS

#: A day of its own, so that two people who try the same change see the same.
THE_DAY: Final = date(2026, 3, 4)


def assessed_day(day: date = THE_DAY) -> Iterator[Replayed]:
    """The good events of the day in the order of the story, each under the orders that were told by then.

    Shape: the same day gives the same events. What intake refuses, and what was told before, is not among them.
    """
    maker, desk_of, orders = Maker(day), _Assessing(), NO_ORDERS
    for chapter in story():
        now = to_wire_time(maker.moment(chapter.at))
        for number, made in enumerate(maker.chapter(chapter)):
            at = now + timedelta(seconds=number)
            event = desk_of.take(made, at)
            if event is not None:
                orders = orders.told(event, at)
                yield Replayed(event, at, orders)


class _Assessing:
    """What the assess agent would make of one published event after the other."""

    def __init__(self) -> None:
        self._assess = Assess(load_reference())
        self._codec = Codec()
        self._seen: dict[str, Seen] = {}

    def take(self, made: Made, at: Any) -> dict[str, Any] | None:
        """The assessed event; None for one that intake refuses or that was told before."""
        valid = None if made.telling.wrong is not None else validate(made.body["event_type"], made.body)
        if valid is None or isinstance(valid, tuple):
            return None
        unit, _, function = made.desk.partition("/")
        body = self._codec.decode(self._codec.encode(valid.event_type, valid.model_dump(mode="python"))).value
        key = f"{fingerprint(valid.event_type, body)}@{unit}"
        origin = Origin.model_validate({"unit": unit, "function": function})
        outcome = self._assess.assess(body, said(body), origin, at, self._seen.get(key))
        if not isinstance(outcome, Forward):
            return None
        self._seen[key] = outcome.value.seen
        return outcome.value.event
