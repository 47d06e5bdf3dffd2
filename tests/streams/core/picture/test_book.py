"""Pictures count each real event once in each of its areas, in whatever order reports, joins and recalls come."""

import itertools
from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.picture.book import Book
from streams.core.picture.fact import BUS, PERSON, UNIT, Entry, Fact, Tally, decode, encode
from streams.core.picture.groups import Groups
from streams.core.picture.windows import HOUR_MS
from tests.streams.core.picture.made import (
    COUNTRY,
    GAZETTEER,
    JARVA,
    MALMO,
    NORD,
    NOW_MS,
    SETTINGS,
    SOLNA,
    STOCKHOLM,
    book,
    count,
    fact,
    gone,
    join,
    made_id,
    numbers,
)

CONFIRMED = {"by": PERSON, "reported_ms": NOW_MS + 1}
PARTED = {**CONFIRMED, "joins": False}


def test_a_report_is_counted_in_its_area_and_in_each_above() -> None:
    """Local, police area, region, country: one each, and none beside it."""
    made = book([fact(1)])
    assert [count(made, area) for area in (JARVA, NORD, STOCKHOLM, COUNTRY)] == [1, 1, 1, 1]
    assert count(made, SOLNA) == 0
    assert count(made, COUNTRY, "mass", "amphetamine") == 1500


def test_a_report_of_two_areas_is_counted_once_above_them() -> None:
    """What lies on a border is in both areas' pictures, and once in the police area's."""
    made = book([fact(1, areas=(JARVA, SOLNA))])
    assert [count(made, area) for area in (JARVA, SOLNA, NORD, COUNTRY)] == [1, 1, 1, 1]


def test_a_report_without_area_is_counted_in_the_country_alone() -> None:
    """No area is guessed from the unit that reports."""
    made = book([fact(1, areas=())])
    assert {where.area for where in numbers(made)} == {COUNTRY}


def test_two_reports_of_one_event_count_once_and_twice_when_a_person_parts_them() -> None:
    """A person's word goes before the bus's, also before a later one of the bus."""
    reports: list[Entry] = [fact(1), fact(2, unit=SOLNA), join(1, 2)]
    assert count(book(reports)) == 1
    assert count(book([*reports, join(1, 2, **PARTED)])) == 2
    assert count(book([*reports, join(1, 2, **PARTED), join(1, 2, reported_ms=NOW_MS + 5)])) == 2
    assert count(book([*reports, join(1, 2, **PARTED), join(1, 2, **{**CONFIRMED, "reported_ms": NOW_MS + 2})])) == 1


def test_the_bus_takes_back_what_a_revision_no_longer_bears_out() -> None:
    """Its words on two reports are counted: the highest holds, whenever it came, until a person decides."""
    reports: list[Entry] = [fact(1), fact(2)]
    parted = join(1, 2, joins=False, revision=4)
    for words in ([join(1, 2), parted], [parted, join(1, 2)]):
        assert count(book([*reports, *words])) == 2
    assert count(book([*reports, parted, join(1, 2, revision=5)])) == 1
    assert count(book([*reports, parted, join(1, 2, **CONFIRMED)])) == 1


def test_of_a_group_the_surest_report_is_counted() -> None:
    """The laboratory's mass counts, not the sum and not the first told."""
    weak = fact(1, tallies=(Tally("seizures", "", 1), Tally("mass", "heroin", 900)))
    made = book([weak, fact(2, sure=3), join(1, 2)])
    assert (count(made, measure="mass", substance="amphetamine"), count(made, measure="mass", substance="heroin")) == (
        1500,
        0,
    )


def test_a_revision_takes_the_place_of_the_former() -> None:
    """The last revision counts, where and when it says, whichever came first."""
    old, new = fact(1), fact(2, matter=fact(1).matter, revision=2, areas=(SOLNA,))
    for entries in ([old, new], [new, old]):
        assert (count(book(entries), JARVA), count(book(entries), SOLNA)) == (0, 1)


def test_a_report_that_supersedes_another_of_its_unit_takes_its_place() -> None:
    """Under another key too; what another unit says of it is not a correction of it."""
    assert count(book([fact(1), fact(2, supersedes=made_id(1))])) == 1
    assert count(book([fact(1), fact(2, supersedes=made_id(1), unit=SOLNA)])) == 2


def test_links_to_any_revision_of_a_report_hold() -> None:
    """A link names the revision that was compared; the group stays when a new one comes."""
    entries: list[Entry] = [fact(1), fact(2), join(1, 2), fact(3, matter=fact(1).matter, revision=2)]
    assert count(book(entries)) == 1


def test_a_recalled_report_counts_no_more_and_joins_nothing() -> None:
    """Only by the unit itself or one above; what it held together falls apart."""
    chain: list[Entry] = [fact(1), fact(2), fact(3), join(1, 2), join(2, 3)]
    assert count(book(chain)) == 1
    assert count(book([*chain, gone(2)])) == 2
    assert count(book([*chain, gone(2, STOCKHOLM)])) == 2
    assert count(book([*chain, gone(2, MALMO)])) == 1


