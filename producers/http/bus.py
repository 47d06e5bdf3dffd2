"""The gateway's way to Kafka: one producer for all desks, replaced when it fails; an answer within a bounded time."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Protocol, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from producers.encoding import Encoded
from producers.kafka import DEFAULTS, LAST_WORDS_S, BusUnreachable, started, stopped
from schemas.topics import GATEWAY_IN

LOG: Final = logging.getLogger("sambus.intake")

#: Seconds in which the bus must confirm; after that it counts as away until a new connection stands.
TIMEOUT_S: Final = 5.0
#: Seconds between two tries to connect, doubled from the first to the last.
_FIRST_WAIT_S, _LAST_WAIT_S = 0.2, 3.0
#: Seconds that a publisher is asked to wait while the bus is away.
RETRY_AFTER_S: Final = 5


class Spool(Protocol):
    """A durable place for what the bus does not confirm: it sends that by itself when the bus is there again."""

    async def keep(self, record: Encoded) -> bool:
        """Whether the record is on the disk when this returns; false when there is no room for it."""
        ...


class Bus:
    """Sends records of any desk; their headers name the origin.

    Shape: ``ready`` says whether a connection stands. Without one, what is sent goes to the spool, if there is one.
    Units: ``timeout`` in seconds.
    Errors: none of Kafka's; ``send`` says for each record whether it is safe.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        *,
        topic: str = GATEWAY_IN,
        timeout: float = TIMEOUT_S,
        spool: Spool | None = None,
    ) -> None:
        self._options = DEFAULTS | dict(options)
        self._topic = topic
        self._timeout = timeout
        self._spool = spool
        self._kafka: AIOKafkaProducer | None = None
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the bus takes events now."""
        return self._kafka is not None

    async def __aenter__(self) -> Self:
        """Begin to connect; it does not wait for the bus."""
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def send(self, records: Sequence[Encoded]) -> list[bool]:
        """For each record whether the bus, or else the spool, has it. What neither has may yet arrive."""
        safe = await self._sent(records) if self._kafka is not None else [False] * len(records)
        if self._spool is not None and not all(safe):
            return [done or await self._spool.keep(record) for done, record in zip(safe, records, strict=True)]
        return safe

    async def _sent(self, records: Sequence[Encoded]) -> list[bool]:
        kafka = self._kafka
        under_way: list[asyncio.Future[Any]] = []
        if kafka is None:
            return [False] * len(records)
        try:
            async with asyncio.timeout(self._timeout):
                for record in records:
                    sent = await kafka.send(self._topic, record.value, record.key, headers=record.headers)
                    under_way.append(sent)
            await asyncio.wait(under_way, timeout=self._timeout)
        except (KafkaError, TimeoutError):
            pass  # those that are under way are asked below
        safe = [_confirmed(each) for each in under_way]
        safe += [False] * (len(records) - len(under_way))
        if not all(safe):
            self._lose(kafka)
        return safe

    def _lose(self, kafka: AIOKafkaProducer) -> None:
        """This connection is not believed any longer: what is sent from now on is answered at once."""
        if kafka is self._kafka:
            self._kafka = None
            self._lost.set()

    async def _keep(self) -> None:
        """Keep a connection: connect, wait until it is lost, and again."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                kafka = await started(self._options, self._timeout)
            except BusUnreachable:
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LAST_WAIT_S)
                continue
            wait = _FIRST_WAIT_S
            self._lost.clear()
            self._kafka = kafka
            LOG.info("bus_reached")
            try:
                await self._lost.wait()
                LOG.warning("bus_lost")
                await stopped(kafka, LAST_WORDS_S)
            except asyncio.CancelledError:
                self._kafka = None
                await stopped(kafka, self._timeout)
                raise


def _confirmed(sent: "asyncio.Future[Any]") -> bool:
    if not sent.done():
        sent.cancel()  # nobody will look at it again
        return False
    return not sent.cancelled() and sent.exception() is None
