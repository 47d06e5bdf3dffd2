"""The part of the gateway that reads for desks: feeds, cards, requests. It publishes what desks say by the producer."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from consumers.bus import BusUnreachableError
from consumers.gateway.cursors import Cursors, new_key, read_keys
from consumers.gateway.feeds import Feeds
from consumers.gateway.publishing import Published
from consumers.gateway.routes import feed_routers
from deploy.gateway.context import Context
from deploy.gateway.part import Part
from producers.encoding import Refused, encode
from producers.http.bus import Bus
from schemas.codec import Codec

NAME: Final = "feeds"
KEYS_FILE: Final = "cursor.keys"


def part(context: Context) -> Part:
    """Feeds for the desks of the gateway's areas."""
    speaking = Speaking(context.kafka)
    feeds = Feeds(
        context.kafka,
        context.areas,
        context.gazetteer,
        cursors_of(context.folder / NAME),
        speaking.publish,
        tracer=context.tracer,
        auditing=context.auditing,
    )

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with speaking, feeds.lifespan():
            yield

    return Part(
        NAME, feed_routers(feeds, context.authenticator), lifespan=lifespan, ready=feeds.ready, figures=feeds.figures
    )


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
    """Publishes as any desk, by one producer for all. Errors: ``BusUnreachableError`` when it is not confirmed."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._codec = Codec()
        self._bus = Bus(options)

    async def __aenter__(self) -> Self:
        await self._bus.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._bus.__aexit__(kind, problem, trace)

    async def publish(self, desk: str, event: dict[str, Any]) -> Published:
        """Publish one event as a desk."""
        record = encode(self._codec, event, desk)
        if isinstance(record, Refused):
            return Published(record.event_id, record.problems)
        if await self._bus.send([record]) != [True]:
            raise BusUnreachableError(self._options.get("bootstrap_servers"))
        return Published(record.event_id)