def test_the_words_on_a_large_group_cost_no_walk_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty reports of one event, and a word on each two of them: most say what is known."""
    reports: list[Entry] = [fact(number) for number in range(1, 61)]
    words = [join(one, other) for one, other in itertools.combinations(range(1, 61), 2)]
    made, looks, look = book(reports), [0], Groups._neighbours

    def counted(groups: Groups, matter: bytes) -> set[bytes]:
        looks[0] += 1
        return look(groups, matter)

    monkeypatch.setattr(Groups, "_neighbours", counted)
    for word in words[:59]:
        made.take(word)
    assert count(made) == 1
    looks[0] = 0
    for word in words[59:]:
        made.take(word)
    assert looks[0] <= 5 * len(words[59:])
    made.take(join(1, 2, **PARTED))
    assert count(made) == 1  # still one by all the others


def test_a_group_falls_apart_at_the_word_that_held_it() -> None:
    """Two dense groups, one word between them, taken back."""
    words: list[Entry] = [
        join(*each) for part in (range(1, 9), range(9, 17)) for each in itertools.combinations(part, 2)
    ]
    reports: list[Entry] = [fact(number) for number in range(1, 17)]
    assert count(book([*reports, *words])) == 2
    assert count(book([*reports, *words, join(3, 12)])) == 1
    assert count(book([*reports, *words, join(3, 12), join(3, 12, joins=False, revision=2)])) == 2


def test_a_confirmed_joint_seizure_counts_once() -> None:
    """Two authorities' numbers with one joint reference are one seizure."""
    assert count(book([fact(1, joint=made_id(9)), fact(2, joint=made_id(9), unit="partner.tullverket")])) == 1


def test_what_is_left_out_is_not_counted_and_joins_nothing() -> None:
    """A report that no picture may tell of changes no number, whatever it is linked with."""
    hidden = fact(2, tallies=())
    without, beside = book([fact(1), fact(3)]), book([fact(1), hidden, fact(3), join(1, 2), join(2, 3)])
    assert numbers(without) == numbers(beside)


def test_old_facts_are_forgotten_and_leave_no_number_behind() -> None:
    """When no window can change any more, facts, links and recalls go, from the state too."""
    made = book([fact(1), fact(2), join(1, 2), gone(2)])
    later = NOW_MS + SETTINGS.kept_ms + HOUR_MS
    changes = dict(made.forget(later))
    assert set(map(type, changes.values())) == {type(None)}
    assert len(changes) == 4
    assert (numbers(made), made.groups.kept, made.groups.said, made.groups.gone) == ({}, {}, {}, {})


AREAS = st.lists(st.sampled_from([JARVA, SOLNA, MALMO]), max_size=2, unique=True).map(tuple)
NUMBER = st.integers(1, 6)
FACTS = st.builds(
    lambda number, matter, revision, areas, told: fact(
        100 * number + revision,
        matter=made_id(matter),
        revision=revision,
        areas=areas,
        reported_ms=told,
        tallies=(Tally("seizures", "", 1), Tally("mass", "heroin", number - 1)),
    ),
    NUMBER,
    st.integers(1, 4),
    st.integers(1, 3),
    AREAS,
    st.integers(NOW_MS - 9, NOW_MS),
)
ENDS = st.builds(lambda number, revision: 100 * number + revision, NUMBER, st.integers(1, 3))
JOINS = st.builds(
    lambda ends, by, joins, revision, told: join(
        *ends, by=by, joins=joins or by == UNIT, revision=revision, reported_ms=told
    ),
    st.lists(ENDS, min_size=2, max_size=2, unique=True),
    st.sampled_from([BUS, UNIT, PERSON]),
    st.booleans(),
    st.integers(1, 3),
    st.integers(NOW_MS - 9, NOW_MS),
)
ENTRIES = st.lists(FACTS | JOINS | st.builds(gone, ENDS), max_size=24, unique_by=encode)


def one_telling(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without a second report of one id: an id has one matter and one content."""
    reports = {entry.event_id: entry for entry in entries if isinstance(entry, Fact)}
    return [entry for entry in entries if not isinstance(entry, Fact) or reports[entry.event_id] is entry]


@settings(max_examples=150, deadline=None)
@given(ENTRIES.map(one_telling).flatmap(lambda entries: st.tuples(st.just(entries), st.permutations(entries))))
def test_the_order_makes_no_difference(drawn: tuple[list[Entry], list[Entry]]) -> None:
    """Numbers follow from what was told alone; the state read back counts the same."""
    told, turned = drawn
    made, other = book(told), Book(SETTINGS, GAZETTEER)
    state = dict(other.take(entry) for entry in turned)
    assert numbers(made) == numbers(other)
    restored = Book(SETTINGS, GAZETTEER)
    for key, value in state.items():
        restored.restore(key, value or b"")
    deque(restored.recount(), maxlen=0)
    assert numbers(restored) == numbers(made)


@settings(max_examples=80, deadline=None)
@given(ENTRIES.map(one_telling))
def test_no_event_is_counted_twice(told: list[Entry]) -> None:
    """The country counts each group once; no area has more than what lies above it; nothing is below nought."""
    made = book(told)
    groups = [made.groups.counted(group) for group in made.groups.groups(made.groups.kept)]
    assert count(made, COUNTRY) == len([group for group in groups if group is not None])
    parts = [count(made, area) for area in (JARVA, SOLNA)]
    assert max(parts) <= count(made, NORD) <= sum(parts)
    assert (
        min([0, *(n for cell in made.cells.values() for hours in cell.numbers.values() for n in hours.values())]) == 0
    )


@given(FACTS | JOINS | st.builds(gone, ENDS))
def test_an_entry_is_what_it_was_when_it_is_read(entry: Entry) -> None:
    """Bytes and back."""
    assert decode(encode(entry)) == entry
