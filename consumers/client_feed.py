"""A desk's feed by way of the gateway, in the form in which ``Feed`` gives it straight from Kafka."""

from collections import deque
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

from consumers.cards import ORDER
from consumers.client import FeedClient, Wish
from consumers.client_items import NotReadable, Received, Start, item_of_page
from consumers.feed import NO_TIME, Delivery, Unreadable
from schemas.subscriptions import EVERYTHING

_PAGE: Final = 500


class GatewayFeed:
    """The deliveries of the asker's desk, as an async iterator that can be followed or read to its present end.

    Shape: as ``consumers.feed.Feed``. Without ``subscription`` it makes one for ``purpose``, and ends it when it is
    closed. A delivery whose content was taken away comes with an empty event, and the order that did it.
    Errors: ``GatewayError``, ``GatewayUnreachableError``.
    """

    def __init__(  # noqa: PLR0913 - one parameter a choice of the reader's
        self,
        client: FeedClient,
        desk: str,
        *,
        purpose: str | None = None,
        subscription: str | None = None,
        types: Collection[str] | None = None,
        since: timedelta | datetime | None = None,
        follow: bool = False,
        look_back: timedelta = NO_TIME,
    ) -> None:
        self.desk = desk
        self.passed_over = 0
        self.held = 0
        self._client = client
        self._subscription, self._purpose = subscription, purpose
        self._types = sorted({*types, ORDER}) if types else [EVERYTHING]
        now = datetime.now(UTC)
        self._start = now - since if isinstance(since, timedelta) else since or now
        self._begin = self._start - look_back
        self._shown_from = 0
        self._follow = follow
        self._closing = AsyncExitStack()
        self._ready: deque[Delivery | Unreadable] = deque()
        self._cursor: str | None = None
        self._more = True
        self._live: Any = None

    async def __aenter__(self) -> Self:
        await self._closing.enter_async_context(self._client)
        if self._subscription is None:
            wish = Wish("sambus feed", _tomorrow(), purpose=self._purpose, types=self._types)
            self._subscription = await self._client.subscribe(wish)
            self._closing.push_async_callback(self._client.unsubscribe, self._subscription)
        if self._begin < self._start:
            first = await self._ask(f"limit=1&since={_text(self._start)}")
            self._shown_from = int(first["begins"]["offset"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delivery | Unreadable:
        while not self._ready and self._more:
            await self._page()
        if self._ready:
            return self._ready.popleft()
        if not self._follow:
            raise StopAsyncIteration
        return await self._next_live()

    def before_start(self, item: Delivery | Unreadable) -> bool:
        """Whether an item lies before the start, and is there only so that the reader knows of it."""
        return item.position.offset < self._shown_from

    async def _page(self) -> None:
        """The next page of what is there already."""
        place = f"cursor={self._cursor}" if self._cursor else f"since={_text(self._begin)}"
        page = await self._ask(f"limit={_PAGE}&{place}")
        self._cursor, self._more = str(page["cursor"]), bool(page["more"])
        self._ready.extend(item_of_page(each) for each in page["deliveries"])

    async def _ask(self, place: str) -> Mapping[str, Any]:
        return await self._client.call("GET", f"/v1/subscriptions/{self._subscription}/deliveries?{place}")

    async def _next_live(self) -> Delivery | Unreadable:
        if self._live is None:
            stream = self._client.stream(str(self._subscription), Start(cursor=self._cursor))
            self._live = await self._closing.enter_async_context(stream)
        while True:
            item = await anext(self._live)
            if isinstance(item, Received):
                return item.delivery
            if isinstance(item, NotReadable):
                return item.record


def _text(moment: datetime) -> str:
    """A moment as an address takes it: without a plus, which would be a blank there."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tomorrow() -> date:
    """A subscription that outlives the day, should the end of it never be told."""
    return (datetime.now(UTC) + timedelta(days=1)).date()
