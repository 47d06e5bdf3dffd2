"""Quarantine at the gateway while Kafka is there: what waits is followed, shown on record, sent again and dropped."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from consumers.bus import BusUnreachableError, TopicMissingError, reached
from consumers.following import Following, FollowingRecords
from consumers.gateway.quarantine.fetching import fetched
from consumers.gateway.quarantine.waiting import Waiting
from consumers.gateway.readlog import ReadLog, ReadLogError, partition_for
from consumers.marks import Mark, encoded_mark, mark_key
from consumers.pauses import PauseBook, end_record
from consumers.quarantine import Entry, Place
from consumers.retry import Again, Judge, judge_of
from schemas.codec import MAX_BUS_BYTES, Codec
from schemas.gazetteer import Gazetteer
from schemas.identity import Identity
from schemas.model import UUID_V7
from schemas.pausing import PauseEnd
from schemas.reads import Channel, ReadDelivery, ReadKind, ReadLine
from schemas.substances import load_substances
from schemas.tasks import end, end_or_raise
from schemas.topics import DROPS, PAUSES, QUARANTINE
from schemas.web import WebCode, WebProblem

#: Kafka is looked for again so often, and whoever asks meanwhile is told to come back. Seconds.
RETRY_SECONDS: Final = 2
_CONFIRM_SECONDS: Final = 10.0
_SETTINGS: Final = {
    "acks": "all",
    "enable_idempotence": True,
    "request_timeout_ms": 10_000,
    "max_request_size": MAX_BUS_BYTES + 1024 * 1024,
    "partitioner": partition_for,
}
_ID: Final = re.compile(UUID_V7)
#: The name of a read delivery's view: no view of a rule, but what the publisher wrote.
_AS_PUBLISHED: Final = "quarantine"


@dataclass(frozen=True, slots=True)
class Open:
    """Everything that works while Kafka is there."""

    waiting: Waiting
    pauses: PauseBook
    log: ReadLog
    producer: AIOKafkaProducer


@dataclass
class QuarantineDesk:
    """Quarantine at one gateway.

    Shape: ``lifespan`` keeps it open; ``open`` gives what works, or the answer 503. ``cleared`` tells whether somebody
    may see what an event in JSON holds. ``clock`` gives aware UTC.
    """

    options: Mapping[str, Any]
    gazetteer: Gazetteer
    cleared: Callable[[Identity, Mapping[str, Any]], bool]
    codec: Codec = field(default_factory=Codec)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _opened: Open | None = None

    def __post_init__(self) -> None:
        self.judge: Judge = judge_of(self.gazetteer, load_substances(), self.clock)
        #: One work on records at a time, so that two who ask at once do not send the same.
        self.working = asyncio.Lock()

    @property
    def open(self) -> Open:
        """What works now. Errors: ``WebProblem`` 503 while Kafka is away."""
        if self._opened is None:
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS)
        return self._opened

    async def ready(self) -> bool:
        """Whether it is open."""
        return self._opened is not None

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Keep it open while the block runs."""
        keeping = asyncio.create_task(self._keep_open())
        try:
            yield
        finally:
            await end_or_raise(keeping)

    async def _keep_open(self) -> None:
        while True:
            try:
                async with AsyncExitStack() as stack:
                    waiting, pauses = Waiting(self.codec), PauseBook(self.codec)
                    records = FollowingRecords(self.options, QUARANTINE, waiting.take)
                    marks = FollowingRecords(self.options, DROPS, waiting.mark)
                    paused = Following(self.options, PAUSES, pauses.take)
                    for each in (records, marks, paused):
                        await stack.enter_async_context(each)
                    log = await stack.enter_async_context(ReadLog(self.options, self.codec))
                    self._opened = Open(waiting, pauses, log, await self._producer(stack))
                    ends = [asyncio.create_task(each.ended()) for each in (records, marks, paused)]
                    try:
                        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        await end(*ends)
            except (BusUnreachableError, TopicMissingError, KafkaError, TimeoutError, OSError):
                pass
            finally:
                self._opened = None
            await asyncio.sleep(RETRY_SECONDS)

    async def _producer(self, stack: AsyncExitStack) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**self.options, **_SETTINGS)
        stack.push_async_callback(producer.stop)
        await reached(producer.start(), self.options.get("bootstrap_servers"))
        return producer

    async def entries(self, places: Iterable[Place]) -> dict[Place, Entry]:
        """Records whole, by place; without those that are gone. Errors: ``WebProblem`` 503."""
        try:
            return await fetched(self.options, places, self.codec)
        except (BusUnreachableError, TimeoutError, KafkaError):
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None

    async def entry(self, place: Place) -> Entry:
        """One record whole. Errors: ``WebProblem`` 404 when it is kept no longer; 503."""
        found = (await self.entries([place])).get(place)
        if found is None:
            self.open.waiting.forget(place)
            raise WebProblem(WebCode.NOT_FOUND)
        return found

    async def send(self, again: Again) -> str:
        """Send a record; where it stands, topic:partition:offset. Errors: ``WebProblem`` 503."""
        producer = self.open.producer
        headers = list(again.headers)
        try:
            async with asyncio.timeout(_CONFIRM_SECONDS):
                at = await producer.send_and_wait(again.topic, again.value, key=again.key, headers=headers)
        except (KafkaError, TimeoutError):
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
        return f"{at.topic}:{at.partition}:{at.offset}"

    async def mark(self, mark: Mark, origin: str | None) -> None:
        """Put on record what was done with a record. Errors: ``WebProblem`` 503."""
        opened = self.open
        await self._write(DROPS, mark_key(origin), encoded_mark(self.codec, mark))
        opened.waiting.note(mark, self.clock())

    async def go_on(self, end: PauseEnd) -> None:
        """Let a source go on. Errors: ``WebProblem`` 503."""
        await self._write(PAUSES, *end_record(self.codec, end))

    async def _write(self, topic: str, key: bytes, value: bytes) -> None:
        try:
            async with asyncio.timeout(_CONFIRM_SECONDS):
                await self.open.producer.send_and_wait(topic, value, key=key)
        except (KafkaError, TimeoutError):
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None

    async def log_showing(self, identity: Identity, entry: Entry) -> None:
        """Put on record that a record is about to be shown whole. Errors: ``WebProblem`` 503: then it may not be."""
        record = entry.record
        known = record.event_id is not None and _ID.match(record.event_id) is not None
        line = ReadLine(
            kind=ReadKind.ASKED,
            at=self.clock(),
            desk=identity.desk,
            readings=[secrets.token_urlsafe(12)],
            channel=Channel.QUARANTINE,
            subject=identity.subject,
            deliveries=[ReadDelivery(event_id=str(record.event_id), revision=1, view_group=_AS_PUBLISHED)]
            if known
            else [],
            quarantined=[str(entry.place)],
        )
        try:
            await self.open.log.write([line])
        except ReadLogError:
            raise WebProblem(WebCode.READ_LOG_DOWN, retry_after=RETRY_SECONDS) from None
