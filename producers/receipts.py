"""What became of a desk's events, as the bus tells it: receipts from its own topic, and feedback from its feed.

``async with Receipts(options, desk) as receipts: async for news in receipts``. Nothing is committed: reading leaves no
trace, and whoever asks again with the same start is told the same again.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from producers.kafka import BusUnreachable, unreachable
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.gazetteer import load_gazetteer
from schemas.partition import partition_number
from schemas.receipts import SETTLED, ReceiptLine
from schemas.records import desk_address
from schemas.registry import load_registry
from schemas.tasks import stopped
from schemas.topics import RECEIPTS, desk_topic, receipts_topic

#: Where to begin: so long ago, at a moment, or (none) with what comes from now on.
Since = timedelta | datetime | None

_FEEDBACK: Final = "delivery.feedback_note"
_REACH_S: Final = 5.0
_ANSWER_S: Final = 10.0
_STOP_S: Final = 0.5
_WAIT_MS: Final = 250


class Feedback(NamedTuple):
    """What another desk says of an event: that it was used, led to something, was known before, or is wrong.

    Shape: the whole note stands in the desk's feed under ``note_id``; ``by`` is the desk that says so.
    """

    event_id: str
    kind: str
    note_id: str
    by: str
    at: datetime


class News(NamedTuple):
    """One thing that became of one event, and where it was told."""

    told: ReceiptLine | Feedback
    topic: str
    partition: int
    offset: int


class Receipts:
    """What became of one desk's events, in the order in which the bus told it.

    Shape: an async iterator of ``News``; with ``follow`` it has no end, else it ends with what is there now.
    ``own_topic`` reads the topics of a desk with its own Kafka access.
    Errors: ``BusUnreachable``; ``KeyError`` for a unit outside the gazetteer. A record that cannot be read is counted
    in ``unreadable`` and passed over.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        desk: str,
        *,
        since: Since = None,
        follow: bool = False,
        own_topic: bool = False,
        codec: Codec | None = None,
    ) -> None:
        area = load_gazetteer().area_of_delivery(desk.partition("/")[0])
        self.desk = desk
        self.unreadable = 0
        self._topics = (receipts_topic(desk), desk_topic(desk)) if own_topic else (RECEIPTS, f"deliver.{area}")
        self._options, self._since, self._follow = dict(options), since, follow
        self._codec = codec or Codec()
        self._key = desk.encode()
        self._consumer: AIOKafkaConsumer | None = None
        self._ends: dict[TopicPartition, int] = {}
        self._ready: deque[News] = deque()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except (KafkaError, TimeoutError, OSError) as problem:
            await self.aclose()
            raise unreachable(problem, RECEIPTS) from None
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the bus. May be called more than once."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stopped(consumer.stop(), _STOP_S)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> News:
        while not self._ready:
            if not await self._look():
                raise StopAsyncIteration
        return self._ready.popleft()

    async def settled(self, event_ids: Iterable[str], within: float) -> dict[str, ReceiptLine]:
        """Wait until events are settled: accepted, known already, or in quarantine; what became of each.

        Shape: those of which nothing came in so many seconds are left out. The feed must follow, and have been
        opened before the events were published.
        """
        left, found = set(event_ids), dict[str, ReceiptLine]()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while left:
                    told = (await anext(self)).told
                    if isinstance(told, ReceiptLine) and told.event_id in left and told.fate in SETTLED:
                        found[str(told.event_id)] = told
                        left.discard(str(told.event_id))
        return found

    async def _look(self) -> bool:
        """One look for what is new; false at the end of what is there, unless it follows."""
        consumer = self._consumer
        if consumer is None:
            raise RuntimeError("use the receipts in `async with`")
        try:
            if not self._follow and not await self._unread(consumer):
                return False
            fetched = await consumer.getmany(timeout_ms=_WAIT_MS)
        except KafkaError as problem:
            raise unreachable(problem, RECEIPTS) from None
        records = sorted((each for many in fetched.values() for each in many), key=lambda each: each.timestamp)
        for record in records:
            if record.key == self._key:
                self._ready.extend(self._read(record))
        return True

    async def _unread(self, consumer: AIOKafkaConsumer) -> bool:
        return any([await consumer.position(place) < end for place, end in self._ends.items()])

    def _read(self, record: ConsumerRecord) -> Iterator[News]:
        """The news in a record of this desk."""
        value = record.value or b""
        try:
            told = self._lines(value) if record.topic == self._topics[0] else self._feedback(value)
        except (UndecodableError, ValidationError, KeyError, TypeError):
            self.unreadable += 1
            return
        for each in told:
            yield News(each, record.topic, record.partition, record.offset)

    def _lines(self, value: bytes) -> Sequence[ReceiptLine | Feedback]:
        decoded = self._codec.decode(value, limit=MAX_BUS_BYTES)
        return [ReceiptLine.model_validate(line) for line in decoded.value["lines"]]

    def _feedback(self, value: bytes) -> Sequence[ReceiptLine | Feedback]:
        """The feedback in a delivery, if it is some, and of another desk: a desk has its own notes as well."""
        if not _may_be_feedback(value):
            return []
        decoded = self._codec.decode(value, limit=MAX_BUS_BYTES)
        if decoded.name != _FEEDBACK:
            return []
        said, note = decoded.value, decoded.value["event"]["payload"]
        by = desk_address(said["origin"]["unit"], said["origin"]["function"])
        if by == self.desk:
            return []
        return [Feedback(note["about_id"], note["kind"], said["event_id"], by, said["published_at"])]

    async def _open(self) -> None:
        places = await self._places()
        consumer = self._consumer = AIOKafkaConsumer(
            **self._options,
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
        )
        async with asyncio.timeout(_REACH_S):
            await consumer.start()
        consumer.assign(places)
        async with asyncio.timeout(_ANSWER_S):
            self._ends = await consumer.end_offsets(places)
            for place, begin in (await self._begins(consumer, places)).items():
                consumer.seek(place, begin)

    async def _places(self) -> list[TopicPartition]:
        """The partitions that hold this desk. Errors: ``BusUnreachable`` when the topic of receipts is not there."""
        admin = AIOKafkaAdminClient(**self._options)
        try:
            async with asyncio.timeout(_REACH_S):
                await admin.start()
                described = await admin.describe_topics()
        finally:
            await admin.close()
        counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
        if self._topics[0] not in counts:
            raise BusUnreachable(
                f"Topic {self._topics[0]} is not on the bus, or this user may not read it: run `sambus topics apply`, "
                "or ask for the right to read."
            )
        known = [name for name in self._topics if name in counts]
        return [TopicPartition(name, partition_number(self._key, counts[name])) for name in known]

    async def _begins(
        self, consumer: AIOKafkaConsumer, places: Iterable[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        if self._since is None:
            return self._ends
        moment = datetime.now(UTC) - self._since if isinstance(self._since, timedelta) else self._since
        at_ms = int(moment.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(places, at_ms))
        return {place: self._ends[place] if at is None else at.offset for place, at in found.items()}


def _may_be_feedback(value: bytes) -> bool:
    """Whether a delivery must be decoded to know: its schema is that of feedback, or it names it another way."""
    version = load_registry().find(value[2:10])
    return version is None or version.name == _FEEDBACK
