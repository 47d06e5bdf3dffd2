"""The gateway's durable spool: while the bus is away, an event is taken once it is on the gateway's own disk."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from producers.carrying import Carrying
from producers.encoding import Encoded
from producers.spool import Spool
from producers.spool_record import SpoolRecord
from producers.spool_refusal import SpoolRefusedError
from schemas.flash import flash_topic_of
from schemas.gazetteer import load_gazetteer
from schemas.topics import GATEWAY_IN

#: A publisher waits for an answer: a full spool is told at once. Seconds.
_PATIENCE_S: Final = 0.0
#: How long an end of the gateway waits for the bus to take what is left. Seconds.
_CLOSING_S: Final = 2.0


class DurableSpool:
    """Keeps records of any desk, encrypted, and sends them by itself when the bus is there again.

    Shape: a ``Spool`` of ``producers.http.bus`` over an open one on the disk, which it closes at its end; what an
    earlier process left there is sent. Units: ``timeout`` in seconds for the bus.
    """

    def __init__(
        self, options: Mapping[str, Any], spool: Spool, *, topic: str = GATEWAY_IN, timeout: float = 30.0
    ) -> None:
        self._options, self._spool, self._topic, self._timeout = options, spool, topic, timeout
        self._flash_topic = flash_topic_of(topic, load_gazetteer())
        self._carrying: Carrying | None = None

    @property
    def waiting(self) -> int:
        """How many records are taken and not confirmed."""
        return len(self._spool)

    async def __aenter__(self) -> Self:
        self._carrying = Carrying(self._options, self._spool, timeout=self._timeout, patience=_PATIENCE_S)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        carrying, self._carrying = self._carrying, None
        if carrying is not None:
            await carrying.aclose(_CLOSING_S)

    async def keep(self, record: Encoded) -> bool:
        """Whether the record is on the disk when this returns; false when there is no room for it."""
        if self._carrying is None:
            return False
        headers = tuple(record.headers)
        topic = self._flash_topic if record.flash else self._topic
        put = SpoolRecord(topic, record.key, record.value, headers, record.urgency)
        try:
            await asyncio.shield(await self._carrying.put(put))
        except SpoolRefusedError:
            return False
        return True
