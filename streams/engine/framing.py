"""The edges at which a registry matters: what units publish under its ids, and what desks read by tools of their own.

Everything else is in single-object encoding, so nothing that the bus keeps, and no gateway, needs a registry
(docs/adr/0020).
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from schemas.avro import DELIVERY_PREFIX
from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.schema_ids import MAGIC, RegistrySilentError, SchemaIds
from schemas.tasks import end
from streams.engine.records import Record
from streams.engine.signals import Signal, emit

#: Seconds between questions for the ids of deliveries, as long as some are missing, and between two complaints.
ASK_EVERY: Final = 10.0

_DELIVERIES: Final = tuple(f"{DELIVERY_PREFIX}{name}" for name in EVENT_TYPES)


class Framing:
    """What a worker asks of a registry. One for all its lanes; without a registry there is none."""

    def __init__(self, codec: Codec, ids: SchemaIds) -> None:
        self._codec = codec
        self._ids = ids
        self._asking: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()
        self._complained = -ASK_EVERY

    async def begin(self) -> None:
        """Ask for the ids of deliveries, and wait for the first answer or the first silence.

        Deliveries of a type whose id is not known go out in single-object encoding meanwhile, also on desks' own
        topics: sharing does not wait for a registry, and it is told. It is asked again until all are known.
        """
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="registry-ids")
        await self._asked.wait()

    async def end(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            await end(self._asking)

    async def look_up(self, records: Sequence[Record]) -> None:
        """Look up the ids in records before they are decided on; those that stay unknown are rejected as unresolved."""
        framed = [record.value for record in records if record.value and record.value[0] == MAGIC]
        if framed:
            try:
                await self._ids.learn(framed)
            except RegistrySilentError:
                self._complain(missing=len(framed))

    async def _ask(self) -> None:
        while missing := await self._missing():
            self._complain(missing=missing)
            self._asked.set()
            await asyncio.sleep(ASK_EVERY)
        self._asked.set()

    async def _missing(self) -> int:
        """Take what ids there are into use; how many deliveries have none."""
        try:
            found = await self._ids.of(_DELIVERIES)
        except RegistrySilentError:
            return len(_DELIVERIES)
        self._codec.write_with(found)
        return len(_DELIVERIES) - len(found)

    def _complain(self, missing: int) -> None:
        """Tell that ids are missing, now and then."""
        if time.monotonic() - self._complained >= ASK_EVERY:
            self._complained = time.monotonic()
            emit(Signal.SCHEMA_IDS_MISSING, level="warning", missing=missing)
