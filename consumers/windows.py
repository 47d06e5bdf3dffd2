"""What came within a window of time, counted once: also for whoever looks every few seconds."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Collection
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.bus import moment_of
from consumers.ledger import quarantined
from consumers.tails import COUNT_SECONDS, COUNTED, read_from, since, tails_of
from schemas.codec import Codec

#: What a quarantined record counts as when it cannot be read.
UNREADABLE = "UNREADABLE"
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
#: In so many pieces the minute before the first look is taken to have come.
_SHARES = 12
_WAIT_MS = 100


class Rates:
    """Records of the last minute by topic: of all of it at the first time, of what has come since at later ones."""

    def __init__(self) -> None:
        self._next: dict[TopicPartition, int] = {}
        self._came: deque[tuple[datetime, str, float]] = deque()

    async def of(self, reader: AIOKafkaConsumer, sources: Collection[TopicPartition], now: datetime) -> dict[str, int]:
        """Shape: topic → records, the topics without any left out."""
        if not sources:
            return {}
        begin, end = await since(reader, sources, now - _MINUTE)
        first = not self._next
        tails = await tails_of(reader, {place: max(begin[place], self._next.get(place, 0)) for place in sources}, end)
        self._next = end
        for place, tail in tails.items():
            # What came within the minute before the first look came evenly, for all that is known.
            moments = [now - share * _MINUTE / _SHARES for share in range(_SHARES)] if first else [now]
            self._came += [(moment, place.topic, tail.records / len(moments)) for moment in moments if tail.records]
        counted: defaultdict[str, float] = defaultdict(float)
        self._came = deque(each for each in self._came if now - each[0] < _MINUTE)
        for _, topic, records in self._came:
            counted[topic] += records
        return {topic: round(records) for topic, records in counted.items()}


class Refused:
    """Records quarantined in the last hour, by their first reject code. Codes only, never what they hold."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._next: dict[TopicPartition, int] = {}
        self._came: deque[tuple[datetime, str]] = deque()

    async def of(self, reader: AIOKafkaConsumer, places: Collection[TopicPartition], now: datetime) -> dict[str, int]:
        """Shape: code → records."""
        if not places:
            return {}
        begin, end = await since(reader, places, now - _HOUR)
        self._next = {place: max(begin[place], self._next.get(place, 0)) for place in places}
        waiting = {place for place in places if self._next[place] < end[place]}
        read_from(reader, {place: self._next[place] for place in waiting})
        stop = time.monotonic() + COUNT_SECONDS
        while waiting and time.monotonic() < stop:
            fetched = await reader.getmany(*waiting, timeout_ms=_WAIT_MS, max_records=COUNTED)
            for record in (record for records in fetched.values() for record in records):
                entry = quarantined(self._codec, record.value or b"")
                code = entry.problems[0].code if entry is not None else UNREADABLE
                self._came.append((moment_of(record.timestamp), str(code)))
            for place in tuple(waiting):
                self._next[place] = await reader.position(place)
                if self._next[place] >= end[place]:
                    waiting.discard(place)
        self._came = deque(each for each in self._came if now - each[0] < _HOUR)
        return dict(Counter(code for _, code in self._came))
