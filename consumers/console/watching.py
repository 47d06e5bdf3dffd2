"""How the bus is, as the watcher says it on its topic, and how old that is: the console's one source."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from aiokafka.errors import KafkaError

from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.console.episodes import Episode, Episodes
from consumers.following import Following
from consumers.watch.snapshot import FRESH, WATCH_KEY, Snapshot, read_snapshot
from schemas.alarms import ALARMS, AlarmCode
from schemas.tasks import end_or_raise
from schemas.topics import HEALTH

_RETRY_SECONDS: Final = 2.0
_FETCH_BYTES: Final = 8 * 1024 * 1024

Clock = Callable[[], datetime]


class Watching:
    """Follows the watcher.

    Shape: ``told`` is JSON for the console; ``changed`` waits until there is something new. ``lifespan`` follows while
    its block runs, also when Kafka is away at first, or goes away.
    """

    def __init__(self, options: Mapping[str, Any], clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._last: Snapshot | None = None
        self._episodes = Episodes(FRESH)
        self._waiting: set[asyncio.Event] = set()
        self.version = 0

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Follow while the block runs."""
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            await end_or_raise(following)

    async def changed(self, within: float) -> None:
        """Wait until a snapshot comes, for so many seconds at most."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(within):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)

    @property
    def fresh(self) -> bool:
        """Whether somebody has looked at the bus lately."""
        return self._last is not None and self._last.fresh(self._clock())

    def told(self) -> dict[str, Any]:
        """The latest snapshot with its age, since when each alarm lasts, and what was over lately.

        Shape: when it is too old, the first reason is ``NOT_WATCHED`` and the others are ``last_known``.
        """
        now, last, fresh = self._clock(), self._last, self.fresh
        reasons = [_reason(each, last_known=not fresh) for each in self._episodes.lasting()]
        if not fresh:
            since = None if last is None else last.at + FRESH
            reasons.insert(0, _alarm(AlarmCode.NOT_WATCHED, "watch", since, 1, last_known=False))
        return {
            "at": None if last is None else last.at,
            "age_seconds": None if last is None else round(last.age(now), 1),
            "fresh": fresh,
            "healthy": not reasons,
            "well_since": self._episodes.well_since if fresh else None,
            "reasons": reasons,
            "over": [_over(each) for each in self._episodes.over()],
            "health": None if last is None else last.health,
            "parts": {} if last is None else last.parts,
        }

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the topic; what is no snapshot is passed over."""
        snapshot = read_snapshot(value) if key == WATCH_KEY else None
        if snapshot is None or (self._last is not None and snapshot.at <= self._last.at):
            return
        self._last = snapshot
        self._episodes.take(snapshot.at, snapshot.reasons)
        self.version += 1
        for event in self._waiting:
            event.set()

    async def _follow(self) -> None:
        while True:
            try:
                async with Following(self._options, HEALTH, self.take, max_partition_fetch_bytes=_FETCH_BYTES) as topic:
                    await topic.ended()
            except (BusUnreachableError, TopicMissingError, KafkaError, TimeoutError, OSError):
                pass
            await asyncio.sleep(_RETRY_SECONDS)


def _reason(episode: Episode, *, last_known: bool) -> dict[str, Any]:
    return _alarm(episode.code, episode.where, episode.began_at, episode.value, last_known=last_known)


def _alarm(code: AlarmCode, where: str, since: datetime | None, value: float, *, last_known: bool) -> dict[str, Any]:
    return {
        "code": code,
        "where": where,
        "value": value,
        "since": since,
        "severity": ALARMS[code].severity,
        "last_known": last_known,
    }


def _over(episode: Episode) -> dict[str, Any]:
    return {
        "code": episode.code,
        "where": episode.where,
        "began_at": episode.began_at,
        "ended_at": episode.ended_at,
    }
