"""Planned operations that would meet: in place and time, before it is too late, and blindly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.events.control import LinkRelation
from streams.core.link.match import Match, Matcher
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter, Sighting, decode, encode
from tests.streams.core.made import KEYS, REFERENCE, example, native

START = datetime(2026, 12, 1, 18, tzinfo=UTC)
HYLLIE, ROSENGARD, MALMO = "se.syd.malmo.hyllie", "se.syd.malmo.rosengard", "se.syd.malmo"
SIGHTER = Sighter(REFERENCE, Tokens(KEYS))
MATCHER = Matcher()


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
