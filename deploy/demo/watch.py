"""Watches the bus while the day goes on: when did each record come to its end, and each delivery to its desk."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer

from consumers.bus import committed_reader
from consumers.cards import LINK, POINTER
from deploy.demo.books import Books
from deploy.demo.reading import enter, is_watched, places_of
from schemas.codec import Codec
from schemas.records import BUS_UNIT
from schemas.tasks import end_or_raise
from schemas.topics import DECISIONS

#: Seconds that a published record gets to come to its end.
PATIENCE = 30.0
#: Seconds that what follows on an event gets, such as an answer of another lane; then it is as good as not so.
FOLLOWING = 10.0
_WAIT_MS = 500


class StalledError(Exception):
    """The bus stopped: what was published did not come to its end. The text says how many, never what."""


class Watch:
    """Follows ledger, quarantine and every delivery topic from the beginning, as a committed reader.

    Units: times are seconds of ``time.monotonic``.
    """

    def __init__(self, options: Mapping[str, Any], running: Callable[[], bool]) -> None:
        self.books = Books()
        self.decisions: dict[str, list[Mapping[str, Any]]] = {}
        self._options = options
        self._running = running
        self._sent: dict[str, float] = {}
        self._seen: dict[str, float] = {}
        self._source: dict[str, str] = {}
        self._told: set[tuple[str, frozenset[str]]] = set()
        self._changed = asyncio.Condition()
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        there = await places_of(self._options)
        reader = await self._stack.enter_async_context(committed_reader(self._options, fetch_max_wait_ms=_WAIT_MS))
        places = [place for topic, found in there.items() if is_watched(topic) for place in found]
        reader.assign(places)
        await reader.seek_to_beginning()
        self._task = asyncio.create_task(self._follow(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await end_or_raise(self._task)
        await self._stack.aclose()

    def sent(self, place: str, at: float) -> None:
        """Note when a record was handed to the client; its place is known once it is confirmed."""
        self._sent[place] = at

    def latencies(self) -> list[float]:
        """Milliseconds from publishing to a delivery that a committed reader could see, one for each delivery."""
        return [ms for _, ms in self._latencies()]

    def _latencies(self) -> Iterator[tuple[str, float]]:
        for delivery, seen in self._seen.items():
            sent = self._sent.get(self._source.get(delivery, ""))
            if sent is not None:
                yield delivery, (seen - sent) * 1000

    def slowest(self, event_id: str) -> float | None:
        """Milliseconds from publishing an event to the last of its deliveries; none when it was not measured."""
        prefix = f"{event_id}:"
        return max((ms for delivery, ms in self._latencies() if delivery.startswith(prefix)), default=None)

    async def settled(self, confirmed: int) -> None:
        """Wait until so many records have come to their ends and all that is owed is delivered.

        Errors: ``StalledError`` when that takes too long, or the worker or the watch has ended.
        """
        until = time.monotonic() + PATIENCE
        async with self._changed:
            while left := self._left(confirmed):
                if time.monotonic() > until or not self._running() or (self._task is not None and self._task.done()):
                    raise StalledError(f"{left} records or deliveries did not come in time.")
                with suppress(TimeoutError):  # looks again whether the worker runs, even if nothing comes
                    await asyncio.wait_for(self._changed.wait(), 1.0)

    async def reached(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Wait until the ledger says that events reached desks, given as id and desk; not for ever.

        An order, a link or feedback goes out a moment after the event itself was decided on.
        """
        left, until = set(wanted), time.monotonic() + FOLLOWING
        async with self._changed:
            while left := {(event_id, desk) for event_id, desk in left if desk not in self._desks(event_id)}:
                if time.monotonic() > until or not self._running():
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 1.0)

    async def told(self, wanted: Iterable[tuple[str, frozenset[str]]]) -> None:
        """Wait until desks were told what belongs together, given as desk and ids of both ends; not for ever.

        Shape: for a pointer the id of the desk's own event alone.
        The bus compares events after they were shared, and holds none up for it.
        """
        left, until = set(wanted), time.monotonic() + FOLLOWING
        async with self._changed:
            while not left <= self._told and time.monotonic() < until and self._running():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 1.0)

    def _desks(self, event_id: str) -> set[str]:
        """Whom the ledger names for an event so far."""
        return {receiver["desk"] for line in self.decisions.get(event_id, ()) for receiver in line["receivers"]}

    def _left(self, confirmed: int) -> int:
        books = self.books
        return max(0, confirmed - len(books.ends)) + len(books.owed.keys() - books.delivered.keys())

    async def _follow(self, reader: AIOKafkaConsumer) -> None:
        codec = Codec()
        while True:
            fetched = await reader.getmany(timeout_ms=_WAIT_MS)
            now = time.monotonic()
            if not fetched:
                continue
            for record in (record for records in fetched.values() for record in records):
                value = enter(self.books, codec, record)
                if value is not None:
                    self._note(record.topic, value, now)
            async with self._changed:
                self._changed.notify_all()

    def _note(self, topic: str, value: Mapping[str, Any], now: float) -> None:
        if topic == DECISIONS:
            self.decisions.setdefault(value["event_id"], []).append(value)
            if (value.get("origin") or {}).get("unit") == BUS_UNIT:
                return  # nobody published it, so nobody waits for it
            prefix = f"{value['event_id']}:{value['revision']}"
            for receiver in value["receivers"]:
                self._source[f"{prefix}:{receiver['desk']}:{receiver['view_group']}"] = value["accepted_from"]
        elif "delivery_id" in value:
            self._seen.setdefault(value["delivery_id"], now)
            payload = value["event"].get("payload") or {}
            if value["event_type"] == LINK:
                self._told.add((value["desk"], frozenset((payload["a_id"], payload["b_id"]))))
            elif value["event_type"] == POINTER:
                self._told.add((value["desk"], frozenset((payload["about_id"],))))
