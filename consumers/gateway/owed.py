"""What desks owe, as it stands now: the workers' books, followed as they change."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer

from consumers.bus import answered, committed_reader, partitions
from consumers.duties import summed_up
from schemas.codec import Codec
from schemas.duties import Duty
from schemas.topics import BOOKS

_WAIT_MS: Final = 250
_BATCH: Final = 2_000
_FETCH_BYTES: Final = 4 * 1024 * 1024


class OwedNow:
    """Every open and late obligation, by the desk that owes it.

    Errors: on opening ``BusUnreachableError``, ``TopicMissingError``. What cannot be read is passed over.
    """

    def __init__(self, options: Mapping[str, Any], codec: Codec) -> None:
        self._options = options
        self._codec = codec
        self._by_event: dict[bytes, tuple[Duty, ...]] = {}
        self._by_desk: dict[str, dict[bytes, tuple[Duty, ...]]] = defaultdict(dict)
        self._closing = AsyncExitStack()
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            places = await partitions(self._options, BOOKS)
            consumer = await self._closing.enter_async_context(
                committed_reader(self._options, max_partition_fetch_bytes=_FETCH_BYTES)
            )
            consumer.assign(list(places))
            await consumer.seek_to_beginning()
            ends = await answered(consumer.end_offsets(list(places)))
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                await self._read(consumer)
        except BaseException:
            await self._closing.aclose()
            raise
        self._following = asyncio.create_task(self._follow(consumer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._closing.aclose()

    def of(self, desk: str) -> tuple[Duty, ...]:
        """What a desk owes, what is due first before the others."""
        found = (duty for duties in self._by_desk.get(desk, {}).values() for duty in duties)
        return tuple(sorted(found, key=lambda duty: (duty.due_at, duty.duty_id)))

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await self._read(consumer)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)).values():
            for record in records:
                self._take(record.key or b"", record.value)

    def _take(self, key: bytes, value: bytes | None) -> None:
        """The duties of one event as they stand now; none for a book that left the workers' memory."""
        for duty in self._by_event.pop(key, ()):
            self._by_desk[duty.owed_by].pop(key, None)
            if not self._by_desk[duty.owed_by]:
                del self._by_desk[duty.owed_by]
        owed = () if value is None else summed_up((value,), self._codec).owed
        if owed:
            self._by_event[key] = owed
        for desk in {duty.owed_by for duty in owed}:
            self._by_desk[desk][key] = tuple(duty for duty in owed if duty.owed_by == desk)
