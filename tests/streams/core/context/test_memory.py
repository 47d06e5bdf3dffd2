"""The memories of context: their cases, and that order, retellings and floods change nothing."""

from collections.abc import Sequence
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.context.cases import ContextCase, faults, read_cases, verify_context
from streams.core.context.forms import load_context
from streams.core.context.memory import Findings, enriched, joined
from streams.core.context.nearby import DAY_MS, MOST, Nearby, cells, conflict_score, violence_count
from streams.core.context.notes import Group, Kind, Note, decode, encode
from streams.core.context.questions import Questioner
from streams.core.share.loading import Placed
from tests.streams.core.made import REFERENCE, example, native

TERMS = load_context()
QUESTIONER = Questioner(REFERENCE, TERMS)
NOW = 1_800_000_000_000


def note(number: int, east: int = 0, north: int = 0, ago_h: float = 0, group: int = Group.SHOTS, root: int = 0) -> Note:
    """A note of its own matter, and of its own root unless another is given."""
    at = NOW - round(ago_h * 3_600_000)
    name = number.to_bytes(16, "big")
    return Note(name, name, at, at, east, north, group, 0.35, ((root or number).to_bytes(8, "big"),), "se.syd.malmo")


def kept(notes: Sequence[Note], store: dict[bytes, bytes] | None = None) -> Nearby:
    """A memory that was told of these, in this order."""
    nearby = Nearby({} if store is None else store)
    for each in notes:
        for place in cells(Kind.CONFLICT, each, TERMS.conflict, synthetic=True)[1]:
            nearby.remember(place, each, TERMS.conflict, NOW)
    return nearby


def around(nearby: Nearby, own: Note) -> list[Note]:
    """What lies near a note."""
    place, _ = cells(Kind.CONFLICT, own, TERMS.conflict, synthetic=True)
    return list(nearby.around(place, own, TERMS.conflict))


@pytest.mark.parametrize("placed", read_cases(), ids=lambda placed: placed.form.name)
def test_each_case_is_told_as_it_says(placed: Placed[ContextCase]) -> None:
    """The cases beside the data."""
    assert list(faults(placed.form, TERMS, REFERENCE)) == []


def test_every_number_of_the_data_is_held_by_a_case() -> None:
    """A weight that could be halved or doubled unnoticed is a problem; so is a case that is told otherwise."""
    assert list(verify_context(REFERENCE)) == []
    data = TERMS.model_dump(by_alias=True)
    data["conflict"]["lines"].append({"when": {"event_type": ["financial_intelligence"]}, "own": 0.4, "near": 0.3})
    messages = [str(problem) for problem in verify_context(REFERENCE, TERMS.model_validate(data))]
    assert any("conflict.lines.8.near" in message for message in messages)
    data["cluster"]["radius_m"] = 1000
    messages = [str(problem) for problem in verify_context(REFERENCE, TERMS.model_validate(data))]
    assert any("{'cluster': 2} was expected; told {}" in message for message in messages)


places = st.integers(-4500, 4500)
notes = st.lists(
    st.builds(
        note,
        st.integers(1, 10_000),
        places,
        places,
        st.integers(0, 400),
        st.sampled_from([Group.SHOTS, Group.BLASTS, Group.WEAPONS]),
        st.integers(0, 5),
    ),
    max_size=30,
    unique_by=lambda each: each.matter,
)


@settings(deadline=None)
@given(notes, st.randoms(use_true_random=False), places, places)
def test_whoever_is_near_is_found_and_nobody_else_whatever_the_order(
    told: list[Note], chance: Random, east: int, north: int
) -> None:
    """The cell alone gives what a search through all would; score and count do not depend on order."""
    own = note(20_000, east, north)
    mixed = list(told)
    chance.shuffle(mixed)
    one, other = around(kept(told), own), around(kept(mixed), own)
    by_hand = {
        each.matter
        for each in told
        if each.near(own, TERMS.conflict.radius_m) and each.apart_ms(own) <= TERMS.conflict.days * DAY_MS
    }
    assert {each.matter for each in one} == by_hand
    scores = {conflict_score(own, 0.4, iter(found), TERMS.conflict) for found in (one, other)}
    assert len(scores) == 1
    assert len({violence_count(own, iter(found), TERMS.conflict) for found in (one, other)}) == 1


