"""Intake of a desk pauses at the gateway when too much of what it sends goes to quarantine: for that desk alone.

What the gateway cannot tell at once (an id that was used before, what only intake knows) it learns from quarantine. The
gate is kept in memory; a gateway that starts counts the last minute anew.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from consumers.bus import BusUnreachableError, TopicMissingError, reached
from consumers.following import FollowingRecords
from consumers.gateway.readlog import partition_for
from consumers.ledger import quarantined
from schemas.codec import Codec
from schemas.pausing import Gates, Paused, Pausing, SourcePause
from schemas.tasks import end_or_raise
from schemas.topics import GATEWAY_IN, PAUSES, QUARANTINE
from streams.engine.pause_ends import pause_end

#: What a pause at a gateway calls itself.
WHERE: Final = "gateway"
_RETRY_SECONDS: Final = 2.0
_TELL_SECONDS: Final = 0.5
_CONFIRM_SECONDS: Final = 10.0


class DeskGates:
    """The gates of all desks at one gateway.

    Shape: ``wait`` says how long a desk must wait, ``came`` counts what it sent; ``lifespan`` follows what becomes of
    it and tells which desks are paused. Units: seconds.
    """

    def __init__(
        self, options: Mapping[str, Any], pausing: Pausing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._options = options
        self._clock = clock
        self._gates = Gates(pausing)
        self._window = pausing.usual.window_seconds
        self._codec = Codec()
        self._told: dict[str, Paused] = {}

    def wait(self, desk: str) -> float:
        """Seconds until a desk may send; 0 when it may now."""
        now = self._clock()
        return self._gates.of(desk, now).wait(now)

    def came(self, desk: str, events: int) -> None:
        """A desk sent so many that were taken."""
        now = self._clock()
        self._gates.of(desk, now).count(now, events)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Follow quarantine while the block runs; it does not wait for the bus."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            await end_or_raise(keeping)

    async def _keep(self) -> None:
        while True:
            try:
                await self._follow()
            except* (BusUnreachableError, TopicMissingError, KafkaError, TimeoutError, OSError):
                pass
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow(self) -> None:
        async with AsyncExitStack() as stack:
            since = datetime.now(UTC) - timedelta(seconds=self._window)
            rejects = FollowingRecords(self._options, QUARANTINE, self._rejected, since=since)
            ends = FollowingRecords(self._options, PAUSES, self._end, since=datetime.now(UTC))
            for each in (rejects, ends):
                await stack.enter_async_context(each)
            producer = AIOKafkaProducer(**self._options, acks="all", enable_idempotence=True, partitioner=partition_for)
            stack.push_async_callback(producer.stop)
            await reached(producer.start(), self._options.get("bootstrap_servers"))
            async with asyncio.TaskGroup() as group:
                for each in (rejects, ends):
                    group.create_task(each.ended())
                group.create_task(self._tell(producer))

    def _rejected(self, record: ConsumerRecord) -> None:
        """One record of quarantine: of what gateways sent, it counts against its desk."""
        found = quarantined(self._codec, record.value or b"")
        if found is None or found.origin is None or found.topic != GATEWAY_IN:
            return
        now = self._clock()
        self._gates.of(found.origin, now).count(now, 0, {found.problems[0].code: 1})

    def _end(self, record: ConsumerRecord) -> None:
        end = pause_end(self._codec, record.value or b"")
        if end is not None:
            self._gates.go_on(end.source, self._clock())

    async def _tell(self, producer: AIOKafkaProducer) -> None:
        """Write how desks stand, whenever that has changed."""
        while True:
            now = self._clock()
            for desk, gate in self._gates:
                gate.room(now)  # a pause ends by the clock alone
                known = self._told.get(desk)
                if known is not gate.told and (known is not None or not gate.open):
                    key, value = f"{WHERE}:{desk}".encode(), self._said(desk, gate.told, now)
                    async with asyncio.timeout(_CONFIRM_SECONDS):
                        await producer.send_and_wait(PAUSES, value, key=key)
                    self._told[desk] = gate.told
                    if gate.open:
                        del self._told[desk]
            await asyncio.sleep(_TELL_SECONDS)

    def _said(self, desk: str, told: Paused, now: float) -> bytes:
        wall = datetime.now(UTC)
        until = None if told.until is None else wall + timedelta(seconds=told.until - now)
        said = SourcePause(
            source=desk,
            where=WHERE,
            state=told.state.value,
            since=wall + timedelta(seconds=told.since - now),
            until=until,
            came=told.came,
            rejected=told.rejected,
            times=told.times,
            codes=list(told.codes),
        )
        return self._codec.encode("source_pause", said.model_dump(mode="python"))
