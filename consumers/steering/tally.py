"""Counting matters (ärenden): each once, by the strategy's parts that it served, its origin, and what came of it.

Ledger lines first, all of them, then readings; in any order within each. What is kept of a matter is small and does
not grow with its receivers: desks are bits of a number.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from consumers.steering.effects import Effect, effect_of
from consumers.steering.facts import READ_WITHIN_MS, Got, Line, Read
from consumers.steering.joins import Joins

_LEAST_URGENT: Final = max(READ_WITHIN_MS)

#: Which parts of the strategy a rule of a pack carries out: pack version → rule → ids of parts.
Served = Mapping[str, Mapping[str, tuple[str, ...]]]
#: Which parts matters of a type serve, whatever rule shared them: event type → ids of parts.
ServedByType = Mapping[str, frozenset[str]]
#: A publisher's clock may be so far ahead of the bus's.
_CLOCK_SKEW_MS: Final = 15 * 60_000
_NO_PARTS: Final = frozenset[str]()


class Period(NamedTuple):
    """From when to when, the end left out. Units: ms since 1970."""

    start_ms: int
    end_ms: int

    def holds(self, at_ms: int) -> bool:
        """Whether a moment lies in it."""
        return self.start_ms <= at_ms < self.end_ms

    def may_hold(self, matter: bytes) -> bool:
        """Whether a matter can have begun in it, by the time in its id: no id is made later than it is published."""
        return int.from_bytes(matter[:6], "big") < self.end_ms + _CLOCK_SKEW_MS


class Kind(NamedTuple):
    """What matters that count alike have in common: the parts that they served, the unit they came from, the effect."""

    parts: tuple[str, ...]
    unit: str
    effect: Effect


class Way(NamedTuple):
    """What deliveries that count alike have in common: from which desk to which, and the effect there."""

    origin: str
    desk: str
    effect: Effect


class Counted(NamedTuple):
    """What was counted.

    Shape: ``stirred`` are the parts by whose rules anything went, answers and findings of the bus as well;
    ``unknown_packs`` the versions of packs that decided and are not known.
    """

    matters: Counter[Kind]
    ways: Counter[Way]
    stirred: frozenset[str]
    unknown_packs: frozenset[str]


class _Matter:
    """What is kept of one matter. ``lines`` has one entry for most; masks have a bit for each desk."""

    __slots__ = ("effect", "event_type", "home", "in_time", "lines", "publishers", "start_ms")

    def __init__(self) -> None:
        self.home: str | None = None
        self.event_type = ""
        self.start_ms = 0
        self.publishers = 0
        self.lines: tuple[tuple[int, tuple[Got, ...], str], ...] = ()
        self.effect: tuple[tuple[int, Effect], ...] = ()
        self.in_time = 0


class Tally:
    """Counts the matters of a period.

    Shape: ``takes`` says of a matter's id whether this tally counts it: several tallies can share the work, each
    within bounded memory. ``unlogged`` are desks that read past the gateway, so that no log says when.
    """

    def __init__(
        self,
        period: Period,
        joins: Joins,
        served: Served,
        by_type: ServedByType,
        *,
        synthetic: bool = False,
        unlogged: frozenset[str] = frozenset(),
        takes: Callable[[bytes], bool] = lambda _: True,
    ) -> None:
        self._period, self._joins = period, joins
        self._served, self._by_type = served, by_type
        self._synthetic, self._unlogged, self._takes = synthetic, unlogged, takes
        self._matters: defaultdict[bytes, _Matter] = defaultdict(_Matter)
        self._bits: dict[str, int] = {}
        self._same: dict[tuple[Got, ...], tuple[Got, ...]] = {}
        self._parts: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
        self._stirred: set[str] = set()
        self._unknown: set[str] = set()

    def take_line(self, line: Line) -> None:
        """Take in a ledger line."""
        if line.synthetic is not self._synthetic:
            return
        if self._period.holds(line.at_ms):
            for got in line.receivers:
                if got.desk != line.origin:
                    self._stirred |= self._served_by(line.pack_version, got.rules)
        if line.is_matter:
            self._take_matter(line)
        effect = effect_of(line)
        if effect is not Effect.NONE:
            said = (self._bit(line.origin), effect)
            for root in dict.fromkeys(map(self._joins.matter, line.about)):
                if self._counts(root) and said not in (matter := self._matters[root]).effect:
                    matter.effect = (*matter.effect, said)

    def take_read(self, read: Read) -> None:
        """Take in a reading."""
        matter = self._matters.get(self._joins.matter(read.event_id))
        if matter is None or matter.home is None or matter.in_time & (bit := self._bit(read.desk)):
            return
        first = _first(matter, read.desk)
        if first is not None and read.at_ms <= first[0] + READ_WITHIN_MS.get(first[1], READ_WITHIN_MS[_LEAST_URGENT]):
            matter.in_time |= bit

    def counted(self) -> Counted:
        """What all that was taken in comes to."""
        matters, ways = Counter[Kind](), Counter[Way]()
        for matter in self._matters.values():
            if matter.home is None or not self._period.holds(matter.start_ms):
                continue
            found = self._summed(matter)
            if found is not None:
                kind, deliveries = found
                matters[kind] += 1
                ways.update(deliveries)
        return Counted(matters, ways, frozenset(self._stirred), frozenset(self._unknown))

    def _take_matter(self, line: Line) -> None:
        root = self._joins.matter(line.event_id)
        if not self._counts(root):
            return
        matter = self._matters[root]
        if line.event_id == root and line.first:
            matter.home, matter.event_type, matter.start_ms = line.origin, line.event_type, line.at_ms
        matter.publishers |= self._bit(line.origin)
        entry = (line.at_ms, self._same.setdefault(line.receivers, line.receivers), line.pack_version)
        if entry not in matter.lines:
            matter.lines = (*matter.lines, entry)

    def _counts(self, root: bytes) -> bool:
        return self._period.may_hold(root) and self._takes(root)

    def _summed(self, matter: _Matter) -> tuple[Kind, list[Way]] | None:
        """How one matter counts, and each of its deliveries; None when nobody else got it."""
        home = matter.home or ""
        desks = self._receivers(matter)
        if not desks:
            return None
        effect, used_by = Effect.NONE, 0
        for bit, said in matter.effect:
            if not bit & matter.publishers:
                effect |= said
                used_by |= bit if said & Effect.USED else 0
        ways = [Way(home, desk, self._there(desk, matter.in_time, used_by)) for desk in desks]
        for way in ways:
            effect |= way.effect & (Effect.READABLE | Effect.IN_TIME)
        parts = set(self._by_type.get(matter.event_type, _NO_PARTS))
        for _, circle, pack_version in matter.lines:
            for got in circle:
                if got.desk in desks:
                    parts |= self._served_by(pack_version, got.rules)
        return Kind(tuple(sorted(parts)), home.partition("/")[0], effect), ways

    def _receivers(self, matter: _Matter) -> list[str]:
        desks = dict.fromkeys(got.desk for _, circle, _ in matter.lines for got in circle)
        return [desk for desk in desks if not self._bit(desk) & matter.publishers]

    def _there(self, desk: str, in_time: int, used_by: int) -> Effect:
        """What became of it at one receiver."""
        bit = self._bit(desk)
        found = Effect.USED if used_by & bit else Effect.NONE
        if desk in self._unlogged:
            return found
        return found | Effect.READABLE | (Effect.IN_TIME if in_time & bit else Effect.NONE)

    def _served_by(self, pack_version: str, rules: tuple[str, ...]) -> frozenset[str]:
        key = pack_version, rules
        found = self._parts.get(key)
        if found is None:
            known = self._served.get(pack_version)
            if known is None:
                self._unknown.add(pack_version)
            found = self._parts[key] = frozenset(part for rule in rules for part in (known or {}).get(rule, ()))
        return found

    def _bit(self, desk: str) -> int:
        return 1 << self._bits.setdefault(desk, len(self._bits))


def _first(matter: _Matter, desk: str) -> tuple[int, int] | None:
    """When a desk first got a matter, and how urgent it was; None when it never did."""
    got = ((at_ms, each.priority) for at_ms, circle, _ in matter.lines for each in circle if each.desk == desk)
    return min(got, default=None)


def together(counts: Iterator[Counted]) -> Counted:
    """What several tallies that shared the work come to."""
    matters, ways, stirred, unknown = Counter[Kind](), Counter[Way](), frozenset[str](), frozenset[str]()
    for each in counts:
        matters += each.matters
        ways += each.ways
        stirred |= each.stirred
        unknown |= each.unknown_packs
    return Counted(matters, ways, stirred, unknown)
