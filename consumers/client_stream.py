"""A subscription's deliveries as an async iterator: it comes back by itself, and takes up where it stopped."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx
import orjson

from consumers.client_items import ITEMS, Item, Recalled, Start, item_of
from consumers.sse import Parser, ServerEvent, TooLongError

#: Seconds between attempts to come back: the first, the longest, and how much of it is left to chance.
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
_CHANCE: Final = 0.3
#: Heartbeats that may stay out before a connection counts as dead.
_MISSED_BEATS: Final = 3
_USUAL_BEAT: Final = 15.0
#: Answers that another attempt may turn: everything else is the asker's to mend.
_TRANSIENT: Final = frozenset({429, 500, 502, 503, 504})
_NOT_FOUND: Final = 404


class GatewayError(Exception):
    """The gateway refused. ``code`` says why, ``remedy`` what to do; neither holds content."""

    def __init__(self, status: int, code: str, remedy: str) -> None:
        super().__init__(f"{code}: {remedy}")
        self.status = status
        self.code = code
        self.remedy = remedy


class GatewayUnreachableError(Exception):
    """The gateway does not answer, or has no bus behind it. Trying again later may help."""


class Caller(Protocol):
    """What a stream needs of its client."""

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the gateway."""
        ...

    async def headers(self) -> dict[str, str]:
        """What a request is sent with."""
        ...

    def connect(
        self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str], wait: float
    ) -> AbstractAsyncContextManager[httpx.Response]:
        """A streamed answer."""
        ...


@dataclass
class FeedStream:
    """The items of one subscription, in order, each once as far as the gateway knows what was read.

    After a break it comes back by itself, with a wait that grows, and goes on after the last item that it gave. What
    was given when the connection broke may come again: a delivery's id tells.
    """

    client: Caller
    subscription: str
    start: Start
    cards: bool = False
    reconnects: int = 0
    reading: str = ""
    cursor: str = ""
    beat: float = _USUAL_BEAT
    _owed: Recalled | None = None
    _items: AsyncIterator[Item] | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        self._items = self._every()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        items, self._items = self._items, None
        if items is not None:
            await items.aclose()  # type: ignore[attr-defined]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        if self._items is None:
            raise RuntimeError("open it first: async with client.stream(...) as items")
        if self._owed is not None:
            await self._gone(self._owed)
        item = await anext(self._items)
        self._owed = item if isinstance(item, Recalled) else None
        return item

    async def _gone(self, recalled: Recalled) -> None:
        """Tell that a recalled event is gone. If that does not arrive, the gateway tells of the recall again."""
        path = f"/v1/subscriptions/{self.subscription}/readings/{self.reading}/gone"
        self._owed = None
        try:
            await self.client.call(
                "POST", path, {"order_delivery": recalled.order_delivery, "event_id": recalled.event_id}
            )
        except GatewayUnreachableError:
            return
        except GatewayError as problem:
            if problem.status not in _TRANSIENT | {_NOT_FOUND}:
                raise

    async def _every(self) -> AsyncIterator[Item]:
        wait = FIRST_WAIT
        while True:
            try:
                async for told in self._connection():
                    wait = FIRST_WAIT
                    item = self._item(told)
                    if item is not None:
                        yield item
            except (httpx.TransportError, TooLongError):
                pass
            except GatewayError as problem:
                if problem.status not in _TRANSIENT:
                    raise
            self.reconnects += 1
            chance = random.uniform(-_CHANCE, _CHANCE)  # noqa: S311 - spreads load  # nosec B311
            await asyncio.sleep(wait * (1 + chance))
            wait = min(LONGEST_WAIT, wait * 2)

    async def _connection(self) -> AsyncIterator[ServerEvent]:
        """The events of one connection, until it ends or nothing is heard of it."""
        parameters = Start(cursor=self.cursor).parameters() if self.cursor else self.start.parameters()
        parameters |= {"cards": "true"} if self.cards else {}
        parameters |= {"reading": self.reading} if self.reading else {}
        path, headers = f"/v1/subscriptions/{self.subscription}/stream", await self.client.headers()
        async with self.client.connect(path, parameters, headers, self.beat * _MISSED_BEATS) as answer:
            if not answer.is_success:
                raise refusal(answer.status_code, await answer.aread())
            parser = Parser()
            async for chunk in answer.aiter_raw():
                for told in parser.feed(chunk):
                    self.cursor = told.last_id or self.cursor
                    yield told

    def _item(self, told: ServerEvent) -> Item | None:
        if told.name == "hello":
            said = orjson.loads(told.data)
            self.reading, self.beat = str(said["reading"]), float(said["heartbeat_seconds"])
        return item_of(told) if told.name in ITEMS else None


def refusal(status: int, body: bytes) -> GatewayError:
    """The gateway's answer as an exception; its own words, or ours when it has none."""
    try:
        said = orjson.loads(body)
        return GatewayError(status, str(said["code"]), str(said["detail"]))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return GatewayError(status, f"HTTP_{status}", "The answer is not the gateway's. Check the address.")
