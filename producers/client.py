"""How a unit publishes: validate first, send once, and know for each event what became of it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

import uuid_utils
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from producers.partition import partition_of
from schemas.catalogue import EVENT_TYPES
from schemas.codec import MAX_RECORD_BYTES, ORIGIN_HEADER, Codec, UnencodableError, cloud_event_headers
from schemas.envelope import Event
from schemas.problems import Problem, RejectCode
from schemas.schema_ids import RegistrySilentError, SchemaIds
from schemas.validation import validate

GATEWAY_TOPIC = "in.gateway"

#: What every producer of the bus uses; ``options`` given to it go before.
DEFAULTS: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "compression_type": "lz4",
    "linger_ms": 5,
    "max_batch_size": 256 * 1024,
    # The bus tells TOO_LARGE at 1 MiB itself; aiokafka's own limit counts headers too and must not come first.
    "max_request_size": 4 * 1024 * 1024,
    "request_timeout_ms": 10_000,
    "partitioner": partition_of,
}
#: Seconds for closing when the bus is gone.
_LAST_WORDS_S = 1.0
#: How many events may be under way before the oldest must be confirmed: bounds memory, fills every partition's batch.
IN_FLIGHT = 2_000


class BusUnreachable(Exception):  # noqa: N818 - the name is part of the interface
    """The bus did not take or confirm events: it is down, too slow, lacks the topic, or refuses us. Safe to retry."""


class Receipt(NamedTuple):
    """What became of one event. A rejected one was not sent; ``problems`` say where and what would be right."""

    event_id: str | None
    status: Literal["taken", "rejected"]
    problems: tuple[Problem, ...] = ()
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


class Submission(NamedTuple):
    """An event on its way: already rejected, or waiting for the bus to confirm it."""

    event_id: str | None
    problems: tuple[Problem, ...] = ()
    confirmation: "asyncio.Future[Any] | None" = None

    @property
    def settled(self) -> bool:
        """Whether its receipt is there without waiting."""
        return self.confirmation is None or self.confirmation.done()


class _Encoded(NamedTuple):
    event_id: str
    value: bytes
    headers: list[tuple[str, bytes]]


class _NoContent(logging.Filter):
    """Stop aiokafka's debug line for each send: it prints the record's key and value."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


logging.getLogger("aiokafka.producer.producer").addFilter(_NoContent())


def new_event_id() -> str:
    """A new event id: a UUIDv7. Make it once, and use the same again when the same event is sent again."""
    return str(uuid_utils.uuid7())


