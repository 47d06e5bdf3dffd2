"""The client for programs without an event loop: the same calls without ``await``; one thread does the work."""

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from producers.encoding import AnyEvent
from producers.publisher import IN_FLIGHT, Publisher, Receipt, Submission
from producers.receipts import News, Receipts
from schemas.receipts import ReceiptLine

T = TypeVar("T")
P = TypeVar("P", bound=Publisher)
W = TypeVar("W", bound=Publisher | Receipts)


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="sambus-client")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do a piece of work and wait for it. Errors: what the work raises; Ctrl-C ends the work as well."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _WithoutAwait(Generic[W]):
    """Something that is used in ``async with``, used in ``with``: entered, asked and left in a loop of its own."""

    def __init__(self, wrapped: W) -> None:
        self.wrapped = wrapped
        self._loop: Loop | None = None

    def __enter__(self) -> Self:
        self._loop = loop = Loop()
        try:
            loop.run(self.wrapped.__aenter__())
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._run(self.wrapped.__aexit__(kind, error, trace))
        finally:
            self._let_go()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise RuntimeError("use the client in `with`")
        return self._loop.run(work)

    def _let_go(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()


class SyncProducer(_WithoutAwait[P]):
    """Publishes without ``await``: ``with SyncProducer(Producer(...)) as bus: bus.publish(event)``.

    Shape: around a ``Producer`` or a ``SpooledProducer``, which is there as ``wrapped``. Its methods may be called
    from several threads.
    Errors: those of what it is around.
    """

    def publish(self, event: AnyEvent) -> Receipt:
        """Publish one event and wait until it is taken."""
        return self._run(self.wrapped.publish(event))

    def publish_many(self, events: Iterable[AnyEvent]) -> list[Receipt]:
        """Publish a batch; the receipts stand in the order of the events."""
        return self._run(self.wrapped.publish_many(events))

    def publish_stream(self, events: Iterable[AnyEvent]) -> Iterator[Receipt]:
        """Publish as events come, however many; receipts in the same order, memory bounded."""
        under_way: deque[Submission] = deque()
        for event in events:
            under_way.append(self._run(self.wrapped.submit(event)))
            while len(under_way) >= IN_FLIGHT or (under_way and under_way[0].settled):
                yield self._run(self.wrapped.settle(under_way.popleft()))
        while under_way:
            yield self._run(self.wrapped.settle(under_way.popleft()))

    def flush(self, within: float) -> int:
        """Wait until the bus has all that was taken, for so many seconds; how many events it does not have yet."""
        return self._run(self.wrapped.flush(within))


class SyncReceipts(_WithoutAwait[Receipts]):
    """What became of a desk's events, for a program without an event loop.

    ``with SyncReceipts(Receipts(...)) as receipts: for news in receipts``. Errors: those of ``Receipts``.
    """

    def __iter__(self) -> Iterator[News]:
        while self._loop is not None:
            try:
                yield self._loop.run(self.wrapped.__anext__())
            except StopAsyncIteration:
                return

    def settled(self, event_ids: Iterable[str], within: float) -> dict[str, ReceiptLine]:
        """Wait until events are settled, for so many seconds; what became of each."""
        return self._run(self.wrapped.settled(event_ids, within))
