"""A connection to Kafka for those who publish: how it is set, opened and let go, and what its failures mean."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from producers.partition import partition_of
from schemas.tasks import end

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
LAST_WORDS_S = 1.0


class BusUnreachable(Exception):  # noqa: N818 - the name is part of the interface
    """The bus did not take or confirm events: it is down, too slow, lacks the topic, or refuses us. Safe to retry."""


class _NoContent(logging.Filter):
    """Stop aiokafka's debug line for each send: it prints the record's key and value."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


logging.getLogger("aiokafka.producer.producer").addFilter(_NoContent())


async def started(options: Mapping[str, Any], within: float) -> AIOKafkaProducer:
    """A producer that has reached the bus. Errors: ``BusUnreachable``."""
    kafka = AIOKafkaProducer(**options)
    try:
        async with asyncio.timeout(within):
            await kafka.start()
    except (KafkaError, TimeoutError, OSError) as problem:
        await kafka.stop()
        raise unreachable(problem, None) from None
    except asyncio.CancelledError:
        await kafka.stop()
        raise
    return kafka


async def stopped(kafka: AIOKafkaProducer, within: float) -> None:
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
    await end(*mine)
    await kafka.client.close()


def _self_of(task: "asyncio.Task[Any]") -> object:
    frame = getattr(task.get_coro(), "cr_frame", None)
    return frame.f_locals.get("self") if frame is not None else None


def unreachable(problem: BaseException, topic: str | None) -> BusUnreachable:
    """The exception for a failure of the bus, with what to do. Its text is made of our own words only."""
    if isinstance(problem, TopicAuthorizationFailedError):
        return BusUnreachable(f"The bus does not let this user write {topic}: ask for the ACL, see `sambus acls plan`.")
    if isinstance(problem, ClusterAuthorizationFailedError):  # said before any topic is named
        return BusUnreachable("The bus does not let this user write anything: ask for the ACL, see `sambus acls plan`.")
    if isinstance(problem, UnknownTopicOrPartitionError):
        return BusUnreachable(f"The bus has no topic {topic}: run `sambus topics apply`.")
    if isinstance(problem, (TimeoutError, KafkaTimeoutError)):
        return BusUnreachable("The bus did not confirm in time. Send the same events again with the same ids.")
    return BusUnreachable(f"The bus cannot be reached ({type(problem).__name__}): is it running at this address?")
