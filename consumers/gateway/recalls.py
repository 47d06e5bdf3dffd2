"""Who has seen what was recalled, and has not yet said that it is gone: streams and pages of this gateway. No I/O."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from consumers.gateway.live import Want
from consumers.withdrawn import Withdrawal

#: How long a stream or page may take to confirm; it does so by itself, at once.
CONFIRM_WITHIN: Final = timedelta(minutes=5)
#: A page that was closed may be on a screen still: so long it is remembered, and at most so many are.
REMEMBERED: Final = timedelta(hours=24)
MOST_READINGS: Final = 50_000


@dataclass(slots=True)
class Reading:
    """One stream or page that was opened.

    Shape: ``closed_at`` is None while it is open.
    """

    reading: str
    desk: str
    subject: str
    subscription: str
    want: Want
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(slots=True)
class Asked:
    """One reading that was told to take something away."""

    at: datetime
    confirmed_at: datetime | None = None


@dataclass(slots=True)
class Recall:
    """One event that was withdrawn from a desk, and what its readings said."""

    taken: Withdrawal
    asked: dict[str, Asked] = field(default_factory=dict)

    def late(self, now: datetime) -> list[str]:
        """The readings that have not confirmed in time."""
        return [
            name for name, each in self.asked.items() if each.confirmed_at is None and now - each.at > CONFIRM_WITHIN
        ]


MaySee = Callable[[Want, Withdrawal], bool]


class RecallBook:
    """Keeps account of readings, and of what was recalled from them.

    Shape: ``may_see`` tells whether a reading may have seen what was withdrawn.
    """

    def __init__(self, clock: Callable[[], datetime], may_see: MaySee) -> None:
        self._clock = clock
        self._may_see = may_see
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._by_desk: dict[str, dict[str, Reading]] = defaultdict(dict)
        self._recalls: OrderedDict[tuple[str, str], Recall] = OrderedDict()

    def opened(self, reading: Reading) -> None:
        """A stream or page was opened, or came back."""
        self._forget_old()
        self._readings[reading.reading] = reading
        self._by_desk[reading.desk][reading.reading] = reading

    def closed(self, reading: str) -> None:
        """It went away; what it was told to take away it may still have."""
        if (known := self._readings.get(reading)) is not None:
            known.closed_at = self._clock()

    def find(self, desk: str, subject: str, subscription: str, reading: str) -> Reading | None:
        """A reading of this very reader."""
        known = self._by_desk.get(desk, {}).get(reading)
        mine = known is not None and (known.subject, known.subscription) == (subject, subscription)
        return known if mine else None

    def take(self, withdrawals: Iterable[Withdrawal]) -> None:
        """Something was withdrawn: every reading of the desk that may have seen it is asked."""
        now = self._clock()
        for taken in withdrawals:
            recall = self._recalls.setdefault((taken.order_delivery, taken.event_id), Recall(taken))
            for name, reading in self._by_desk.get(taken.desk, {}).items():
                if self._may_see(reading.want, taken):
                    recall.asked.setdefault(name, Asked(now))

    def confirm(self, reading: Reading, order_delivery: str, event_id: str) -> Withdrawal | None:
        """A reading says that it is gone; None when it was not asked. Saying it twice is saying it once."""
        recall = self._recalls.get((order_delivery, event_id))
        asked = None if recall is None else recall.asked.get(reading.reading)
        if recall is None or asked is None:
            return None
        asked.confirmed_at = asked.confirmed_at or self._clock()
        return recall.taken

    def every(self) -> tuple[Recall, ...]:
        """Every recall of which a reading was told, newest first."""
        return tuple(recall for recall in reversed(self._recalls.values()) if recall.asked)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._readings:
            oldest = next(iter(self._readings.values()))
            gone = oldest.closed_at is not None and now - oldest.closed_at > REMEMBERED
            if not gone and len(self._readings) < MOST_READINGS:
                break
            del self._readings[oldest.reading]
            self._by_desk[oldest.desk].pop(oldest.reading, None)
        while self._recalls:
            first = next(iter(self._recalls))
            if now - self._recalls[first].taken.ordered_at <= 2 * REMEMBERED:
                break
            del self._recalls[first]
