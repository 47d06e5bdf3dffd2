"""Sends test events in turn, and follows what the bus decides of them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import orjson
from aiokafka import AIOKafkaConsumer

from consumers.bus import committed_reader, partitions
from consumers.watch.canaries import Canary, Direction, Rounds
from consumers.watch.canary_events import ready
from consumers.watch.findings import Figure, Findings
from schemas.codec import Codec
from schemas.signals import CANARIES, CANARY_S
from schemas.tasks import end
from schemas.topics import CANARY_IN, CANARY_RESULTS

#: Seconds between two test events: so many cases are tried once in ten minutes.
EVERY: Final = 3.0
_WAIT_MS: Final = 250


class Sends(Protocol):
    """What writes test events."""

    async def write(
        self, key: bytes, value: bytes, topic: str = ..., headers: list[tuple[str, bytes]] | None = ...
    ) -> None:
        """Write one record."""


class CanaryPart:
    """Walls and ways of the rules, tried in turn.

    Shape: ``make`` gives the canaries; it is called once, in a thread, because loading a pack takes seconds. Nothing is
    sent while no worker runs: that has an alarm of its own.
    Errors: ``BusUnreachableError``, ``TopicMissingError``, and those of Kafka.
    """

    name = "canaries"

    def __init__(
        self,
        options: Mapping[str, Any],
        board: Sends,
        make: Callable[[], Sequence[Canary]],
        every: float = EVERY,
        anybody_works: Callable[[], bool] = lambda: True,
    ) -> None:
        self._options, self._board, self._make = options, board, make
        self._every, self._anybody_works = timedelta(seconds=every), anybody_works
        self._codec = Codec()
        self._making: asyncio.Task[Sequence[Canary]] | None = None
        self._rounds: Rounds | None = None
        self._closing = AsyncExitStack()
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow what is decided from now on; begin to make the canaries if that is not done."""
        (place,) = await partitions(self._options, CANARY_RESULTS)
        consumer = await self._closing.enter_async_context(committed_reader(self._options))
        consumer.assign([place])
        await consumer.seek_to_end()
        self._following = asyncio.create_task(self._follow(consumer))
        if self._making is None:
            self._making = asyncio.create_task(asyncio.to_thread(self._make))

    async def stop(self) -> None:
        """Let go. A making that goes on is kept: its thread cannot be ended."""
        following, self._following = self._following, None
        if following is not None:
            await end(following)
        await self._closing.aclose()

    async def look(self, now: datetime) -> Findings:
        """Send what is due, and tell how every path stands."""
        if self._following is not None and self._following.done():
            self._following.result()  # raises what ended it
        if self._rounds is None:
            if self._making is None or not self._making.done():
                return Findings(shown={"cases": 0, "rules": []})
            self._rounds = Rounds(self._making.result(), self._every)
        rounds = self._rounds
        rounds.overdue(now)
        for canary in rounds.due(now) if self._anybody_works() else ():
            sent = datetime.now(UTC)
            record = ready(canary, sent, self._codec)
            rounds.sent(record.event_id, canary, sent)
            await self._board.write(record.event_id.encode(), record.value, CANARY_IN, record.headers)
        return Findings(tuple(rounds.reasons()), tuple(_figures(rounds)), rounds.shown())

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            for records in (await consumer.getmany(timeout_ms=_WAIT_MS)).values():
                for record in records:
                    self._hear(record.value or b"")

    def _hear(self, value: bytes) -> None:
        try:
            told = orjson.loads(value)
        except orjson.JSONDecodeError:
            return
        if self._rounds is not None and isinstance(told, dict):
            self._rounds.heard(told, datetime.now(UTC))


def _figures(rounds: Rounds) -> list[Figure]:
    """How long a rule's last test event took, and how they have ended."""
    found = [
        Figure(CANARY_S, (rule,), path.seconds)
        for (rule, direction), path in rounds.paths.items()
        if direction is Direction.ARRIVE and path.seconds is not None
    ]
    counted = rounds.counted
    ends = {"arrived": counted.arrived, "late": counted.late, "leaked": counted.leaked, "refused": counted.refused}
    return found + [Figure(CANARIES, (name,), count) for name, count in ends.items()]
