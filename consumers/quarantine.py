"""What intake could not accept: listed for everybody who watches, shown whole to its publisher only."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition

from consumers.bus import TopicMissingError, administrator, committed_reader, partition_of, start_of, topics_of
from consumers.drops import Drop, drop_of, told_drops
from consumers.feed import without_hidden
from consumers.ledger import quarantined, to_the_end
from schemas.catalogue import EVENT_TYPES
from schemas.codec import ORIGIN_HEADER, Codec, UndecodableError
from schemas.model import UUID_V7
from schemas.records import Quarantined, QuarantinedProblem
from schemas.topics import DROPS, QUARANTINE

#: Headers whose values the bus or the CloudEvents binding define: no room for content in them.
SAFE_HEADERS = frozenset({ORIGIN_HEADER, "ce_specversion", "ce_type", "ce_time", "content-type"})
_ID = re.compile(UUID_V7)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a quarantined record stands, written ``partition:offset``: the name that people call it by."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """The place that a text names; None when it names none."""
        left, colon, right = text.partition(":")
        digits = colon and left.isascii() and left.isdigit() and right.isascii() and right.isdigit()
        return cls(int(left), int(right)) if digits else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One record in quarantine, whole. What of it may be shown, and to whom, ``shown`` decides."""

    place: Place
    record: Quarantined
    dropped: Drop | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A quarantined record as one asker may see it. ``content`` and ``headers`` are the publisher's own alone."""

    place: Place
    at: datetime
    origin: str | None
    event_id: str | None
    event_type: str | None
    problems: tuple[QuarantinedProblem, ...]
    source: str
    size: int
    header_names: tuple[str, ...]
    content: dict[str, Any] | str | None = None
    headers: dict[str, str] | None = None
    dropped: Drop | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """Quarantine by number."""

    count: int
    by_code: Mapping[str, int]
    by_origin: Mapping[str, int]


async def entries(options: Mapping[str, Any], codec: Codec, *, origin: str | None = None) -> list[Entry]:
    """Every record in quarantine, oldest first; only one desk's when ``origin`` is given.

    Errors: ``BusUnreachableError``, ``TopicMissingError``. A quarantine record that cannot be read is passed over.
    """
    async with administrator(options) as admin:
        topics = await topics_of(admin)
    places, drops = (_of(topics.get(name, ()), origin) for name in (QUARANTINE, DROPS))
    if not places:
        raise TopicMissingError(QUARANTINE)
    async with committed_reader(options) as consumer:
        told = await told_drops(consumer, drops, codec)
        found = []
        for place in places:
            async for record in to_the_end(consumer, place, await start_of(consumer, place)):
                entry = quarantined(codec, record.value or b"")
                if entry is not None and (origin is None or entry.origin == origin):
                    at = Place(record.partition, record.offset)
                    found.append(Entry(at, entry, drop_of(entry, (at.partition, at.offset), told)))
    return sorted(found, key=lambda entry: (entry.record.at, entry.place))


def _of(places: Sequence[TopicPartition], origin: str | None) -> Sequence[TopicPartition]:
    """All places of a topic, or the one that holds one desk's records."""
    return [places[partition_of(origin, len(places))]] if places and origin is not None else places


def find(found: Iterable[Entry], name: str) -> Entry | None:
    """The record that a person means: by place, or the newest one of an event id."""
    place = Place.parse(name)
    matching = [entry for entry in found if (entry.place == place if place else entry.record.event_id == name)]
    return matching[-1] if matching else None


def summary(found: Iterable[Entry]) -> Summary:
    """Quarantine by number: a record counts once for each code it has."""
    found = list(found)
    codes = Counter(code for entry in found for code in {problem.code for problem in entry.record.problems})
    origins = Counter(entry.record.origin or "unproven" for entry in found)
    return Summary(len(found), dict(codes.most_common()), dict(origins.most_common()))


def shown(entry: Entry, asker: str | None, codec: Codec) -> Shown:
    """A record as one asker may see it.

    Shape: the publisher's own desk sees everything; everybody else sees neither value nor key nor header values, and
    id and type only in the form that the bus gives them: whatever else stands there is content.
    """
    record = entry.record
    own = asker is not None and record.origin == asker
    return Shown(
        place=entry.place,
        at=record.at,
        origin=record.origin,
        event_id=record.event_id if own or _ID.match(record.event_id or "") else None,
        event_type=record.event_type if own or record.event_type in EVENT_TYPES else None,
        problems=tuple(record.problems),
        source=f"{record.topic}:{record.partition}:{record.offset}",
        size=len(record.value),
        header_names=tuple(header.name for header in record.headers if own or header.name in SAFE_HEADERS),
        content=_content(record, codec) if own else None,
        headers={header.name: header.value.decode(errors="replace") for header in record.headers} if own else None,
        dropped=entry.dropped,
    )


def _content(record: Quarantined, codec: Codec) -> dict[str, Any] | str:
    """The event as its publisher wrote it, or its bytes as hex when they are no event."""
    try:
        return without_hidden(codec.decode(record.value).value)
    except UndecodableError:
        return record.value.hex()