@settings(deadline=None)
@given(notes, st.integers(1, 5))
def test_an_echo_never_raises_score_or_count(told: list[Note], times: int) -> None:
    """B09: however often something is retold from its roots, in whatever place, nothing rises."""
    own = note(20_000)
    score = conflict_score(own, 0.4, iter(told), TERMS.conflict)
    count = violence_count(own, iter(told), TERMS.conflict)
    echoes = [each._replace(matter=(30_000 + n).to_bytes(16, "big")) for n, each in enumerate(told[:times])]
    assert conflict_score(own, 0.4, iter([*told, *echoes]), TERMS.conflict) <= score
    assert violence_count(own, iter([*told, *echoes]), TERMS.conflict) <= count
    assert 0 <= score <= 1


@settings(deadline=None)
@given(notes, st.lists(st.tuples(st.integers(0, 29), places, places, st.sampled_from([0.05, 0.35, 0.9])), max_size=4))
def test_a_retelling_says_nothing_more_than_what_it_retells(
    told: list[Note], retold: list[tuple[int, int, int, float]]
) -> None:
    """B09: also one that makes more of it, tells it of another place, or retells a retelling."""
    own, terms = note(20_000), TERMS.conflict
    alone = [each._replace(roots=(each.matter[-8:],)) for each in told]
    known = list(alone)
    for number, (of, east, north, weight) in enumerate(retold):
        if known:
            retells = known[of % len(known)]
            name = (30_000 + number).to_bytes(16, "big")
            known.append(retells._replace(matter=name, event=name, east=east, north=north, weight=weight))
    assert conflict_score(own, 0.4, iter(known), terms) <= conflict_score(own, 0.4, iter(alone), terms)
    assert violence_count(own, iter(known), terms) <= violence_count(own, iter(alone), terms)


def test_several_tellings_in_a_row_are_one_incident_and_its_echo_is_no_other() -> None:
    """Each is near the next alone; a retelling of the last, from far away, is none beside the first."""
    row = [note(n, east=450 * n) for n in range(1, 4)]
    echo = note(9, east=90_000)._replace(roots=row[-1].roots)
    own = note(20_000, ago_h=30)
    for told in permutations((*row, echo)):
        assert violence_count(own, iter(told), TERMS.conflict) == 2
    assert violence_count(own, iter((*row, note(9, east=90_000))), TERMS.conflict) == 3


def test_whoever_tells_of_an_incident_from_a_source_of_his_own_may_make_more_of_it() -> None:
    """Of independent tellings the heaviest counts; they are still one."""
    own, light, heavy = note(20_000, ago_h=30), note(1)._replace(weight=0.1), note(2, east=100)
    assert violence_count(own, iter((light, heavy)), TERMS.conflict) == 2
    scores = [conflict_score(own, 0.4, iter(told), TERMS.conflict) for told in ((light,), (heavy,), (heavy, light))]
    assert scores[0] < scores[1] == scores[2]


def event_name(number: int) -> str:
    """The id of an event by its number."""
    return f"01a1bfcf-a960-7ad7-9c7f-{number:012x}"


def incident(number: int, roots: list[str], formers: Sequence[str] = (), place: int = 0) -> Note:
    """The note that a shooting of these roots leaves, so many kilometres to the north."""
    told = native(example("violence_incident"))
    geo = {"lon": 16.185, "lat": 58.587 + place / 111.2, "accuracy_m": 10}
    told |= {"event_id": event_name(number), "geo": geo, "origin_unit": {"unit": "se.ost", "function": "investigation"}}
    told["provenance"] = {
        "root_ids": roots or [event_name(number)],
        "source_key": f"{number:02x}" * 32,
        "derived_from": [],
    }
    asked = QUESTIONER.of(told, str(number).encode(), formers)
    assert asked is not None
    return decode(encode(asked.note))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 12), st.data())
