"""The index of lanes: each pair is found once, by any lanes and in any order; revisions part what they must."""

import random
from collections.abc import Iterable, Sequence
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.control import LinkRelation
from streams.core.link.entry import unpack
from streams.core.link.form import ID_BYTES, Glances, Sighting
from streams.core.link.index import HOUR_MS, Found, Index, lane_of
from streams.core.link.match import Match
from streams.core.link.members import DAY_MS, Limits

START = 1_790_000_000_000
#: So many places to meet in that many lanes share some pairs and not others.
BLOCKS = tuple(b"P" + bytes([number]) * 8 for number in range(6))


class Near:
    """Matches sightings whose one feature differs by at most one."""

    def __init__(self) -> None:
        self.compared = 0

    def compare(self, a: Sighting, b: Sighting) -> Match | None:
        """Whether they are near each other."""
        self.compared += 1
        if abs(a.features["at"] - b.features["at"]) > 1:
            return None
        return Match(LinkRelation.DUPLICATE, ("place",), 1.0, same_origin=False, independent=False, kinds=())

    def glances(self, _event_type: str) -> Glances | None:
        """Sees nothing at a glance."""
        return None


def seen(
    matter: int,
    at: int,
    blocks: Iterable[bytes],
    revision: int = 1,
    *,
    synthetic: bool = True,
    hidden: bool = False,
    origin: str = "se.stockholm.stockholm-nord.jarva/investigation",
) -> Sighting:
    """A sighting of a matter, made up."""
    return Sighting(
        event_id=bytes([matter, revision]).rjust(ID_BYTES, b"\1"),
        event_type="violence_incident",
        matter=bytes([matter]) * ID_BYTES,
        number=bytes([matter]) * ID_BYTES,
        revision=revision,
        origin=origin,
        home=0,
        from_ms=START,
        to_ms=START,
        reported_ms=START + revision,
        lon=None,
        lat=None,
        accuracy_m=0,
        areas=(),
        sensitivity=2,
        register=False,
        hidden=hidden,
        synthetic=synthetic,
        handling="H0",
        human=False,
        cut=False,
        roots=(),
        source=b"",
        former=b"",
        refs=(),
        words=b"",
        features={"at": at},
        blocks=tuple(sorted(blocks)),
    )


def told(revisions: Sequence[Sequence[Sighting]], lanes: int, seed: int) -> list[Found]:
    """What lanes find: each meets the revisions of a matter in order, and matters in an order of its own."""
    found: list[Found] = []
    for lane in range(lanes):
        index, rng = Index(Near(), lane=lane, lanes=lanes), random.Random(f"{seed} {lane}")  # noqa: S311
        order = [number for number, matter in enumerate(revisions) for _ in matter]
        rng.shuffle(order)
        waiting = [list(matter) for matter in revisions]
        for number in order:
            sighting = waiting[number].pop(0)
            if sighting.revision > 1 or any(lane_of(block, lanes) == lane for block in sighting.blocks):
                found += index.take(sighting)
    return found


def joined(found: Iterable[Found]) -> set[frozenset[bytes]]:
    """The matters that are joined, by the last word on each two: that on their latest revisions."""
    words: dict[frozenset[bytes], tuple[int, bool]] = {}
    for each in found:
        pair = frozenset((each.a.matter, each.b.matter))
        words[pair] = max(words.get(pair, (0, False)), (each.a.revision + each.b.revision, each.parted))
    return {pair for pair, (_, parted) in words.items() if not parted}


def expected(revisions: Sequence[Sequence[Sighting]]) -> set[frozenset[bytes]]:
    """The matters whose latest revisions share a block and match."""
    matcher, latest = Near(), [matter[-1] for matter in revisions]
    return {
        frozenset((a.matter, b.matter))
        for a, b in combinations(latest, 2)
        if set(a.blocks) & set(b.blocks) and matcher.compare(a, b)
    }


