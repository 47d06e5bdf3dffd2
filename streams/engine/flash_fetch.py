"""The flash lane's own consumer: it fetches nothing else, so that no backlog stands before what is urgent."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import aiokafka
from aiokafka import TopicPartition

from schemas.tasks import end, stopped
from schemas.topics_known import make_known
from streams.engine.records import Batch
from streams.engine.settings import LOOKS_ANEW_MS, Settings
from streams.engine.transport import position_of

#: What it reads was assigned to nobody by a group: the partitions are those of the worker's lanes.
_NO_GENERATION: Final = -1
_WAIT_MS: Final = 1_000
_MOST_RECORDS: Final = 500
_STOP_S: Final = 0.5


class FlashFetch:
    """Reads the flash topics of a worker's lanes from where the lanes are, and hands over each batch at once.

    Shape: ``take`` gets batches that are chained as those of the workers' own consumer are.
    Errors: what ends its reading goes to ``failed``; nothing is read after that.
    """

    def __init__(
        self, settings: Settings, take: Callable[[Batch], None], failed: Callable[[BaseException], None]
    ) -> None:
        self._settings, self._take, self._failed = settings, take, failed
        self._consumer: Any = None
        self._task: asyncio.Task[None] | None = None
        self._reached: dict[TopicPartition, int] = {}

    async def start(self, starts: Mapping[TopicPartition, int | None]) -> None:
        """Begin to read each partition at the offset that its lane expects; None is the beginning."""
        if not starts:
            return
        self._consumer = aiokafka.AIOKafkaConsumer(
            **self._settings.kafka,
            group_id=None,
            isolation_level="read_committed",
            metadata_max_age_ms=LOOKS_ANEW_MS,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1024 * 1024,  # as the workers' own: an intake topic takes what is too large
        )
        await self._consumer.start()
        self._consumer.assign(list(starts))
        for place, offset in starts.items():
            if offset is None:
                await self._consumer.seek_to_beginning(place)
            else:
                self._consumer.seek(place, offset)
        self._task = asyncio.create_task(self._read(), name="flash-fetch")

    async def stop(self) -> None:
        """Read nothing more. May be called before it has started."""
        if self._task is not None:
            await end(self._task)
        consumer, self._consumer, self._task = self._consumer, None, None
        self._reached.clear()
        if consumer is not None:
            await stopped(consumer.stop(), _STOP_S)

    def hold(self, place: TopicPartition, *, full: bool) -> None:
        """Stop fetching a partition whose lane is full, or go on."""
        if self._consumer is not None:
            (self._consumer.pause if full else self._consumer.resume)(place)

    def position(self, place: TopicPartition) -> int | None:
        """The offset that it reads next; None while it does not know."""
        return None if self._consumer is None else position_of(self._consumer, place)

    async def ends(self, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The last stable offsets of any partitions. Errors: ``KafkaError`` when the brokers do not answer."""
        found: Mapping[TopicPartition, int] = {}
        if self._consumer is not None:
            make_known(self._consumer, places)
            found = await self._consumer.end_offsets(places)
        return found

    async def _read(self) -> None:
        try:
            while True:
                fetched = await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_MOST_RECORDS)
                for place, records in fetched.items():
                    self._hand_over(place, records, await self._consumer.position(place))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the lanes must not go on without flash
            self._failed(problem)

    def _hand_over(self, place: TopicPartition, records: list[Any], position: int) -> None:
        if records:
            end = max(records[-1].offset + 1, position)
            start = self._reached.get(place)
            self._take(Batch(place.topic, place.partition, start, end, _NO_GENERATION, records))
            self._reached[place] = end
