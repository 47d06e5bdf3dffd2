"""What every way of publishing has in common: events in, a receipt for each out, in bounded memory."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from producers.encoding import AnyEvent
from schemas.problems import Problem

#: How many events may be under way before the oldest must be confirmed: bounds memory, fills every partition's batch.
IN_FLIGHT = 2_000


class Receipt(NamedTuple):
    """What became of one event. A rejected one was not sent; ``problems`` say where and what would be right.

    Shape: one that is taken has its place on the bus, or none as long as it stands in the spool.
    """

    event_id: str | None
    status: Literal["taken", "rejected"]
    problems: tuple[Problem, ...] = ()
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None

    @property
    def kept(self) -> Literal["bus", "spool"] | None:
        """Who has an event that is taken: the bus has confirmed it, or it is on the disk of the spool."""
        if self.status != "taken":
            return None
        return "spool" if self.offset is None else "bus"


class Submission(NamedTuple):
    """An event on its way: already rejected, or waiting for the bus to confirm it."""

    event_id: str | None
    problems: tuple[Problem, ...] = ()
    confirmation: "asyncio.Future[Any] | None" = None

    @property
    def settled(self) -> bool:
        """Whether its receipt is there without waiting."""
        return self.confirmation is None or self.confirmation.done()


class Publisher(ABC):
    """Publishes one desk's events: straight to the bus (``Producer``), or by way of the disk (``SpooledProducer``).

    Errors: ``BusUnreachable`` or ``SpoolRefusedError`` when an event could not be taken. What an event says never
    raises: it is rejected.
    """

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def publish(self, event: AnyEvent) -> Receipt:
        """Publish one event and wait until the bus has it."""
        return await self.settle(await self.submit(event))

    async def publish_many(self, events: Iterable[AnyEvent]) -> list[Receipt]:
        """Publish a batch; the receipts stand in the order of the events."""
        return [receipt async for receipt in self.publish_stream(_each(events))]

    async def publish_stream(self, events: AsyncIterable[AnyEvent]) -> AsyncIterator[Receipt]:
        """Publish as events come, however many; receipts in the same order, memory bounded."""
        under_way: deque[Submission] = deque()
        async for event in events:
            under_way.append(await self.submit(event))
            while len(under_way) >= IN_FLIGHT or (under_way and under_way[0].settled):
                yield await self.settle(under_way.popleft())
        while under_way:
            yield await self.settle(under_way.popleft())

    @abstractmethod
    async def submit(self, event: AnyEvent) -> Submission:
        """Validate and hand over one event without waiting until it is taken; waits when there is no room."""

    @abstractmethod
    async def settle(self, submission: Submission) -> Receipt:
        """Wait until a submitted event is taken."""

    async def flush(self, within: float, *, patient: bool = True) -> int:  # noqa: ARG002 - for those with a spool
        """Wait until the bus has all that was taken, for so many seconds; how many events it does not have yet.

        Shape: not ``patient``: it does not wait for a bus that is out of reach.
        """
        return 0


async def _each(events: Iterable[AnyEvent]) -> AsyncIterator[AnyEvent]:
    for event in events:
        yield event
