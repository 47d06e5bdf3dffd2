"""What it costs to compare one event more: sighting and index, with few and with very many events in the index.

``python -m tests.bench.index [--sizes A,B,C]``: once with a month after the other, and once with all in one season.
"""

import argparse
import gc
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import chain
from typing import Any, Final

import orjson
import psutil

from schemas.fingerprint import fingerprint
from streams.core.link.form import Sighting
from streams.core.link.index import Index
from streams.core.link.match import Match, Matcher
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter
from streams.core.reference import load_reference
from tests.quality.labels import Telling
from tests.quality.making import crowded, made
from tests.quality.matching import native
from tests.streams.core.made import KEYS

SIZES: Final = (10_000, 100_000, 1_000_000)
_MONTH_MS: Final = 28 * 86_400_000
#: As long as the index keeps what it compares.
_SEASON: Final = 90
#: Times that each size is timed; the quickest counts, because what runs beside only ever makes it slower.
_ROUNDS: Final = 5


@dataclass(frozen=True)
class Cost:
    """With so many events indexed. Units: processor time in microseconds an event; memory in bytes an event.

    Shape: ``crowded``: all of them happened in the days for which the index keeps them, at the same busy places, so
    that blocks fill with the index; otherwise each month has blocks of its own. ``compared`` and ``found`` are pairs
    an event.
    """

    crowded: bool
    indexed: int
    sight_us: float
    index_us: float
    compared: float
    found: float
    entry_bytes: int


class _Counting(Matcher):
    """The matcher, with a count of what it was asked."""

    count = 0

    def compare(self, one: Sighting, other: Sighting) -> Match | None:
        """As the matcher does."""
        self.count += 1
        return super().compare(one, other)


class _Filled:
    """An index of so many events, and what it costs to take others."""

    def __init__(self, size: int) -> None:
        self.size, self.count = size, 0
        self._matcher = _Counting()
        self._index = Index(self._matcher)
        self._spent = list[float]()
        self._compared = self._found = self._timed = 0

    def fill(self, sighting: Sighting) -> None:
        """Take one, if there is room."""
        if self.count < self.size:
            self._index.take(sighting)
            self.count += 1

    def time(self, sightings: Sequence[Sighting]) -> None:
        """Take some, and remember what it cost."""
        asked, started = self._matcher.count, time.process_time()
        found = sum(len(self._index.take(sighting)) for sighting in sightings)
        self._spent.append((time.process_time() - started) / len(sightings) * 1e6)
        self._compared += self._matcher.count - asked
        self._found += found
        self._timed += len(sightings)

    def cost(self, *, crowded: bool, sight_us: float, entry_bytes: float) -> Cost:
        """What was measured."""
        compared, found = self._compared / self._timed, self._found / self._timed
        spent = round(min(self._spent), 1)
        return Cost(
            crowded, self.count, round(sight_us, 1), spent, round(compared, 2), round(found, 2), round(entry_bytes)
        )


def measure(sizes: Sequence[int] = SIZES, *, sample: int = 2_000) -> list[Cost]:
    """The costs at each size, both ways.

    What is timed are other events of the same days, so they meet those that they match. All sizes take the same ones
    in turn: what else the machine does falls on each of them.
    """
    return [*_one_after_the_other(sizes, sample), *_all_at_once(sizes, sample)]


def _one_after_the_other(sizes: Sequence[int], sample: int) -> Iterator[Cost]:
    """A labelled month again and again, each time in a month of its own, as years bring events."""
    sightings, sight_us = _sightings(sample)
    base, probes = sightings[1::2], sightings[::2]
    months = max(sizes) // len(base) + 1
    filling = chain.from_iterable(_in_month(base, month) for month in range(months))
    # Each size has had some of the first month, and none of those that are timed.
    timed = (_in_month(probes, month) for month in range(_ROUNDS))
    yield from _timed(sizes, filling, timed, crowded=False, sight_us=sight_us)


def _all_at_once(sizes: Sequence[int], sample: int) -> Iterator[Cost]:
    """Ever more events of the same season and the same busy places: so many as no country has."""
    corpora = (list(_bare(corpus.tellings)) for corpus in crowded(sample, _SEASON))
    yield from _timed(sizes, chain.from_iterable(corpora), corpora, crowded=True, sight_us=_sightings(sample)[1])


def _timed(
    sizes: Sequence[int],
    filling: Iterator[Sighting],
    probes: Iterator[list[Sighting]],
    *,
    crowded: bool,
    sight_us: float,
) -> Iterator[Cost]:
    gc.collect()
    before = psutil.Process().memory_info().rss
    filled = [_Filled(size) for size in sizes]
    for sighting in filling:
        for each in filled:
            each.fill(sighting)
        if all(each.count == each.size for each in filled):
            break
    held = (psutil.Process().memory_info().rss - before) / sum(each.count for each in filled)
    for _ in range(_ROUNDS):
        timed = next(probes)
        for each in filled:
            each.time(timed)
    for each in filled:
        yield each.cost(crowded=crowded, sight_us=sight_us, entry_bytes=held)


def _bare(tellings: Iterable[Telling]) -> Iterator[Sighting]:
    """Sightings of first tellings as they were made up, not read from the wire: very many are needed."""
    sighter = _sighter()
    for telling in tellings:
        if telling.revises is None:
            event = telling.body | {"origin_unit": _origin(telling)}
            sighting = sighter.sight(event, _key(event, telling), 0)
            if sighting is not None:
                yield sighting


@cache
def _sighter() -> Sighter:
    return Sighter(load_reference(), Tokens(KEYS))


def _key(event: Mapping[str, Any], telling: Telling) -> bytes:
    return f"{fingerprint(str(event['event_type']), event)}@{_unit(telling)}".encode()


def _sightings(sample: int) -> tuple[list[Sighting], float]:
    """Sightings of a labelled month, and the microseconds that one took."""
    sighter = _sighter()
    told = [(native(telling.body), telling) for telling in made(sample, seed=31).tellings if telling.revises is None]
    keyed = [(event, _key(event, each)) for body, each in told for event in [body | {"origin_unit": _origin(each)}]]
    for event, key in keyed[:200]:
        sighter.sight(event, key, 0)
    started = time.process_time()
    found = [sighter.sight(event, key, 0) for event, key in keyed]
    spent = (time.process_time() - started) / len(keyed) * 1e6
    return [sighting for sighting in found if sighting is not None], spent


def _unit(telling: Telling) -> str:
    return telling.desk.rpartition("/")[0]


def _origin(telling: Telling) -> dict[str, Any]:
    return {"unit": _unit(telling), "function": telling.desk.rpartition("/")[2]}


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


def main() -> None:
    """Measure, and tell a line for each size."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.index", description=__doc__)
    options.add_argument("--sizes", default=",".join(map(str, SIZES)), help="events in the index, ascending")
    sizes = [int(size) for size in options.parse_args().sizes.split(",")]
    for cost in measure(sizes):
        sys.stdout.write(orjson.dumps(asdict(cost)).decode() + "\n")


if __name__ == "__main__":
    main()
