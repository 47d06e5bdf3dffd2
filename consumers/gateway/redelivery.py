"""Giving a desk's readers again what they have had: looked at first, then done, by setting their places back.

Nothing is written to a delivery topic: what was delivered stands there once. What every reader is shown is logged as
always, and access is checked anew, so what was recalled or is no longer theirs does not come again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consumers.bus import BusUnreachableError
from consumers.feed import Delivery
from consumers.gateway.cursors import Place
from consumers.gateway.feeds import RETRY_SECONDS, Feeds
from consumers.gateway.frames import Showing, milliseconds
from consumers.gateway.tail import Entry
from schemas.subscriptions import Committed, Subscription
from schemas.web import WebCode, WebProblem

#: So many are counted; beyond, there are at least so many.
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Again:
    """What would be delivered again, and to whom.

    Shape: from ``begin`` to ``end`` of the desk's partition; ``deliveries`` are the desk's there, ``by_type`` of which
    event types, ``withdrawn`` those whose content is gone. ``readers`` are the subscriptions that are open.
    """

    place: Place
    topic: str
    end: int
    deliveries: int
    withdrawn: int
    by_type: dict[str, int]
    exact: bool
    readers: tuple["Reading", ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One subscription: how many streams of it are open, and how far it was read, if its reader ever said."""

    subscription: Subscription
    streams: int
    committed: Committed | None


async def look(feeds: Feeds, desk: str, since: datetime) -> Again:
    """What a desk's readers would get again from a moment on.

    Errors: ``WebProblem`` 404 for a desk of another gateway's areas, 503.
    """
    try:
        place = feeds.place(desk)
    except KeyError:
        raise WebProblem(WebCode.NOT_FOUND) from None
    past, out = feeds.open.past, feeds.open.hub.out
    end = feeds.open.hub.tails[place].next_offset
    types: Counter[str] = Counter()
    withdrawn, exact = 0, True
    try:
        begin = min(await past.offset_at(place, since), end)
        async for stretch in past.stretches(place, desk, begin, end):
            for item in _items(out.showing(place), stretch.entries):
                types[item.meta.event_type] += 1
                withdrawn += out.withdrawn.of(desk, item.meta.event_id, item.meta.origin.unit) is not None
            if types.total() >= MOST:
                exact = stretch.next_offset >= end
                break
    except (BusUnreachableError, TimeoutError):
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
    return Again(
        place=Place(place.partition, begin, milliseconds(since)),
        topic=place.topic,
        end=end,
        deliveries=types.total(),
        withdrawn=withdrawn,
        by_type=dict(types.most_common()),
        exact=exact,
        readers=tuple(_readings(feeds, desk)),
    )


async def give_again(feeds: Feeds, again: Again, readers: Sequence[Reading], since: datetime) -> int:
    """Set the places of these readers back; how many streams begin anew at once. The others do when they come.

    Errors: ``BusUnreachableError``; what was set back until then stays so, and doing it again does no harm.
    """
    for reading in readers:
        known = reading.committed
        if known is not None and known.next_offset <= again.place.next_offset and known.topic == again.topic:
            continue  # it has not come so far: nothing to give again
        await feeds.open.store.commit(
            Committed(
                subscription_id=reading.subscription.subscription_id,
                topic=again.topic,
                partition=again.place.partition,
                next_offset=again.place.next_offset,
                seen_at=since,
                committed_at=feeds.clock(),
            )
        )
    wanted = {reading.subscription.subscription_id for reading in readers}
    streams = [reader for reader in feeds.open.hub.open if reader.subscription in wanted]
    for reader in streams:
        reader.go_back(again.place.next_offset, again.place.seen_ms)
    return len(streams)


def _items(showing: Showing, entries: Sequence[Entry]) -> list[Delivery]:
    return [item for entry in entries if isinstance(item := showing.item(entry), Delivery)]


def _readings(feeds: Feeds, desk: str) -> list[Reading]:
    now, opened = feeds.clock(), feeds.open
    streams = Counter(reader.subscription for reader in opened.hub.open)
    found = [each for each in opened.store.every() if each.desk == desk and each.closes > now]
    return [
        Reading(each, streams[each.subscription_id], opened.store.committed(each.subscription_id))
        for each in sorted(found, key=lambda each: each.made_at)
    ]
