"""Which publishers are silent, and whose clock is wrong: from what each was heard to say last, by its rhythm."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from consumers.health import Reason
from consumers.watch.rhythm import Rhythm
from consumers.watch.set_rhythms import SetRhythm
from consumers.watch.skew import Skew
from schemas.alarms import AlarmCode

#: Who has said nothing for so long is no longer expected: it was told as silent all that time.
FORGOTTEN_AFTER: Final = timedelta(days=60)
_HOUR: Final = timedelta(hours=1)


class Heard(NamedTuple):
    """One record of an intake topic, without what it says: who, when the bus took it, when it claims to be of.

    Units: milliseconds since 1970; ``claimed_ms`` is None when it claims nothing.
    """

    taken_ms: int
    origin: str
    claimed_ms: int | None


@dataclass(slots=True)
class Publisher:
    """What is known of one desk that publishes. ``rate`` are events of the last hour, fading."""

    rhythm: Rhythm
    skew: Skew = field(default_factory=Skew)
    rate: float = 0.0

    def heard(self, moment: datetime) -> None:
        """It published."""
        self.rate = self.rate_at(moment) + 1
        self.rhythm.heard(moment)

    def rate_at(self, now: datetime) -> float:
        """Events an hour, as it stands now."""
        return self.rate * float(2.0 ** -(max(timedelta(), now - self.rhythm.last) / _HOUR))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one publisher stands. ``limit`` is how long it may be quiet now: None when not known, or quiet is meant."""

    origin: str
    last: datetime
    quiet_for: timedelta
    limit: timedelta | None
    learned: bool
    per_hour: float
    skew: float | None
    skewed: bool

    @property
    def silent(self) -> bool:
        """Whether it says nothing for too long."""
        return self.limit is not None and self.quiet_for > self.limit

    def shown(self) -> dict[str, Any]:
        """For the console."""
        return {
            "origin": self.origin,
            "last": self.last,
            "per_hour": round(self.per_hour, 1),
            "silent": self.silent,
            "silent_after_seconds": None if self.limit is None else round(self.limit.total_seconds()),
            "quiet": self.limit is None,
            "learned": self.learned,
            "skew_seconds": self.skew,
            "skewed": self.skewed,
        }


class Publishers:
    """Every desk that publishes: heard, judged, and kept over a restart.

    Shape: ``given`` are rhythms that were set, by desk or by unit; they outdo what was learned.
    """

    def __init__(self, given: Iterable[SetRhythm] = ()) -> None:
        self._given = {each.publisher: each for each in given}
        self._awaited = {desk for desk, each in self._given.items() if "/" in desk and not each.retired}
        self._known: dict[str, Publisher] = {}
        self._changed: set[str] = set()

    def hear(self, heard: Iterable[Heard]) -> None:
        """Take what was published, in the order in which the bus took it."""
        for each in heard:
            moment = datetime.fromtimestamp(each.taken_ms / 1000, UTC)
            known = self._known.get(each.origin)
            if known is None:
                known = self._known[each.origin] = Publisher(Rhythm.begun(moment), rate=1)
            else:
                known.heard(moment)
            if each.claimed_ms is not None:
                known.skew.heard(each.claimed_ms, each.taken_ms)
            self._changed.add(each.origin)

    def verdicts(self, now: datetime, since: datetime | None = None) -> list[Verdict]:
        """How all of them stand, those that are silent first.

        Shape: ``since`` is from when on the bus could be reached: nobody is called silent for the time before.
        """
        for origin in [o for o, each in self._known.items() if now - each.rhythm.last > FORGOTTEN_AFTER]:
            del self._known[origin]
            self._changed.discard(origin)
        for origin in self._awaited - self._known.keys():  # it may never have published: its time begins now
            self._known[origin] = Publisher(Rhythm.begun(now))
        found = [self._verdict(origin, known, now, since) for origin, known in self._known.items()]
        return sorted(found, key=lambda each: (not each.silent, not each.skewed, each.origin))

    def _verdict(self, origin: str, known: Publisher, now: datetime, since: datetime | None) -> Verdict:
        last = known.rhythm.last if since is None else max(known.rhythm.last, since)
        given = self._given.get(origin) or self._given.get(origin.partition("/")[0])
        if given is None:
            quiet_for, limit = known.rhythm.quiet_for(now, since), known.rhythm.limit(now)
        else:
            quiet_for, limit = given.quiet_for(last, now), given.limit(now)
        return Verdict(
            origin,
            known.rhythm.last,
            quiet_for,
            limit,
            learned=given is None,
            per_hour=known.rate_at(now),
            skew=known.skew.seconds,
            skewed=known.skew.skewed,
        )

    def changed(self) -> dict[str, dict[str, Any]]:
        """What is to be kept anew, by desk."""
        return {origin: self._known[origin].rhythm.as_json() for origin in self._changed if origin in self._known}

    def kept(self, origin: str) -> None:
        """What ``changed`` gave of a desk was written."""
        self._changed.discard(origin)

    def restore(self, origin: str, told: Mapping[str, Any]) -> None:
        """Take what was kept. What cannot be read is learned anew."""
        try:
            self._known[origin] = Publisher(Rhythm.from_json(told))
        except (KeyError, TypeError, ValueError):
            self._known.pop(origin, None)


def reasons(verdicts: Iterable[Verdict]) -> Iterator[Reason]:
    """What is not well among publishers."""
    for each in verdicts:
        if each.silent:
            yield Reason(AlarmCode.PUBLISHER_SILENT, each.origin, round(each.quiet_for.total_seconds(), 1))
        if each.skewed and each.skew is not None:
            yield Reason(AlarmCode.CLOCK_SKEWED, each.origin, each.skew)
