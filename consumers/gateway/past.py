"""Older positions, read from Kafka on demand, a few readers at a time: whoever is slow or comes late reads here."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.bus import answered, committed_reader, end_of, offset_at, start_of
from consumers.gateway.tail import Entry

_WAIT_MS: Final = 250
_BATCH: Final = 1_000
_FETCH: Final = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 100, "max_partition_fetch_bytes": 1024 * 1024}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A desk's records in a stretch of its partition, and the offset from which the next one goes on."""

    entries: tuple[Entry, ...]
    next_offset: int


class Past:
    """Reads stretches of delivery partitions.

    Shape: at most ``at_once`` connections to Kafka for all readers together; whoever comes next waits for a turn, and
    gives it back between two stretches, so that a slow reader holds up nobody.
    """

    def __init__(self, options: Mapping[str, Any], at_once: int) -> None:
        self._options = options
        self._turns = asyncio.Semaphore(at_once)
        self._idle: list[AIOKafkaConsumer] = []
        self._closing = AsyncExitStack()
        self._asking: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        """Errors: ``BusUnreachableError``."""
        try:
            self._asking = await self._closing.enter_async_context(committed_reader(self._options))
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    async def offset_at(self, place: TopicPartition, moment: datetime) -> int:
        """The first offset at or after a moment; the end when there is none."""
        return await offset_at(self._asker, place, moment)

    async def bounds(self, place: TopicPartition) -> tuple[int, int]:
        """The oldest offset that is kept, and the end."""
        return await start_of(self._asker, place), await end_of(self._asker, place)

    async def stretches(self, place: TopicPartition, desk: str, begin: int, end: int) -> AsyncIterator[Stretch]:
        """A desk's committed records from one offset to another, a stretch at a time."""
        wanted, at = desk.encode(), begin
        while at < end:
            stretch = await self._stretch(place, wanted, at, end)
            at = stretch.next_offset
            yield stretch

    async def _stretch(self, place: TopicPartition, desk: bytes, begin: int, end: int) -> Stretch:
        async with self._turns:
            consumer = self._idle.pop() if self._idle else await self._connect()
            try:
                consumer.assign([place])
                consumer.seek(place, begin)
                fetched = await consumer.getmany(place, timeout_ms=_WAIT_MS, max_records=_BATCH)
                next_offset = min(await answered(consumer.position(place)), end)
            finally:
                consumer.unsubscribe()
                self._idle.append(consumer)
        entries = tuple(
            Entry(record.offset, desk.decode(), record.value or b"")
            for record in fetched.get(place, [])
            if record.key == desk and record.offset < end
        )
        return Stretch(entries, next_offset)

    async def _connect(self) -> AIOKafkaConsumer:
        return await self._closing.enter_async_context(committed_reader(self._options, **_FETCH))

    @property
    def _asker(self) -> AIOKafkaConsumer:
        if self._asking is None:
            raise RuntimeError("open it first: async with Past(...) as past")
        return self._asking
