"""Is all there? A desk's feed held against what the lanes counted for it, and what became of what it published."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from pydantic import ValidationError

from consumers.bus import (
    TopicMissingError,
    administrator,
    committed_reader,
    everything,
    moment_of,
    offset_at,
    partition_of,
    start_of,
    topics_of,
)
from consumers.feed import delivery_topic
from consumers.ledger import to_the_end
from consumers.sequences import Stream
from consumers.watch.completeness import kept_streams
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.feed_counts import COUNT_HEADER, Counted, read_count, read_count_key
from schemas.gazetteer import Gazetteer
from schemas.receipts import Fate, ReceiptLine, Receipts
from schemas.topics import FEED_COUNTS, RECEIPTS, SEQUENCES, desk_topic, receipts_topic

#: So many missing numbers of a lane are named; all are counted.
NAMED: Final = 20
_FETCH_BYTES: Final = 4 * 1024 * 1024

Heads = Mapping[int, tuple[int, datetime]]


@dataclass(frozen=True, slots=True)
class LaneCount:
    """One lane's deliveries to a desk.

    Shape: ``made`` is how many it has made in all; ``first`` the oldest number that is kept, None for none;
    ``missing`` how many of those from there on are not there, ``examples`` some of them; ``doubled`` how many stand
    there more than once, ``added`` how many no lane has made.
    """

    lane: int
    made: int
    first: int | None
    came: int
    missing: int
    examples: tuple[int, ...]
    doubled: int
    added: int


@dataclass(frozen=True, slots=True)
class FeedProof:
    """A desk's feed against the counts. ``unnumbered`` were delivered before the bus numbered its deliveries."""

    desk: str
    lanes: tuple[LaneCount, ...]
    unnumbered: int

    @property
    def whole(self) -> bool:
        """Whether every delivery that was made and is still kept is there, once, and no other."""
        return not any(lane.missing or lane.doubled or lane.added for lane in self.lanes)


@dataclass(frozen=True, slots=True)
class PublishedProof:
    """What became of what a desk published, from its receipts; what of its numbered streams never came.

    Shape: ``kept_from`` sums over its own events the desks that a rule withheld them from, as ``sambus explain`` tells
    the publisher. It says nothing of others' events. ``known`` is false where nobody has followed the streams.
    """

    desk: str
    accepted: int = 0
    dropped: int = 0
    quarantined: int = 0
    kept_from: int = 0
    numbered: int = 0
    missing: int = 0
    doubled: int = 0
    known: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing that was promised is missing."""
        return not self.missing


@dataclass(slots=True)
class Tally:
    """What of one desk's deliveries was seen. Values only: ``lane_counts`` judges."""

    seen: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    unnumbered: int = 0

    def take(self, count: Counted | None) -> None:
        """One delivery of the desk's."""
        if count is None:
            self.unnumbered += 1
        else:
            self.seen[count.lane][count.number] += 1


def lane_counts(tally: Tally, before: Heads, after: Heads, oldest: datetime | None) -> tuple[LaneCount, ...]:
    """What was seen against what the lanes counted.

    Shape: ``before`` and ``after`` are the counts read before and after the feed: whatever stood there before must be
    there, whatever stands there now may. ``oldest`` is when the oldest record that is kept was written, None when
    nothing has left yet: then numbers begin at 1.
    """
    return tuple(
        _lane(lane, tally.seen.get(lane, Counter()), before, after, oldest) for lane in sorted({*after, *tally.seen})
    )


def _lane(lane: int, seen: Counter[int], before: Heads, after: Heads, oldest: datetime | None) -> LaneCount:
    must, written = before.get(lane, (0, None))
    may = max(after.get(lane, (0, None))[0], must)
    real = [number for number in seen if number <= may]
    # What has left its topic is no longer asked for: from the oldest number on, or, when none is left, if it had to be.
    gone = oldest is not None and (bool(real) or (written is not None and written < oldest))
    first = min(real, default=must + 1) if gone else 1
    absent = [number for number in range(first, must + 1) if number not in seen]
    return LaneCount(
        lane=lane,
        made=may,
        first=min(real, default=None),
        came=len(real),
        missing=len(absent),
        examples=tuple(absent[:NAMED]),
        doubled=sum(count - 1 for number, count in seen.items() if number <= may),
        added=sum(count for number, count in seen.items() if number > may),
    )


