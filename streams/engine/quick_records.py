"""Records as the engine needs them, and batches as it fills them: aiokafka's own ways, without what is not used.

A record passes through these on every hop, so they count: aiokafka fills eleven fields of a record by a dataclass, and
answers for each record put into a batch with an object that nobody here reads.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import aiokafka.consumer.fetcher as fetching
from aiokafka.producer.message_accumulator import BatchBuilder

#: A batch takes records up to this size, and one that is larger alone.
BATCH_BYTES: Final = 512 * 1024
_NO_COMPRESSION: Final = 0


class Fetched(NamedTuple):
    """One record as it was fetched: what ``Record`` asks for."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class FetchedRecords(fetching.PartitionRecords):
    """The records of one fetched partition, as ``Fetched``. Deserializers and sizes are left out: nobody uses them."""

    def __iter__(self) -> Iterator[Fetched]:
        """Go on where the last reader stopped; without a call of ours for each record."""
        records: Iterator[Fetched] = self._records_iterator
        return records

    def _consumer_record(self, tp: Any, record: Any) -> Fetched:
        return Fetched(
            tp.topic, tp.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers)
        )


def use_quick_records() -> None:
    """Let every consumer of this process give ``Fetched``; aiokafka has no option for it."""
    fetching.PartitionRecords = FetchedRecords


class OutputBatch(BatchBuilder):
    """A batch for one partition in a transaction, which an outbox fills."""

    def __init__(self) -> None:
        super().__init__(BATCH_BYTES, _NO_COMPRESSION, is_transactional=True)
        self._put = self._builder.append

    def take(self, at_ms: int, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> bool:
        """Put a record in; false when there is no room for it, and the batch is to be sent as it is."""
        if self._put(self._relative_offset, at_ms, key, value, headers) is None:
            self.close()
            return False
        self._relative_offset += 1
        return True

    def _build(self) -> Any:
        self._put = None
        return super()._build()
