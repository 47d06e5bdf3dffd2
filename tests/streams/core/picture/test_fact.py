"""What is counted of each type of event, what is counted nowhere, and what links and recalls say."""

from typing import Any
from uuid import UUID

import pytest

from schemas.catalogue import EVENT_TYPES
from schemas.events.plans import Measure
from schemas.records import BUS_UNIT
from streams.core.picture.fact import BUS, COUNTED_TYPES, PERSON, UNIT, Entry, Fact, Gone, Join, entries_of
from streams.core.picture.settings import DAY_MS
from streams.core.picture.windows import day_start_ms
from tests.streams.core.made import JARVA, example, native
from tests.streams.core.picture.made import SETTINGS, STOCKHOLM, made_id

MATTER = made_id(7)


def assessed(event_type: str, unit: str = JARVA, **changes: Any) -> dict[str, Any]:
    """A good example as it is shared, with some fields otherwise; ``payload`` is changed field by field."""
    event = native(example(event_type))
    payload = event["payload"] | changes.pop("payload", {})
    return {**event, "origin_unit": {"unit": unit, "function": "investigation"}, **changes, "payload": payload}


def entry(event: dict[str, Any]) -> Entry | None:
    """The one entry of an event, if it has one."""
    return next(entries_of(event, MATTER, SETTINGS), None)


def tallies(event: dict[str, Any]) -> dict[tuple[str, str], int]:
    """What is counted of an event."""
    found = entry(event)
    assert isinstance(found, Fact)
    return {(tally.measure, tally.substance): tally.amount for tally in found.tallies}


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_each_type_is_counted_or_not(event_type: str) -> None:
    """Every example of a counted type makes a fact of known measures, and no other type does."""
    found = entry(assessed(event_type))
    assert isinstance(found, Fact) is (event_type in COUNTED_TYPES)
    if isinstance(found, Fact):
        assert {tally.measure for tally in found.tallies} <= set(Measure)


def test_a_seizure_counts_its_substances_and_their_net_mass() -> None:
    """Net masses of one substance are added; gross masses, counts and volumes are never added to them."""
    base = native(example("drug_seizure"))["payload"]["items"][0]
    nothing = {"mass_g": None, "gross_mass_g": None, "count": None, "volume_ml": None}
    items = [
        base | nothing | {"substance_id": "heroin", "mass_g": 1},
        base | nothing | {"substance_id": "heroin", "mass_g": 2},
        base | nothing | {"substance_id": "heroin", "gross_mass_g": 99},
        base | nothing | {"substance_id": "mdma", "count": 50},
    ]
    assert tallies(assessed("drug_seizure", payload={"items": items})) == {
        ("seizures", ""): 1,
        ("seizures", "heroin"): 1,
        ("mass", "heroin"): 3000,
        ("seizures", "mdma"): 1,
    }


def test_a_death_is_a_poisoning_too() -> None:
    """The dead are counted beside all who were poisoned."""
    assert tallies(assessed("drug_poisoning", payload={"outcome": "fatal"})) == {
        ("poisonings", ""): 1,
        ("deaths", ""): 1,
    }
    assert tallies(assessed("drug_poisoning", payload={"outcome": "severe"})) == {("poisonings", ""): 1}


def test_a_scene_lives_until_it_should_have_been_reviewed() -> None:
    """From the day it was first seen; an active one for thirty days more, a suspected one not at all."""
    scene = assessed("open_drug_scene", payload={"status": "active"})
    found = entry(scene)
    assert isinstance(found, Fact)
    last = day_start_ms(scene["payload"]["last_seen"]) + DAY_MS
    assert (found.from_ms, found.until_ms) == (day_start_ms(scene["payload"]["first_seen"]), last + 30 * DAY_MS)
    closed = entry(assessed("open_drug_scene", payload={"status": "closed"}))
    assert isinstance(closed, Fact)
    assert closed.until_ms == last
    assert tallies(assessed("open_drug_scene", payload={"status": "suspected"})) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"sensitivity": 4},
        {"silent_search": True},
        {"handling": "H2"},
        {"derived_max_handling": "H3"},
        {"common_basis": "restricted_circle"},
        {"legal_origin": "register"},
        {"legal_origin": "coercive_measure"},
        {"legal_origin": "seized_device"},
        {"investigation_secret": True},
    ],
)
def test_what_is_closed_is_counted_nowhere(changes: dict[str, Any]) -> None:
    """It still makes a fact, so that a revision that was counted before is counted no more."""
    assert tallies(assessed("drug_seizure", sensitivity=2)) != {}
    assert tallies(assessed("drug_seizure", **({"sensitivity": 2} | changes))) == {}


def test_areas_are_the_most_local_ones_and_found_ones_where_none_are_named() -> None:
    """An area above another of the list says nothing more."""
    named = entry(assessed("drug_seizure", areas=[STOCKHOLM, JARVA]))
    found = entry(assessed("drug_seizure", areas=[], enrichment={"areas_found": [JARVA]}))
    assert isinstance(named, Fact)
    assert isinstance(found, Fact)
    assert named.areas == found.areas == (JARVA,)


@pytest.mark.parametrize(
    ("unit", "status", "relation", "revision", "says"),
    [
        (BUS_UNIT, "suggested", "duplicate", 1, (BUS, True)),
        (BUS_UNIT, "suggested", "echo", 3, (BUS, True)),
        (BUS_UNIT, "suggested", "joint_seizure", 1, None),
        (BUS_UNIT, "suggested", "related", 1, None),
        (BUS_UNIT, "suggested", "related", 3, (BUS, False)),
        (BUS_UNIT, "rejected", "duplicate", 2, (BUS, False)),
        (JARVA, "suggested", "duplicate", 1, (UNIT, True)),
        (JARVA, "suggested", "related", 1, None),
        (JARVA, "confirmed", "joint_seizure", 1, (PERSON, True)),
        (JARVA, "confirmed", "related", 1, (PERSON, False)),
        (JARVA, "rejected", "echo", 1, (PERSON, False)),
    ],
)
def test_what_a_link_says(unit: str, status: str, relation: str, revision: int, says: tuple[str, bool] | None) -> None:
    """Duplicates and echoes are one; a joint seizure when a person says so; a person parts what the bus joined."""
    link = assessed("link_suggestion", unit, revision=revision, payload={"status": status, "relation": relation})
    found = entry(link)
    ends = sorted(UUID(link["payload"][end]).bytes for end in ("a_id", "b_id"))
    assert found is None if says is None else isinstance(found, Join)
    if isinstance(found, Join):
        assert (found.by, found.joins) == says
        assert [found.a, found.b] == ends


def test_a_recall_ends_each_of_its_targets_and_a_correction_none() -> None:
    """Corrected reports come again as revisions."""
    order = assessed("correction_order", payload={"action": "recall"})
    found = list(entries_of(order, MATTER, SETTINGS))
    assert [type(each) for each in found] == [Gone] * len(order["payload"]["target_ids"])
    assert entry(assessed("correction_order", payload={"action": "correct"})) is None
