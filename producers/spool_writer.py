"""Puts records that come one by one into a spool, many with one wait for the disk."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from producers.publisher import IN_FLIGHT
from producers.spool import Spool, Ticket
from producers.spool_record import DANGER, SpoolRecord
from producers.spool_refusal import Refusal, SpoolRefusedError

#: So many records are put with one wait for the disk.
_TOGETHER: Final = 500


class _Waiting(NamedTuple):
    """A record that is not on the disk yet, and until when it waits for room in a full spool."""

    record: SpoolRecord
    taken: "asyncio.Future[Ticket]"
    until: float


class SpoolWriter:
    """Puts records into a spool in the order in which they come.

    Shape: ``run`` works until it is closed; ``told`` is called when records were taken.
    Units: ``patience`` in seconds, for room in a full spool.
    Errors: the future of a record has ``SpoolRefusedError`` when it was not taken.
    """

    def __init__(self, spool: Spool, told: Callable[[], None], *, patience: float) -> None:
        self._spool = spool
        self._told = told
        self._patience = patience
        self._queue: deque[_Waiting] = deque()
        self._stir = asyncio.Event()
        self._closing = False
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._loop = asyncio.get_running_loop()
        spool.freed = self._freed

    async def put(self, record: SpoolRecord) -> "asyncio.Future[Ticket]":
        """Hand over a record; the future is done when it is on the disk.

        Waits while too many are on their way; danger to life does not wait for others.
        """
        if record.urgency != DANGER:
            await self._places.acquire()
        taken: asyncio.Future[Ticket] = self._loop.create_future()
        self._queue.append(_Waiting(record, taken, self._loop.time() + self._patience))
        self._stir.set()
        return taken

    async def run(self) -> None:
        """Put what comes, until it is closed. In a full spool records wait for room as long as their patience lasts."""
        refused: list[_Waiting] = []
        while self._queue or not self._closing:
            self._stir.clear()
            batch = [*refused, *self._next()]
            refused = await self._put(batch) if batch else []
            if not self._queue and not self._closing:
                await self._wait(refused)
        for each in refused:
            self._tell(each, SpoolRefusedError(Refusal.SPOOL_FULL))

    def close(self) -> None:
        """Let ``run`` end when all that was handed over has its answer."""
        self._closing = True
        self._stir.set()

    def _freed(self) -> None:
        self._loop.call_soon_threadsafe(self._stir.set)

    def _next(self) -> list[_Waiting]:
        return [self._queue.popleft() for _ in range(min(_TOGETHER, len(self._queue)))]

    async def _put(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Put a batch; gives those for which there is no room, and which still wait."""
        results = await asyncio.to_thread(self._spool.put_all, [each.record for each in batch])
        refused = []
        for each, result in zip(batch, results, strict=True):
            if _is_full(result) and self._loop.time() < each.until:
                refused.append(each)
            else:
                self._tell(each, result)
        if len(refused) < len(batch):
            self._told()
        return refused

    def _tell(self, waiting: _Waiting, result: Ticket | SpoolRefusedError) -> None:
        if waiting.record.urgency != DANGER:
            self._places.release()
        if waiting.taken.done():  # nobody waits any more; what is on the disk is sent all the same
            return
        if isinstance(result, SpoolRefusedError):
            waiting.taken.set_exception(result)
        else:
            waiting.taken.set_result(result)

    async def _wait(self, refused: list[_Waiting]) -> None:
        """Wait until something comes, there is room, or a record has waited long enough."""
        until = min((each.until for each in refused), default=None)
        try:
            async with asyncio.timeout_at(until):
                await self._stir.wait()
        except TimeoutError:
            return


def _is_full(result: Ticket | SpoolRefusedError) -> bool:
    return isinstance(result, SpoolRefusedError) and result.refusal is Refusal.SPOOL_FULL
