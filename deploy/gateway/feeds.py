"""The part of the gateway that reads for desks: feeds, cards, requests. It publishes what desks say by the producer."""

import asyncio
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from consumers.bus import BusUnreachableError
from consumers.gateway.cursors import Cursors, new_key, read_keys
from consumers.gateway.feeds import Feeds
from consumers.gateway.publishing import Published
from consumers.gateway.routes import feed_routers
from deploy.gateway.context import Context
from deploy.gateway.part import Part
from producers.client import BusUnreachable, Producer

NAME: Final = "feeds"
KEYS_FILE: Final = "cursor.keys"
#: Desks whose producers are kept open.
_MOST_PRODUCERS: Final = 32


def part(context: Context) -> Part:
    """Feeds for the desks of the gateway's areas."""
    speaking = Speaking(context.kafka)
    feeds = Feeds(context.kafka, context.areas, context.gazetteer, cursors_of(context.folder / NAME), speaking.publish)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with speaking, feeds.lifespan():
            yield

    return Part(NAME, feed_routers(feeds, context.authenticator), lifespan=lifespan, ready=feeds.ready)


def cursors_of(folder: Path) -> Cursors:
    """The keys of the gateway's cursors: those of a file that is named, else of one made here at the first start.

    Gateways that stand for each other need the same file. Errors: ``ValueError``, ``OSError``.
    """
    named = os.environ.get("SAMBUS_CURSOR_KEYS")
    if named:
        return Cursors(read_keys(Path(named)))
    path = folder / KEYS_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(new_key().hex() + "\n")
    return Cursors(read_keys(path))


class Speaking:
    """Publishes as one desk and another, each by a producer of its own that is kept open for a while."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._open: OrderedDict[str, tuple[Producer, AsyncExitStack]] = OrderedDict()
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        while self._open:
            await self._open.popitem()[1][1].aclose()

    async def publish(self, desk: str, event: dict[str, Any]) -> Published:
        """Publish one event as a desk. Errors: ``BusUnreachableError``."""
        try:
            producer = await self._producer(desk)
            receipt = await producer.publish(event)
        except BusUnreachable:
            raise BusUnreachableError(self._options.get("bootstrap_servers")) from None
        return Published(receipt.event_id, receipt.problems)

    async def _producer(self, desk: str) -> Producer:
        async with self._opening:
            if desk not in self._open:
                stack = AsyncExitStack()
                producer = await stack.enter_async_context(Producer(self._options, origin=desk, timeout=10.0))
                self._open[desk] = (producer, stack)
                if len(self._open) > _MOST_PRODUCERS:
                    await self._open.popitem(last=False)[1][1].aclose()
            self._open.move_to_end(desk)
            return self._open[desk][0]
