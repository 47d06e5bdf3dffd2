"""A schedule of faults, drawn from a seed alone: the same seed and kinds give the same schedule on every machine."""

import random
from collections.abc import Sequence
from typing import NamedTuple

#: Seconds between two faults, and how often the next one does not wait until the last is recovered from.
_PAUSE_S = (0.5, 4.0)
_SOONER = 0.35


class Blow(NamedTuple):
    """One fault to come: its kind, the seconds before it, what it decides by, and whether recovery is waited for."""

    kind: str
    pause_s: float
    seed: int
    wait: bool


def draw(seed: int, faults: int, kinds: Sequence[str]) -> list[Blow]:
    """So many faults in a random order; no kind comes twice before each has come once."""
    rng = random.Random(seed)  # noqa: S311 - a schedule
    bag: list[str] = []
    drawn = []
    for _ in range(faults):
        if not bag:
            bag = rng.sample(kinds, len(kinds))
        pause, wait = round(rng.uniform(*_PAUSE_S), 1), rng.random() >= _SOONER
        drawn.append(Blow(bag.pop(), pause, rng.getrandbits(32), wait))
    return drawn