_REVISION = st.tuples(st.integers(0, 4), st.sets(st.sampled_from(BLOCKS), min_size=1, max_size=3))
_MATTERS = st.lists(st.lists(_REVISION, min_size=1, max_size=3), min_size=2, max_size=6)


@given(_MATTERS, st.sampled_from([1, 2, 3, 7]), st.integers(0, 5))
def test_the_same_is_joined_by_any_lanes_in_any_order(
    matters: list[list[tuple[int, set[bytes]]]], lanes: int, seed: int
) -> None:
    """Whatever revisions say, and whatever lane meets which of them first."""
    revisions = [
        [seen(number, at, blocks, revision) for revision, (at, blocks) in enumerate(matter, 1)]
        for number, matter in enumerate(matters, 1)
    ]
    assert joined(told(revisions, lanes, seed)) == expected(revisions)


@given(_MATTERS, st.sampled_from([1, 2, 5]), st.integers(0, 5))
def test_a_pair_without_revisions_is_found_once(
    matters: list[list[tuple[int, set[bytes]]]], lanes: int, seed: int
) -> None:
    """In the lane of its least common block alone, however many blocks the two share."""
    firsts = [[seen(number, *matter[0])] for number, matter in enumerate(matters, 1)]
    found = [frozenset((each.a.matter, each.b.matter)) for each in told(firsts, lanes, seed)]
    assert len(found) == len(set(found))
    assert set(found) == expected(firsts)


def test_a_revision_parts_what_it_no_longer_matches_and_joins_what_it_does() -> None:
    """The pair that was told is taken back by its own ids; a third matter is found."""
    index = Index(Near())
    one, moved = seen(1, 0, BLOCKS[:1]), seen(1, 9, BLOCKS[1:2], revision=2)
    near, far = seen(2, 0, BLOCKS[:1]), seen(3, 9, BLOCKS[1:2])
    assert [(each.a, each.b, each.parted) for each in (*index.take(one), *index.take(near))] == [(one, near, False)]
    assert index.take(far) == []
    found = index.take(moved)
    assert [(each.a, each.b, each.parted) for each in found] == [(one, near, True), (moved, far, False)]


def test_a_revision_that_says_the_same_joins_anew_by_its_own_id() -> None:
    """Whoever gets the revision alone has a link to it."""
    index = Index(Near())
    one, again, near = seen(1, 0, BLOCKS[:1]), seen(1, 1, BLOCKS[:1], revision=2), seen(2, 0, BLOCKS[:1])
    index.take(one)
    index.take(near)
    assert [(each.a, each.b, each.parted) for each in index.take(again)] == [(again, near, False)]


def test_the_same_sighting_again_and_an_older_one_change_nothing() -> None:
    """A retry of a cycle, or a revision that comes after the later one."""
    index = Index(Near())
    index.take(seen(2, 0, BLOCKS[:1]))
    later = seen(1, 9, BLOCKS[:1], revision=2)
    assert [index.take(each) for each in (later, later, seen(1, 0, BLOCKS[:1]))] == [[], [], []]


def test_what_is_made_up_in_one_lane_is_restored_in_another() -> None:
    """The entries alone tell all: blocks, partners, sightings and when they leave."""
    entries: dict[bytes, bytes] = {}
    first = Index(Near(), entries=entries)
    one, near = seen(1, 0, BLOCKS[:2]), seen(2, 0, BLOCKS[:1])
    first.take(one)
    assert len(first.take(near)) == 1
    second = Index(Near(), entries=dict(entries))
    for matter, entry in entries.items():
        second.restore(matter, entry)
    assert [each.parted for each in second.take(seen(1, 5, BLOCKS[2:3], revision=2))] == [True]
    assert [each.a for each in second.take(seen(3, 5, BLOCKS[2:3]))] == [seen(1, 5, BLOCKS[2:3], revision=2)]


