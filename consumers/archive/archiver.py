"""The archiver: reads delivery topics, committed records only, and writes what comes to the archive, once.

The positions stand in the archive, beside the rows, so there is nothing that could be committed twice or not at all. A
database or a bus that is away is waited for; another archiver that takes a partition over ends this one's reading.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from sqlalchemy.exc import SQLAlchemyError

from consumers.archive.archive import Archive
from consumers.archive.archived import Archived
from consumers.archive.rows import RowMaker
from consumers.archive.writer import Batch, Fault, Move, Place, TakenOverError, Written
from consumers.bus import (
    BusUnreachableError,
    TopicMissingError,
    administrator,
    answered,
    committed_reader,
    topics_of,
)
from consumers.feed import Position, Unreadable, read_delivery
from schemas.codec import Codec

#: Records of one transaction at most: large enough that its cost is small, small enough that nobody waits for it.
BATCH: Final = 2_000
_WAIT_MS: Final = 250
#: How long after something is away it is tried again, in seconds; doubled up to the second.
_RETRY_FIRST, _RETRY_MOST = 0.2, 5.0
_FETCH: Final = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 100, "max_partition_fetch_bytes": 4 * 1024 * 1024}
#: Offsets that hold commit markers alone are passed without a transaction of their own, until so many have come.
_MARKERS: Final = 1_000


class ArchiveSignal(StrEnum):
    """What an archiver tells of itself: names, counts and topic names, never content."""

    STARTED = "archiver_started"
    WRITTEN = "batch_archived"
    UNREADABLE = "record_not_archived"
    EXPIRED = "records_expired_unarchived"
    AWAY = "archiver_waits"
    TAKEN_OVER = "archiver_taken_over"
    STOPPED = "archiver_stopped"


class Tell(Protocol):
    """Where signals go."""

    def __call__(self, signal: ArchiveSignal, /, **fields: object) -> None:
        """Tell of something."""


def quietly(_: ArchiveSignal, /, **__: object) -> None:
    """Tell nobody."""


async def run_archiver(
    options: Mapping[str, Any],
    archive: Archive,
    topics: Iterable[str],
    *,
    stop: asyncio.Event | None = None,
    tell: Tell = quietly,
    counted: Archived | None = None,
) -> None:
    """Archive what comes on these topics, until told to stop.

    Shape: what a supervisor starts; ``options`` are what every aiokafka client takes, ``topics`` delivery topics;
    what is done is counted in ``counted``.
    Errors: ``TakenOverError`` when another archiver reads one of the partitions; ``TopicMissingError``.
    """
    stopping, delay = stop or asyncio.Event(), _RETRY_FIRST
    wanted = sorted(set(topics))
    tell(ArchiveSignal.STARTED, topics=",".join(wanted))
    try:
        while not stopping.is_set():
            archiver = Archiver(options, archive, wanted, tell, counted)
            try:
                await archiver.follow(stopping)
            except (BusUnreachableError, KafkaError, TimeoutError, SQLAlchemyError) as problem:
                archiver.lost()
                delay = _RETRY_FIRST if archiver.archived else min(delay * 2, _RETRY_MOST)
                tell(ArchiveSignal.AWAY, problem=type(problem).__name__, seconds=delay)
                await _wait(stopping, delay)
            except TakenOverError as problem:
                tell(ArchiveSignal.TAKEN_OVER, reason=str(problem))
                raise
    finally:
        tell(ArchiveSignal.STOPPED)


async def archive_to_the_end(options: Mapping[str, Any], archive: Archive, topics: Iterable[str]) -> int:
    """Archive what is on these topics now, and end. Returns how many rows are new. Errors: as they come."""
    archiver = Archiver(options, archive, sorted(set(topics)), quietly)
    await archiver.catch_up()
    return archiver.archived


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


class Archiver:
    """Reads from where the archive stands. Made anew whenever anything has failed: only the archive's word counts."""

    def __init__(
        self,
        options: Mapping[str, Any],
        archive: Archive,
        topics: list[str],
        tell: Tell,
        counted: Archived | None = None,
    ) -> None:
        self._counted = counted or Archived()
        self._options = options
        self._archive = archive
        self._topics = topics
        self._tell = tell
        self._maker: RowMaker = archive.rows()
        self._codec = Codec()
        self._stands: dict[Place, int | None] = {}
        self.archived = 0

    def lost(self) -> None:
        """Something is away: how far the bus is ahead is not known until it is there again."""
        self._counted.reached({})

    async def follow(self, stopping: asyncio.Event) -> None:
        """Archive what comes until told to stop."""
        async with committed_reader(self._options, **_FETCH) as consumer:
            await self._begin(consumer)
            while not stopping.is_set():
                await self._once(consumer)

    async def catch_up(self) -> None:
        """Archive up to the end as it is now."""
        async with committed_reader(self._options, **_FETCH) as consumer:
            places = await self._begin(consumer)
            ends = await answered(consumer.end_offsets(places))
            while any([await consumer.position(place) < ends[place] for place in places]):
                await self._once(consumer)

    async def _begin(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        """Stand where the archive stands; what retention removed before that is noted."""
        async with administrator(self._options) as admin:
            known = await topics_of(admin)
        if missing := [topic for topic in self._topics if topic not in known]:
            raise TopicMissingError(missing[0])
        places = [place for topic in self._topics for place in known[topic]]
        named = {place: Place(place.topic, place.partition) for place in places}
        self._stands = await asyncio.to_thread(self._archive.positions, named.values())
        oldest = await answered(consumer.beginning_offsets(places))
        consumer.assign(places)
        for place in places:
            stood = self._stands[named[place]]
            if stood is not None and stood < oldest[place]:
                await self._lost(named[place], stood, oldest[place])
            consumer.seek(place, max(oldest[place], stood or 0))
        return places

    async def _lost(self, place: Place, stood: int, oldest: int) -> None:
        """Records that retention removed before they were archived: told, and kept on record."""
        fault = Fault(place.topic, place.partition, stood, oldest - stood, "EXPIRED")
        await asyncio.to_thread(self._archive.write, Batch(moves={place: Move(stood, oldest)}, faults=[fault]))
        self._stands[place] = oldest
        self._counted.faults[fault.code] += fault.offsets
        self._tell(ArchiveSignal.EXPIRED, topic=place.topic, partition=place.partition, at_most=fault.offsets)

    async def _once(self, consumer: AIOKafkaConsumer) -> None:
        """One look at the broker, and one transaction for what it brought."""
        fetched = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=BATCH)
        moves, ends = {}, {}
        for place in consumer.assignment():
            here, end = Place(place.topic, place.partition), await consumer.position(place)
            stood = self._stands[here]
            ends[place.topic, place.partition] = consumer.last_stable_offset(place), end
            if fetched.get(place) or end - (stood or 0) >= _MARKERS:
                moves[here] = Move(stood, end)
        if not moves:
            self._counted.reached(ends)
            return
        records = [record for found in fetched.values() for record in found]
        written = await asyncio.to_thread(self._write, records, moves)
        self._stands.update({place: move.end for place, move in moves.items()})
        self.archived += written.new
        self._counted.written(written)
        self._counted.reached(ends)
        self._tell(ArchiveSignal.WRITTEN, new=written.new, known=written.known, hidden=written.hidden)

    def _write(self, records: list[ConsumerRecord], moves: dict[Place, Move]) -> Written:
        batch = Batch(moves=moves)
        for record in records:
            self._take(record, batch)
        written = self._archive.write(batch)
        self._counted.faults.update(fault.code for fault in batch.faults)
        return written

    def _take(self, record: ConsumerRecord, batch: Batch) -> None:
        """A record as a row, or on record as what cannot be read."""
        value = record.value or b""
        desk = (record.key or b"").decode("utf-8", "replace")
        item = read_delivery(self._codec, desk, value, Position(record.partition, record.offset))
        if isinstance(item, Unreadable):
            batch.faults.append(Fault(record.topic, record.partition, record.offset, 1, item.code.value))
            self._tell(ArchiveSignal.UNREADABLE, topic=record.topic, partition=record.partition, code=item.code.value)
        else:
            batch.rows.append(self._maker.row(item, value))
