"""The watch: looks at every part in turn, each in a task of its own, and tells what all of them found.

A part that fails or hangs becomes a reason itself and is started anew; the others go on. What it found last stays told
meanwhile: an alarm does not end because nobody looks.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

from aiokafka.errors import KafkaConnectionError

from consumers.bus import BusUnreachableError
from consumers.health import Reason
from consumers.watch.findings import Figure, Findings, Part
from consumers.watch.snapshot import Snapshot
from schemas.alarms import AlarmCode
from schemas.signals import ALARM, WATCHED_AT
from schemas.tasks import end, within

#: Seconds between looks, and how long one may take.
EVERY: Final = 3.0
DEADLINE: Final = 8.0
#: The part whose look is the measurement of the bus itself.
BUS: Final = "bus"
_START: Final = 30.0
_STOP: Final = 2.0
_ORDER: Final = {code: place for place, code in enumerate(AlarmCode)}


class WatchSignal(StrEnum):
    """What the watch tells of itself: names, codes and types, never content."""

    STARTED = "watch_started"
    RAISED = "alarm_raised"
    ENDED = "alarm_ended"
    FAILED = "part_failed"
    UNTOLD = "snapshot_not_published"
    STOPPED = "watch_stopped"


class Tell(Protocol):
    """Where signals go."""

    def __call__(self, signal: WatchSignal, /, **fields: object) -> None:
        """Tell of something."""


def quietly(_: WatchSignal, /, **__: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a part found last, when, and why it cannot look now."""

    found: Findings = field(default_factory=Findings)
    at: datetime | None = None
    failure: Reason | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All parts together: the snapshot, and the figures for Prometheus."""

    snapshot: Snapshot
    figures: tuple[Figure, ...]


class Watcher:
    """Runs the parts until it is cancelled.

    Shape: ``publish`` gets each snapshot, every ``every`` seconds; ``latest`` is what was told last, for whoever asks.
    Errors: none of a part's; those of ``publish`` are told as a signal.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        publish: Callable[[Snapshot], Awaitable[None]],
        tell: Tell = quietly,
        every: float = EVERY,
        deadline: float = DEADLINE,
    ) -> None:
        self._parts, self._publish, self._tell = parts, publish, tell
        self._every, self._deadline = every, deadline
        self._seen: dict[str, Seen] = {}
        self._publishing: asyncio.Task[None] | None = None
        self.latest = together({}, datetime.now(UTC))

    async def run(self) -> None:
        """Look and tell."""
        self._tell(WatchSignal.STARTED, parts=",".join(part.name for part in self._parts))
        keeping = [asyncio.create_task(self._keep(part)) for part in self._parts]
        try:
            while True:
                await asyncio.sleep(self._every if self._all_looked() else min(self._every, 0.2))
                self._tell_all()
        finally:
            ending = [*keeping, *([self._publishing] if self._publishing is not None else [])]
            await end(*ending)
            self._tell(WatchSignal.STOPPED)

    def _all_looked(self) -> bool:
        return len(self._seen) == len(self._parts)

    def _tell_all(self) -> None:
        if not self._all_looked():  # the first snapshot waits for everybody's first look or failure
            return
        before = set(self.latest.snapshot.reasons)
        self.latest = together(self._seen, datetime.now(UTC))
        self._tell_changes({_place(each) for each in before}, self.latest.snapshot.reasons)
        if self._publishing is None or self._publishing.done():  # else the bus is slow: /metrics do not wait for it
            self._publishing = asyncio.create_task(self._publish_one(self.latest.snapshot))

    async def _publish_one(self, snapshot: Snapshot) -> None:
        try:
            await within(self._publish(snapshot), self._deadline)
        except Exception as problem:  # noqa: BLE001 - whatever it is: /metrics tells on, and the next one is tried
            self._tell(WatchSignal.UNTOLD, problem=type(problem).__name__)

    def _tell_changes(self, before: set[tuple[AlarmCode, str]], now: Sequence[Reason]) -> None:
        after = {_place(reason) for reason in now}
        for reason in now:
            if _place(reason) not in before:
                self._tell(WatchSignal.RAISED, code=reason.code.value, where=reason.where, value=reason.value)
        for code, where in sorted(before - after):
            self._tell(WatchSignal.ENDED, code=code.value, where=where)

    async def _keep(self, part: Part) -> None:
        """Look at one part for ever; start it anew when it failed."""
        while True:
            try:
                await within(part.start(), _START)
                while True:
                    began, now = time.monotonic(), datetime.now(UTC)
                    self._seen[part.name] = Seen(await within(part.look(now), self._deadline), now)
                    await asyncio.sleep(max(0.0, self._every - (time.monotonic() - began)))
            except Exception as problem:  # noqa: BLE001 - whatever it is, the other parts go on
                self._failed(part.name, problem)
            finally:
                with suppress(Exception):
                    await within(part.stop(), _STOP)
            await asyncio.sleep(self._every)

    def _failed(self, name: str, problem: Exception) -> None:
        away = isinstance(problem, BusUnreachableError | KafkaConnectionError)
        reason = Reason(AlarmCode.BUS_UNREACHABLE, "kafka", 1) if away else Reason(AlarmCode.NOT_WATCHED, name, 1)
        seen = self._seen.get(name, Seen())
        if seen.failure != reason:
            self._tell(WatchSignal.FAILED, part=name, problem=type(problem).__name__)
        self._seen[name] = replace(seen, failure=reason)


def together(seen: Mapping[str, Seen], now: datetime) -> Told:
    """What all parts found, reasons in the order in which to look at them, each place told once."""
    reasons = _once(reason for each in seen.values() for reason in (*each.found.reasons, *_failures(each)))
    figures = [figure for each in seen.values() for figure in each.found.figures]
    figures += [Figure(ALARM, (reason.code.value, reason.where), 1) for reason in reasons]
    bus = seen.get(BUS, Seen())
    if bus.at is not None:
        figures.append(Figure(WATCHED_AT, (), bus.at.timestamp()))
    shown = {name: each.found.shown for name, each in seen.items() if name != BUS}
    return Told(Snapshot(now, reasons, bus.found.shown or None, shown), tuple(figures))


def _failures(seen: Seen) -> Iterable[Reason]:
    return () if seen.failure is None else (seen.failure,)


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    first: dict[tuple[AlarmCode, str], Reason] = {}
    for reason in reasons:
        first.setdefault(_place(reason), reason)
    return tuple(sorted(first.values(), key=lambda reason: _ORDER[reason.code]))


def _place(reason: Reason) -> tuple[AlarmCode, str]:
    return reason.code, reason.where
