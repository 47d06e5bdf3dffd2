"""A topic as it stands: read to its end at first, and followed from then on."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.bus import answered, committed_reader, offset_at, partitions
from schemas.tasks import end

_WAIT_MS: Final = 250
_BATCH: Final = 2_000
#: How long a broker holds a fetch until something comes: nothing else is asked of it then. A wait of 20 ms, which does
#: not hold up questions, costs a process that follows ten topics a tenth of a core for nothing.
_FOLLOWED: Final = {"fetch_max_wait_ms": 500}

#: Takes the key and the value of one committed record.
Take = Callable[[bytes, bytes | None], None]


class FollowingRecords:
    """Hands over every committed record of a topic: once entered, all that stood there; then what comes.

    Shape: ``since`` leaves out what stood there before a moment, by the records' time; ``settings`` are further ones
    of ``committed_reader``.
    Errors: on entering ``BusUnreachableError``, ``TopicMissingError``; what ends the following, ``ended`` raises.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        topic: str,
        take: Callable[[ConsumerRecord], None],
        since: datetime | None = None,
        **settings: Any,
    ) -> None:
        self._since = since
        self._options, self._topic, self._take, self._settings = options, topic, take, settings
        self._closing = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            positions = await self._caught_up()
            reader = committed_reader(self._options, **_FOLLOWED, **self._settings)
            consumer = await self._closing.enter_async_context(reader)
            consumer.assign(list(positions))
            for place, position in positions.items():
                consumer.seek(place, position)
        except BaseException:
            await self._closing.aclose()
            raise
        self._task = asyncio.create_task(self._follow(consumer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await end(self._task)
        await self._closing.aclose()

    def check(self) -> None:
        """Errors: whatever ended the following, if something has."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def _caught_up(self) -> dict[TopicPartition, int]:
        """Read what stands there; where that ends."""
        places = await partitions(self._options, self._topic)
        async with committed_reader(self._options, **self._settings) as consumer:
            consumer.assign(list(places))
            await self._begin(consumer, places)
            ends = await answered(consumer.end_offsets(list(places)))
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                await self._read(consumer)
            return {place: await consumer.position(place) for place in places}

    async def _begin(self, consumer: AIOKafkaConsumer, places: Iterable[TopicPartition]) -> None:
        if self._since is None:
            await consumer.seek_to_beginning()
            return
        for place in places:
            consumer.seek(place, await offset_at(consumer, place, self._since))

    async def ended(self) -> None:
        """Wait until it follows no more. Errors: whatever ended it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await self._read(consumer)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)).values():
            for record in records:
                self._take(record)


class Following(FollowingRecords):
    """The same for those who mind keys and values alone."""

    def __init__(self, options: Mapping[str, Any], topic: str, take: Take, **settings: Any) -> None:
        super().__init__(options, topic, lambda record: take(record.key or b"", record.value), **settings)
