"""Planned operations that would meet: in place and time, before it is too late, and blindly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.events.control import LinkRelation
from streams.core.link.keys import made_keys, rotated
from streams.core.link.match import Match, Matcher
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter, Sighting, decode, encode
from tests.streams.core.made import KEYS, REFERENCE, example, native

START = datetime(2026, 12, 1, 18, tzinfo=UTC)
HYLLIE, ROSENGARD, MALMO = "se.syd.malmo.hyllie", "se.syd.malmo.rosengard", "se.syd.malmo"
TOKENS = Tokens(KEYS)
SIGHTER = Sighter(REFERENCE, TOKENS)
MATCHER = Matcher(windows=TOKENS.windows)


def plan(number: int, areas: tuple[str, ...] = (HYLLIE,), **changes: Any) -> dict[str, Any]:
    """A plan of one evening, as assessed: by default at one place in Hyllie."""
    body = native(example("operational_plan"))
    event_id = f"01a1c52b-99a0-7c3f-9e2d-{number:012x}"
    payload = {
        **body["payload"],
        "plan_no": f"plan-{number}",
        "window": {"start": START, "end": START + timedelta(hours=4)},
        "targets": [{"kind": "place", "ref": "place-1"}],
        "status": "decided",
    }
    body |= {"event_id": event_id, "areas": list(areas), "operation_ref": None, "persons": [], "objects": []}
    body |= {"geo": {"lon": 12.975, "lat": 55.563, "accuracy_m": 50}, "provenance": {"root_ids": [event_id]}}
    body |= {"reported_at": START - timedelta(days=3), "origin_unit": {"unit": HYLLIE, "function": "coordination"}}
    return body | {"published_at": START - timedelta(days=3), "payload": payload | changes.pop("payload", {})} | changes


def sighted(event: dict[str, Any]) -> Sighting:
    """Its sighting, as it arrives in another lane."""
    found = SIGHTER.sight(event, f"{event['event_id']}@{event['origin_unit']['unit']}".encode(), 0)
    assert found is not None
    return decode(encode(found))


def met(one: dict[str, Any], other: dict[str, Any]) -> Match | None:
    """What is found of two operations: they must share a block too."""
    a, b = sighted(one), sighted(other)
    found = MATCHER.compare(a, b)
    assert found == MATCHER.compare(b, a)
    if found is not None:
        assert set(a.blocks) & set(b.blocks)
    return found


def moved(metres: float, accuracy_m: int = 50) -> dict[str, Any]:
    """A place so far north of the first."""
    return {"lon": 12.975, "lat": 55.563 + metres / 111_195, "accuracy_m": accuracy_m}


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, True),
        ({"geo": moved(1_900)}, True),
        ({"geo": moved(2_300)}, False),
        ({"payload": {"window": {"start": START + timedelta(hours=5), "end": START + timedelta(hours=8)}}}, True),
        ({"payload": {"window": {"start": START + timedelta(hours=7), "end": START + timedelta(hours=8)}}}, False),
        ({"payload": {"window": {"start": START - timedelta(days=9), "end": START + timedelta(days=9)}}}, True),
        ({"payload": {"status": "cancelled"}}, False),
        ({"payload": {"status": "ended"}}, False),
        ({"payload": {"status": "draft"}}, True),
        ({"geo": None}, True),
        ({"geo": None, "areas": [MALMO]}, True),
        ({"geo": None, "areas": [ROSENGARD]}, False),
        ({"geo": None, "areas": ["se.syd"]}, False),
        ({"geo": moved(9_000, accuracy_m=5_000)}, True),
        ({"reported_at": START + timedelta(days=1)}, False),
    ],
)
def test_two_plans_meet_in_place_and_time_or_not(changes: dict[str, Any], warned: bool) -> None:
    """Within two kilometres and two hours; without an exact place, in one area up to the police area."""
    found = met(plan(1), plan(2, **changes))
    assert (found is not None) is warned
    if found is not None:
        assert found.relation is LinkRelation.RELATED
        assert found.kinds == ("operation",)


def test_a_joint_operation_and_a_plan_meet() -> None:
    """Two types, one rule."""
    joint = native(example("joint_operation"))
    window = {"start": START, "end": START + timedelta(hours=2)}
    given = plan(3)
    changes = {name: given[name] for name in ("areas", "geo", "reported_at", "published_at", "origin_unit")}
    joint |= {**changes, "persons": [], "objects": [], "payload": joint["payload"] | {"window": window}}
    found = met(plan(1), joint)
    assert found is not None
    assert found.kinds == ("operation",)


def test_parts_of_one_operation_do_not_collide() -> None:
    """Two plans under one number are meant to be there together."""
    assert met(plan(1, operation_ref="op-7"), plan(2, operation_ref="op-7")) is None
    assert met(plan(1, operation_ref="op-7"), plan(2, operation_ref="op-8")) is not None


def test_a_sighting_of_a_plan_says_nothing_of_its_aim() -> None:
    """Neither what it is aimed at, nor who carries it out, nor its number."""
    body = plan(1, operation_ref="op-secret", payload={"targets": [{"kind": "actor", "ref": "person-secret"}]})
    data = encode(sighted(body))
    assert b"secret" not in data
    assert b"plan-1" not in data
    assert sighted(body).refs


@pytest.mark.parametrize("sensitivity", [3, 4])
def test_a_sighting_of_a_plan_says_neither_where_nor_when(sensitivity: int) -> None:
    """To whoever has no key, two plans at other places and times differ in nothing that can be guessed at."""
    elsewhere: dict[str, Any] = {
        "geo": {"lon": 18.06, "lat": 59.33, "accuracy_m": 10},
        "areas": ["se.stockholm.stockholm-city.sodermalm"],
        "payload": {"window": {"start": START + timedelta(days=9), "end": START + timedelta(days=10)}},
    }
    here, there = (sighted(plan(1, **({"sensitivity": sensitivity} | changes))) for changes in ({}, elsewhere))
    plain = [
        each._replace(features={}, blocks=tuple(block for block in each.blocks if block[:1] != b"o"))
        for each in (here, there)
    ]
    assert plain[0] == plain[1]
    assert {*here.features} == {"sealed"}
    assert not {*here.blocks} & {block for block in there.blocks if block[:1] == b"o"}
    guessed = Sighter(REFERENCE, Tokens(made_keys("other", bytes(range(100, 196))))).sight(
        plan(1, sensitivity=sensitivity), b"guess@se", 0
    )
    assert guessed is not None
    assert not {block for block in guessed.blocks if block[:1] == b"o"} & {*here.blocks}
    assert guessed.features != here.features
    assert Matcher().compare(here, sighted(plan(2))) is None


def test_a_key_that_leaks_opens_no_window_above_its_class() -> None:
    """Whoever has the keys of class 2 and 3 makes no block of a plan of class 4, and opens none."""
    stolen = made_keys("thief", bytes(range(64)) + bytes(range(200, 232)))
    thief, closed = Tokens(stolen), sighted(plan(1, sensitivity=4))
    guess = Sighter(REFERENCE, thief).sight(plan(1, sensitivity=3), b"guess@se", 0)
    assert guess is not None
    assert not {block for block in guess.blocks if block[:1] == b"o"} & {*closed.blocks}
    assert thief.windows.open(closed.features["sealed"]) is None
    assert thief.windows.open(sighted(plan(1, sensitivity=3)).features["sealed"]) is not None


def test_plans_of_two_classes_and_of_two_generations_of_keys_meet() -> None:
    """Under the key of the more sensitive one; and while keys rotate, a worker of before and one of after."""
    assert met(plan(1, sensitivity=3), plan(2, sensitivity=4)) is not None
    rotated_keys = rotated(KEYS, "next", bytes(range(100, 196)), (START - timedelta(days=30)).date())
    tokens = Tokens(rotated_keys)
    after = Sighter(REFERENCE, tokens).sight(plan(2), b"plan-2@se", 0)
    before = sighted(plan(1))
    assert after is not None
    assert {*after.blocks} & {*before.blocks}
    assert Matcher(windows=tokens.windows).compare(before, after) is not None


def test_a_replay_says_the_same() -> None:
    """The bytes of a plan follow from it and the keys alone."""
    assert encode(sighted(plan(1))) == encode(sighted(plan(1)))