def test_an_entry_leaves_when_its_time_is_over() -> None:
    """By log time and by type; a revision stays from when it came."""
    entries: dict[bytes, bytes] = {}
    index = Index(Near(), Limits(stays_ms={"violence_incident": DAY_MS}), entries=entries)
    index.take(seen(1, 0, BLOCKS[:1]), START)
    index.take(seen(2, 9, BLOCKS[:1]), START)
    index.take(seen(2, 9, BLOCKS[:1], revision=2), START + DAY_MS)
    assert index.forget(START + DAY_MS) == 0
    assert index.forget(START + DAY_MS + 2 * HOUR_MS) == 1
    assert list(entries) == [bytes([2]) * ID_BYTES]
    assert index.take(seen(3, 0, BLOCKS[:1]), START + DAY_MS) == []


def test_what_was_withdrawn_is_found_no_more() -> None:
    """By its own unit or one above it; nobody else's word counts."""
    index = Index(Near())
    one = seen(1, 0, BLOCKS[:1])
    index.take(one)
    assert index.withdraw([one.event_id], "se.syd") == 0
    assert index.withdraw([one.event_id], "se.stockholm") == 1
    assert index.take(seen(2, 0, BLOCKS[:1])) == []


def test_a_value_that_everybody_has_finds_nothing_but_what_else_is_shared_does() -> None:
    """A token of too many matters: those that also share a place are still found."""
    token = b"K" + b"t" * 8
    index = Index(Near(), Limits(matters=5))
    found = [len(index.take(seen(number, 0, [token]))) for number in range(1, 9)]
    assert found == [0, 1, 2, 3, 4, 0, 0, 0]
    beside = [seen(number, 0, [token, BLOCKS[0]]) for number in (20, 21)]
    assert [len(index.take(each)) for each in beside] == [0, 1]


def test_a_crowded_place_costs_no_more_than_its_bound() -> None:
    """However many reports of one place there are, a new one is compared with so many, and joined."""
    matcher = Near()
    index = Index(matcher, Limits(compared=8))
    for number in range(1, 60):
        index.take(seen(number, 0, BLOCKS[:1]))
    before = matcher.compared
    assert len(index.take(seen(100, 0, BLOCKS[:1]))) == 8
    assert matcher.compared - before == 8


_TOKENS = tuple(b"K" + bytes([number]) * 8 for number in range(2))
_PLACE = st.sets(st.sampled_from((*BLOCKS[:2], *_TOKENS)), min_size=1, max_size=2)
_TELLING = st.tuples(st.integers(0, 2), _PLACE, st.sampled_from(["", "", "se.syd/finance", "se.ost/finance"]))


def pairs_at_the_bounds(tellings: Sequence[Sighting], lanes: int, *, reopened: bool) -> list[Found]:
    """What lanes with low bounds find of these, in their order."""
    found: list[Found] = []
    for lane in range(lanes):
        limits, entries = Limits(matters=3, compared=2, pairs=2), dict[bytes, bytes]()
        index = Index(Near(), limits, lane, lanes, entries)
        for sighting in tellings:
            if reopened:
                index = Index(Near(), limits, lane, lanes, entries)
                for matter, entry in list(entries.items()):
                    index.restore(matter, entry)
            if sighting.revision > 1 or any(lane_of(block, lanes) == lane for block in sighting.blocks):
                found += index.take(sighting)
    return found


