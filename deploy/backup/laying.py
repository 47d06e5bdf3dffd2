"""Lays a backup's records into the empty topics of a cluster, each at its old offset."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumers.bus import answered, committed_reader
from deploy.backup.cluster import BackupError, Offsets
from deploy.backup.manifest import Part
from deploy.backup.records import Record, unpack
from deploy.backup.sealed import frames
from deploy.backup.segments import Segment, segments
from producers.spool_keys import SpoolKeys

_TRANSACTION: Final = "sambus-restore"
_BATCH_BYTES: Final = 1 << 20
_REQUEST_BYTES: Final = 4 << 20
_NEVER = Record(0, 0, None, b"", ())
#: Seconds that a broker gets to write the ends of a transaction, and between looks.
_CLOSED_SECONDS: Final = 120.0
_LOOK_AGAIN: Final = 0.005
#: Fillers that are written as one piece.
_FILLERS: Final = 50_000


class _Laid:
    """What of one partition is still to be written. ``filled`` offsets at its beginning are fillers, to be deleted."""

    def __init__(self, part: Part, folder: Path, keys: SpoolKeys | None, *, compacted: bool) -> None:
        self.place = TopicPartition(part.topic, part.partition)
        records = chain.from_iterable(unpack(frame) for frame in frames(folder / part.file, keys))
        self._left: Iterator[Segment] = segments(records, part.first, part.end, compacted=compacted)
        self.next: Segment | None = next(self._left, None)
        self.filled = 0 if compacted else part.first
        self.at = self.filled
        if self.next == Segment([], 1):  # nothing but a transaction's end, and no transaction ends without a record
            self.filled += 1
            self.go_on()

    def go_on(self) -> None:
        """What was next is written: the partition's end is ``at``."""
        if self.next is not None:
            self.at += len(self.next.records) + self.next.unseen
        self.next = next(self._left, None)


async def lay(
    options: Mapping[str, Any], folder: Path, parts: Sequence[Part], compacted: frozenset[str], keys: SpoolKeys | None
) -> Offsets:
    """Write every record; returns before which offset of each partition there are only fillers, to be deleted.

    Shape: the topics are empty, keep the time that is written, and nobody else writes them.
    Errors: aiokafka's ``KafkaError``, ``SealedError``.
    """
    shared = {"max_batch_size": _BATCH_BYTES, "max_request_size": _REQUEST_BYTES, "compression_type": "lz4"}
    async with AsyncExitStack() as stack:
        plain = AIOKafkaProducer(**options, **shared, enable_idempotence=True)
        closing = AIOKafkaProducer(**options, **shared, transactional_id=_TRANSACTION)
        for producer in (plain, closing):
            await producer.start()
            stack.push_async_callback(producer.stop)
        left = [_Laid(part, folder, keys, compacted=part.topic in compacted) for part in parts]
        starts = {laid.place: laid.filled for laid in left if laid.filled}
        for place, count in starts.items():
            await _fillers(plain, place, count)
        reader = await stack.enter_async_context(committed_reader(options))
        while left := [laid for laid in left if laid.next is not None]:
            pieces = [(laid.place, laid.next) for laid in left if laid.next is not None]
            await _round(plain, closing, pieces)
            for laid in left:
                laid.go_on()
            ended = {place for place, each in pieces if each.unseen}
            await _closed(reader, {laid.place: laid.at for laid in left if laid.place in ended})
    return starts


async def _closed(reader: AIOKafkaConsumer, ends: Offsets) -> None:
    """Wait until transactions have their ends where they are wanted: a broker writes these after it has answered.

    What would be written before would take their offsets.
    """
    until = time.monotonic() + _CLOSED_SECONDS
    while ends and (now := await answered(reader.end_offsets(list(ends)))) != ends:
        if past := [place for place, at in ends.items() if now[place] > at]:
            raise BackupError(f"somebody else writes to {past[0].topic}: stop everybody, and restore into a new Kafka")
        if time.monotonic() > until:
            raise BackupError(f"Kafka does not end a transaction within {_CLOSED_SECONDS:.0f} s")
        await asyncio.sleep(_LOOK_AGAIN)


async def _round(
    plain: AIOKafkaProducer, closing: AIOKafkaProducer, pieces: Sequence[tuple[TopicPartition, Segment]]
) -> None:
    """Write the next segment of each partition: all that one transaction can end together."""
    await asyncio.gather(*(_sent(plain, place, each.records) for place, each in pieces if each.unseen != 1))
    if ended := [(place, each.records) for place, each in pieces if each.unseen == 1]:
        await closing.begin_transaction()
        await asyncio.gather(*(_sent(closing, place, records) for place, records in ended))
        await closing.commit_transaction()
    if unseen := [(place, each.unseen - 1) for place, each in pieces if each.unseen > 1]:
        await closing.begin_transaction()
        await asyncio.gather(*(_fillers(closing, place, count) for place, count in unseen))
        await closing.abort_transaction()


async def _fillers(producer: AIOKafkaProducer, place: TopicPartition, count: int) -> None:
    while count > 0:
        await _sent(producer, place, (_NEVER for _ in range(min(count, _FILLERS))))
        count -= _FILLERS


async def _sent(producer: AIOKafkaProducer, place: TopicPartition, records: Iterable[Record]) -> None:
    """Write records in their order, with their times, and wait until Kafka has them."""
    written = []
    batch = producer.create_batch()
    for each in records:
        told = {"timestamp": each.time, "key": each.key, "value": each.value, "headers": list(each.headers)}
        if batch.append(**told) is None:
            written.append(await producer.send_batch(batch, place.topic, partition=place.partition))
            batch = producer.create_batch()
            batch.append(**told)
    if batch.record_count():
        written.append(await producer.send_batch(batch, place.topic, partition=place.partition))
    for each_written in written:
        await each_written
