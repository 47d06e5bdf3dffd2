"""A worker's metrics: what its lanes have counted, as figures, when somebody asks. Nothing is done for it before."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

from schemas.figures import Figure, Shown
from schemas.gazetteer import Gazetteer
from schemas.low_counts import by_area, coarse
from schemas.signals import (
    DECIDING_S,
    DROPPED,
    DUPLICATES,
    FLASH,
    LANES,
    LATE,
    REBALANCES,
    REJECTED,
    SHARED,
    STATE_BYTES,
    STATE_ENTRIES,
    TAKEN,
    WITHHELD,
    WRITTEN,
)
from streams.engine.app import Lanes

#: Whoever asks waits so long for the worker's loop; past it the worker counts as one that does not answer. Seconds.
_PATIENCE_S: Final = 5.0
#: The area of publishers that are in none: the bus itself.
_NO_AREA: Final = "bus"


class Measures:
    """The figures of one worker. It may be called from any thread.

    Errors: ``TimeoutError`` when the worker's loop hangs: no answer is what tells of it.
    """

    def __init__(self, lanes: Lanes, gazetteer: Gazetteer) -> None:
        self._lanes, self._gazetteer = lanes, gazetteer

    def __call__(self) -> list[Shown]:
        """The figures now, taken between two pieces of the lanes' work."""
        loop = self._lanes.app.loop
        if not loop.is_running():
            return list(self._figures())
        return asyncio.run_coroutine_threadsafe(self._taken(), loop).result(_PATIENCE_S)

    async def _taken(self) -> list[Shown]:
        return list(self._figures())

    def _figures(self) -> Iterator[Shown]:
        tally = self._lanes.tally
        yield from tally.delivery.spreads()
        yield from tally.transaction.spreads()
        yield from tally.opening.spreads()
        yield Figure(SHARED, (), tally.shared)
        yield Figure(LATE, (), tally.late)
        for kind, count in tally.rebalances.items():
            yield Figure(REBALANCES, (kind,), count)
        for stage, lanes in self._lanes.stages().items():
            yield Figure(LANES, (stage,), lanes)
        for rule, count in tally.withheld.items():
            if told := coarse(count):
                yield Figure(WITHHELD, (rule,), told)
        yield from self._of_agents()
        for state, (entries, weight) in self._lanes.states().items():
            yield Figure(STATE_ENTRIES, (state,), entries)
            yield Figure(STATE_BYTES, (state,), weight)

    def _of_agents(self) -> Iterator[Shown]:
        duplicates, flash = Counter[tuple[str, str]](), Counter[str]()
        for agent, (counters, _) in self._lanes.totals().items():
            yield Figure(TAKEN, (agent,), counters.records_taken)
            yield Figure(WRITTEN, (agent,), counters.records_written)
            yield Figure(DECIDING_S, (agent,), counters.deciding_s)
            for code, count in counters.rejected.items():
                yield Figure(REJECTED, (agent, code), count)
            for outcome, count in counters.dropped.items():
                yield Figure(DROPPED, (agent, outcome), count)
            flash.update({"taken": counters.flash_taken} | counters.flash_refused)
            for (unit, outcome), count in counters.duplicates.items():
                duplicates[self._area(unit), outcome] += count
        for outcome, count in flash.items():
            yield Figure(FLASH, (outcome,), count)
        for labels, count in by_area(duplicates).items():
            yield Figure(DUPLICATES, labels, count)

    def _area(self, unit: str) -> str:
        try:
            return self._gazetteer.area_of_delivery(unit)
        except KeyError:  # the bus's own, and units of a gazetteer that has gone
            return _NO_AREA
