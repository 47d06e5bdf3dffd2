"""Canaries (kanariefåglar): test events in both directions for each path of the rules, and what came of them.

One kind must arrive in time where a rule shall bring it, the other must never arrive where a wall stands. What each
one must do comes from the rules' own cases, not from the pack that runs: a pack that has lost a wall is found by it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from consumers.health import Reason
from schemas.alarms import AlarmCode

#: How long a test event may take to be decided on.
IN_TIME: Final = timedelta(seconds=15)
#: A path that has failed is tried again so soon, out of its turn.
AGAIN_AFTER: Final = timedelta(seconds=15)
#: More late paths than this are one alarm: it is not the rules.
MANY: Final = 5
#: What is told as the place of that one alarm.
EVERYWHERE: Final = "several rules"
_MAIN: Final = "main"


class Direction(StrEnum):
    """What a path is watched for."""

    ARRIVE = "arrive"
    NEVER = "never"


class Last(StrEnum):
    """How the last test of a path ended."""

    WAITING = "waiting"  # none has ended yet
    OK = "ok"
    LATE = "late"
    LEAKED = "leaked"


@dataclass(frozen=True, slots=True)
class Canary:
    """One test event and what must come of it.

    Shape: ``body`` is the event as published, its times around ``anchor``; ``desk`` is whom it is from. ``arrive`` and
    ``never`` are addresses: a desk, or ``desk#view_group``. With ``only``, nobody else may get it but its own desk.
    ``proves`` and ``walls`` are the rules that bring it, and those that keep it from somebody.
    """

    name: str
    event_type: str
    desk: str
    body: Mapping[str, Any]
    anchor: datetime
    arrive: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    only: bool = False
    proves: tuple[str, ...] = ()
    walls: tuple[str, ...] = ()

    @property
    def paths(self) -> Iterator[tuple[str, Direction]]:
        """Which rules it tests, in which direction."""
        for rule in self.proves:
            yield rule, Direction.ARRIVE
        for rule in self.walls:
            yield rule, Direction.NEVER


class Outcome(NamedTuple):
    """What a test event came to: the addresses that must have got it and did not, and those that must not and did."""

    missing: tuple[str, ...]
    leaked: tuple[str, ...]


def judge(canary: Canary, told: Mapping[str, Any]) -> Outcome:
    """Hold what was decided of a test event against what must come of it.

    Shape: ``told`` is a record of ``canary.results``. A refused event has arrived nowhere.
    """
    deliveries = [(str(each["desk"]), str(each["group"])) for each in told.get("deliveries", ())]
    made = {str(desk) for desks in told.get("made", {}).values() for desk in desks}
    got = {desk for desk, _ in deliveries} | {f"{desk}#{group}" for desk, group in deliveries} | made
    missing = [each for each in canary.arrive if each not in got or each.partition("#")[0] not in made]
    leaked = [each for each in canary.never if each in got]
    if canary.only:
        wanted = {each.partition("#")[0] for each in canary.arrive} | {canary.desk}
        leaked += sorted((made | {desk for desk, _ in deliveries}) - wanted)
    return Outcome(tuple(missing), tuple(dict.fromkeys(leaked)))


def _each_path_first(canaries: Sequence[Canary]) -> list[Canary]:
    """Those that test a path that no former one does come first, so that every path is soon tested once."""
    seen: set[tuple[str, Direction]] = set()
    first, later = list[Canary](), list[Canary]()
    for canary in canaries:
        (later if seen.issuperset(canary.paths) else first).append(canary)
        seen.update(canary.paths)
    return first + later


@dataclass(slots=True)
class Path:
    """How one rule stands in one direction."""

    last: Last = Last.WAITING
    at: datetime | None = None
    seconds: float | None = None
    case: str = ""
    where: tuple[str, ...] = ()


@dataclass(slots=True)
class Counted:
    """Test events so far. They count nowhere else."""

    sent: int = 0
    arrived: int = 0
    late: int = 0
    leaked: int = 0
    refused: int = 0


class _Sent(NamedTuple):
    canary: Canary
    at: datetime


@dataclass(slots=True)
class Rounds:
    """Whose turn it is, what is on its way, and how every path stands.

    Shape: ``every`` is the time between two test events of the round. Times are aware UTC, and parameters.
    """

    canaries: Sequence[Canary]
    every: timedelta
    counted: Counted = field(default_factory=Counted)
    paths: dict[tuple[str, Direction], Path] = field(default_factory=dict)
    _turn: int = 0
    _due: datetime | None = None
    _sent: dict[str, _Sent] = field(default_factory=dict)
    _again: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.canaries = _each_path_first(self.canaries)
        self.paths = {path: Path() for canary in self.canaries for path in canary.paths}

    def due(self, now: datetime) -> list[Canary]:
        """The test events to send now: the next of the round, and those whose path has failed."""
        on_way = {sent.canary.name for sent in self._sent.values()}
        found = [
            canary for canary in self.canaries if self._again.get(canary.name, now) < now and canary.name not in on_way
        ]
        if self.canaries and (self._due is None or now >= self._due):
            self._due = max(now - self.every, self._due or now) + self.every
            canary = self.canaries[self._turn % len(self.canaries)]
            self._turn += 1
            if canary.name not in on_way and canary not in found:
                found.append(canary)
        return found

    def sent(self, event_id: str, canary: Canary, now: datetime) -> None:
        """A test event is on its way."""
        self._sent[event_id] = _Sent(canary, now)
        self.counted.sent += 1

    def heard(self, told: Mapping[str, Any], now: datetime) -> None:
        """What was decided of one; of another watch's, nothing."""
        sent = self._sent.pop(str(told.get("event_id")), None)
        if sent is None:
            return
        took = (now - sent.at).total_seconds()
        outcome = judge(sent.canary, told)
        late = bool(outcome.missing) or now - sent.at > IN_TIME
        self.counted.refused += bool(told.get("refused"))
        self._count(late=late, leaked=bool(outcome.leaked))
        self._settle(sent.canary, Direction.ARRIVE, Last.LATE if late else Last.OK, outcome.missing, now, took)
        walls = Last.LEAKED if outcome.leaked else Last.OK
        self._settle(sent.canary, Direction.NEVER, walls, outcome.leaked, now, took)
        if late or outcome.leaked:
            self._again[sent.canary.name] = now + AGAIN_AFTER
        else:
            self._again.pop(sent.canary.name, None)

    def overdue(self, now: datetime) -> None:
        """Take note of those that were not decided on in time."""
        for event_id, sent in list(self._sent.items()):
            if now - sent.at > IN_TIME:
                del self._sent[event_id]
                self._count(late=True, leaked=False)
                took = (now - sent.at).total_seconds()
                self._settle(sent.canary, Direction.ARRIVE, Last.LATE, (), now, took)
                if (
                    not sent.canary.proves
                ):  # what only stands before a wall shows by its absence that nothing is decided
                    self._settle(sent.canary, Direction.NEVER, Last.LATE, (), now, took)
                self._again[sent.canary.name] = now + AGAIN_AFTER

    def reasons(self) -> Iterator[Reason]:
        """What is not well: each wall that leaks, by its rule; paths that are late, or that there are many."""
        for (rule, _), path in self.paths.items():
            if path.last is Last.LEAKED:
                yield Reason(AlarmCode.CANARY_LEAKED, rule, len(path.where))
        late = [(rule, path) for (rule, _), path in self.paths.items() if path.last is Last.LATE]
        if len(late) > MANY:
            yield Reason(AlarmCode.CANARY_LATE, EVERYWHERE, len(late))
            return
        for rule, path in late:
            yield Reason(AlarmCode.CANARY_LATE, rule, round(path.seconds or 0, 1))

    def shown(self) -> dict[str, Any]:
        """For the console: every path with its last result. Rules, cases and desks of rules; no content."""
        rules = [
            {
                "rule": rule,
                "direction": direction.value,
                "last": path.last.value,
                "at": path.at,
                "seconds": None if path.seconds is None else round(path.seconds, 2),
                "case": path.case,
                "where": list(path.where),
            }
            for (rule, direction), path in sorted(self.paths.items())
        ]
        counted = {
            "sent": self.counted.sent,
            "arrived": self.counted.arrived,
            "late": self.counted.late,
            "leaked": self.counted.leaked,
            "refused": self.counted.refused,
        }
        return {"cases": len(self.canaries), "counted": counted, "rules": rules}

    def _count(self, *, late: bool, leaked: bool) -> None:
        self.counted.late += late
        self.counted.leaked += leaked
        self.counted.arrived += not late and not leaked

    def _settle(
        self, canary: Canary, direction: Direction, last: Last, where: Iterable[str], now: datetime, took: float
    ) -> None:
        """Note how a test ended. A path that has failed is well again when the case that showed it is."""
        for path, (_, towards) in ((self.paths[each], each) for each in canary.paths):
            failed = path.last in {Last.LATE, Last.LEAKED}
            if towards is direction and (last is not Last.OK or not failed or path.case == canary.name):
                path.last, path.at, path.seconds, path.case, path.where = last, now, took, canary.name, tuple(where)
