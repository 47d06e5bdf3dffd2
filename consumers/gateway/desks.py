"""Who reads at each desk, how far behind, and what is owed: numbers for operations, from what the gateway holds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from aiokafka import TopicPartition

from consumers.feed import Delivery
from consumers.gateway.feeds import Feeds
from consumers.gateway.frames import milliseconds
from consumers.gateway.live import Reader
from consumers.gateway.tail import Entry
from schemas.duties import Duty
from schemas.subscriptions import Committed, Subscription
from schemas.web import WebProblem

#: A connection that takes nothing for so long is slow.
_SLOW_MS: Final = 3_000
#: An obligation that falls due so soon is near.
NEAR: Final = timedelta(minutes=30)


@dataclass(slots=True)
class DeskState:
    """One desk.

    Shape: ``readers`` are streams and pages that are open, of which ``catching_up`` read what is past and ``slow`` take
    nothing; ``unread`` counts what the subscription that is furthest behind has not read, ``exact`` unless more than
    the gateway holds; ``oldest`` is when the first of that was published. ``held`` counts deliveries of the last while.
    """

    desk: str
    area: str
    readers: int = 0
    catching_up: int = 0
    slow: int = 0
    subscriptions: int = 0
    unread: int = 0
    exact: bool = True
    oldest: datetime | None = None
    held: int = 0
    open_duties: int = 0
    near_duties: int = 0
    late_duties: int = 0


@dataclass(slots=True)
class _Desks:
    """The desks of a gateway's areas, made as they are met."""

    feeds: Feeds
    now: datetime
    found: dict[str, DeskState] = field(default_factory=dict)

    def of(self, desk: str) -> DeskState | None:
        """A desk; None for one of another gateway's areas, or that is no desk any more."""
        if desk not in self.found:
            try:
                place = self.feeds.place(desk)
            except (KeyError, WebProblem):
                return None
            self.found[desk] = DeskState(desk, place.topic.removeprefix("deliver."))
        return self.found[desk]


def desk_states(feeds: Feeds) -> list[DeskState]:
    """Every desk that somebody reads, that something was delivered to lately, or that owes something.

    Errors: ``WebProblem`` 503.
    """
    opened, now = feeds.open, feeds.clock()
    desks = _Desks(feeds, now)
    _add_readers(desks, opened.hub.open, milliseconds(now))
    for tail in opened.hub.tails.values():
        for desk, count in tail.desks().items():
            if (state := desks.of(desk)) is not None:
                state.held = count
    for subscription in opened.store.every():
        if subscription.closes > now:
            _add_subscription(desks, subscription, opened.store.committed(subscription.subscription_id))
    _add_duties(desks, opened.owed.every())
    return sorted(desks.found.values(), key=lambda state: (state.area, state.desk))


def _add_readers(desks: _Desks, readers: Iterable[Reader], now_ms: int) -> None:
    for reader in readers:
        state = desks.of(reader.want.lens.rights.desk)
        if state is None:
            continue
        state.readers += 1
        state.catching_up += not reader.attached_ms or reader.overrun
        state.slow += reader.blocked_since is not None and now_ms - reader.blocked_since > _SLOW_MS


def _add_subscription(desks: _Desks, subscription: Subscription, committed: Committed | None) -> None:
    state = desks.of(subscription.desk)
    if state is None:
        return
    state.subscriptions += 1
    if committed is None:
        return
    place = TopicPartition(committed.topic, committed.partition)
    tail = desks.feeds.open.hub.tails.get(place)
    if tail is None:
        return
    entries = tail.since(state.desk, committed.next_offset)
    exact = entries is not None
    waiting = entries if entries is not None else tail.since(state.desk, tail.start) or []
    if len(waiting) > state.unread or not exact:
        state.unread, state.exact = max(state.unread, len(waiting)), exact and state.exact
        state.oldest = _published(desks, place, waiting[0]) if waiting else None


def _published(desks: _Desks, place: TopicPartition, entry: Entry) -> datetime | None:
    item = desks.feeds.open.hub.out.showing(place).item(entry)
    return item.meta.published_at if isinstance(item, Delivery) else None


def _add_duties(desks: _Desks, duties: Iterable[Duty]) -> None:
    for duty in duties:
        if (state := desks.of(duty.owed_by)) is not None:
            state.open_duties += 1
            state.late_duties += duty.due_at < desks.now
            state.near_duties += desks.now <= duty.due_at < desks.now + NEAR


def owed_rows(duties: Iterable[Duty], now: datetime) -> list[dict[str, Any]]:
    """What is owed by desk and kind of obligation: how many, how many soon and late, when the first falls due."""
    counted: Counter[tuple[str, str]] = Counter()
    late: Counter[tuple[str, str]] = Counter()
    near: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], datetime] = {}
    for duty in duties:
        key = (duty.owed_by, duty.obligation)
        counted[key] += 1
        late[key] += duty.due_at < now
        near[key] += now <= duty.due_at < now + NEAR
        first[key] = min(duty.due_at, first.get(key, duty.due_at))
    rows = [
        {
            "desk": desk,
            "obligation": obligation,
            "open": counted[desk, obligation],
            "near": near[desk, obligation],
            "late": late[desk, obligation],
            "first_due": first[desk, obligation],
        }
        for desk, obligation in counted
    ]
    return sorted(rows, key=lambda row: (-row["late"], row["first_due"], row["desk"], row["obligation"]))
