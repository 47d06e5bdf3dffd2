"""Reading what the steering report counts: the ledger, twice, and the read log; as a stream, in bounded memory.

The ledger is kept for ever and may be larger than any memory. The first reading finds which events are one matter and
how many there are; then matters are counted in as many shares as it takes, each by a reading of its own.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.audit import between
from consumers.bus import TopicMissingError, administrator, answered, committed_reader, offset_at, topics_of
from consumers.duties import latest_books, standings
from consumers.steering.facts import Line, Read, line_of, reads_of
from consumers.steering.joins import Joins
from consumers.steering.tally import Counted, Period, Served, ServedByType, Tally, together
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.gazetteer import Gazetteer
from schemas.topics import DECISIONS, READS, desk_topic

#: So many matters are counted in one reading, some 400 bytes each.
MATTERS_AT_ONCE: Final = 500_000
_FETCH_BYTES: Final = 4 * 1024 * 1024


@dataclass
class Progress:
    """How far reading has come, for whoever waits."""

    lines: int = 0
    reads: int = 0
    readings: int = 0
    told: Callable[["Progress"], None] = field(default=lambda _: None, repr=False)

    def line(self) -> None:
        """One more ledger line."""
        self.lines += 1
        if self.lines % 20_000 == 0:
            self.told(self)


@dataclass(frozen=True)
class Source:
    """Where to read, and what of it counts."""

    options: Mapping[str, Any]
    period: Period
    synthetic: bool
    served: Served
    by_type: ServedByType
    progress: Progress
    at_once: int = MATTERS_AT_ONCE


async def counted(source: Source, gazetteer: Gazetteer) -> tuple[Counted, frozenset[str]]:
    """What was counted, and the desks that read past the gateway.

    Errors: ``BusUnreachableError``; ``TopicMissingError`` when the ledger or the read log is not there, or this user
    may not read it. A record that cannot be read is passed over.
    """
    async with administrator(source.options) as admin:
        topics = await topics_of(admin)
    for topic in (DECISIONS, READS):
        if topic not in topics:
            raise TopicMissingError(topic)
    desks = (desk for unit in gazetteer.units for desk in gazetteer.desks(unit))
    unlogged = frozenset(desk for desk in desks if desk_topic(desk) in topics)
    async with committed_reader(source.options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        look = _Look(source, reader, topics[DECISIONS], topics[READS])
        await look.settle()
        joins, many = await look.survey()
        shares = max(1, -(-many // source.at_once))
        found = [await look.count(joins, unlogged, _share(number, shares)) for number in range(shares)]
    return together(iter(found)), unlogged


async def duties(options: Mapping[str, Any], codec: Codec) -> Iterator[Mapping[str, Any]]:
    """How every obligation stands that the workers still remember. Errors: ``BusUnreachableError``."""
    return standings(await latest_books(options) or (), codec)


class _Look:
    """One look at the ledger and the read log: both as they are when it begins."""

    def __init__(
        self,
        source: Source,
        reader: AIOKafkaConsumer,
        ledger: Sequence[TopicPartition],
        reads: Sequence[TopicPartition],
    ) -> None:
        self._source, self._reader, self._ledger, self._reads = source, reader, ledger, reads
        self._codec = Codec()
        self._begin: dict[TopicPartition, int] = {}
        self._end: Mapping[TopicPartition, int] = {}

    async def settle(self) -> None:
        """Find from where to where to read: from the period's first record to the end as it is now."""
        places = [*self._ledger, *self._reads]
        start = datetime.fromtimestamp(self._source.period.start_ms / 1000, UTC)
        self._begin = {place: await offset_at(self._reader, place, start) for place in places}
        self._end = await answered(self._reader.end_offsets(places))

    async def survey(self) -> tuple[Joins, int]:
        """Which events are one matter, and at most how many matters there are."""
        joins, many, period = Joins(), 0, self._source.period
        async for line in self._lines():
            joins.take(line)
            many += line.first and line.is_matter and period.holds(line.at_ms)
        return joins, many

    async def count(self, joins: Joins, unlogged: frozenset[str], takes: Callable[[bytes], bool]) -> Counted:
        """Count one share of the matters."""
        source = self._source
        tally = Tally(
            source.period,
            joins,
            source.served,
            source.by_type,
            synthetic=source.synthetic,
            unlogged=unlogged,
            takes=takes,
        )
        async for line in self._lines():
            tally.take_line(line)
        async for read in self._readings():
            tally.take_read(read)
        return tally.counted()

    async def _lines(self) -> AsyncIterator[Line]:
        self._source.progress.readings += 1
        async for record in self._records(self._ledger):
            decoded = self._decoded(record, "decision")
            self._source.progress.line()
            line = None if decoded is None else line_of(decoded, record.timestamp)
            if line is not None:
                yield line

    async def _readings(self) -> AsyncIterator[Read]:
        async for record in self._records(self._reads):
            decoded = self._decoded(record, "read_line")
            self._source.progress.reads += 1
            for read in () if decoded is None else reads_of(decoded):
                yield read

    def _records(self, places: Sequence[TopicPartition]) -> AsyncIterator[ConsumerRecord]:
        begin = {place: self._begin[place] for place in places}
        return between(self._reader, begin, {place: self._end[place] for place in places})

    def _decoded(self, record: ConsumerRecord, name: str) -> Mapping[str, Any] | None:
        try:
            decoded = self._codec.decode(record.value or b"", limit=MAX_BUS_BYTES)
        except UndecodableError:
            return None
        return decoded.value if decoded.name == name else None


def _share(number: int, shares: int) -> Callable[[bytes], bool]:
    """Which matters one of several readings counts: by the last bytes of an id, which are random."""
    if shares == 1:
        return lambda _: True
    return lambda root: int.from_bytes(root[-4:], "big") % shares == number
