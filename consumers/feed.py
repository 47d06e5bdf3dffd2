"""A desk's live feed: the deliveries that were made for it, in the order and the form in which they were committed."""

from bisect import insort
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from consumers.bus import committed_reader, end_of, offset_at, partition_of, partitions, start_of
from consumers.tracing import delivered
from schemas.codec import Codec, UndecodableError
from schemas.gazetteer import Gazetteer, load_gazetteer
from schemas.problems import RejectCode
from schemas.records import DeliveryMeta
from schemas.schema_ids import RegistrySilentError, SchemaIds
from schemas.topics import desk_topic
from schemas.traces import Fact, Tracer

#: Where a feed starts: so long ago, at a moment, at an offset, or (none) with what comes from now on.
Since = timedelta | datetime | int | None

DELIVERY_PREFIX = "delivery."
NO_TIME = timedelta(0)
#: How long one look for new records may wait at the broker; an answer comes at once when there is something.
_WAIT_MS = 250
_BATCH = 2_000
#: One partition at a time: its records come as soon as they are there, and a long wait costs nobody anything.
_FETCH = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 500, "max_partition_fetch_bytes": 4 * 1024 * 1024}


class WrongStartError(ValueError):
    """The asked offset lies beyond the end. Reading on from another place would repeat or leave out deliveries."""

    def __init__(self, asked: int, end: int) -> None:
        super().__init__(f"There is no offset {asked} yet: this desk's partition ends at {end}.")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands: partition and offset. ``--since OFFSET`` takes the offset."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: how it came to be, and the event as this desk may see it (hidden fields are not there)."""

    meta: DeliveryMeta
    event: dict[str, Any]
    position: Position


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record on the desk's feed that cannot be shown, told instead of the delivery that it should have been."""

    code: RejectCode
    position: Position
    size: int


