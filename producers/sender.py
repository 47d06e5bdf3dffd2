"""Carries what a spool holds to the bus: over one connection after the other, until all of it is confirmed."""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from producers.kafka import DEFAULTS, LAST_WORDS_S, BusUnreachable, started, stopped, unreachable
from producers.spool import Spool, Taken, Ticket

#: How many records may be under way: few on a slow line, so that an urgent one need not wait behind many.
_LEAST: Final = 20
_FIRST: Final = 100
_MOST: Final = 2_000
#: When the oldest record under way is older than this, fewer are sent ahead. Seconds.
_SLOW_S: Final = 1.0
#: Waits between two connections grow from the first to the last. Seconds.
_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 5.0


class Sender:
    """Sends the records of one spool, the most urgent and oldest first; a record leaves the spool once confirmed.

    Shape: ``run`` works until it is cancelled; ``wake`` tells it that there is something new. ``trouble`` says why
    nothing gets through at the moment, None when it does; ``sent`` counts what was confirmed; ``unsendable`` what
    Kafka refuses for good: it stays in the spool, and is tried again by the next process.
    Units: ``timeout`` in seconds, for connecting and for any confirmation to come.
    """

    def __init__(self, options: Mapping[str, Any], spool: Spool, *, timeout: float = 30.0) -> None:
        self.trouble: str | None = None
        self.sent = 0
        self.unsendable = 0
        self._options = DEFAULTS | dict(options)
        self._spool = spool
        self._timeout = timeout
        self._window = _FIRST
        self._under_way: dict[Ticket, float] = {}
        self._confirmed: list[tuple[Ticket, float]] = []  # with the time at which each was sent
        self._failure: BusUnreachable | None = None
        self._event = asyncio.Event()
        self._progress = asyncio.Event()
        self._moved_at = 0.0

    def wake(self) -> None:
        """There is something new in the spool."""
        self._event.set()

    async def run(self) -> None:
        """Send for ever. Errors: none of Kafka's; they are told in ``trouble``, and it connects anew."""
        wait = _WAIT_S
        while True:
            sent = self.sent
            try:
                await self._connect_and_carry()
            except BusUnreachable as problem:
                self.trouble = str(problem)
                self._progress.set()
            wait = _WAIT_S if self.sent > sent else min(wait * 2, _LONGEST_WAIT_S)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing  # nosec B311

    async def empty(self, within: float, *, patient: bool = True) -> int:
        """Wait until the spool is empty; gives how many records are left when the time is over.

        Shape: not ``patient``: only as long as records get through.
        """
        try:
            async with asyncio.timeout(within):
                while left := len(self._spool):
                    if self.trouble is not None and not patient:
                        return left
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            return len(self._spool)
        return 0

    async def _connect_and_carry(self) -> None:
        """One connection, until it fails."""
        kafka = await started(self._options, self._timeout)
        self._failure, self._moved_at = None, time.monotonic()
        try:
            await self._carry(kafka)
        finally:
            # What is under way may yet arrive, and will be sent again: the bus drops the second.
            try:
                await stopped(kafka, LAST_WORDS_S)
            finally:
                self._settle()
                self._spool.give_back(self._under_way)
                self._under_way.clear()

    async def _carry(self, kafka: AIOKafkaProducer) -> None:
        while True:
            self._event.clear()
            self._settle()
            if self._failure is not None:
                raise self._failure
            room = self._window - len(self._under_way)
            taken = self._spool.take(min(room, _FIRST)) if room > 0 else []
            for each in taken:
                await self._send(kafka, each)
            if not taken and not self._event.is_set():
                await self._wait()

    async def _send(self, kafka: AIOKafkaProducer, taken: Taken) -> None:
        ticket, record = taken
        if not self._under_way:
            self._moved_at = time.monotonic()
        self._under_way[ticket] = time.monotonic()
        try:
            done = await kafka.send(record.topic, record.value, key=record.key, headers=list(record.headers))
        except MessageSizeTooLargeError:
            self._set_aside(ticket)
        except (KafkaError, TimeoutError) as problem:
            raise unreachable(problem, record.topic) from None
        else:
            done.add_done_callback(lambda future: self._done(ticket, record.topic, future))

    def _done(self, ticket: Ticket, topic: str, future: "asyncio.Future[Any]") -> None:
        """A record's end: confirmed, refused for good, or the end of this connection."""
        self._event.set()
        problem = None if future.cancelled() else future.exception()
        if future.cancelled() or ticket not in self._under_way:
            return
        if problem is None:
            self._confirmed.append((ticket, self._under_way.pop(ticket)))
        elif isinstance(problem, MessageSizeTooLargeError):
            self._set_aside(ticket)
        else:
            self._failure = unreachable(problem, topic)

    def _set_aside(self, ticket: Ticket) -> None:
        self._under_way.pop(ticket, None)
        self.unsendable += 1

    def _settle(self) -> None:
        """Let what is confirmed leave the spool."""
        confirmed, self._confirmed = self._confirmed, []
        if not confirmed:
            return
        now = time.monotonic()
        oldest = now - min(sent_at for _, sent_at in confirmed)
        self._window = max(_LEAST, self._window // 2) if oldest > _SLOW_S else min(_MOST, self._window * 2)
        self._spool.confirm([ticket for ticket, _ in confirmed])
        self.sent += len(confirmed)
        self.trouble, self._moved_at = None, now
        self._progress.set()

    async def _wait(self) -> None:
        """Wait for something new or something confirmed. Errors: ``BusUnreachable`` when nothing is for too long."""
        left = self._moved_at + self._timeout - time.monotonic() if self._under_way else None
        try:
            async with asyncio.timeout(left):
                await self._event.wait()
        except TimeoutError:
            raise unreachable(TimeoutError(), None) from None
