"""How a unit publishes: validate first, send once, and know for each event what became of it."""

import asyncio
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from producers.encoding import AnyEvent, Refused, encode, new_event_id
from producers.kafka import DEFAULTS, LAST_WORDS_S, BusUnreachable, started, stopped, unreachable
from producers.publisher import IN_FLIGHT, Publisher, Receipt, Submission
from producers.tracing import UNCONFIRMED, ended, ended_with, published
from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.envelope import Event
from schemas.flash import flash_topic_of
from schemas.gazetteer import load_gazetteer
from schemas.problems import Problem, RejectCode
from schemas.schema_ids import RegistrySilentError, SchemaIds
from schemas.sealing import Seals
from schemas.sequence import SEQUENCE_HEADER, Numbered, Numbering
from schemas.traces import Tracer

__all__ = [
    "DEFAULTS",
    "GATEWAY_TOPIC",
    "IN_FLIGHT",
    "BusUnreachable",
    "Producer",
    "Publisher",
    "RawRecord",
    "Receipt",
    "Submission",
    "new_event_id",
    "publish_raw",
]

GATEWAY_TOPIC = "in.gateway"


class Producer(Publisher):
    """Publishes one desk's events; those on danger to life by the flash lane beside ``topic``.

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
        tracer: Tracer | None = None,
        seals: Seals | None = None,
    ) -> None:
        """``ids``: write the Confluent wire format under the ids of a registry (``deploy.registry.registry_at``).

        ``tracer``: begin a trace with each event (``deploy.observability.tracing.tracer_from_environment``).
        ``seals``: encrypt events that hold sealed fields (``deploy.sealing.seals_from_environment``).
        """
        self._options = DEFAULTS | dict(options)
        self._origin = origin
        self._topic = topic
        self._flash_topic = flash_topic_of(topic, load_gazetteer())
        self._timeout = timeout
        self._codec = Codec(seals=seals)
        self._ids = ids
        self._tracer = tracer
        self._framed: set[str] = set()
        self._kafka: AIOKafkaProducer | None = None
        self._numbering = Numbering()

    async def __aenter__(self) -> Self:
        self._kafka = await started(self._options, self._timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kafka is not None:
            # A bus that just failed us will not confirm the rest either: do not wait for it twice.
            await stopped(self._kafka, LAST_WORDS_S if isinstance(error, BusUnreachable) else self._timeout)

    async def submit(self, event: AnyEvent) -> Submission:
        """Validate and hand over one event without waiting for its confirmation; waits when the buffer is full."""
        if self._kafka is None:
            raise RuntimeError("use the producer in `async with`")
        if self._ids is not None:
            await self._frame(event)
        encoded = encode(self._codec, event, self._origin)
        if isinstance(encoded, Refused):
            return Submission(*encoded)
        header, said = self._numbering.next()
        encoded.headers.append((SEQUENCE_HEADER, header))
        topic = self._flash_topic if encoded.flash else self._topic
        span = published(self._tracer, encoded, topic)
        try:  # aiokafka waits for the topic and for room no longer than request_timeout_ms
            confirmation = await self._kafka.send(topic, encoded.value, key=encoded.key, headers=encoded.headers)
        except MessageSizeTooLargeError:
            self._numbering.lost(said)
            ended(span, RejectCode.TOO_LARGE)
            return Submission(encoded.event_id, (Problem(RejectCode.TOO_LARGE),))
        except (KafkaError, TimeoutError) as problem:
            self._numbering.lost(said)
            ended(span, UNCONFIRMED)
            raise unreachable(problem, topic) from None
        confirmation.add_done_callback(lambda done: self._numbered(said, done))
        ended_with(span, confirmation)
        return Submission(encoded.event_id, (), confirmation)

    def _numbered(self, said: Numbered, done: "asyncio.Future[Any]") -> None:
        """Note whether a numbered record is safe."""
        if done.cancelled() or done.exception() is not None:
            self._numbering.lost(said)
        else:
            self._numbering.taken(said)

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
            raise unreachable(problem, self._topic) from None
        return Receipt(submission.event_id, "taken", (), at.topic, at.partition, at.offset)

    async def _frame(self, event: AnyEvent) -> None:
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
    kafka = await started(DEFAULTS | dict(options), within)
    try:
        async with asyncio.timeout(within):
            sent = [await kafka.send(topic, r.value, r.key, r.partition, headers=list(r.headers)) for r in records]
            await asyncio.gather(*sent)
    except (KafkaError, TimeoutError) as problem:
        raise unreachable(problem, topic) from None
    finally:
        await stopped(kafka, within)
    return len(sent)