class Feed:
    """The deliveries of one desk, as an async iterator that can be followed or read to its present end.

    Shape: ``async with Feed(...) as feed: async for item in feed``; items are ``Delivery`` or ``Unreadable``.
    ``passed_over`` says how many offsets an asked start lies before the oldest one kept. A delivery that is held
    back comes when its time has come; until then ``held`` counts it, and a feed read to its end leaves it out.
    With ``look_back`` it begins so long before the start, for a reader that needs to know what came before;
    ``before_start`` tells those items.
    Errors: ``KeyError`` for a unit outside the gazetteer, ``BusUnreachableError``, ``TopicMissingError``,
    ``WrongStartError``, ``RegistrySilentError`` when an id is met that is not known and the registry is gone; a record
    that cannot be read never ends the feed.
    """

    def __init__(  # noqa: PLR0913 - one parameter a choice of the reader's
        self,
        options: Mapping[str, Any],
        desk: str,
        *,
        types: Collection[str] | None = None,
        since: Since = None,
        follow: bool = False,
        look_back: timedelta = NO_TIME,
        own_topic: bool = False,
        codec: Codec | None = None,
        ids: SchemaIds | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """``options``: what every aiokafka client takes. ``own_topic``: read ``desk.<unit>.<function>`` instead.

        ``ids``: a registry to ask for the ids of deliveries in the Confluent wire format; others are read without.
        ``tracer``: ends the trace of each delivery that is shown and has one.
        """
        self.desk = desk
        self.topic = delivery_topic(desk, load_gazetteer(), own_topic=own_topic)
        self.unreadable = 0
        self.passed_over = 0
        self._options = options
        self._key = desk.encode()
        self._names = None if types is None else frozenset(DELIVERY_PREFIX + name for name in types)
        self._since = since
        self._look_back = look_back
        self._shown_from = 0
        self._follow = follow
        self._ids = ids
        self._tracer = tracer
        self._codec = codec or Codec(None if ids is None else ids.known)
        self._closing = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None
        self._partition = TopicPartition(self.topic, 0)
        self._end = 0
        self._ready: deque[Delivery | Unreadable] = deque()
        self.clock: Callable[[], datetime] = _now
        self._opened = self.clock()
        self._held: list[tuple[datetime, Delivery]] = []

    @property
    def start(self) -> int:
        """The offset from which it shows deliveries, once it is open."""
        return self._shown_from

    @property
    def held(self) -> int:
        """How many deliveries were met whose time has not come."""
        return len(self._held)

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the broker. May be called more than once."""
        self._consumer = None
        await self._closing.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delivery | Unreadable:
        while not self._ready:
            batch = await self.batch()
            if batch is None:
                raise StopAsyncIteration
            self._ready.extend(batch)
        return self._ready.popleft()

    async def batch(self) -> list[Delivery | Unreadable] | None:
        """What one look at the broker brought, perhaps nothing; None when the end known at the start is reached."""
        consumer = self._consumer
        if consumer is None:
            raise RuntimeError("open the feed first: async with Feed(...) as feed")
        if not self._follow and await consumer.position(self._partition) >= self._end:
            return None
        fetched = await consumer.getmany(self._partition, timeout_ms=_WAIT_MS, max_records=_BATCH)
        records = fetched.get(self._partition, [])
        if not self._follow:
            records = [record for record in records if record.offset < self._end]
        await self._learn_ids(records)
        items = [item for record in records if (item := self._item(record)) is not None]
        return [*self._due(), *(item for item in items if not self._hold(item))]

    async def _learn_ids(self, records: Sequence[ConsumerRecord]) -> None:
        """Ask the registry for ids that are not known yet. If it is silent, the records are fetched again next time."""
        if self._ids is None or not records or self._consumer is None:
            return
        try:
            await self._ids.learn(record.value for record in records if record.key == self._key)
        except RegistrySilentError:
            self._consumer.seek(self._partition, records[0].offset)
            raise

    def _hold(self, item: Delivery | Unreadable) -> bool:
        """Keep back a delivery whose time has not come."""
        if not isinstance(item, Delivery) or item.meta.not_before is None or item.meta.not_before <= self.clock():
            return False
        insort(self._held, (item.meta.not_before, item), key=itemgetter(0))
        return True

    def _due(self) -> Iterator[Delivery]:
        """The deliveries kept back whose time has come, in the order of their times."""
        while self._held and self._held[0][0] <= self.clock():
            yield self._held.pop(0)[1]

    async def _open(self) -> None:
        all_partitions = await partitions(self._options, self.topic)
        consumer = await self._closing.enter_async_context(committed_reader(self._options, **_FETCH))
        self._partition = all_partitions[partition_of(self.desk, len(all_partitions))]
        self._end = await end_of(consumer, self._partition)
        self._shown_from = await self._start(consumer)
        begin = min(self._shown_from, await self._known_from(consumer)) if self._look_back else self._shown_from
        self._opened = self.clock()
        consumer.assign([self._partition])
        consumer.seek(self._partition, begin)
        self._consumer = consumer

    async def _known_from(self, consumer: AIOKafkaConsumer) -> int:
        """Where what came before the start begins; before an offset, by the time now."""
        start = self._since if isinstance(self._since, datetime) else datetime.now(UTC)
        ago = self._since if isinstance(self._since, timedelta) else NO_TIME
        return await offset_at(consumer, self._partition, start - ago - self._look_back)

    def before_start(self, item: Delivery | Unreadable) -> bool:
        """Whether an item lies before the start, and is there only so that the reader knows of it."""
        not_before = item.meta.not_before if isinstance(item, Delivery) else None
        came_due = not_before is not None and not_before > self._opened
        return item.position.offset < self._shown_from and not came_due

    async def _start(self, consumer: AIOKafkaConsumer) -> int:
        match self._since:
            case None:
                return self._end
            case int() as offset if offset > self._end:
                raise WrongStartError(offset, self._end)
            case int() as offset:
                oldest = await start_of(consumer, self._partition)
                self.passed_over = max(0, oldest - offset)
                return max(offset, oldest)
            case timedelta() as ago:
                return await offset_at(consumer, self._partition, datetime.now(UTC) - ago)
            case datetime() as moment:
                return await offset_at(consumer, self._partition, moment)

    def _item(self, record: ConsumerRecord) -> Delivery | Unreadable | None:
        """The delivery in a record; None when it is another desk's or of a type that was not asked for."""
        if record.key != self._key:
            return None
        position = Position(record.partition, record.offset)
        item = read_delivery(self._codec, self.desk, record.value or b"", position)
        if isinstance(item, Unreadable):
            self.unreadable += not self.before_start(item)
            return item
        if self._tracer is not None and (span := delivered(self._tracer, record.topic, record.headers)) is not None:
            span.tell({Fact.EVENT_TYPE: item.meta.event_type})
            span.end()
        return item if self._names is None or DELIVERY_PREFIX + item.meta.event_type in self._names else None


def _now() -> datetime:
    return datetime.now(UTC)


def delivery_topic(desk: str, gazetteer: Gazetteer, *, own_topic: bool = False) -> str:
    """The topic that a desk's deliveries are on. Errors: ``KeyError`` for a unit outside the gazetteer."""
    area = gazetteer.area_of_delivery(desk.partition("/")[0])
    return desk_topic(desk) if own_topic else f"deliver.{area}"


def read_delivery(codec: Codec, desk: str, value: bytes, position: Position) -> Delivery | Unreadable:
    """A record's value as a delivery for this desk.

    Errors: none raised. A record that says it is for another desk than its key counts as unreadable: the key alone
    must never show a desk what was minimised for another one.
    """
    try:
        decoded = codec.decode(value)
        if not decoded.name.startswith(DELIVERY_PREFIX):
            return Unreadable(RejectCode.SCHEMA_UNKNOWN, position, len(value))
        fields = decoded.value
        event = fields.pop("event")
        meta = DeliveryMeta.model_validate(fields)
    except UndecodableError as problem:
        return Unreadable(problem.code, position, len(value))
    except (ValidationError, KeyError):
        return Unreadable(RejectCode.FIELD_INVALID, position, len(value))
    if meta.desk != desk:
        return Unreadable(RejectCode.FIELD_INVALID, position, len(value))
    return Delivery(meta, without_hidden(event), position)


def without_hidden(view: Mapping[str, Any]) -> dict[str, Any]:
    """A view without the fields that were not given, at every depth."""
    return {name: _shown(value) for name, value in view.items() if value is not None}


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return without_hidden(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value
