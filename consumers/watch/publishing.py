"""How the watch writes: one producer, made anew whenever a record could not be written."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from consumers.bus import reached
from consumers.watch.snapshot import WATCH_KEY, Snapshot, write_snapshot
from schemas.topics import HEALTH

_REQUEST_MS: Final = 5_000


class Board:
    """Writes for the watch. Errors: those of Kafka; the next record is tried with a new connection."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def tell(self, snapshot: Snapshot) -> None:
        """Write a snapshot."""
        await self.write(WATCH_KEY, write_snapshot(snapshot))

    async def write(
        self, key: bytes, value: bytes, topic: str = HEALTH, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        """Write a record and wait until it is kept."""
        async with self._connecting:
            producer = self._producer or await self._connected()
        try:
            await producer.send_and_wait(topic, value, key=key, headers=headers)
        except BaseException:
            await self.stop()
            raise

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**self._options, acks="all", request_timeout_ms=_REQUEST_MS)
        try:
            await reached(producer.start(), self._options.get("bootstrap_servers"))
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer
        return producer

    async def stop(self) -> None:
        """Let go of the connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()
