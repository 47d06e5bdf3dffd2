"""A publisher's clock against the bus's: from the time that each event claims and the time at which the bus took it.

An event that claims to be of the future tells of a clock that runs ahead. One of the past may only have waited, in a
spool or on a slow line, or tell of old things. So a clock runs behind if even the quickest of the last events seem to
have come too late, all of them by as much, though they came apart: what waited comes at once, what is old is old by
different lengths, and nobody's clock is a day behind.
"""

import statistics
from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

#: More seconds than this is told.
LIMIT: Final = 120.0
#: So many of the last events count.
WINDOW: Final = 15
#: A clock behind is told of by so many events, within so many seconds of each other, taken so many seconds apart.
ENOUGH, ALIKE, APART = 3, 60.0, 5.0
_FARTHEST: Final = 86_400.0


class Claim(NamedTuple):
    """How far ahead (negative: behind) of the bus's the claimed time was, and when the bus took it; both in seconds."""

    ahead: float
    taken: float


@dataclass(slots=True)
class Skew:
    """The last claims of one publisher."""

    claims: deque[Claim] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def heard(self, claimed_ms: int, taken_ms: int) -> None:
        """An event claimed one time, and the bus took it at another."""
        self.claims.append(Claim((claimed_ms - taken_ms) / 1000, taken_ms / 1000))

    @property
    def seconds(self) -> float | None:
        """How far the clock is ahead (negative: behind), as far as can be told; None when it cannot."""
        if not self.claims:
            return None
        middle = statistics.median(claim.ahead for claim in self.claims)
        if middle >= 0:
            return round(middle, 1)
        best = sorted(self.claims, reverse=True)[:ENOUGH]
        apart = max(claim.taken for claim in best) - min(claim.taken for claim in best)
        alike = best[0].ahead - best[-1].ahead <= ALIKE
        known = best[0].ahead > -LIMIT or (len(best) == ENOUGH and alike and apart >= APART)
        return round(min(0.0, best[0].ahead), 1) if known and best[0].ahead > -_FARTHEST else None

    @property
    def skewed(self) -> bool:
        """Whether that is too much."""
        told = self.seconds
        return told is not None and abs(told) > LIMIT
