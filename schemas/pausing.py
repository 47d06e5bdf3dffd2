"""When intake of a source pauses, and goes on: limits as data, and a gate for each source. Values only, no clock.

A gate is open, paused for a while, or on trial: then it lets a few records through, and opens if they are good.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final, NamedTuple, Self

import yaml
from pydantic import Field

from schemas.gazetteer import Gazetteer
from schemas.model import Model, Moment, Ref
from schemas.problems import RejectCode

#: Faults that are not the source's: a registry that is silent, keys that were not given out, and the bus itself.
NOT_THEIRS: Final = frozenset(
    {RejectCode.INTERNAL, RejectCode.SCHEMA_ID_UNRESOLVED, RejectCode.SEAL_UNOPENED, RejectCode.PACK_REFUSED}
)
#: A window is counted in so many parts.
_PARTS: Final = 12
_NONE: Final[Mapping[str, int]] = {}
_NO_CODES: Final[Counter[str]] = Counter()


class PauseLimits(Model):
    """Limits of one source. Units: seconds and records as named; ``share`` of what came, 0 to 1."""

    window_seconds: Annotated[float, Field(gt=0, le=86_400)]
    most: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]
    first_pause_seconds: Annotated[float, Field(gt=0, le=86_400)]
    longest_pause_seconds: Annotated[float, Field(gt=0, le=86_400)]
    trial: Annotated[int, Field(ge=1, le=100_000)]
    settle_seconds: Annotated[float, Field(ge=0, le=3_600)]


class Pausing(Model):
    """Limits of all sources: the usual ones, and what differs for single sources."""

    version: Ref
    usual: PauseLimits
    sources: Mapping[str, Mapping[str, float]] = {}

    def of(self, source: str) -> PauseLimits:
        """The limits of a source: a desk's own, else its unit's, else the usual ones."""
        own = self.sources.get(source) or self.sources.get(source.partition("/")[0]) or {}
        return PauseLimits.model_validate(self.usual.model_dump() | dict(own))


def read_pausing(text: str, gazetteer: Gazetteer | None = None) -> Pausing:
    """Limits from YAML.

    Errors: ``ValueError`` for a key or value that is not known, and, with a gazetteer, for a source that is none.
    """
    found = Pausing.model_validate(yaml.safe_load(text))
    for source in found.sources:
        found.of(source)
        if gazetteer is not None and not (gazetteer.known_desk(source) or gazetteer.known(source)):
            raise ValueError("a source is a desk or a unit of the gazetteer")
    return found


@lru_cache(maxsize=1)
def load_pausing() -> Pausing:
    """The limits that the package ships."""
    return read_pausing((files("schemas.data") / "pausing.yaml").read_text("utf-8"))


class GateState(StrEnum):
    """How intake of a source stands."""

    OPEN = "open"
    PAUSED = "paused"
    TRIAL = "trial"


class SourcePause(Model):
    """How intake of a source stands, as whoever paused it tells it; the latest of each place is all that counts.

    Shape: ``where`` is ``gateway``, or a partition of a unit's own topic. Numbers are those of the window in which it
    was paused; ``times`` is how often it was paused since it last was good.
    """

    source: Ref
    where: Ref
    state: Ref
    since: Moment
    until: Moment | None = None
    came: int = 0
    rejected: int = 0
    times: int = 0
    codes: list[Ref] = []


class PauseEnd(Model):
    """Operations let a source go on at once: a desk, or a unit with all its desks."""

    source: Ref
    by: Ref
    at: Moment


class Paused(NamedTuple):
    """What a gate tells of itself. Times are seconds of the caller's clock."""

    state: GateState
    since: float
    until: float | None
    came: int
    rejected: int
    times: int
    codes: tuple[str, ...]


