"""The people whose screens the demo shows: each follows the feeds of real desks, live, as `sambus feed` does."""

import asyncio
import time
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any, Self

from consumers.feed import Delivery, Feed, Unreadable
from schemas.codec import Codec
from schemas.tasks import end_or_raise

JARVA = "se.stockholm.stockholm-nord.jarva"
#: What the patrol's unit system shows: the feeds of its unit's desks.
PATROL = tuple(f"{JARVA}/{name}" for name in ("surveillance", "intelligence", "investigation", "prevention"))
ANALYST = "se.stockholm/intelligence"
#: Seconds until something that is on the bus must be on a person's screen.
PATIENCE = 10.0


class Followed:
    """Some desks' feeds, followed from their beginning. ``fresh`` gives what came since it was last asked."""

    def __init__(self, options: Mapping[str, Any], desks: Collection[str], codec: Codec) -> None:
        self._feeds = [Feed(options, desk, since=0, follow=True, codec=codec) for desk in desks]
        self._desks = frozenset(desks)
        self._got: list[Delivery | Unreadable] = []
        self._ids: set[str] = set()
        self._shown = 0
        self._changed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._follow(feed)) for feed in self._feeds]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await end_or_raise(*self._tasks)

    async def fresh(self, owed: Collection[str]) -> list[Delivery | Unreadable]:
        """What came since the last time, once everything owed to these desks is there.

        Errors: ``TimeoutError`` when the bus has a delivery that the feed does not show; a feed's own errors.
        """
        wanted = {delivery for delivery in owed if delivery.split(":")[2] in self._desks}
        until = time.monotonic() + PATIENCE
        async with self._changed:
            while not wanted <= self._ids:
                for task in self._tasks:
                    if task.done():
                        await task
                await asyncio.wait_for(self._changed.wait(), until - time.monotonic())
        new, self._shown = self._got[self._shown :], len(self._got)
        return new

    async def _follow(self, feed: Feed) -> None:
        async with feed:
            async for item in feed:
                self._got.append(item)
                if isinstance(item, Delivery):
                    self._ids.add(item.meta.delivery_id)
                async with self._changed:
                    self._changed.notify_all()


async def whole_feed(options: Mapping[str, Any], desk: str, codec: Codec) -> list[Delivery]:
    """Everything that a desk has ever been sent, read anew to its present end."""
    async with Feed(options, desk, since=0, codec=codec) as feed:
        return [item async for item in feed if isinstance(item, Delivery)]
