"""An open spool at work: what comes is put into it, and carried to the bus, until it is closed."""

import asyncio
from collections.abc import Mapping
from typing import Any

from producers.sender import Sender
from producers.spool import Spool, Ticket
from producers.spool_record import SpoolRecord
from producers.spool_writer import SpoolWriter
from schemas.tasks import end_or_raise


class Carrying:
    """Works from when it is made, in a running loop, until ``aclose``, which closes the spool as well.

    Units: ``timeout`` for the bus and ``patience`` for room in a full spool, in seconds.
    """

    def __init__(self, options: Mapping[str, Any], spool: Spool, *, timeout: float, patience: float) -> None:
        self.spool = spool
        self.sender = Sender(options, spool, timeout=timeout)
        self._writer: SpoolWriter | None = SpoolWriter(spool, self.sender.wake, patience=patience)
        self._writing = asyncio.create_task(self._writer.run())
        self._sending = asyncio.create_task(self.sender.run())

    async def put(self, record: SpoolRecord) -> "asyncio.Future[Ticket]":
        """Hand over a record: as ``SpoolWriter.put``. Errors: ``RuntimeError`` once it is closed."""
        if self._writer is None:
            raise RuntimeError("the spool is closed")
        return await self._writer.put(record)

    async def aclose(self, within: float) -> int:
        """Take nothing more, wait so many seconds for the bus to have all, let go; how many records stay in the spool.

        It does not wait for a bus that is out of reach. May be called more than once.
        """
        writer, self._writer = self._writer, None
        if writer is None:
            return 0
        writer.close()
        await self._writing
        left = await self.sender.empty(within, patient=False)
        await end_or_raise(self._sending)
        await asyncio.to_thread(self.spool.close)
        return left