class Gate:
    """Intake of one source.

    Shape: ``room`` says how many records may come now, ``count`` counts what did; ``told`` is how it stands, and
    changes only when that does. Units: seconds of one clock that never goes back.
    """

    def __init__(self, limits: PauseLimits, now: float = 0.0) -> None:
        self._limits = limits
        self._window = _Window(limits.window_seconds)
        self._trial_came = self._trial_rejected = 0
        self._settles: float | None = None
        self.told = Paused(GateState.OPEN, now, None, 0, 0, 0, ())

    @property
    def open(self) -> bool:
        """Whether it is open."""
        return self.told.state is GateState.OPEN

    def room(self, now: float) -> int:
        """How many records may come now: none while it is paused, few on trial."""
        self._move(now)
        match self.told.state:
            case GateState.PAUSED:
                return 0
            case GateState.TRIAL:
                return max(0, self._limits.trial - self._trial_came)
            case GateState.OPEN:
                _, rejected = self._window.sums(now)
                return max(self._limits.most - rejected, self._limits.trial) + 1

    def wait(self, now: float) -> float:
        """Seconds until something may come; 0 when it may now."""
        self._move(now)
        if self.told.state is GateState.OPEN or self.room(now):
            return 0.0
        ends = self.told.until if self.told.state is GateState.PAUSED else self._settles
        return max(1.0, (ends or now) - now)

    def count(self, now: float, came: int, rejected: Mapping[str, int] = _NONE) -> None:
        """So many records came, and so many went to quarantine, by code: of these, or of those that came before.

        Shape: what is not the source's fault does not count.
        """
        self._move(now)
        theirs = Counter({code: n for code, n in rejected.items() if code not in NOT_THEIRS}) if rejected else _NO_CODES
        self._window.add(now, came, theirs)
        if self.told.state is GateState.OPEN and not theirs:
            return
        if self.told.state is GateState.TRIAL:
            self._trial_came += came
            self._trial_rejected += theirs.total()
            if self._trial_came >= self._limits.trial and self._settles is None:
                self._settles = now + self._limits.settle_seconds
        self._move(now)

    def go_on(self, now: float) -> None:
        """Operations let it go on: it is open, and nothing that was counted before counts."""
        self._window = _Window(self._limits.window_seconds)
        self._open(now)

    def _move(self, now: float) -> None:
        """Let it stand as it must by now."""
        if self.told.state is GateState.OPEN:
            came, rejected = self._window.sums(now)
            if rejected > self._limits.most and rejected > self._limits.share * came:
                self._pause(now, came, rejected, self._window.codes(now))
        elif self.told.state is GateState.PAUSED and self.told.until is not None and now >= self.told.until:
            self._trial_came = self._trial_rejected = 0
            self._settles = None
            self.told = self.told._replace(state=GateState.TRIAL, since=now, until=None)
        elif self.told.state is GateState.TRIAL:
            self._judge(now)

    def _judge(self, now: float) -> None:
        """End a trial, when enough of what was let through was bad, or all of it is known."""
        allowed = self._limits.share * self._limits.trial
        if self._trial_rejected > allowed:
            self._pause(now, self._trial_came, self._trial_rejected, self.told.codes)
        elif self._settles is not None and now >= self._settles:
            self.go_on(now)

    def _pause(self, now: float, came: int, rejected: int, codes: Iterable[str]) -> None:
        times = self.told.times + 1
        pause = min(self._limits.first_pause_seconds * 2 ** (times - 1), self._limits.longest_pause_seconds)
        self._window = _Window(self._limits.window_seconds)
        self._settles = None
        self.told = Paused(GateState.PAUSED, now, now + pause, came, rejected, times, tuple(codes))

    def _open(self, now: float) -> None:
        self._settles = None
        self.told = Paused(GateState.OPEN, now, None, 0, 0, 0, ())


class _Window:
    """What came in the last seconds, and what of it was rejected, in parts of the window; the sums are kept with it."""

    def __init__(self, seconds: float) -> None:
        self._part = seconds / _PARTS
        self._counts: dict[int, tuple[int, Counter[str]]] = {}
        self._newest = -1
        self._came = self._rejected = 0

    def add(self, now: float, came: int, rejected: Counter[str]) -> None:
        part = self._forget(now)
        before, codes = self._counts.get(part, (0, _NO_CODES))
        self._counts[part] = before + came, codes + rejected if rejected else codes
        self._came += came
        if rejected:
            self._rejected += rejected.total()

    def sums(self, now: float) -> tuple[int, int]:
        self._forget(now)
        return self._came, self._rejected

    def codes(self, now: float) -> tuple[str, ...]:
        self._forget(now)
        total: Counter[str] = sum((codes for _, codes in self._counts.values()), Counter())
        return tuple(code for code, _ in total.most_common())

    def _forget(self, now: float) -> int:
        """Let go of the parts that are over; which part it is now."""
        part = int(now / self._part)
        if part != self._newest:
            self._newest = part
            for old in [each for each in self._counts if each <= part - _PARTS]:
                came, codes = self._counts.pop(old)
                self._came -= came
                self._rejected -= codes.total()
        return part


class Gates:
    """The gates of many sources by their names. One that was never busy takes no room."""

    def __init__(self, pausing: Pausing, most: int = 10_000) -> None:
        self._pausing = pausing
        self._most = most
        self._gates: dict[str, Gate] = {}

    def of(self, source: str, now: float) -> Gate:
        """The gate of a source."""
        gate = self._gates.get(source)
        if gate is None:
            if len(self._gates) >= self._most:
                self._gates = {name: each for name, each in self._gates.items() if not each.open}
            gate = self._gates[source] = Gate(self._pausing.of(source), now)
        return gate

    def go_on(self, source: str, now: float) -> list[str]:
        """Let a source go on: a desk, or a unit with all its desks; which were not open."""
        meant = [
            name
            for name, gate in self._gates.items()
            if not gate.open and (name == source or name.partition("/")[0] == source)
        ]
        for name in meant:
            self._gates[name].go_on(now)
        return meant

    def __iter__(self) -> Any:
        """Every source with its gate."""
        return iter(tuple(self._gates.items()))

    @classmethod
    def shipped(cls) -> Self:
        """Gates with the limits that the package ships."""
        return cls(load_pausing())
