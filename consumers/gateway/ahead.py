"""What is on danger to life, shown to its desks at once: ahead of what waits on their partitions and in their streams.

Every delivery of the flash lane stands on ``deliver.<area>`` too and comes in its order there. What is shown here is
the same delivery early, under another name and without a place, so no reader's place moves past anything.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.bus import TopicMissingError, administrator, committed_reader, topics_of
from consumers.gateway.fanout import Show
from consumers.gateway.frames import Showing
from consumers.gateway.hub import Hub
from consumers.gateway.live import Frame, Reader, Want
from consumers.gateway.tail import Entry
from schemas.codec import Codec
from schemas.tasks import end
from schemas.topics import flash_delivery_topic

#: The name of the server-sent event.
FLASH: Final = "flash"
_WAIT_MS: Final = 1_000
_BATCH: Final = 2_000
_FETCH: Final = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 500}

Groups = dict[Want, list[Reader]]


class Ahead:
    """Reads the flash deliveries of some areas from now on, and shows each to every open stream of its desk.

    Shape: readers who read what is past, or are slow, get it before what waits for them.
    Errors: entering raises ``BusUnreachableError`` and ``TopicMissingError``.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        areas: Iterable[str],
        hub: Hub,
        codec: Codec,
        clock: Callable[[], datetime],
    ) -> None:
        self._options, self._hub, self._codec, self._clock = options, hub, codec, clock
        self._topics = [topic for area in areas if (topic := flash_delivery_topic(area)) is not None]
        self._closing = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if not self._topics:
            return self
        try:
            places = await self._places()
            consumer = await self._closing.enter_async_context(committed_reader(self._options, **_FETCH))
            consumer.assign(places)
            await consumer.seek_to_end(*places)
            for place in places:
                await consumer.position(place)  # the end is where it is now, not where it is at the first fetch
        except BaseException:
            await self._closing.aclose()
            raise
        self._task = asyncio.create_task(self._follow(consumer), name="ahead")
        self._hub.mind(self._task)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await end(self._task)
        await self._closing.aclose()

    async def _places(self) -> list[TopicPartition]:
        async with administrator(self._options) as admin:
            known = await topics_of(admin)
        for topic in self._topics:
            if topic not in known:
                raise TopicMissingError(topic)
        return [place for topic in self._topics for place in known[topic]]

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            for records in (await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)).values():
                await self._hub.out.hurry(list(self._shows(records)))

    def _shows(self, records: Sequence[ConsumerRecord]) -> Iterator[Show]:
        """What each group of readers gets of some records."""
        readers = self._readers()
        showing = Showing(self._codec, self._hub.out.withdrawn, 0, self._clock(), name=FLASH)
        for record in records:
            desk = (record.key or b"").decode("utf-8", "replace")
            entry = Entry(record.offset, desk, record.value or b"")
            for want, those in readers.get(desk, {}).items():
                frame = showing.frame(entry, want)
                if frame is not None and frame.reads:
                    yield Show(tuple(those), (Frame(frame.data, None, 0, 0, reads=frame.reads),))

    def _readers(self) -> dict[str, Groups]:
        """Every open stream by its desk, and by what it gets."""
        found: dict[str, Groups] = defaultdict(lambda: defaultdict(list))
        for reader in self._hub.open:
            found[reader.want.lens.rights.desk][reader.want].append(reader)
        return found
