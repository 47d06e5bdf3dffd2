"""The read log's writer: a line is on Kafka before anything is shown, and each names the hash of the one before it."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from consumers.bus import reached
from schemas.chain import CHAIN_HEADER, NO_LINES, Head, digest, link_header
from schemas.codec import Codec
from schemas.partition import partition_number
from schemas.reads import ReadLine
from schemas.topics import READS

#: How long Kafka may take to confirm a line.
CONFIRM_SECONDS: Final = 5.0
_WRITERS: Final = 2**32
_SETTINGS: Final = {
    "acks": "all",
    "enable_idempotence": True,
    "compression_type": "lz4",
    "linger_ms": 0,
    "request_timeout_ms": 5_000,
}


class ReadLogError(Exception):
    """A line could not be written, so what it tells of may not be shown. Its text holds nothing of the line."""

    def __init__(self) -> None:
        super().__init__("The read log cannot be written, so nothing is shown. See `sambus status`.")


class ReadLog:
    """Writes the read log.

    Shape: every writer has a chain of its own, with a number drawn at random in the place of a lane; after a failure
    a new one begins, because nobody knows whether the last line is there.
    """

    def __init__(self, options: Mapping[str, Any], codec: Codec) -> None:
        self._options = options
        self._codec = codec
        self._producer: AIOKafkaProducer | None = None
        self._writing = asyncio.Lock()
        self._writer, self._head = secrets.randbelow(_WRITERS), NO_LINES
        self.lines = 0
        self.failures = 0

    async def __aenter__(self) -> Self:
        """Errors: ``BusUnreachableError``."""
        producer = AIOKafkaProducer(**self._options, **_SETTINGS, partitioner=partition_for)
        try:
            await reached(producer.start(), self._options.get("bootstrap_servers"))
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def write(self, lines: Sequence[ReadLine]) -> None:
        """Write lines and wait until they are safe. Errors: ``ReadLogError``."""
        if not lines:
            return
        if self._producer is None:
            self.failures += 1
            raise ReadLogError
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                async with self._writing:
                    pending = [await self._send(line) for line in lines]
                await asyncio.gather(*pending)
        except (KafkaError, TimeoutError, OSError):
            self.failures += 1
            self._writer, self._head = secrets.randbelow(_WRITERS), NO_LINES
        else:
            self.lines += len(lines)
            return
        raise ReadLogError

    async def _send(self, line: ReadLine) -> "asyncio.Future[Any]":
        if self._producer is None:
            raise ReadLogError
        key, value = line.desk.encode(), self._codec.encode("read_line", line.model_dump(mode="python"))
        number = self._head.number + 1
        header = link_header(self._head.digest, self._writer, number)
        sent: asyncio.Future[Any] = await self._producer.send(READS, value, key=key, headers=[(CHAIN_HEADER, header)])
        self._head = Head(number, digest(header, key, value))
        return sent


def partition_for(key: bytes, every: Sequence[int], _: Sequence[int]) -> int:
    """Kafka's own partitioner in the form that aiokafka takes."""
    return every[partition_number(key, len(every))]
