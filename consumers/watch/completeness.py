"""The watch over completeness: whether every number that a publisher promised came, kept over restarts on Kafka."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.bus import administrator, answered, committed_reader, everything, moment_of, reached, start_of, topics_of
from consumers.health import Reason
from consumers.sequences import Streams
from consumers.watch.findings import Figure, Findings
from schemas.alarms import AlarmCode
from schemas.codec import ORIGIN_HEADER
from schemas.records import desk_address
from schemas.sequence import SEQUENCE_HEADER, read_sequence
from schemas.signals import SEQUENCE_DOUBLES, SEQUENCE_MISSING, SEQUENCE_STREAMS
from schemas.tasks import end
from schemas.topics import SEQUENCES, unit_of

#: What is missing for so long is told: a spool on a bad line sends urgent events first, and the rest behind them.
SETTLE: Final = timedelta(minutes=2)
#: What was read is put on Kafka so often. After a restart no more than this is read again.
KEEP_EVERY: Final = timedelta(seconds=15)
KEY: Final = b"streams"
_WAIT_MS: Final = 200
_BATCH: Final = 5_000
_INTAKE: Final = "in."
#: How many gaps the console is shown; all are counted.
_SHOWN: Final = 50


class CompletenessWatch:
    """A part of the watch. It reads headers alone; values are never looked at."""

    name = "completeness"

    def __init__(self, options: Mapping[str, Any], settle: timedelta = SETTLE) -> None:
        self._options = options
        self._settle = settle
        self._closing = AsyncExitStack()
        self._following: asyncio.Task[None] | None = None
        self._producer: AIOKafkaProducer | None = None
        self._kept_at: datetime | None = None
        self.streams = Streams()

    async def start(self) -> None:
        """Take up what was kept, and follow from there. Errors: ``BusUnreachableError``."""
        try:
            async with administrator(self._options) as admin:
                topics = await topics_of(admin)
            reader = await self._closing.enter_async_context(
                committed_reader(self._options, max_partition_fetch_bytes=4 * 1024 * 1024)
            )
            self.streams = await kept_streams(reader, topics.get(SEQUENCES, ()))
            await self._seek(reader, [place for name in topics if name.startswith(_INTAKE) for place in topics[name]])
            self._producer = AIOKafkaProducer(**self._options, acks="all", compression_type="lz4")
            self._closing.push_async_callback(self._producer.stop)
            await reached(self._producer.start(), self._options.get("bootstrap_servers"))
        except BaseException:
            await self._closing.aclose()
            raise
        self._following = asyncio.create_task(self._follow(reader))

    async def _seek(self, reader: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
        reader.assign(places)
        for place in places:
            known = self.streams.read.get((place.topic, place.partition), 0)
            reader.seek(place, max(known, await start_of(reader, place)))

    async def _follow(self, reader: AIOKafkaConsumer) -> None:
        while True:
            for records in (await reader.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)).values():
                for record in records:
                    self.take(record)

    def take(self, record: ConsumerRecord) -> None:
        """One record of an intake topic."""
        headers = dict(record.headers)
        said = read_sequence(headers.get(SEQUENCE_HEADER, b""))
        desk = _desk(record.topic, headers)
        self.streams.take((record.topic, record.partition), record.offset, desk, said, moment_of(record.timestamp))

    async def look(self, now: datetime) -> Findings:
        """What is missing. Errors: what ended the following."""
        if self._following is not None and self._following.done():
            self._following.result()
        gaps = self.streams.gaps(now, self._settle)
        missing: dict[str, int] = {}
        for gap in gaps:
            missing[gap.desk] = missing.get(gap.desk, 0) + gap.missing
        await self._keep(now)
        return Findings(
            tuple(Reason(AlarmCode.SEQUENCE_GAP, desk, count) for desk, count in missing.items()),
            (
                Figure(SEQUENCE_STREAMS, (), len(self.streams)),
                Figure(SEQUENCE_DOUBLES, (), self.streams.doubles),
                *(Figure(SEQUENCE_MISSING, (desk,), count) for desk, count in missing.items()),
            ),
            {
                "streams": len(self.streams),
                "doubles": self.streams.doubles,
                "gaps": [
                    {"desk": gap.desk, "stream": gap.stream, "missing": gap.missing, "since": gap.since}
                    for gap in gaps[:_SHOWN]
                ],
            },
        )

    async def _keep(self, now: datetime) -> None:
        """Put on Kafka what was read, now and then."""
        if self._producer is None or (self._kept_at is not None and now - self._kept_at < KEEP_EVERY):
            return
        self._kept_at = now
        self.streams.forget(now)
        await answered(self._producer.send_and_wait(SEQUENCES, orjson.dumps(self.streams.state()), key=KEY))

    async def stop(self) -> None:
        """Keep what was read, and let go of everything."""
        if self._following is not None:
            await end(self._following)
            self._following, self._kept_at = None, None
            await self._keep(datetime.now(UTC))
        self._producer = None
        await self._closing.aclose()


async def kept_streams(reader: AIOKafkaConsumer, places: tuple[TopicPartition, ...]) -> Streams:
    """The streams as they were kept last; none when none were, or nobody can read them any longer."""
    latest: bytes | None = None
    if places:
        async for record in everything(reader, places):
            latest = record.value if record.key == KEY else latest
    try:
        return Streams() if latest is None else Streams.restored(orjson.loads(latest))
    except (ValueError, KeyError, TypeError):
        return Streams()


def _desk(topic: str, headers: Mapping[str, bytes]) -> str | None:
    """The desk that the topic's writer proves, as intake has it."""
    said = headers.get(ORIGIN_HEADER, b"").decode("utf-8", "replace")
    unit = unit_of(topic)
    return said or None if unit is None else desk_address(unit, said.partition("/")[2] or "intelligence")
