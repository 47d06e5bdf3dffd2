"""Matching: what holds of every pair, whatever its type."""

from datetime import timedelta
from math import cos, radians, sin
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import EVENT_TYPES
from schemas.events.control import LinkRelation
from schemas.example_data import good_examples
from streams.core.link.match import Matcher
from streams.core.link.sighting import Sighting, decode, encode
from tests.streams.core.link.test_sighting import APART, SIGHTER, event, example, sight

MATCHER = Matcher()
JOINS = {LinkRelation.DUPLICATE, LinkRelation.ECHO}
BODIES = [(name, found.body) for name in sorted(EVENT_TYPES.keys() - APART) for found in good_examples(name)]
NEW_ID = "01a1bfcf-a960-7ad7-9c7f-0000000000ff"


def other(told: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Another telling of the same: with an id and a root of its own."""
    return {**told, "event_id": NEW_ID, "provenance": {**told["provenance"], "root_ids": [NEW_ID]}, **said}


def seen(number: int, unit: str, minutes: int, *, retells: bool) -> Sighting:
    """Some example, as some unit tells it, earlier or later."""
    name, body = BODIES[number]
    told = event(name, body)
    said = other(told) if not retells else {**told, "event_id": NEW_ID}
    found = sight(said, unit)
    shift = minutes * 60_000
    return found._replace(from_ms=found.from_ms + shift, to_ms=found.to_ms + shift)


@settings(max_examples=300, deadline=None)
@given(
    one=st.integers(0, len(BODIES) - 1),
    two=st.integers(0, len(BODIES) - 1),
    unit=st.sampled_from(["se.syd", "se.syd.malmo"]),
    minutes=st.integers(-100, 100),
    retells=st.booleans(),
)
def test_a_match_has_no_direction_and_is_of_one_or_several_origins(
    *, one: int, two: int, unit: str, minutes: int, retells: bool
) -> None:
    """The same both ways; never of the same origin and independent; across types never a duplicate."""
    first, second = sight(event(*BODIES[one])), seen(two, unit, minutes, retells=retells)
    found = MATCHER.compare(first, second)
    assert found == MATCHER.compare(second, first)
    if found is None:
        return
    assert 0 <= found.score <= 1
    assert found.features
    assert list(found.features) == sorted(set(found.features))
    assert not (found.same_origin and found.independent)
    assert found.relation is not LinkRelation.ECHO or found.same_origin
    if first.event_type != second.event_type:
        assert found.relation is not LinkRelation.DUPLICATE


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_what_matches_shares_a_block(number: int) -> None:
    """A second telling is found only if the two meet: where they match, they have a block in common."""
    name, body = BODIES[number]
    told = event(name, body)
    first, second = sight(told), sight(other(told), "se.syd")
    if MATCHER.compare(first, second) is not None:
        assert set(first.blocks) & set(second.blocks)


@settings(max_examples=200, deadline=None)
@given(
    metres=st.floats(0, 900),
    turn=st.floats(0, 6.28),
    minutes=st.integers(-70, 70),
    accuracy=st.sampled_from([0, 15, 60, 250, 400]),
    lat=st.floats(55.4, 68.9),
    lon=st.floats(11.2, 23.9),
)
def test_near_ones_meet_wherever_they_lie(
    *, metres: float, turn: float, minutes: int, accuracy: int, lat: float, lon: float
) -> None:
    """Whatever border of cells or spans runs between two that match, they share a block."""
    told = example("violence_incident")
    north, east = metres * cos(turn) / 111_195, metres * sin(turn) / (111_195 * cos(radians(lat)))
    here = {**told["geo"], "lat": lat, "lon": lon, "accuracy_m": accuracy}
    there = {**here, "lat": lat + north, "lon": lon + east}
    shift = timedelta(minutes=minutes)
    times = {name: told[name] + shift for name in ("occurred_from", "occurred_to")}
    first = sight({**told, "geo": here})
    payload = {**told["payload"], "incident_no": "ab" * 32}
    second = sight(other(told, geo=there, payload=payload, **times), "se.syd")
    if MATCHER.compare(first, second) is not None:
        assert set(first.blocks) & set(second.blocks)


def test_two_revisions_of_one_telling_are_no_pair() -> None:
    """The later takes the place of the earlier; they are not linked."""
    told = example("violence_incident")
    assert MATCHER.compare(sight(told), sight(other(told, revision=2))) is None


def test_an_event_that_supersedes_another_is_the_same_matter() -> None:
    """Also when its exact key changed: a summary of the month, renumbered."""
    told = example("intelligence_report")
    changed = {**told["payload"], "local_report_no": "another", "summary": "Helt andra ord om en helt annan sak."}
    found = MATCHER.compare(sight(told), sight(other(told, payload=changed, supersedes=told["event_id"])))
    assert found is not None
    assert found.relation in JOINS


def test_a_revision_of_a_retold_report_is_still_of_the_same_origin() -> None:
    """A unit retold revision 1; revision 2 has an id and a root of its own, and supersedes the first."""
    told = example("violence_incident")
    echo = sight({**told, "event_id": NEW_ID}, "se.syd")
    second = "01a1bfcf-a960-7ad7-9c7f-0000000000aa"
    revised = {**told, "event_id": second, "supersedes": told["event_id"], "revision": 2}
    revised["provenance"] = {**told["provenance"], "root_ids": [second]}
    found = MATCHER.compare(sight(revised), echo)
    assert found is not None
    assert (found.relation, found.same_origin, found.independent) == (LinkRelation.ECHO, True, False)


def test_a_laboratory_result_belongs_to_the_seizure_it_names() -> None:
    """Related, never one card by the bus: the result is another event."""
    seizure, result = example("drug_seizure"), example("forensic_result")
    result["payload"] = {**result["payload"], "seizure_no": seizure["payload"]["seizure_no"]}
    first, second = sight(seizure), sight(other(result))
    found = MATCHER.compare(first, second)
    assert found is not None
    assert (found.relation, found.features) == (LinkRelation.RELATED, ("seizure_no",))
    assert set(first.blocks) & set(second.blocks)


def rooted(number: int, roots: list[str], formers: tuple[str, ...] = ()) -> Sighting:
    """A shooting that a camera showed, as told by a unit of its own, from a source of its own, going back to these."""
    told = example(
        "violence_incident", legal_origin="own_observation", geo={"lon": 17.9, "lat": 59.4, "accuracy_m": 10}
    )
    said = {"root_ids": roots or [event_name(number)], "source_key": f"{number:02x}" * 32, "derived_from": []}
    told = {**told, "event_id": event_name(number), "provenance": said}
    unit = f"se.syd.u{number}"
    found = SIGHTER.sight({**told, "origin_unit": {**told["origin_unit"], "unit": unit}}, unit.encode(), 0, formers)
    assert found is not None
    return decode(encode(found))


def event_name(number: int) -> str:
    """The id of an event by its number."""
    return f"01a1bfcf-a960-7ad7-9c7f-{number:012x}"


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_one_root_in_common_of_however_many_makes_one_origin(many: int, others: int, data: st.DataObject) -> None:
    """B09: never independent, and they meet by that root alone; without one they are independent."""
    mine = [event_name(1_000 + n) for n in range(many)]
    theirs = [event_name(2_000 + n) for n in range(others)]
    apart = MATCHER.compare(rooted(1, mine), rooted(2, theirs))
    assert apart is not None
    assert (apart.same_origin, apart.independent) == (False, True)
    theirs[data.draw(st.integers(0, others - 1))] = shared = mine[data.draw(st.integers(0, many - 1))]
    one, other = rooted(1, mine), rooted(2, theirs)
    found = MATCHER.compare(one, other)
    assert found is not None
    assert (found.same_origin, found.independent) == (True, False)
    assert b"r" + bytes.fromhex(shared.replace("-", ""))[-8:] in {*one.blocks} & {*other.blocks}


@given(st.integers(0, 11))
def test_a_former_revision_as_root_makes_one_origin(place: int) -> None:
    """Whichever of those that are remembered."""
    formers = tuple(event_name(100 + n) for n in range(12))
    found = MATCHER.compare(rooted(1, [], formers), rooted(2, [formers[place]]))
    assert found is not None
    assert (found.same_origin, found.independent) == (True, False)


def test_where_not_all_revisions_are_remembered_nothing_is_called_independent() -> None:
    """The other may go back to one that is forgotten."""
    formers = tuple(event_name(100 + n) for n in range(12))
    found = MATCHER.compare(rooted(1, [], formers), rooted(2, []))
    assert found is not None
    assert (found.same_origin, found.independent) == (False, False)


def test_who_names_a_retelling_as_its_root_is_of_its_origin() -> None:
    """Also if it should have named what that retells."""
    found = MATCHER.compare(rooted(1, [event_name(50)]), rooted(2, [event_name(1)]))
    assert found is not None
    assert (found.same_origin, found.independent) == (True, False)
