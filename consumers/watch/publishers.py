"""Follows what is published, without reading what it says, and tells who is silent and whose clock is wrong.

What was learned is kept on ``bus.health`` beside the snapshots, so that a restart forgets nothing: a record for each
publisher, and one that says how far the intake topics were read when they were written.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.bus import administrator, answered, committed_reader, everything, partitions, topics_of
from consumers.watch.findings import Figure, Findings
from consumers.watch.in_order import InOrder
from consumers.watch.silence import Heard, Publishers, reasons
from schemas.codec import ORIGIN_HEADER
from schemas.signals import PUBLISHERS, SILENT_S, SKEW_S
from schemas.topics import HEALTH, writer_of
from schemas.vocabulary import Function

#: The keys on ``bus.health``: how far intake topics were read, and one for each desk.
POSITIONS_KEY: Final = b"publishers"
_DESK_KEY: Final = b"publisher:"
#: Seconds between two times at which what was learned is written, and new topics are looked for.
SAVE_EVERY: Final = 60.0
#: One look takes no longer than this to read on, in seconds.
_READ_SECONDS: Final = 1.5
_WAIT_MS: Final = 50
_BATCH: Final = 5_000
#: So many publishers are shown at most, those with something wrong first.
_SHOWN: Final = 300
#: After a gap in what could be seen, nobody is called silent for the time before.
_UNSEEN: Final = timedelta(seconds=30)
_CLAIM: Final = "ce_time"
_UUID_V7: Final = 7
_FUNCTIONS: Final = frozenset(map(str, Function))


class Keeps(Protocol):
    """Where what was learned is written."""

    async def write(self, key: bytes, value: bytes) -> None:
        """Write one record."""


class PublishersPart:
    """Who is silent, whose clock is wrong. Errors: ``BusUnreachableError``, and those of Kafka."""

    name = "publishers"

    def __init__(self, options: Mapping[str, Any], board: Keeps, publishers: Publishers) -> None:
        self._options, self._board, self._publishers = options, board, publishers
        self._order = InOrder()
        self._next: dict[TopicPartition, int] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._closing: Any = None
        self._saved = 0.0
        self._caught_up = self._restored = False
        self._looked: datetime | None = None
        self._since: datetime | None = None

    async def start(self) -> None:
        """Restore what was learned, and read on from there."""
        if not self._restored:
            await self._restore()
            self._restored = True
        self._closing = committed_reader(self._options, max_partition_fetch_bytes=256 * 1024)
        self._consumer = await self._closing.__aenter__()
        await self._assign()

    async def stop(self) -> None:
        """Write what was learned, if the bus is there, and let go."""
        closing, self._closing, self._consumer = self._closing, None, None
        if closing is not None:
            await closing.__aexit__(None, None, None)
            await self._save()

    async def look(self, now: datetime) -> Findings:
        """Read on, and judge once everything that stood there was read."""
        assert self._consumer is not None  # noqa: S101 - started
        ended = await self._read(self._consumer)
        self._publishers.hear(self._order.give(ended))
        self._caught_up = self._caught_up or all(ended.values())
        if self._looked is None or now - self._looked > _UNSEEN:
            self._since = now if self._looked is not None else None
        self._looked = now
        if time.monotonic() - self._saved > SAVE_EVERY:
            await self._save()
            await self._assign()
        if not self._caught_up:
            return Findings(shown={"learning": True, "publishers": []})
        verdicts = self._publishers.verdicts(now, self._since)
        figures = [Figure(PUBLISHERS, (), len(verdicts))]
        figures += [
            Figure(SILENT_S, (each.origin,), each.quiet_for.total_seconds()) for each in verdicts if each.silent
        ]
        figures += [Figure(SKEW_S, (each.origin,), each.skew or 0.0) for each in verdicts if each.skewed]
        shown = {
            "learning": False,
            "known": len(verdicts),
            "silent": sum(each.silent for each in verdicts),
            "publishers": [each.shown() for each in verdicts[:_SHOWN]],
        }
        return Findings(tuple(reasons(verdicts)), tuple(figures), shown)

    async def _read(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, bool]:
        """Read for a while; tells of each partition whether it was read to its end as it was at the beginning."""
        places = consumer.assignment()
        ends = await answered(consumer.end_offsets(list(places))) if places else {}
        stop = time.monotonic() + _READ_SECONDS
        while True:
            ended = {place: self._next[place] >= end for place, end in ends.items()}
            if all(ended.values()) or time.monotonic() > stop:
                return ended
            waiting = self._order.ahead(ended)
            wanted = [place for place, end in ended.items() if not end and place not in waiting]
            for place, records in (await consumer.getmany(*wanted, timeout_ms=_WAIT_MS, max_records=_BATCH)).items():
                self._order.take(place, (heard for record in records if (heard := heard_of(record)) is not None))
            for place in wanted:
                self._next[place] = await consumer.position(place)

    async def _assign(self) -> None:
        """Read every intake topic that there is, each from where it was left."""
        assert self._consumer is not None  # noqa: S101 - started
        async with administrator(self._options) as admin:
            there = await topics_of(admin)
        places = [p for name, found in there.items() if name.startswith("in.") for p in found]
        if set(places) == self._consumer.assignment():
            return
        oldest = await answered(self._consumer.beginning_offsets(places)) if places else {}
        self._consumer.assign(places)
        self._next = {place: max(oldest[place], self._next.get(place, 0)) for place in places}
        for place, offset in self._next.items():
            self._consumer.seek(place, offset)

    async def _save(self) -> None:
        self._saved = time.monotonic()
        changed = self._publishers.changed()
        for origin, told in changed.items():
            await self._board.write(_DESK_KEY + origin.encode(), orjson.dumps(told))
            self._publishers.kept(origin)
        if changed:  # after the desks: what is read twice is learned once
            positions = [[place.topic, place.partition, offset] for place, offset in self._next.items()]
            await self._board.write(POSITIONS_KEY, orjson.dumps(positions))

    async def _restore(self) -> None:
        """What was written last. Where intake was read to counts only with what was learned until then."""
        (place,) = await partitions(self._options, HEALTH)
        kept: dict[bytes, bytes] = {}
        async with committed_reader(self._options) as reader:
            async for record in everything(reader, [place]):
                if (record.key or b"").startswith((_DESK_KEY, POSITIONS_KEY)):
                    kept[record.key] = record.value or b"null"
        for topic, partition, offset in _json(kept.pop(POSITIONS_KEY, b"[]")) or ():
            self._next[TopicPartition(topic, partition)] = offset
        for key, value in kept.items():
            self._publishers.restore(key.removeprefix(_DESK_KEY).decode(), _json(value) or {})


def heard_of(record: ConsumerRecord) -> Heard | None:
    """Who published a record when, by its topic and headers; None when no desk can be told."""
    told = {name: value for name, value in record.headers if name in {ORIGIN_HEADER, _CLAIM}}
    said = told.get(ORIGIN_HEADER, b"").decode("ascii", "replace")
    unit = writer_of(record.topic)
    if unit is None:
        origin = said
    else:
        function = said.partition("/")[2]
        origin = f"{unit}/{function if function in _FUNCTIONS else 'intelligence'}"
    if not origin.isascii() or "/" not in origin or not origin.isprintable():
        return None
    claims = [claim for claim in (_claimed(told.get(_CLAIM)), _made(record.key)) if claim is not None]
    return Heard(record.timestamp, origin, max(claims, default=None))


def _claimed(value: bytes | None) -> int | None:
    """When the event was reported, as its publisher claims, in milliseconds since 1970."""
    try:
        moment = datetime.fromisoformat((value or b"").decode())
    except ValueError:
        return None
    return int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _made(key: bytes | None) -> int | None:
    """When the event's id was made: a UUIDv7 begins with the milliseconds since 1970."""
    try:
        found = UUID((key or b"").decode("ascii"))
    except ValueError:
        return None
    return found.int >> 80 if found.version == _UUID_V7 else None


def _json(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
