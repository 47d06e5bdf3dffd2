"""The reading half of the gateway as one thing: it opens when Kafka is there, closes when it is not, and opens anew."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from consumers.access import asked_for
from consumers.bus import BusUnreachableError, TopicMissingError, partition_of
from consumers.feed import Delivery, delivery_topic
from consumers.folding import about
from consumers.gateway.acts import Acts
from consumers.gateway.ahead import Ahead
from consumers.gateway.books import Books
from consumers.gateway.card_view import card_view, reads_on
from consumers.gateway.cursors import Cursors
from consumers.gateway.fanout import Taken
from consumers.gateway.frames import event
from consumers.gateway.hub import Hub
from consumers.gateway.limits import Limits
from consumers.gateway.live import Frame, Want
from consumers.gateway.owed import OwedNow
from consumers.gateway.past import Past
from consumers.gateway.publishing import Publisher
from consumers.gateway.readlog import ReadLog
from consumers.gateway.recalls import RecallBook
from consumers.gateway.store import ReaderStore
from consumers.gateway.stream import Sources
from consumers.withdrawn import Withdrawal
from schemas.codec import Codec
from schemas.figures import Figure, Histogram, Shown
from schemas.gazetteer import Gazetteer
from schemas.signals import READERS, READERS_CUT, STREAM_S
from schemas.tasks import end_or_raise
from schemas.traces import Tracer
from schemas.web import WebCode, WebProblem

#: Kafka is looked for again so often, and whoever asks meanwhile is told to come back.
RETRY_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Open:
    """Everything that works while Kafka is there."""

    hub: Hub
    past: Past
    log: ReadLog
    store: ReaderStore
    books: Books
    owed: OwedNow
    recalls: RecallBook
    acts: Acts
    sources: Sources


@dataclass
class Feeds:
    """The reading half of a gateway.

    Shape: ``areas`` are the delivery areas that it serves; ``publish`` publishes what desks say; ``clock`` gives aware
    UTC; ``auditing`` are connection options of a user who may read the read log, where the gateway's own may not.
    ``lifespan`` keeps it open; ``open`` gives what works, or the answer 503.
    """

    options: Mapping[str, Any]
    areas: Sequence[str]
    gazetteer: Gazetteer
    cursors: Cursors
    publish: Publisher
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    codec: Codec = field(default_factory=Codec)
    tracer: Tracer | None = None
    auditing: Mapping[str, Any] | None = None
    streams: Counter[str] = field(default_factory=Counter)
    delays: Histogram = field(default_factory=lambda: Histogram(STREAM_S))
    _opened: Open | None = None

    def __post_init__(self) -> None:
        self.explaining = asyncio.Semaphore(self.limits.explanations)

    @property
    def open(self) -> Open:
        """What works now. Errors: ``WebProblem`` 503 while Kafka is away."""
        if self._opened is None:
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS)
        return self._opened

    def figures(self) -> list[Shown]:
        """How many read, and how quickly they are served; from any thread. Nothing is told by desk."""
        opened = self._opened
        if opened is None:
            return list(self.delays.spreads())
        return [
            Figure(READERS, (), len(opened.hub.open)),
            Figure(READERS_CUT, ("overrun",), opened.hub.out.overruns),
            Figure(READERS_CUT, ("stalled",), opened.hub.cut),
            *self.delays.spreads(),
        ]

    async def ready(self) -> bool:
        """Whether it is open."""
        return self._opened is not None

    def place(self, desk: str) -> TopicPartition:
        """Where a desk's deliveries are. Errors: ``WebProblem`` 404 for a desk of another gateway's areas."""
        topic = delivery_topic(desk, self.gazetteer)
        count = self.open.hub.partitions.get(topic)
        if count is None:
            raise WebProblem(WebCode.NOT_FOUND)
        return TopicPartition(topic, partition_of(desk, count))

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Keep it open while the block runs."""
        keeping = asyncio.create_task(self._keep_open())
        try:
            yield
        finally:
            await end_or_raise(keeping)

    async def _keep_open(self) -> None:
        while True:
            try:
                async with AsyncExitStack() as stack:
                    self._opened = await self._open(stack)
                    await self._opened.hub.ended()
            except (BusUnreachableError, TopicMissingError, KafkaError, TimeoutError, OSError):
                pass
            finally:
                self._opened = None
            await asyncio.sleep(RETRY_SECONDS)

    async def _open(self, stack: AsyncExitStack) -> Open:
        log = await stack.enter_async_context(ReadLog(self.options, self.codec))
        store = await stack.enter_async_context(ReaderStore(self.options, self.codec))
        owed = await stack.enter_async_context(OwedNow(self.options, self.codec))
        acts = await stack.enter_async_context(Acts(self.options, self.codec))
        past = await stack.enter_async_context(Past(self.options, self.limits.catch_ups))
        topics = [f"deliver.{area}" for area in self.areas]
        hub = Hub(self.options, topics, self.codec, log, self.clock, self.limits)
        hub.delays, hub.tracer = self.delays, self.tracer
        books = Books(hub, past, self.codec, self.clock, self.limits.kept)
        recalls = RecallBook(self.clock, lambda want, taken: self._may_see(hub, want, taken))
        hub.out.watchers.append(lambda taken: _noted(recalls, taken))
        hub.out.further = lambda want, items: card_frames(books, want, items)
        await stack.enter_async_context(hub)
        await stack.enter_async_context(Ahead(self.options, self.areas, hub, self.codec, self.clock))
        sources = Sources(hub, past, log, self.cursors, self.codec, self.clock)
        return Open(hub, past, log, store, books, owed, recalls, acts, sources)

    def _may_see(self, hub: Hub, want: Want, taken: Withdrawal) -> bool:
        topic = delivery_topic(taken.desk, self.gazetteer)
        place = TopicPartition(topic, partition_of(taken.desk, hub.partitions[topic]))
        return hub.out.may_have_seen(place, want, taken.event_id)


def _noted(recalls: RecallBook, taken: Taken) -> None:
    recalls.take(taken.withdrawals)


def card_frames(books: Books, want: Want, items: Sequence[Delivery]) -> list[Frame]:
    """The cards that some deliveries made or changed, for streams that want cards: each once, as it is now."""
    book = books.known(want.lens.rights) if want.cards else None
    if book is None:
        return []
    cards = {card.card_id: card for item in items for card in map(book.cards.card, about(item)) if card.reports}
    found = [
        card
        for card in cards.values()
        if any(asked_for(want.lens.scope, view.meta, view.event) for each in card.reports for view in each.views)
        or all(not report.views for report in card.reports)
    ]
    at = items[-1].position.offset if items else 0
    return [Frame(event("card", card_view(card)), at, 0, 0, reads=tuple(reads_on([card]))) for card in found]


def new_reading() -> str:
    """A name for a reading that nobody can guess."""
    return secrets.token_urlsafe(12)
