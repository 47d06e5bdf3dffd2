"""The rule pack that runs on the bus now, read from its topic when somebody asks and the last look is a while ago."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.packs import pack_records
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer
from schemas.web import WebCode, WebProblem
from streams.core.share import Pack
from streams.core.share.bundle import pack_bundle
from streams.core.share.history import replay
from streams.core.share.loading import RULES

#: Seconds for which a look at the topic holds good.
_GOOD_S: Final = 20.0
_RETRY_AFTER_S: Final = 5


class RunningPack:
    """Gives the pack in force, compiled once for each version.

    Shape: ``first`` is the folder of the pack that the workers began with (``SAMBUS_RULES``, else the package's own).
    """

    def __init__(
        self, options: Mapping[str, Any], gazetteer: Gazetteer, codec: Codec, first: Path | None = None
    ) -> None:
        self._options = options
        self._gazetteer = gazetteer
        self._codec = codec
        self._first = first or Path(os.environ.get("SAMBUS_RULES") or RULES)
        self._looking = asyncio.Lock()
        self._pack: Pack | None = None
        self._steps = -1
        self._looked = 0.0

    async def get(self) -> Pack:
        """The pack in force; while the bus is away, the one that was in force at the last look.

        Errors: ``WebProblem`` 503 when nobody has reached the bus yet; ``PackError`` for a first pack that is no good.
        """
        async with self._looking:
            if self._pack is None or time.monotonic() - self._looked > _GOOD_S:
                await self._look()
        if self._pack is None:
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=_RETRY_AFTER_S)
        return self._pack

    async def _look(self) -> None:
        try:
            records = await pack_records(self._options, self._codec)
        except (BusUnreachableError, TopicMissingError):
            return
        if len(records) != self._steps:  # steps are only ever added
            history = await asyncio.to_thread(replay, records, pack_bundle(self._first), self._gazetteer)
            running = history.running.pack
            if self._pack is None or running.version != self._pack.version:
                self._pack = running
            self._steps = len(records)
        self._looked = time.monotonic()