async def feed_proof(
    options: Mapping[str, Any],
    desk: str,
    gazetteer: Gazetteer,
    *,
    own_topic: bool = False,
    since: datetime | None = None,
) -> FeedProof:
    """A desk's feed, as far as it is kept (or since a moment), against what the lanes counted for it.

    Errors: ``BusUnreachableError``, ``TopicMissingError``, ``KeyError`` for a unit that the gazetteer does not have.
    """
    async with administrator(options) as admin:
        topics = await topics_of(admin)
    topic = desk_topic(desk) if own_topic else delivery_topic(desk, gazetteer)
    for name in (topic, FEED_COUNTS):
        if name not in topics:
            raise TopicMissingError(name)
    flash = f"alert.flash.{topic.removeprefix('deliver.')}"
    places = [topics[name][partition_of(desk, len(topics[name]))] for name in (topic, flash) if name in topics]
    tally, oldest = Tally(), since
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        before = await _heads(reader, topics[FEED_COUNTS], desk)
        for place in places:
            begin = await start_of(reader, place)
            asked = begin if since is None else await offset_at(reader, place, since)
            first = await _read(reader, place, max(begin, asked), desk, tally)
            if max(begin, asked) > 0 and first is not None:
                oldest = first if oldest is None else min(oldest, first)
        after = await _heads(reader, topics[FEED_COUNTS], desk)
    return FeedProof(desk, lane_counts(tally, before, after, oldest), tally.unnumbered)


async def _read(
    reader: AIOKafkaConsumer, place: TopicPartition, begin: int, desk: str, tally: Tally
) -> datetime | None:
    """Take the desk's deliveries of a partition; when its oldest record was written."""
    key, oldest = desk.encode(), None
    async for record in to_the_end(reader, place, begin):
        oldest = moment_of(record.timestamp) if oldest is None else oldest
        if record.key == key:
            tally.take(read_count(dict(record.headers).get(COUNT_HEADER, b"")))
    return oldest


async def _heads(
    reader: AIOKafkaConsumer, places: Sequence[TopicPartition], desk: str
) -> dict[int, tuple[int, datetime]]:
    """How many deliveries each lane has made for a desk, and when it made the last."""
    found: dict[int, tuple[int, datetime]] = {}
    async for record in everything(reader, places):
        known = read_count_key(record.key or b"")
        if known is not None and known[1] == desk and (record.value or b"").isdigit():
            found[known[0]] = (int(record.value), moment_of(record.timestamp))
    return found


async def published_proof(
    options: Mapping[str, Any],
    desk: str,
    codec: Codec,
    *,
    own_topic: bool = False,
    since: datetime | None = None,
) -> PublishedProof:
    """What became of what a desk published, as far as receipts are kept, or since a moment.

    Errors: ``BusUnreachableError``, ``TopicMissingError``.
    """
    async with administrator(options) as admin:
        topics = await topics_of(admin)
    topic = receipts_topic(desk) if own_topic else RECEIPTS
    if topic not in topics:
        raise TopicMissingError(topic)
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        place = topics[topic][partition_of(desk, len(topics[topic]))]
        begin = await start_of(reader, place) if since is None else await offset_at(reader, place, since)
        fates: Counter[Fate] = Counter()
        kept_from = 0
        async for record in to_the_end(reader, place, begin):
            for receipt in _receipts(codec, record.key, record.value, desk):
                fates[receipt.fate] += 1
                kept_from += receipt.kept_from if receipt.fate is Fate.ACCEPTED else 0
        streams = await _streams_of(reader, topics.get(SEQUENCES, ()), desk)
    return PublishedProof(
        desk=desk,
        accepted=fates[Fate.ACCEPTED],
        dropped=fates[Fate.DUPLICATE],
        quarantined=fates[Fate.QUARANTINED],
        kept_from=kept_from,
        numbered=sum(stream.came for stream in streams or ()),
        missing=sum(stream.missing for stream in streams or ()),
        doubled=sum(stream.doubles for stream in streams or ()),
        known=streams is not None,
    )


async def _streams_of(reader: AIOKafkaConsumer, places: tuple[TopicPartition, ...], desk: str) -> list[Stream] | None:
    """A desk's streams, as the watch kept them last; None when nobody keeps them, or this user may not know."""
    if not places:
        return None
    try:
        streams = await kept_streams(reader, places)
    except TopicAuthorizationFailedError:
        return None
    return [stream for _, stream in streams.of(desk)] if streams.read else None


def _receipts(codec: Codec, key: bytes | None, value: bytes | None, desk: str) -> Sequence[ReceiptLine]:
    if key != desk.encode():
        return ()
    try:
        return Receipts.model_validate(codec.decode(value or b"", limit=MAX_BUS_BYTES).value).lines
    except (UndecodableError, ValidationError):
        return ()
