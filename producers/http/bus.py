"""The gateway's way to Kafka: one producer for all desks, replaced when it fails; an answer within a bounded time."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from producers.encoding import Encoded
from producers.http.packing import Packer
from producers.kafka import DEFAULTS, LAST_WORDS_S, BusUnreachable, started, stopped, unreachable
from schemas.codec import ORIGIN_HEADER
from schemas.flash import flash_topic_of
from schemas.gazetteer import load_gazetteer
from schemas.sequence import SEQUENCE_HEADER, Numbered, Numbering
from schemas.tasks import end
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


class DeskNumbers:
    """Numbers what each desk sends by way of one gateway."""

    def __init__(self) -> None:
        self._desks: dict[bytes, Numbering] = {}

    def number(self, record: Encoded) -> tuple[bytes, Numbered]:
        """Number a record in its headers; whose it is, and its number."""
        desk = next((value for name, value in reversed(record.headers) if name == ORIGIN_HEADER), b"")
        numbering = self._desks.get(desk)
        if numbering is None:
            numbering = self._desks[desk] = Numbering()
        header, said = numbering.next()
        record.headers.append((SEQUENCE_HEADER, header))
        return desk, said

    def told(self, desk: bytes, said: Numbered, *, safe: bool) -> None:
        """Note what the publisher is told of a record."""
        numbering = self._desks[desk]
        (numbering.taken if safe else numbering.lost)(said)


class Handed(NamedTuple):
    """A record that was sent: its desk, its number there, whether the bus confirms it; None without a connection."""

    record: Encoded
    desk: bytes
    said: Numbered
    confirmed: "asyncio.Future[bool] | None"


class Packers(NamedTuple):
    """What packs for one connection: routine, and the flash lane beside it; the same where there is none."""

    routine: Packer
    flash: Packer

    def put(self, record: Encoded) -> "asyncio.Future[bool]":
        """Hand over one record to its lane."""
        return (self.flash if record.flash else self.routine).put(record)

    async def close(self) -> None:
        """Let go of what is under way."""
        await self.routine.close()
        await self.flash.close()


class Bus:
    """Sends records of any desk; their headers name the origin. What is on danger to life goes by the flash lane.

    Shape: ``ready`` says whether a connection stands. Without one, what is sent goes to the spool, if there is one.
    Units: ``timeout`` in seconds.
    Errors: none of Kafka's; ``kept`` and ``send`` say of a record whether it is safe.
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
        self._topic, self._flash_topic = topic, flash_topic_of(topic, load_gazetteer())
        self._timeout = timeout
        self._spool = spool
        self._packer: Packers | None = None
        self._numbers = DeskNumbers()
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the bus takes events now."""
        return self._packer is not None

    async def __aenter__(self) -> Self:
        """Begin to connect; it does not wait for the bus."""
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeping is not None:
            await end(self._keeping)

    def hand_over(self, record: Encoded) -> "Handed":
        """Send one record; ``kept`` tells what became of it."""
        desk, said = self._numbers.number(record)
        packer = self._packer
        return Handed(record, desk, said, None if packer is None else packer.put(record))

    async def kept(self, handed: "Handed") -> bool:
        """Whether the bus, or else the spool, has a record. What neither has may yet arrive."""
        safe = handed.confirmed is not None and await handed.confirmed
        if not safe and self._spool is not None:
            safe = await self._spool.keep(handed.record)
        self._numbers.told(handed.desk, handed.said, safe=safe)
        return safe

    async def send(self, records: Sequence[Encoded]) -> list[bool]:
        """Send several and tell for each whether it is kept."""
        under_way = [self.hand_over(record) for record in records]
        return [await self.kept(each) for each in under_way]

    def _lose(self) -> None:
        """This connection is not believed any longer: what is sent from now on is answered at once."""
        self._packer = None
        self._lost.set()

    async def _keep(self) -> None:
        """Keep a connection: connect, wait until it is lost, and again."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                await self._connect_and_stay()
                wait = _FIRST_WAIT_S
            except BusUnreachable:
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LAST_WAIT_S)

    async def _connect_and_stay(self) -> None:
        """One connection, until it is lost. Errors: ``BusUnreachable`` when none can be made."""
        kafka = await started(self._options, self._timeout)
        packer = None
        try:
            packer = await self._packers(kafka)
            self._lost.clear()
            self._packer = packer
            LOG.info("bus_reached")
            await self._lost.wait()
            LOG.warning("bus_lost")
        finally:
            self._packer = None
            await stopped(kafka, LAST_WORDS_S)
            if packer is not None:
                await packer.close()

    async def _packers(self, kafka: AIOKafkaProducer) -> Packers:
        """What packs for both lanes. Errors: ``BusUnreachable``, also when a topic is not there."""
        routine = await self._packer_for(kafka, self._topic)
        alone = self._flash_topic == self._topic
        return Packers(routine, routine if alone else await self._packer_for(kafka, self._flash_topic))

    async def _packer_for(self, kafka: AIOKafkaProducer, topic: str) -> Packer:
        try:
            async with asyncio.timeout(self._timeout):
                partitions = len(await kafka.partitions_for(topic))
        except (KafkaError, TimeoutError) as problem:
            raise unreachable(problem, topic) from None
        return Packer(kafka, topic, partitions, self._timeout, self._lose)
