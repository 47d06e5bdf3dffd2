"""Finding what the bus decided on an event, with the same work for an event that is there and one that is not."""

from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from consumers.audit import chain_header
from consumers.bus import (
    TopicMissingError,
    administrator,
    committed_reader,
    end_of,
    moment_of,
    offset_at,
    partition_of,
    start_of,
    topics_of,
)
from consumers.desk_cards import cards_of
from consumers.explanation import Answer, Stored, answer, overview
from consumers.folding import Cards
from schemas.chain import digest, read_link
from schemas.codec import Codec, UndecodableError
from schemas.gazetteer import Gazetteer
from schemas.records import Decision, Quarantined
from schemas.topics import DECISIONS, QUARANTINE, desk_topic

#: An event id's own time may be this far ahead of the bus; no decision on it can be older than that.
CLOCK_SKEW = timedelta(minutes=15)
#: Who asks when it is no desk: operations, which learns numbers and places, and no content.
OPERATIONS = "operations"
#: So many ledger lines are read and explained at least, others' in place of those that are not there. An event has
#: seldom more: one for each revision, and one for what follows on a release or a recall.
_LOOKED_AT = 8
#: One look at the broker; many records at once, because a ledger partition is long.
_WAIT_MS = 250
_BATCH = 5_000
#: What an event was joined with may have come so long before it.
_BESIDE = timedelta(days=1)
_FETCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Search:
    """An answer and how far back was looked. ``searched_from`` is for those who got an answer, nobody else.

    Shape: ``cards`` are those of the asker's own feed, so they tell of no link that was not delivered to it; none
    when nobody but operations asks, or the asker may not read its feed.
    """

    answer: Answer
    searched_from: datetime | None
    cards: Cards | None = None


async def search(
    options: Mapping[str, Any],
    event_id: str,
    asker: str,
    gazetteer: Gazetteer,
    codec: Codec,
    *,
    with_cards: bool = True,
) -> Search:
    """All that the asker may know of an event, from the ledger and from the asker's own quarantine.

    Shape: both topics are read from where this id can first be to the end, whatever is found on the way; when there
    are few decisions, others are decoded and explained beside them, for nobody. So an outsider's question costs the
    same whether the event exists or not. ``asker`` is a desk or ``OPERATIONS``; without ``with_cards`` its feed is not
    read.
    Errors: ``BusUnreachableError``, ``TopicMissingError``. A ledger line that cannot be read is passed over.
    """
    async with administrator(options) as admin:
        topics = await topics_of(admin)
    if DECISIONS not in topics:
        raise TopicMissingError(DECISIONS)
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as consumer:
        line = _place(topics[DECISIONS], event_id)
        begin = await _begin(consumer, line, time_of(event_id))
        found, others, oldest = await _lines(consumer, line, begin, event_id)
        stored = _stored(codec, found)
        beside = _stored(codec, others[: max(0, _LOOKED_AT - len(found))])
        # A user who may not see quarantine is not told of rejections, whatever the event.
        own = () if asker == OPERATIONS else topics.get(QUARANTINE, ())
        rejected = await _rejected(consumer, _place(own, asker), codec, asker, event_id) if own else []
    _told(beside, [], asker, gazetteer)
    told = _told(stored, rejected, asker, gazetteer)
    if asker == OPERATIONS or not with_cards:
        return Search(told, oldest)
    own_topic = desk_topic(asker) in topics
    return Search(told, oldest, await _cards(options, event_id, asker, codec, own_topic=own_topic))


async def _cards(
    options: Mapping[str, Any], event_id: str, desk: str, codec: Codec, *, own_topic: bool
) -> Cards | None:
    """The asker's own cards from a day before the event on, read whether the event exists or not."""
    begin = time_of(event_id)
    since = 0 if begin is None else begin - _BESIDE
    try:
        return await cards_of(options, desk, since, own_topic=own_topic, codec=codec)
    except (TopicMissingError, TopicAuthorizationFailedError, KeyError):
        return None


