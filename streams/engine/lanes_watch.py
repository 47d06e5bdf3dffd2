"""Looks at a worker's lanes every second: whether one hangs, or its commit, or a partition is not fetched."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from schemas.tasks import end, within
from streams.engine.lane import Lane
from streams.engine.progress import Fetching, Patience, Place
from streams.engine.signals import Signal, emit
from streams.engine.watchdog import Stuck, end_stuck

_EVERY_S: Final = 1.0
_ANSWER_S: Final = 5.0

#: The last stable offsets of some partitions.
Ends = Callable[[Sequence[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]]
#: The offset that the consumer of a partition reads next; None while nobody knows.
Position = Callable[[TopicPartition], int | None]


class LanesWatch:
    """Watches lanes as long as they are open.

    Shape: ``ends`` asks the brokers, ``position`` the worker's own consumers.
    """

    def __init__(self, patience: Patience, ends: Ends, position: Position) -> None:
        self._patience, self._ends, self._position = patience, ends, position
        self._fetching: dict[TopicPartition, Fetching] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self, lanes: Iterable[Lane]) -> None:
        """Watch these lanes, which are open and read."""
        self._fetching.clear()
        self._task = asyncio.create_task(self._watch(tuple(lanes)), name="lanes-watch")

    async def stop(self) -> None:
        """Watch no lanes. May be called when none are watched."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)

    async def _watch(self, lanes: Sequence[Lane]) -> None:
        looked = time.monotonic()
        while self._task is asyncio.current_task():  # a look can lose the cancellation that should end the watch
            await asyncio.sleep(_EVERY_S)
            now = time.monotonic()
            for lane in lanes:
                if (stuck := lane.progress.stuck(now, self._patience)) is not None:
                    end_stuck(stuck[0], partition=lane.partition, seconds=round(stuck[1], 1))
            if now - looked >= self._patience.look_s:
                looked = now
                with contextlib.suppress(KafkaError, TimeoutError):  # brokers that do not answer are not our stall
                    await self._look(lanes)

    async def _look(self, lanes: Sequence[Lane]) -> None:
        """Ask for the ends of all partitions that are read, and judge each."""
        idle = {place: idle for lane in lanes for place, idle in lane.places().items()}
        ends = await within(self._ends(list(idle)), _ANSWER_S)
        now = time.monotonic()
        for place, last in ends.items():
            position = self._position(place)
            if position is not None:
                self._judge(place, Place(position, last, idle[place]), now)

    def _judge(self, where: TopicPartition, place: Place, now: float) -> None:
        fetching = self._fetching.setdefault(where, Fetching())
        if (seconds := fetching.stalled_for(place, now)) > self._patience.fetch_s:
            end_stuck(Stuck.FETCH_STALLED, topic=where.topic, partition=where.partition, seconds=round(seconds, 1))
        if fetching.growing(place):
            behind = place.end - place.position
            emit(Signal.LAG_GREW, level="warning", topic=where.topic, partition=where.partition, records_at_most=behind)
