"""The index of one lane: sightings by the blocks that lie in it, which pairs match, and which match no more.

Pure. A pair is judged in the lane of its least common block alone, so it is found once, whatever lanes its sightings
went to and in whatever order they came. Revisions come to every lane, so a lane that joined two matters parts them
when a revision no longer matches (docs/adr/0013).
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final, NamedTuple, Protocol
from zlib import crc32

from streams.core.link.entry import Entry, event_in, group_of, pack, unpack
from streams.core.link.form import Glance, Glances, Sighting, SightingError, decode, encode
from streams.core.link.match import Match
from streams.core.link.members import Limits, Members
from streams.core.link.recent import Recent
from streams.core.share.order_forms import may_correct

HOUR_MS: Final = 3_600_000
#: So many open partners of a matter are kept, and as many hidden ones.
_MOST_PARTNERS: Final = 255


class Compares(Protocol):
    """Tells whether two sightings belong together; in whatever order they are given."""

    def compare(self, a: Sighting, b: Sighting) -> Match | None:
        """How they belong together; None when they do not."""

    def glances(self, event_type: str) -> Glances | None:
        """What the rule of a type sees at a glance, if it has crowded blocks."""


class Entries(Protocol):
    """Where an index keeps its entries, one for each matter: a dictionary, or a lane's state."""

    def get(self, matter: bytes, /) -> bytes | None:
        """The entry of a matter."""

    def __setitem__(self, matter: bytes, entry: bytes, /) -> None:
        """Keep an entry."""

    def __delitem__(self, matter: bytes, /) -> None:
        """Forget an entry that is there."""

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every entry with its matter."""


class Found(NamedTuple):
    """A pair that belongs together; or, ``parted``, two that were found to and no longer do. Shape: sorted by id."""

    a: Sighting
    b: Sighting
    match: Match
    parted: bool = False


def lane_of(block: bytes, lanes: int) -> int:
    """The lane in which a block lies."""
    return crc32(block) % lanes


class Index:
    """The sightings of one lane, by matter: of each the revision that came last."""

    def __init__(
        self,
        matcher: Compares,
        limits: Limits | None = None,
        lane: int = 0,
        lanes: int = 1,
        entries: Entries | None = None,
    ) -> None:
        self._matcher = matcher
        self._limits = limits or Limits()
        self._lane, self._lanes = lane, lanes
        self._entries: Entries = {} if entries is None else entries
        self._members = Members(self._limits)
        self._partners: dict[bytes, set[bytes]] = {}
        self._leaving: dict[int, list[bytes]] = {}
        self._at_hand = Recent()
        self._glances: dict[str, dict[bytes, Glance]] = {}
        self._swept = 0

    def lies(self, lane: int, lanes: int) -> None:
        """Tell which lane this is, where that is not known from the beginning."""
        self._lane, self._lanes = lane, lanes

    # What comes

    def take(self, sighting: Sighting, at_ms: int | None = None, data: bytes | None = None) -> list[Found]:
        """Keep a sighting and tell what follows: pairs found, and pairs that a revision parts.

        Shape: ``data`` are its bytes, if they are at hand. Units: ``at_ms`` is log time, by default when it was
        reported; it tells when the entry leaves.
        """
        matter, entry = sighting.matter, self._entry(sighting.matter)
        before = None if entry is None else self._sighting(matter)
        if before is not None and (sighting.revision < before.revision or sighting.event_id == before.event_id):
            return []
        if entry is not None:
            self._members.drop(matter, entry.blocks, entry.group)
        own = tuple(each for each in sighting.blocks if lane_of(each, self._lanes) == self._lane)
        partners = self._partners.get(matter, set())
        found = [] if before is None else list(self._again(sighting, before, partners))
        for met in self._met(sighting, own):
            new = self._new(sighting, own, (other for other in met if other not in partners))
            found += islice(new, self._limits.pairs)
        if entry is not None:
            self._let_go(matter)
        self._keep(sighting, own, at_ms, data)
        return found

    def restore(self, matter: bytes, entry: bytes) -> None:
        """Take an entry that was kept, as it stands in the entries."""
        kept = unpack(entry)
        self._list(matter, kept.blocks, kept.group, kept.due_ms)
        for other in kept.partners:
            self._join(matter, other)

    def forget(self, before_ms: int) -> int:
        """Let go the entries whose time ended before this log time; returns how many. Whole hours leave together."""
        count, now = 0, before_ms // HOUR_MS
        if now == self._swept:
            return 0
        self._swept = now
        for hour in [hour for hour in self._leaving if hour < now]:
            for matter in self._leaving.pop(hour):
                entry = self._entry(matter)
                if entry is not None and entry.due_ms // HOUR_MS == hour:
                    self._drop(matter)
                    count += 1
        return count

    def withdraw(self, event_ids: Iterable[bytes], unit: str) -> int:
        """Forget events that were recalled or erased by their unit or one above it; returns how many were here.

        Orders are few, and a lane does not know its entries by event: it looks at each once.
        """
        gone = frozenset(event_ids)
        here = [matter for matter, entry in self._entries.items() if event_in(entry) in gone]
        may = [each for each in map(self._sighting, here) if each and may_correct(unit, each.origin.partition("/")[0])]
        for sighting in may:
            self._drop(sighting.matter)
        return len(may)

    # Who is compared

    def _met(self, sighting: Sighting, own: Sequence[bytes]) -> Iterator[Iterable[bytes]]:
        """The matters to compare it with: of crowded blocks those alone that are near at a glance."""
        glances = self._matcher.glances(sighting.event_type)
        glanced = () if glances is None else _of_kinds(own, glances.blocks)
        if glances is None or not glanced:
            return self._members.windows(own)
        mine, known = glances.of(sighting), self._glances.setdefault(sighting.event_type, {})

        def may(matters: AbstractSet[bytes]) -> Iterable[bytes]:
            if not known.keys() >= matters:
                self._look_at(matters, sighting.event_type, glances)
            return glances.may(mine, [known[matter] for matter in matters if matter in known])

        return self._members.windows([each for each in own if each not in glanced], glanced, may)

    def _look_at(self, matters: Iterable[bytes], event_type: str, glances: Glances) -> None:
        """Make the glances of entries that were restored, when they are met."""
        known = self._glances[event_type]
        for other in map(self._sighting, (matter for matter in matters if matter not in known)):
            if other is not None and other.event_type == event_type:
                known[other.matter] = glances.of(other)

    def _again(self, now: Sighting, before: Sighting, partners: Iterable[bytes]) -> Iterator[Found]:
        """What a revision makes of the pairs that this lane found: it has to say so until it parts them."""
        for matter in sorted(partners):
            other = self._sighting(matter)
            if other is None:
                continue
            if match := self._judge(now, other):
                yield _found(now, other, match)
            elif match := self._judge(before, other):
                yield _found(before, other, match, parted=True)

    def _new(self, sighting: Sighting, own: tuple[bytes, ...], met: Iterable[bytes]) -> Iterator[Found]:
        """The pairs with matters that share a block of this lane and whose least common block lies here."""
        mine, every = frozenset(own), frozenset(sighting.blocks)
        for matter in met:
            other = self._sighting(matter)
            if other is None:
                continue
            match = self._matcher.compare(sighting, other)
            if match is not None and self._least(sighting, other, every) in mine:
                self._join(sighting.matter, matter)
                yield _found(sighting, other, match)

    def _least(self, one: Sighting, other: Sighting, blocks: frozenset[bytes]) -> bytes | None:
        """The least common block: tokens last, because those that everybody has find nothing.

        A block that is glanced at counts for those that pass there, whichever of them came first: others do not meet.
        """
        common, tokens = [block for block in other.blocks if block in blocks], self._limits.tokens
        glances = self._matcher.glances(one.event_type)
        glanced = () if glances is None else _of_kinds(common, glances.blocks)
        if glances is not None and glanced:
            a, b = glances.of(one), glances.of(other)
            if not (glances.may(a, [b]) and glances.may(b, [a])):
                common = [block for block in common if block not in glanced]
        return next((block for block in common if block[0] not in tokens), common[0] if common else None)

    def _judge(self, one: Sighting, other: Sighting) -> Match | None:
        """Whether two would be found to belong together if both were new: they share a block, and match."""
        return None if frozenset(one.blocks).isdisjoint(other.blocks) else self._matcher.compare(one, other)

    # What is kept

    def _keep(self, sighting: Sighting, own: tuple[bytes, ...], at_ms: int | None, data: bytes | None) -> None:
        """Keep the sighting, unless nothing can meet it here: a revision that has left this lane."""
        matter, partners = sighting.matter, self._kept_partners(sighting.matter)
        if not own and not partners:
            if self._entries.get(matter) is not None:
                del self._entries[matter]
            return
        stays = self._limits.stays_ms.get(sighting.event_type, self._limits.stays_otherwise_ms)
        due_ms, group = (sighting.reported_ms if at_ms is None else at_ms) + stays, group_of(sighting)
        self._entries[matter] = pack(due_ms, group, own, partners, data or encode(sighting))
        self._list(matter, own, group, due_ms)
        self._at_hand.put(sighting)
        glances = self._matcher.glances(sighting.event_type)
        if glances is not None and _of_kinds(own, glances.blocks):
            self._glances.setdefault(sighting.event_type, {})[matter] = glances.of(sighting)

    def _kept_partners(self, matter: bytes) -> list[bytes]:
        """The partners that are kept: hidden ones do not take the place of open ones."""
        found = sorted(self._partners.get(matter, ()))
        if len(found) <= _MOST_PARTNERS:
            return found
        apart: tuple[list[bytes], list[bytes]] = ([], [])
        for other in found:
            apart[self._members.hides(other)].append(other)
        return apart[False][:_MOST_PARTNERS] + apart[True][:_MOST_PARTNERS]

    def _list(self, matter: bytes, blocks: Iterable[bytes], group: bytes, due_ms: int) -> None:
        self._members.put(matter, blocks, group)
        self._leaving.setdefault(due_ms // HOUR_MS, []).append(matter)

    def _join(self, one: bytes, other: bytes) -> None:
        self._partners.setdefault(one, set()).add(other)
        self._partners.setdefault(other, set()).add(one)

    def _drop(self, matter: bytes) -> None:
        entry = self._entry(matter)
        if entry is None:
            return
        self._members.drop(matter, entry.blocks, entry.group)
        for other in self._partners.pop(matter, ()):
            self._partners[other].discard(matter)
        self._let_go(matter)
        del self._entries[matter]

    def _let_go(self, matter: bytes) -> None:
        """Have no former sighting of a matter at hand."""
        self._at_hand.drop(matter)
        for known in self._glances.values():
            known.pop(matter, None)

    def _entry(self, matter: bytes) -> Entry | None:
        data = self._entries.get(matter)
        return None if data is None else unpack(data)

    def _sighting(self, matter: bytes) -> Sighting | None:
        """The sighting of a matter, if it is here and of a form that can still be read."""
        found = self._at_hand.get(matter)
        if found is None:
            entry = self._entry(matter)
            if entry is None:
                return None
            try:
                found = decode(entry.data)
            except SightingError:
                return None
            self._at_hand.put(found)
        return found


def _of_kinds(blocks: Iterable[bytes], kinds: bytes) -> list[bytes]:
    """Those of some kinds, of what is real or of what is made up."""
    either = kinds + kinds.lower()
    return [block for block in blocks if block[0] in either]


def _found(one: Sighting, other: Sighting, match: Match, *, parted: bool = False) -> Found:
    a, b = (one, other) if one.event_id < other.event_id else (other, one)
    return Found(a, b, match, parted)
