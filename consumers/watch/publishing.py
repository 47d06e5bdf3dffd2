"""How snapshots come onto ``bus.health``: one producer, made anew whenever a record could not be written."""

from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from consumers.bus import reached
from consumers.watch.snapshot import WATCH_KEY, Snapshot, write_snapshot
from schemas.topics import HEALTH

_REQUEST_MS: Final = 5_000


class Board:
    """Writes to ``bus.health``. Errors: those of Kafka; the next record is tried with a new connection."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._producer: AIOKafkaProducer | None = None

    async def tell(self, snapshot: Snapshot) -> None:
        """Write a snapshot."""
        await self.write(WATCH_KEY, write_snapshot(snapshot))

    async def write(self, key: bytes, value: bytes) -> None:
        """Write a record and wait until it is kept."""
        producer = self._producer or await self._connected()
        try:
            await producer.send_and_wait(HEALTH, value, key=key)
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
