"""The bus itself: lag, rates, workers, quarantine, missing topics, measured over the same connections."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from consumers.bus import administrator
from consumers.health import Health, Limits, Measured, evaluate
from consumers.measure import Meter
from consumers.watch.findings import Figure, Findings
from consumers.watch.progress import Progress
from schemas.codec import Codec
from schemas.signals import AGENT_LAG_S, AGENT_UNREAD, QUARANTINED, TOPIC_RATE, WORKERS

#: Records of a partition that a look counts one by one: fewer than for one answer to a person.
_COUNTED: Final = 500


class BusPart:
    """Measures and judges. ``workers`` is how many ran at the last look.

    Shape: ``shown`` is the ground of the verdict, as ``sambus status --json`` gives it.

    Errors: ``BusUnreachableError`` from ``start`` and ``look`` when no broker answers.
    """

    name = "bus"

    def __init__(self, options: Mapping[str, Any], group: str, expected: Collection[str], limits: Limits) -> None:
        self._options, self._group, self._expected, self._limits = options, group, expected, limits
        self._meter: Meter | None = None
        self._progress = Progress()
        self.workers = 0

    async def start(self) -> None:
        """Connect."""
        meter = Meter(self._options, self._group, self._expected, Codec(), counted=_COUNTED)
        self._meter = await meter.__aenter__()

    async def stop(self) -> None:
        """Let go of the connections."""
        meter, self._meter = self._meter, None
        if meter is not None:
            await meter.__aexit__(None, None, None)

    async def look(self, now: datetime) -> Findings:
        """Measure; whether anybody answers at all is asked beside it, over a new connection, and known sooner."""
        assert self._meter is not None  # noqa: S101 - started
        measuring = asyncio.create_task(self._meter.measure())
        try:
            async with administrator(self._options):
                pass
            measured = await measuring
        finally:
            if not measuring.done():
                measuring.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await measuring
        health = evaluate(measured, self._limits)
        self.workers = len(health.workers)
        reasons = (*health.reasons, *self._progress.stuck(measured.lags, now))
        return Findings(reasons, tuple(figures(health)), shown(health, measured))


def shown(health: Health, measured: Measured) -> dict[str, Any]:
    """The ground of the verdict, and each source's partitions for whoever wants to know which one is behind."""
    told = asdict(health)
    for name in ("at", "reasons"):
        del told[name]
    partitions = [
        {
            "topic": lag.topic,
            "partition": lag.partition,
            "owner": measured.owners.get((lag.topic, lag.partition)),
            "unread": lag.unread,
            "next": lag.begin,
        }
        for lag in measured.lags
    ]
    return {**told, "partitions": partitions, "missing_topics": list(measured.missing_topics)}


def figures(health: Health) -> Iterator[Figure]:
    """What Prometheus gets of it."""
    for source in health.sources:
        yield Figure(AGENT_LAG_S, (source.stage, source.topic), source.lag_seconds)
        yield Figure(AGENT_UNREAD, (source.stage, source.topic), source.unread)
        yield Figure(TOPIC_RATE, (source.topic,), source.per_second)
    for code, count in health.quarantined.items():
        yield Figure(QUARANTINED, (code,), count)
    yield Figure(WORKERS, (), len(health.workers))
