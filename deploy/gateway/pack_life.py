"""The life of the rule pack for operations: what runs, what was proposed, put in force, taken back or refused."""

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
from streams.core.share.bundle import pack_bundle
from streams.core.share.history import History, replay
from streams.core.share.loading import RULES

#: Seconds for which a look at the topic holds good.
_GOOD_S: Final = 5.0
_RETRY_AFTER_S: Final = 5


class PackLife:
    """Reads the life of the pack, when somebody asks and the last look is a while ago.

    Shape: ``first`` is the folder of the pack that the workers began with (``SAMBUS_RULES``, else the package's own).
    """

    def __init__(
        self, options: Mapping[str, Any], gazetteer: Gazetteer, codec: Codec, first: Path | None = None
    ) -> None:
        self._options, self._gazetteer, self._codec = options, gazetteer, codec
        self._first = first or Path(os.environ.get("SAMBUS_RULES") or RULES)
        self._looking = asyncio.Lock()
        self._told: dict[str, Any] | None = None
        self._steps = -1
        self._looked = 0.0

    async def told(self) -> dict[str, Any]:
        """What operations may know of it: versions, times, how many signed, and why a step was refused.

        Errors: ``WebProblem`` 503.
        """
        async with self._looking:
            if self._told is None or time.monotonic() - self._looked > _GOOD_S:
                self._told = await self._look()
                self._looked = time.monotonic()
            return self._told

    async def _look(self) -> dict[str, Any]:
        try:
            records = await pack_records(self._options, self._codec)
        except (BusUnreachableError, TopicMissingError, TimeoutError):
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=_RETRY_AFTER_S) from None
        if self._told is not None and len(records) == self._steps:  # steps are only ever added
            return self._told
        history = await asyncio.to_thread(replay, records, pack_bundle(self._first), self._gazetteer)
        self._steps = len(records)
        return _life(history)


def _life(history: History) -> dict[str, Any]:
    running = history.running.pack
    steps = [
        {
            "at": each.at,
            "action": each.record.action,
            "version": each.record.version,
            "signatures": len(each.record.signatures),
            "refused": None if each.refused is None else each.refused.code,
        }
        for each in reversed(history.steps)
    ]
    return {
        "running": running.version,
        "rules": len(running.rules),
        "since": next((s["at"] for s in steps if s["action"] != "proposed" and s["refused"] is None), None),
        "before": list(reversed(history.before)),
        "steps": steps,
    }
