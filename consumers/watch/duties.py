"""What desks owe, as the watch sees it: flash alerts that nobody acknowledged in time, obligations near and past due.

Follows the books that workers keep, and works out only what has changed.
"""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from consumers.duties import summed_up
from consumers.following import Following
from consumers.health import Reason
from consumers.watch.findings import Figure, Findings
from schemas.alarms import AlarmCode
from schemas.codec import Codec
from schemas.duties import Duty
from schemas.signals import DUTIES_DUE, FLASH_OLDEST_S
from schemas.topics import BOOKS

#: An obligation that falls due within this is near.
NEAR: Final = timedelta(hours=1)
#: To acknowledge within so short a time is owed of flash alerts alone.
FLASH_WITHIN: Final = timedelta(minutes=15)
_ACKNOWLEDGED: Final = "acknowledged"
_FETCH_BYTES: Final = 4 * 1024 * 1024


class Owed(NamedTuple):
    """One obligation that is open: whose, what, since when, until when, and whether it is of a flash alert."""

    desk: str
    obligation: str
    opened_at: datetime
    due_at: datetime
    flash: bool


class DutiesPart:
    """Errors: ``BusUnreachableError``, ``TopicMissingError``."""

    name = "duties"

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._codec = Codec()
        self._closing = AsyncExitStack()
        self._owed: dict[bytes, tuple[Owed, ...]] = {}

    async def start(self) -> None:
        """Read the books to their end, and follow them."""
        self._owed.clear()
        following = Following(self._options, BOOKS, self._take, max_partition_fetch_bytes=_FETCH_BYTES)
        await self._closing.enter_async_context(following)

    async def stop(self) -> None:
        """Let go."""
        await self._closing.aclose()

    async def look(self, now: datetime) -> Findings:
        """Sum up."""
        return found([each for owed in self._owed.values() for each in owed], now)

    def _take(self, key: bytes, value: bytes | None) -> None:
        owed = () if value is None else tuple(map(_owed, summed_up([value], self._codec).owed))
        if owed:
            self._owed[key] = owed
        else:
            self._owed.pop(key, None)


def found(owed: Iterable[Owed], now: datetime) -> Findings:
    """What is to be said of what is owed: an alarm for each desk with a flash alert past its time."""
    late_flash: dict[str, float] = {}
    kinds: dict[str, dict[str, Any]] = {}
    oldest: float | None = None
    for each in owed:
        kind = kinds.setdefault(each.obligation, {"open": 0, "near": 0, "late": 0, "first_due": each.due_at})
        kind["open"] += 1
        kind["late"] += each.due_at <= now
        kind["near"] += now < each.due_at <= now + NEAR
        kind["first_due"] = min(kind["first_due"], each.due_at)
        if each.flash:
            waited = round((now - each.opened_at).total_seconds(), 1)
            oldest = max(oldest or 0.0, waited)
            if each.due_at <= now:
                late_flash[each.desk] = max(late_flash.get(each.desk, 0.0), waited)
    totals = {name: sum(kind[name] for kind in kinds.values()) for name in ("open", "near", "late")}
    reasons = [Reason(AlarmCode.FLASH_UNACKNOWLEDGED, desk, waited) for desk, waited in sorted(late_flash.items())]
    figures = [Figure(DUTIES_DUE, (name,), count) for name, count in totals.items()]
    if oldest is not None:
        figures.append(Figure(FLASH_OLDEST_S, (), oldest))
    shown = {
        **totals,
        "oldest_flash_seconds": oldest,
        "by_obligation": [{"obligation": name, **kind} for name, kind in sorted(kinds.items())],
    }
    return Findings(tuple(reasons), tuple(figures), shown)


def _owed(duty: Duty) -> Owed:
    flash = _ACKNOWLEDGED in duty.done_by and duty.due_at - duty.opened_at <= FLASH_WITHIN
    return Owed(duty.owed_by, duty.obligation, duty.opened_at, duty.due_at, flash)
