"""From records of one partition to what each reader gets: decided and encoded once for all who see the same, logged."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from aiokafka import TopicPartition

from consumers.access import Hidden, hidden
from consumers.feed import Delivery
from consumers.gateway.attached import Attached
from consumers.gateway.frames import Showing
from consumers.gateway.live import Frame, Reader, Want
from consumers.gateway.readlog import ReadLog, ReadLogError
from consumers.gateway.tail import Entry, Tail
from consumers.withdrawn import Withdrawal, Withdrawn, orders_in
from schemas.codec import Codec
from schemas.reads import Channel, ReadKind, ReadLine

#: Readings that one line of the read log names.
_NAMED: Final = 10_000
_RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What was met of a desk, for whoever keeps account of it: its cards, who must confirm a recall."""

    desk: str
    items: tuple[Delivery, ...]
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, slots=True)
class Show:
    """Frames and the readers who get them."""

    readers: tuple[Reader, ...]
    frames: tuple[Frame, ...]


#: Makes frames for readers who want more than deliveries, of what they may see.
Further = Callable[[Want, Sequence[Delivery]], Iterable[Frame]]


class FanOut:
    """Shows records to the readers who are attached.

    Shape: ``watchers`` are told what comes to desks that have readers or are ``watched``, before readers see it.
    ``due_ms`` says of each partition until when what was held back has been shown.
    """

    def __init__(
        self,
        attached: Attached,
        tails: Mapping[TopicPartition, Tail],
        codec: Codec,
        log: ReadLog,
        clock: Callable[[], datetime],
    ) -> None:
        self.withdrawn = Withdrawn()
        self.watchers: list[Callable[[Taken], None]] = []
        self.watched: set[str] = set()
        self.further: Further = lambda _, __: ()
        self.due_ms: dict[TopicPartition, int] = {}
        self.delivered = 0
        self.overruns = 0
        self._attached, self._tails, self._codec = attached, tails, codec
        self._log, self._clock = log, clock

    def showing(self, place: TopicPartition) -> Showing:
        """What makes frames of a batch of a partition's records."""
        return Showing(self._codec, self.withdrawn, place.partition, self._clock(), self.due_ms.get(place, 0))

    def note(self, desk: str, item: Delivery) -> None:
        """Remember an order, if it is one, and tell the watchers of it."""
        if taken := self.withdrawn.take(item):
            self._tell(Taken(desk, (), taken))

    async def show(self, place: TopicPartition, entries: Sequence[Entry], *, late: bool = False) -> None:
        """Log what will be shown, then show it. ``late`` when it was held back until now."""
        wanted: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if entry.desk in self.watched or self._attached.has(place, entry.desk):
                wanted[entry.desk].append(entry)
        showing = self.showing(place)
        shows: list[Show] = []
        for desk, found in wanted.items():
            shows += self._of_desk(place, desk, found, showing, late=late)
        await self._logged(shows)
        for show in shows:
            self._push(place, show)

    async def hurry(self, shows: Sequence[Show]) -> None:
        """Log what overtakes, then show it to readers wherever they stand; their places stay."""
        await self._logged(shows)
        for show in shows:
            self.delivered += len(show.frames) * len(show.readers)
            for reader in show.readers:
                reader.push_ahead(show.frames)

    def _of_desk(
        self, place: TopicPartition, desk: str, entries: Sequence[Entry], showing: Showing, *, late: bool
    ) -> Iterator[Show]:
        """What each group of readers of a desk gets of some records: cards first, so that no place moves past them."""
        items = tuple(item for entry in entries if isinstance(item := showing.item(entry), Delivery))
        self._tell(Taken(desk, items, ()))
        for want, readers in list(self._attached.of(place, desk).items()):
            seen = [item for item in items if hidden(want.lens, item.meta, item.event, self._clock()) is None]
            frames = [*self.further(want, seen)]
            frames += [frame for entry in entries for frame in self.frames(place, entry, want, showing, late=late)]
            if frames:
                yield Show(tuple(readers), tuple(frames))

    def _push(self, place: TopicPartition, show: Show) -> None:
        self.delivered += len(show.frames) * len(show.readers)
        for reader in show.readers:
            reader.push(show.frames)
            if reader.overrun:
                self.overruns += 1
                self._attached.discard(reader, place)

    def frames(
        self, place: TopicPartition, entry: Entry, want: Want, showing: Showing, *, late: bool = False
    ) -> Iterator[Frame]:
        """A record as somebody sees it; an order brings its recalls first, so that content goes before anything else.

        Shape: a recall is told unless the event is known to be one that they may not see.
        """
        item, frame = showing.item(entry), showing.frame(entry, want, late=late)
        for taken in orders_in(item) if isinstance(item, Delivery) else ():
            if self.may_have_seen(place, want, taken.event_id):
                yield showing.recall(entry, taken)
        if frame is not None:
            yield frame

    def may_have_seen(self, place: TopicPartition, want: Want, event_id: str) -> bool:
        """Whether somebody may have been shown an event: unless the tail holds it, and they may not see it."""
        tail, named, showing = self._tails[place], event_id.encode(), self.showing(place)
        kept = tail.since(want.lens.rights.desk, tail.start) or ()
        items = [item for entry in kept if named in entry.value and isinstance(item := showing.item(entry), Delivery)]
        about = [item for item in items if item.meta.event_id == event_id]
        denied = [hidden(want.lens, item.meta, item.event, self._clock()) for item in about]
        return not about or any(why in {None, Hidden.NOT_ASKED_FOR} for why in denied)

    async def _logged(self, shows: Sequence[Show]) -> None:
        """Write what will be shown; until that is done, nobody sees it."""
        lines = [line for show in shows for line in self._lines(show)]
        while lines:
            try:
                await self._log.write(lines)
            except ReadLogError:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _lines(self, show: Show) -> Iterator[ReadLine]:
        deliveries = list(dict.fromkeys(read for frame in show.frames for read in frame.reads))
        left = iter(show.readers)
        while deliveries and (part := list(islice(left, _NAMED))):
            yield ReadLine(
                kind=ReadKind.SHOWN,
                at=self._clock(),
                desk=part[0].want.lens.rights.desk,
                readings=[reader.reading for reader in part],
                channel=Channel.STREAM,
                deliveries=deliveries,
            )

    def _tell(self, taken: Taken) -> None:
        for watch in self.watchers:
            watch(taken)
