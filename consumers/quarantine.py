"""What intake could not accept: listed for everybody who watches, shown whole to its publisher only."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from aiokafka import TopicPartition

from consumers.bus import TopicMissingError, administrator, committed_reader, partition_of, start_of, topics_of
from consumers.feed import without_hidden
from consumers.ledger import quarantined, to_the_end
from consumers.marks import UNPROVEN, Drop, Retried, drop_of, retry_of, told_marks
from schemas.catalogue import EVENT_TYPES
from schemas.codec import AGAIN_HEADER, ORIGIN_HEADER, Codec, UndecodableError
from schemas.model import UUID_V7
from schemas.records import Quarantined, QuarantinedProblem
from schemas.topics import DROPS, QUARANTINE

#: Headers whose values the bus or the CloudEvents binding define: no room for content in them.
SAFE_HEADERS = frozenset({ORIGIN_HEADER, AGAIN_HEADER, "ce_specversion", "ce_type", "ce_time", "content-type"})
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


class State(StrEnum):
    """How a record in quarantine stands."""

    WAITING = "waiting"
    RETRIED = "retried"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record in quarantine, whole. What of it may be shown, and to whom, ``shown`` decides."""

    place: Place
    record: Quarantined
    dropped: Drop | None = None
    retried: Retried | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A quarantined record as one asker may see it.

    Shape: ``content`` and ``headers`` are for the publisher's own desk and data stewards alone. ``again_of`` is the
    place of the record that it was once before, when it was published again and met a fault again.
    """

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
    retried: Retried | None = None
    again_of: Place | None = None

    @property
    def state(self) -> State:
        """How it stands."""
        if self.dropped is not None:
            return State.DROPPED
        return State.WAITING if self.retried is None else State.RETRIED


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
        told = await told_marks(consumer, drops, codec)
        found = []
        for place in places:
            async for record in to_the_end(consumer, place, await start_of(consumer, place)):
                entry = quarantined(codec, record.value or b"")
                if entry is not None and (origin is None or entry.origin == origin):
                    at = Place(record.partition, record.offset)
                    spot = (at.partition, at.offset)
                    found.append(Entry(at, entry, drop_of(entry, spot, told), retry_of(entry, spot, told)))
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
    origins = Counter(entry.record.origin or UNPROVEN for entry in found)
    return Summary(len(found), dict(codes.most_common()), dict(origins.most_common()))


def shown(entry: Entry, asker: str | None, codec: Codec, *, steward: bool = False) -> Shown:
    """A record as one asker may see it.

    Shape: the publisher's own desk sees everything, and so does a data ``steward`` who may work on it; everybody else
    sees neither value nor key nor header values, and id and type only in the form that the bus gives them: whatever
    else stands there is content.
    """
    record = entry.record
    own = steward or (asker is not None and record.origin == asker)
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
        retried=entry.retried,
        again_of=_again_of(record),
    )


def _again_of(record: Quarantined) -> Place | None:
    said = next((header.value for header in record.headers if header.name == AGAIN_HEADER), b"")
    return Place.parse(said.decode("ascii", "replace"))


def _content(record: Quarantined, codec: Codec) -> dict[str, Any] | str:
    """The event as its publisher wrote it, or its bytes as hex when they are no event."""
    try:
        return without_hidden(codec.decode(record.value).value)
    except UndecodableError:
        return record.value.hex()
