"""Which reports are one real event: joins, splits, revisions and recalls, in whatever order they come."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from streams.core.picture.fact import BUS, PERSON, UNIT, Fact, Gone, Join
from streams.core.share.order_forms import may_correct

_NONE: Final = bytes(16)
#: Ids of one matter that are remembered: a link may name any of its revisions.
_MAX_IDS: Final = 250

Pair = tuple[bytes, bytes]


class Kept(NamedTuple):
    """The latest revision of a report, and the ids of all of them."""

    fact: Fact
    ids: tuple[bytes, ...]


class Said(NamedTuple):
    """The last words on a pair of reports; the fields are named as ``Join.by``."""

    bus: Join | None = None
    unit: Join | None = None
    person: Join | None = None


class Groups:
    """Reports and what is said of them.

    Shape: a group is a connected component over reports that are said to be one. It is worked out from what is known,
    never kept, so that it depends on nothing but what was said. One entry for each report, and for each pair.
    """

    def __init__(self) -> None:
        self.kept: dict[bytes, Kept] = {}
        self.said: dict[Pair, Said] = {}
        self.gone: dict[bytes, dict[str, Gone]] = {}
        self._matter: dict[bytes, bytes] = {}
        self._partners: dict[bytes, set[bytes]] = {}
        self._claims: dict[bytes, set[bytes]] = {}
        self._joint: dict[bytes, set[bytes]] = {}

    # What is told

    def tell(self, fact: Fact) -> bytes:
        """Take a report, or a revision of one; returns its matter."""
        known = self.kept.get(fact.matter)
        if known is None:
            self.put(Kept(fact, (fact.event_id,)))
        else:
            ids = known.ids if fact.event_id in known.ids else (*known.ids, fact.event_id)[-_MAX_IDS:]
            self._unlink(known)
            self.put(Kept(max(known.fact, fact, key=_recency), ids))
        return fact.matter

    def put(self, kept: Kept) -> None:
        """Remember a report as it is."""
        fact = kept.fact
        self.kept[fact.matter] = kept
        for event_id in kept.ids:
            self._matter[event_id] = fact.matter
        if fact.supersedes != _NONE and fact.supersedes not in kept.ids:
            self._claims.setdefault(fact.supersedes, set()).add(fact.matter)
        if fact.joint:
            self._joint.setdefault(fact.joint, set()).add(fact.matter)

    def moved_by(self, join: Join) -> bool:
        """Take a word on a pair of reports; tells whether it may change which reports are one.

        Many reports of one event have many times as many words between them, and most of these say what is known.
        """
        one, other = self._matter.get(join.a), self._matter.get(join.b)
        if one is None or other is None or one == other:
            self.say(join)
            return False
        were = other in self._neighbours(one)
        together = were or self._together(one, other)
        self.say(join)
        are = other in self._neighbours(one)
        return not are if were else are and not together

    def say(self, join: Join) -> None:
        """Remember a word on a pair of reports."""
        pair = join.a, join.b
        said = self.said.get(pair) or Said()
        known: Join | None = getattr(said, join.by)
        self.said[pair] = said._replace(**{join.by: _last([join] if known is None else [known, join])})
        self._partners.setdefault(join.a, set()).add(join.b)
        self._partners.setdefault(join.b, set()).add(join.a)

    def recall(self, gone: Gone) -> None:
        """Take a recall."""
        self.gone.setdefault(gone.target, {})[gone.unit] = gone

    def forget(self, matter: bytes) -> None:
        """Forget a report."""
        kept = self.kept.pop(matter)
        self._unlink(kept)
        for event_id in kept.ids:
            self._matter.pop(event_id, None)

    def unsay(self, pair: Pair) -> None:
        """Forget what was said of a pair."""
        del self.said[pair]
        for one, other in (pair, pair[::-1]):
            _discard(self._partners, one, other)

    def _unlink(self, kept: Kept) -> None:
        _discard(self._claims, kept.fact.supersedes, kept.fact.matter)
        _discard(self._joint, kept.fact.joint, kept.fact.matter)

    # What follows

    def alone(self, fact: Fact) -> bool:
        """Whether a report is new, and nothing is known that could make it one with another."""
        event_id = fact.event_id
        known = fact.matter in self.kept or event_id in self._matter or fact.supersedes != _NONE or fact.joint
        return not (known or event_id in self._partners or event_id in self._claims or event_id in self.gone)

    def matter(self, event_id: bytes) -> bytes | None:
        """The matter of a report, if the report is known."""
        return self._matter.get(event_id)

    def component(self, start: Iterable[bytes]) -> set[bytes]:
        """The matters that are one with any of these, these included as far as they are known."""
        found = {matter for matter in start if matter in self.kept}
        left = list(found)
        while left:
            new = self._neighbours(left.pop()) - found
            found |= new
            left += new
        return found

    def _together(self, one: bytes, other: bytes) -> bool:
        """Whether two matters are of one group. Sought from both at once: in a dense group the two ways soon meet."""
        found, left = ({one}, {other}), ([one], [other])
        while left[0] and left[1]:
            side = int(len(found[1]) < len(found[0]))
            new = self._neighbours(left[side].pop()) - found[side]
            if not new.isdisjoint(found[1 - side]):
                return True
            found[side].update(new)
            left[side].extend(new)
        return False

    def groups(self, matters: Iterable[bytes]) -> Iterator[set[bytes]]:
        """These matters as groups. Shape: whole groups in, as ``component`` gives them."""
        left = set(matters)
        while left:
            group = self.component([left.pop()])
            left -= group
            yield group

    def counted(self, group: Iterable[bytes]) -> Fact | None:
        """The report that stands for a group: the surest, and of these the last written; None when none counts."""
        living = [self.kept[matter].fact for matter in group if self._alive(matter)]
        return max(living, key=self._standing, default=None)

    def _standing(self, fact: Fact) -> tuple[bool, int, int, bytes]:
        return not self._superseded(fact.matter), fact.sure, fact.reported_ms, fact.event_id

    def _alive(self, matter: bytes) -> bool:
        """Whether a report may be counted, and join others: neither left out nor recalled by who may."""
        fact = self.kept[matter].fact
        recalls = self.gone.get(fact.event_id)
        return bool(fact.tallies) and not (recalls and any(may_correct(unit, fact.unit) for unit in recalls))

    def _superseded(self, matter: bytes) -> bool:
        kept = self.kept[matter]
        return any(
            self._alive(claimer) and self.kept[claimer].fact.unit == kept.fact.unit
            for event_id in kept.ids
            for claimer in self._claims.get(event_id, ())
        )

    def _neighbours(self, matter: bytes) -> set[bytes]:
        """The matters that are said to be one with this, directly."""
        if not self._alive(matter):
            return set()
        kept = self.kept[matter]
        near = {other for other in self._joint.get(kept.fact.joint, ()) if kept.fact.joint}
        said: dict[bytes, list[Said]] = {}
        for event_id in kept.ids:
            near |= {other for other in self._claims.get(event_id, ()) if self._same_unit(matter, other)}
            for partner in self._partners.get(event_id, ()):
                other = self._matter.get(partner)
                if other is not None and other != matter:
                    said.setdefault(other, []).append(self.said[_pair(event_id, partner)])
        near |= {other for other, words in said.items() if _joined(words)}
        replaced = self._matter.get(kept.fact.supersedes)
        if replaced is not None and self._same_unit(matter, replaced):
            near.add(replaced)
        return {other for other in near if other != matter and self._alive(other)}

    def _same_unit(self, one: bytes, other: bytes) -> bool:
        return self.kept[one].fact.unit == self.kept[other].fact.unit


def _recency(fact: Fact) -> tuple[int, int, bytes]:
    return fact.revision, fact.reported_ms, fact.event_id


def _last(words: Sequence[Join]) -> Join:
    """The last word, by what it says of itself. The bus counts its words on two reports; people's have their time."""
    return max(words, key=_count if words[0].by == BUS else _time)


def _joined(said: Iterable[Said]) -> bool:
    """Whether two matters are one, by all that is said of any of their revisions: a decision before suggestions."""
    words = [join for each in said for join in each if join is not None]
    decided = [join for join in words if join.by == PERSON]
    if decided:
        return _last(decided).joins
    found = [join for join in words if join.by == BUS]
    return any(join.by == UNIT for join in words) or bool(found and _last(found).joins)


def _time(join: Join) -> tuple[int, int, bytes, bool]:
    return join.reported_ms, join.revision, join.link, join.joins


def _count(join: Join) -> tuple[int, int, bytes, bool]:
    return join.revision, join.reported_ms, join.link, join.joins


def _pair(one: bytes, other: bytes) -> Pair:
    return (one, other) if one < other else (other, one)


def _discard(index: dict[bytes, set[bytes]], key: bytes, value: bytes) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(value)
        if not found:
            del index[key]