class Producer:
    """Publishes one desk's events.

    Shape: events as models or as mappings in the wire's JSON form; a receipt for each.
    Errors: ``BusUnreachable`` when the bus does not confirm in time. What an event says never raises: it is rejected.
    Units: ``timeout`` in seconds, for connecting and for the confirmation of each event.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        *,
        origin: str,
        topic: str = GATEWAY_TOPIC,
        timeout: float = 30.0,
        ids: SchemaIds | None = None,
    ) -> None:
        """``ids``: write the Confluent wire format under the ids of a registry (``deploy.registry.registry_at``)."""
        self._options = DEFAULTS | dict(options)
        self._origin = origin
        self._topic = topic
        self._timeout = timeout
        self._codec = Codec()
        self._ids = ids
        self._framed: set[str] = set()
        self._kafka: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        self._kafka = await _started(self._options, self._timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kafka is not None:
            # A bus that just failed us will not confirm the rest either: do not wait for it twice.
            await _stopped(self._kafka, _LAST_WORDS_S if isinstance(error, BusUnreachable) else self._timeout)

    async def publish(self, event: Event[Any] | Mapping[str, Any]) -> Receipt:
        """Publish one event and wait until the bus has it."""
        return await self.settle(await self.submit(event))

    async def publish_many(self, events: Iterable[Event[Any] | Mapping[str, Any]]) -> list[Receipt]:
        """Publish a batch; the receipts stand in the order of the events."""
        return [receipt async for receipt in self.publish_stream(_each(events))]

    async def publish_stream(self, events: AsyncIterable[Event[Any] | Mapping[str, Any]]) -> AsyncIterator[Receipt]:
        """Publish as events come, however many; receipts in the same order, memory bounded."""
        under_way: deque[Submission] = deque()
        async for event in events:
            under_way.append(await self.submit(event))
            while len(under_way) >= IN_FLIGHT or (under_way and under_way[0].settled):
                yield await self.settle(under_way.popleft())
        while under_way:
            yield await self.settle(under_way.popleft())

    async def submit(self, event: Event[Any] | Mapping[str, Any]) -> Submission:
        """Validate and hand over one event without waiting for its confirmation; waits when the buffer is full."""
        if self._kafka is None:
            raise RuntimeError("use the producer in `async with`")
        if self._ids is not None:
            await self._frame(event)
        encoded = self._encode(event)
        if isinstance(encoded, Submission):
            return encoded
        try:  # aiokafka waits for the topic and for room no longer than request_timeout_ms
            confirmation = await self._kafka.send(
                self._topic, encoded.value, key=encoded.event_id.encode(), headers=encoded.headers
            )
        except MessageSizeTooLargeError:
            return Submission(encoded.event_id, (Problem(RejectCode.TOO_LARGE),))
        except (KafkaError, TimeoutError) as problem:
            raise _unreachable(problem, self._topic) from None
        return Submission(encoded.event_id, (), confirmation)

    async def settle(self, submission: Submission) -> Receipt:
        """Wait for the confirmation of a submitted event."""
        if submission.confirmation is None:
            return Receipt(submission.event_id, "rejected", submission.problems)
        confirmation = submission.confirmation
        try:
            if not confirmation.done():
                await asyncio.wait_for(asyncio.shield(confirmation), self._timeout)
            at = confirmation.result()
        except MessageSizeTooLargeError:
            return Receipt(submission.event_id, "rejected", (Problem(RejectCode.TOO_LARGE),))
        except (KafkaError, TimeoutError) as problem:
            raise _unreachable(problem, self._topic) from None
        return Receipt(submission.event_id, "taken", (), at.topic, at.partition, at.offset)

    async def _frame(self, event: Event[Any] | Mapping[str, Any]) -> None:
        """Ask for the id of an event's schema, once each.

        Errors: ``BusUnreachable`` when the registry is silent or lacks it: the event can be sent again.
        """
        name = event.event_type if isinstance(event, Event) else event.get("event_type")
        if self._ids is None or name in self._framed or name not in EVENT_TYPES:
            return
        try:
            found = await self._ids.of([str(name)])
        except RegistrySilentError as problem:
            raise BusUnreachable(str(problem)) from None
        if not found:
            raise BusUnreachable(f"The registry has no schema of {name}: run `sambus schemas push`.")
        self._codec.write_with(found)
        self._framed.update(found)

    def _encode(self, event: Event[Any] | Mapping[str, Any]) -> _Encoded | Submission:
        found = event if isinstance(event, Event) else _validated(event)
        if not isinstance(found, Event):
            return Submission(_readable_id(event), found)
        try:
            value = self._codec.encode(found.event_type, found.model_dump(mode="python"))
        except UnencodableError as problem:
            return Submission(found.event_id, (Problem(RejectCode.FIELD_INVALID, problem.pointer),))
        if len(value) > MAX_RECORD_BYTES:
            return Submission(found.event_id, (Problem(RejectCode.TOO_LARGE),))
        return _Encoded(found.event_id, value, self._headers(found))

    def _headers(self, event: Event[Any]) -> list[tuple[str, bytes]]:
        headers = cloud_event_headers(
            event.event_id, event.event_type, self._origin, event.reported_at, event.schema_version
        )
        return [*headers, (ORIGIN_HEADER, self._origin.encode())]


class RawRecord(NamedTuple):
    """A record to publish as it stands: for tests, demonstrations and replays, never for a unit's events."""

    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None  # None: where the key belongs


