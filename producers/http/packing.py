"""Many publishers' records in few batches: what comes while a batch is on its way goes together in the next.

aiokafka's own ``send`` costs as much for a record as all else that the gateway does for it, a packed batch a tenth.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from producers.encoding import Encoded
from schemas.partition import partition_number
from schemas.tasks import end

#: Bytes of values that one batch takes at most, but for a single larger record.
_BATCH_BYTES: Final = 512 * 1024


class _Line:
    """What waits for one partition."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.waiting: deque[tuple[Encoded, asyncio.Future[bool]]] = deque()
        self.working: asyncio.Task[None] | None = None


class Packer:
    """Sends records over one connection, partition by partition.

    Shape: ``put`` gives a future that says whether the bus has confirmed the record; ``failed`` is called once when
    the connection is not to be believed any longer: all that waits is then told false.
    Units: ``timeout`` seconds in which a batch must be confirmed.
    """

    def __init__(
        self, kafka: AIOKafkaProducer, topic: str, partitions: int, timeout: float, failed: Callable[[], None]
    ) -> None:
        self._kafka = kafka
        self._topic = topic
        self._timeout = timeout
        self._failed = failed
        self._lines = [_Line(number) for number in range(partitions)]
        self._loop = asyncio.get_running_loop()
        self._broken = False

    def put(self, record: Encoded) -> "asyncio.Future[bool]":
        """Hand over one record. It goes where any Kafka client would put its key: a retry must meet the first."""
        told: asyncio.Future[bool] = self._loop.create_future()
        if self._broken:
            told.set_result(False)
            return told
        line = self._lines[partition_number(record.key, len(self._lines))]
        line.waiting.append((record, told))
        if line.working is None:
            line.working = self._loop.create_task(self._work(line))
        return told

    async def close(self) -> None:
        """Let go of what is under way; it is told false."""
        self._broken = True
        working = [line.working for line in self._lines if line.working is not None]
        await end(*working)
        for line in self._lines:
            _tell([told for _, told in line.waiting], safe=False)
            line.waiting.clear()

    async def _work(self, line: _Line) -> None:
        """Send what waits, batch after batch, until nothing waits."""
        try:
            while line.waiting and not self._broken:
                await self._send_batch(line)
        finally:
            line.working = None

    async def _send_batch(self, line: _Line) -> None:
        batch, told = self._packed(line)
        safe = False
        try:
            async with asyncio.timeout(self._timeout):
                await (await self._kafka.send_batch(batch, self._topic, partition=line.partition))
            safe = True
        except (KafkaError, TimeoutError):
            self._break()
        finally:
            _tell(told, safe=safe)

    def _packed(self, line: _Line) -> tuple[Any, list["asyncio.Future[bool]"]]:
        """The next batch: as many of those that wait as it takes, in their order."""
        batch = self._kafka.create_batch()
        now = int(time.time() * 1000)
        told: list[Any] = []
        size = 0
        while line.waiting:
            record, future = line.waiting[0]
            size += len(record.value)
            if told and size > _BATCH_BYTES:
                break
            if batch.append(timestamp=now, key=record.key, value=record.value, headers=record.headers) is None:
                break
            line.waiting.popleft()
            told.append(future)
        batch.close()  # else it would wait for more
        return batch, told

    def _break(self) -> None:
        if not self._broken:
            self._broken = True
            for line in self._lines:
                _tell([told for _, told in line.waiting], safe=False)
                line.waiting.clear()
            self._failed()


def _tell(futures: list["asyncio.Future[bool]"], *, safe: bool) -> None:
    for future in futures:
        if not future.done():
            future.set_result(safe)