def _told(stored: list[Stored], rejected: list[tuple[str, Quarantined]], asker: str, gazetteer: Gazetteer) -> Answer:
    if asker == OPERATIONS:
        return Answer(tuple(overview(one, gazetteer) for one in stored))
    return answer([one.decision for one in stored], rejected, asker, gazetteer)


def time_of(event_id: str) -> datetime | None:
    """The time in an id (UUIDv7), less what a clock may be ahead.

    None when it has none or lies ahead of now: the search must then start at the oldest record.
    """
    try:
        parsed = UUID(event_id)
        moment = datetime.fromtimestamp((parsed.int >> 80) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment - CLOCK_SKEW if parsed.version == 7 and moment <= datetime.now(UTC) else None  # noqa: PLR2004


def _place(places: tuple[TopicPartition, ...], key: str) -> TopicPartition:
    """Where the records with this key are."""
    return places[partition_of(key, len(places))]


async def _begin(consumer: AIOKafkaConsumer, partition: TopicPartition, since: datetime | None) -> int:
    return await (start_of(consumer, partition) if since is None else offset_at(consumer, partition, since))


async def _lines(
    consumer: AIOKafkaConsumer, partition: TopicPartition, begin: int, key: str
) -> tuple[list[ConsumerRecord], list[ConsumerRecord], datetime | None]:
    """The records with this key, the last ones that have another, and the time of the oldest one looked at."""
    found: list[ConsumerRecord] = []
    others: deque[ConsumerRecord] = deque(maxlen=_LOOKED_AT)
    oldest: datetime | None = None
    wanted = key.encode()
    async for record in to_the_end(consumer, partition, begin):
        oldest = oldest or moment_of(record.timestamp)
        (found if record.key == wanted else others).append(record)
    return found, list(others), oldest


def _stored(codec: Codec, records: list[ConsumerRecord]) -> list[Stored]:
    """Ledger lines with their places; those that cannot be read are passed over."""
    lines = []
    for record in records:
        decision = _decision(codec, record.value or b"")
        if decision is not None:
            header = chain_header(record) or b""
            link = read_link(header)
            hashed = None if link is None else digest(header, record.key or b"", record.value or b"").hex()
            where = f"{record.partition}:{record.offset}"
            lines.append(Stored(decision, where, link and link.lane, link and link.number, hashed))
    return lines


async def to_the_end(
    consumer: AIOKafkaConsumer, partition: TopicPartition, begin: int
) -> AsyncIterator[ConsumerRecord]:
    """Every committed record from an offset to the end as it is now; records that come meanwhile are left out."""
    end = await end_of(consumer, partition)
    if begin >= end:
        return
    consumer.assign([partition])
    consumer.seek(partition, begin)
    while await consumer.position(partition) < end:
        fetched = await consumer.getmany(partition, timeout_ms=_WAIT_MS, max_records=_BATCH)
        for record in fetched.get(partition, []):
            if record.offset < end:
                yield record


async def _rejected(
    consumer: AIOKafkaConsumer, partition: TopicPartition, codec: Codec, asker: str, event_id: str
) -> list[tuple[str, Quarantined]]:
    """The asker's own quarantined records of this event, each with its place."""
    found: list[tuple[str, Quarantined]] = []
    async for record in to_the_end(consumer, partition, await start_of(consumer, partition)):
        if record.key != asker.encode():
            continue
        entry = quarantined(codec, record.value or b"")
        if entry is not None and entry.event_id == event_id:
            found.append((f"{record.partition}:{record.offset}", entry))
    return found


def _decision(codec: Codec, value: bytes) -> Decision | None:
    try:
        return Decision.model_validate(codec.decode(value).value)
    except (UndecodableError, ValidationError):
        return None


def quarantined(codec: Codec, value: bytes) -> Quarantined | None:
    """A quarantine record's value; None when the record itself cannot be read."""
    try:
        return Quarantined.model_validate(codec.decode(value).value)
    except (UndecodableError, ValidationError):
        return None