@given(
    st.lists(st.tuples(_TELLING, st.integers(1, 2)), min_size=4, max_size=14), st.sampled_from([1, 3]), st.booleans()
)
def test_at_the_bounds_too_hidden_matters_change_nothing_for_who_does_not_have_them(
    told: list[tuple[tuple[int, set[bytes], str], int]], lanes: int, reopened: bool
) -> None:
    """What is found among open matters, and of one desk's hidden ones, is the same without other desks' hidden ones."""
    tellings = [
        seen(number, at, blocks, revision, hidden=bool(desk), origin=desk or "se.nord/finance")
        for number, ((at, blocks, desk), revisions) in enumerate(told, 1)
        for revision in range(1, revisions + 1)
    ]
    whole = pairs_at_the_bounds(tellings, lanes, reopened=reopened)
    for desk in ("", "se.syd/finance", "se.ost/finance"):

        def shown(sighting: Sighting, desk: str = desk) -> bool:
            return not sighting.hidden or sighting.origin == desk

        alone = pairs_at_the_bounds([each for each in tellings if shown(each)], lanes, reopened=reopened)
        assert [each for each in whole if shown(each.a) and shown(each.b)] == alone


@pytest.mark.parametrize("block", [b"K" + b"t" * 8, BLOCKS[0]], ids=["a token", "a place"])
def test_hidden_matters_are_bounded_by_themselves(block: bytes) -> None:
    """However many of them there are: those of each desk cost a new one no more than open ones do."""
    matcher = Near()
    index = Index(matcher, Limits(compared=8, pairs=8))
    for number in range(1, 41):
        index.take(seen(number, 0, [block], hidden=True, origin=f"se.syd/{number % 2}"))
    before = matcher.compared
    assert len(index.take(seen(100, 0, [block]))) == matcher.compared - before == 16
    assert [index.take(seen(number, 0, [block])) != [] for number in range(101, 103)] == [True, True]


def test_a_value_that_everybody_has_finds_no_hidden_matter_either() -> None:
    """How many open matters have it decides alone."""
    token = b"K" + b"t" * 8
    index = Index(Near(), Limits(matters=3))
    index.take(seen(1, 0, [token], hidden=True))
    assert [len(index.take(seen(number, 0, [token]))) for number in range(2, 7)] == [1, 2, 3, 0, 0]


def test_partners_beyond_the_bound_are_dropped_without_regard_to_hidden_ones() -> None:
    """Of very many partners open ones are kept as if no hidden one were there."""
    kept: list[set[bytes]] = []
    for hidden in (0, 60):
        entries: dict[bytes, bytes] = {}
        index = Index(Near(), Limits(compared=1000, pairs=1000), entries=entries)
        for number in range(300):
            index.take(named(number, hidden=False))
        for number in range(1000, 1000 + hidden):
            index.take(named(number, hidden=True))
        index.take(named(5000, hidden=False))
        opens = {named(number, hidden=False).matter for number in range(300)}
        kept.append(set(unpack(entries[named(5000, hidden=False).matter]).partners) & opens)
    assert kept[0] == kept[1]
    assert len(kept[0]) == 255


def named(number: int, *, hidden: bool) -> Sighting:
    """One of very many sightings at a place."""
    name = number.to_bytes(ID_BYTES, "big")
    return seen(1, 0, BLOCKS[:1], hidden=hidden)._replace(matter=name, event_id=name)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_parting_is_said_of_the_pair_that_was_told(order: tuple[int, ...]) -> None:
    """Two matters near a third, whatever came first: the third's revision parts both."""
    index = Index(Near())
    firsts = [seen(1, 0, BLOCKS[:1]), seen(2, 1, BLOCKS[:1]), seen(3, 1, BLOCKS[:1])]
    for number in order:
        index.take(firsts[number])
    parted = index.take(seen(1, 7, BLOCKS[:1], revision=2))
    told = {(each.a.event_id, each.b.event_id, each.parted) for each in parted}
    assert told == {(firsts[0].event_id, other.event_id, True) for other in firsts[1:]}


def test_what_is_bounded_is_bounded_in_lists_of_blocks_too() -> None:
    """Nothing stays behind of an entry that left: neither in blocks nor among partners."""
    index = Index(Near())
    for number in range(1, 9):
        index.take(seen(number, number // 2, BLOCKS), START)
    index.forget(START + 400 * DAY_MS)
    assert not index._members
    assert (index._partners, index._at_hand._young, index._leaving) == ({}, {}, {})
