"""A schedule of faults, drawn from a seed alone: the same seed and kinds give the same schedule on every machine."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

#: Seconds between two faults: close upon each other, and in a long run.
CLOSE_S, CALM_S = (0.5, 4.0), (20.0, 60.0)
#: How often the next fault does not wait until the last is recovered from.
_SOONER = 0.35


class Blow(NamedTuple):
    """One fault to come: its kind, the seconds before it, what it decides by, and whether recovery is waited for."""

    kind: str
    pause_s: float
    seed: int
    wait: bool


def draw(seed: int, faults: int, kinds: Sequence[str]) -> list[Blow]:
    """So many faults."""
    return list(islice(drawn(seed, kinds), faults))


def drawn(seed: int, kinds: Sequence[str], pause_s: tuple[float, float] = CLOSE_S) -> Iterator[Blow]:
    """Faults in a random order without end; no kind comes twice before each has come once."""
    rng = random.Random(seed)  # noqa: S311 - a schedule
    bag: list[str] = []
    while True:
        if not bag:
            bag = rng.sample(kinds, len(kinds))
        pause, wait = round(rng.uniform(*pause_s), 1), rng.random() >= _SOONER
        yield Blow(bag.pop(), pause, rng.getrandbits(32), wait)