def test_an_echo_of_any_of_many_roots_raises_neither_score_nor_count(
    many: int, others: int, revisions: int, data: st.DataObject
) -> None:
    """B09 with 1 to 200 roots each, and former revisions: a kilometre away it would count; with one in common, not."""
    mine, formers = [event_name(1_000 + n) for n in range(many)], [event_name(3_000 + n) for n in range(revisions)]
    theirs = [event_name(2_000 + n) for n in range(others)]
    own, first = incident(1, []), incident(2, mine, formers, place=1)

    def told(*found: Note) -> tuple[float, int]:
        terms = TERMS.conflict
        return conflict_score(own, 0.4, iter(found), terms), violence_count(own, iter(found), terms)

    alone = told(first)
    both = told(first, incident(3, theirs, place=-1))
    assert both[0] > alone[0]
    assert both[1] == alone[1] + 1 == 3
    theirs[data.draw(st.integers(0, others - 1))] = data.draw(st.sampled_from([*mine, *formers, event_name(2)]))
    assert told(first, incident(3, theirs, place=-1)) == alone


def test_a_note_survives_as_bytes_and_a_memory_survives_its_owner() -> None:
    """What is written is read back alike, and the next owner remembers the same."""
    first = note(7, -123_456, 6_500_000, 3, Group.BLASTS)
    assert decode(encode(first)) == first
    store: dict[bytes, bytes] = {}
    own = note(20_000)
    before = around(kept([note(n, 100 * n) for n in range(1, 9)], store), own)
    assert sorted(around(Nearby(store), own)) == sorted(before)


def test_a_revision_takes_the_place_of_the_former_telling() -> None:
    """One matter is one note in a cell, wherever it moves there."""
    nearby = kept([note(1, 0), note(1, 1500)])
    assert [each.east for each in around(nearby, note(2))] == [1500]


def test_memory_is_bounded_by_cell_and_by_time() -> None:
    """A flood in one place pushes out its own oldest; what no longer counts leaves with the sweep."""
    store: dict[bytes, bytes] = {}
    nearby = kept([note(n, 1000, 1000, ago_h=n / 100) for n in range(1, MOST + 200)], store)
    assert len(nearby) == len(store) == 4 * MOST  # its circle touches four cells
    nearby.sweep(NOW + 1)
    assert len(nearby) == len(store) == 0


def test_only_who_may_recall_an_event_makes_it_forgotten() -> None:
    """Its own unit, or one above it."""
    nearby = kept([note(1)])
    nearby.forget(note(1).event, "se.nord")
    assert len(around(nearby, note(2))) == 1
    nearby.forget(note(1).event, "se.syd")
    assert around(nearby, note(2)) == []


def test_of_several_first_times_the_widest_counts() -> None:
    """Two stops, one answer, in any order."""
    one: Findings = {"novelty": "first_in_area", "score": 0.7}
    other: Findings = {"novelty": "first_in_country"}
    assert joined(one, other) == joined(other, one) == {"novelty": "first_in_country", "score": 0.7}


def test_what_was_found_says_by_what_it_was_made_and_a_second_finding_takes_its_place() -> None:
    """One line a field, however often it is found."""
    event = {"enrichment": {"made_by": [{"field": "alert_tier", "by": "substances", "version": "1"}], "alert_tier": 1}}
    once = enriched(event, {"cluster": 2}, "m-1")
    again = enriched(once, {"cluster": 3}, "m-2")
    assert again["enrichment"]["cluster"] == {"count_7d_50km": 3}
    assert [(each["field"], each["version"]) for each in again["enrichment"]["made_by"]] == [
        ("alert_tier", "1"),
        ("cluster", "m-2"),
    ]