async def publish_raw(
    options: Mapping[str, Any], topic: str, records: Iterable[RawRecord], within: float = 30.0
) -> int:
    """Publish records unchecked, in order; how many were confirmed. Errors: ``BusUnreachable``."""
    kafka = await _started(DEFAULTS | dict(options), within)
    try:
        async with asyncio.timeout(within):
            sent = [await kafka.send(topic, r.value, r.key, r.partition, headers=list(r.headers)) for r in records]
            await asyncio.gather(*sent)
    except (KafkaError, TimeoutError) as problem:
        raise _unreachable(problem, topic) from None
    finally:
        await _stopped(kafka, within)
    return len(sent)


def _validated(body: Mapping[str, Any]) -> Event[Any] | tuple[Problem, ...]:
    event_type = body.get("event_type")
    if event_type is None:
        return (Problem(RejectCode.FIELD_MISSING, "/event_type"),)
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        return (Problem(RejectCode.SCHEMA_UNKNOWN, "/event_type"),)
    return validate(event_type, body)


def _readable_id(event: Event[Any] | Mapping[str, Any]) -> str | None:
    """The id that the body claims, only if it has an id's length: anything longer could be content."""
    claimed = event.get("event_id") if isinstance(event, Mapping) else event.event_id
    return claimed if isinstance(claimed, str) and len(claimed) == len(str(uuid_utils.UUID(int=0))) else None


async def _each(events: Iterable[Event[Any] | Mapping[str, Any]]) -> AsyncIterator[Event[Any] | Mapping[str, Any]]:
    for event in events:
        yield event


async def _started(options: Mapping[str, Any], within: float) -> AIOKafkaProducer:
    kafka = AIOKafkaProducer(**options)
    try:
        async with asyncio.timeout(within):
            await kafka.start()
    except (KafkaError, TimeoutError, OSError) as problem:
        await kafka.stop()
        raise _unreachable(problem, None) from None
    return kafka


async def _stopped(kafka: AIOKafkaProducer, within: float) -> None:
    """Flush and close. When the bus is gone the flush is given up: those events were reported as unconfirmed."""
    try:
        async with asyncio.timeout(within):
            await kafka.stop()
    except (TimeoutError, KafkaError):
        await _abandoned(kafka)


async def _abandoned(kafka: AIOKafkaProducer) -> None:
    """Close without the flush, and leave nothing behind that goes on trying.

    aiokafka retries an idempotent batch for ever and holds the tasks of its sends in a local variable only, so they
    are known by whose methods they run.
    """
    runs = (kafka._sender, kafka._message_accumulator)  # noqa: SLF001 - nothing public reaches them
    mine = {task for task in asyncio.all_tasks() if _self_of(task) in runs}
    for task in mine:
        task.cancel()
    if mine:
        await asyncio.wait(mine)
    await kafka.client.close()


def _self_of(task: "asyncio.Task[Any]") -> object:
    frame = getattr(task.get_coro(), "cr_frame", None)
    return frame.f_locals.get("self") if frame is not None else None


def _unreachable(problem: BaseException, topic: str | None) -> BusUnreachable:
    """The exception for a failure of the bus, with what to do. Its text is made of our own words only."""
    if isinstance(problem, TopicAuthorizationFailedError):
        return BusUnreachable(
            f"The bus does not let this user write {topic}: ask for the ACL, see `sambus topics plan`."
        )
    if isinstance(problem, UnknownTopicOrPartitionError):
        return BusUnreachable(f"The bus has no topic {topic}: run `sambus topics apply`.")
    if isinstance(problem, (TimeoutError, KafkaTimeoutError)):
        return BusUnreachable("The bus did not confirm in time. Send the same events again with the same ids.")
    return BusUnreachable(f"The bus cannot be reached ({type(problem).__name__}): is it running at this address?")
