"""The gateway's durable spool: while the bus is away, an event is taken once it is on the gateway's own disk."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from producers.encoding import Encoded
from producers.sender import Sender
from producers.spool import MAX_BYTES, Spool
from producers.spool_keys import SpoolKeys
from producers.spool_record import SpoolRecord, urgency_of
from producers.spool_refusal import SpoolRefusedError
from producers.spool_writer import SpoolWriter
from schemas.topics import GATEWAY_IN

#: A publisher waits for an answer: a full spool is told at once. Seconds.
_PATIENCE_S: Final = 0.0
#: How long an end of the gateway waits for the bus to take what is left. Seconds.
_CLOSING_S: Final = 2.0


class DurableSpool:
    """Keeps records of any desk, encrypted, and sends them by itself when the bus is there again.

    Shape: a ``Spool`` of ``producers.http.bus``; ``waiting`` counts what is not confirmed. One process at a time has
    a folder. Units: ``timeout`` in seconds for the bus; ``max_bytes`` on the disk.
    Errors: ``SpoolError`` when it is entered and the folder cannot be used.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        folder: Path,
        keys: SpoolKeys,
        *,
        topic: str = GATEWAY_IN,
        timeout: float = 30.0,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._options, self._folder, self._keys = options, folder, keys
        self._topic, self._timeout, self._max_bytes = topic, timeout, max_bytes
        self._spool: Spool | None = None
        self._writer: SpoolWriter | None = None
        self._sender: Sender
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """How many records are taken and not confirmed."""
        return 0 if self._spool is None else len(self._spool)

    async def __aenter__(self) -> Self:
        """Open it; what an earlier process left is sent."""
        self._spool = await asyncio.to_thread(Spool, self._folder, self._keys, max_bytes=self._max_bytes)
        self._sender = Sender(self._options, self._spool, timeout=self._timeout)
        self._writer = SpoolWriter(self._spool, self._sender.wake, patience=_PATIENCE_S)
        self._tasks = [asyncio.create_task(self._writer.run()), asyncio.create_task(self._sender.run())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take nothing more and let go; what the bus does not have by then stays on the disk."""
        writer, self._writer = self._writer, None
        if writer is None or self._spool is None:
            return
        writing, sending = self._tasks
        writer.close()
        await writing
        await self._sender.empty(_CLOSING_S, patient=False)
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        await asyncio.to_thread(self._spool.close)

    async def keep(self, record: Encoded) -> bool:
        """Whether the record is on the disk when this returns; false when there is no room for it."""
        if self._writer is None:
            return False
        headers = tuple(record.headers)
        put = SpoolRecord(self._topic, record.key, record.value, headers, urgency_of(record.event))
        try:
            await asyncio.shield(await self._writer.put(put))
        except SpoolRefusedError:
            return False
        return True
