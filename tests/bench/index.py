"""What it costs to compare one event more: sighting and index, with few and with very many events in the index."""

import gc
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psutil

from schemas.fingerprint import fingerprint
from streams.core.link.form import Sighting
from streams.core.link.index import Index
from streams.core.link.match import Match, Matcher
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter
from streams.core.reference import load_reference
from tests.quality.labels import Telling
from tests.quality.making import made
from tests.quality.matching import native
from tests.streams.core.made import KEYS

SIZES: Final = (10_000, 100_000, 1_000_000)
_MONTH_MS: Final = 28 * 86_400_000
#: Months that are timed at each size; the quickest counts, because what runs beside only ever makes it slower.
_ROUNDS: Final = 3


@dataclass(frozen=True)
class Cost:
    """With so many events indexed. Units: processor time in microseconds an event; memory in bytes an event."""

    indexed: int
    sight_us: float
    index_us: float
    compared: float
    entry_bytes: int


class _Counting:
    """The matcher, with a count of what it was asked."""

    def __init__(self) -> None:
        self._matcher, self.count = Matcher(), 0

    def compare(self, a: Sighting, b: Sighting) -> Match | None:
        """As the matcher does."""
        self.count += 1
        return self._matcher.compare(a, b)


def measure(sizes: Sequence[int] = SIZES, *, sample: int = 2_000) -> list[Cost]:
    """The costs at each size.

    The index holds a labelled month again and again, each time in a month of its own, as years bring events: blocks
    hold a span of time. What is timed are the other events of the latest month, so they meet those that they match.
    """
    sightings, sight_us = _sightings(sample)
    base, probes = sightings[1::2], sightings[::2]
    matcher = _Counting()
    index, costs, count, month = Index(matcher), list[Cost](), 0, 0
    gc.collect()
    before = psutil.Process().memory_info().rss
    for size in sizes:
        while count + len(base) < size:
            count += _take(index, _in_month(base, month))
            month += 1
        spent, asked = [], matcher.count
        for _ in range(_ROUNDS):
            count += _take(index, _in_month(base, month))
            timed, asked = _in_month(probes, month), matcher.count
            started = time.process_time()
            count += _take(index, timed)
            spent.append((time.process_time() - started) / len(timed) * 1e6)
            compared = (matcher.count - asked) / len(timed)
            month += 1
        held = (psutil.Process().memory_info().rss - before) / count
        costs.append(Cost(count, round(sight_us, 1), round(min(spent), 1), round(compared, 2), round(held)))
    return costs


def _sightings(sample: int) -> tuple[list[Sighting], float]:
    """Sightings of a labelled month, and the microseconds that one took."""
    sighter = Sighter(load_reference(), Tokens(KEYS))
    told = [(native(telling.body), telling) for telling in made(sample, seed=31).tellings if telling.revises is None]
    events = [(event | {"origin_unit": _origin(telling)}, telling) for event, telling in told]
    keyed = [(event, f"{fingerprint(str(event['event_type']), event)}@{_unit(each)}") for event, each in events]
    for event, key in keyed[:200]:
        sighter.sight(event, key.encode(), 0)
    started = time.process_time()
    found = [sighter.sight(event, key.encode(), 0) for event, key in keyed]
    spent = (time.process_time() - started) / len(keyed) * 1e6
    return [sighting for sighting in found if sighting is not None], spent


def _unit(telling: Telling) -> str:
    return telling.desk.rpartition("/")[0]


def _origin(telling: Telling) -> dict[str, Any]:
    return {"unit": _unit(telling), "function": telling.desk.rpartition("/")[2]}


def _take(index: Index, sightings: Iterable[Sighting]) -> int:
    return sum(1 for sighting in sightings if index.take(sighting) is not None)


def _in_month(sightings: Sequence[Sighting], month: int) -> list[Sighting]:
    """The same events of another month: other ids, times and blocks, alike in the same way."""
    return [_moved(sighting, month) for sighting in sightings] if month else list(sightings)


def _moved(sighting: Sighting, month: int) -> Sighting:
    later = month * _MONTH_MS
    return sighting._replace(
        event_id=_other(sighting.event_id, month),
        matter=_other(sighting.matter, month),
        number=_other(sighting.number, month),
        roots=tuple(_other(root, month) for root in sighting.roots),
        refs=tuple((kind, _other(token, month)) for kind, token in sighting.refs),
        source=_other(sighting.source, month) if sighting.source else b"",
        from_ms=sighting.from_ms + later,
        to_ms=sighting.to_ms + later,
        reported_ms=sighting.reported_ms + later,
        blocks=tuple(sorted(block[:1] + _other(block[1:], month) for block in sighting.blocks)),
    )


def _other(data: bytes, month: int) -> bytes:
    """Bytes of another month, the same for what was the same."""
    mixed = int.from_bytes(data, "big") ^ (month * 0x9E3779B97F4A7C15)
    return mixed.to_bytes(max(len(data), (mixed.bit_length() + 7) // 8), "big")[-len(data) :]
