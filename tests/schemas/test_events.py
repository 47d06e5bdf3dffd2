"""Every event type by its examples: the good ones pass, the bad ones are refused for exactly what is wrong."""

import json
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.catalogue import EVENT_TYPES
from schemas.checks import CHECK_REMEDIES, Check
from schemas.envelope import Event
from schemas.example_data import BadExample, GoodExample, bad_examples, every_good_example, good_examples
from schemas.gazetteer import load_gazetteer
from schemas.problems import RejectCode
from schemas.substances import load_substances
from schemas.validation import validate
from tests.schemas.event_strategies import ANY_JSON, bodies

GOOD = [pytest.param(t, e, id=f"{t}/{e.name}") for t in EVENT_TYPES for e in good_examples(t)]
BAD = [pytest.param(t, e, id=f"{t}/{e.name}") for t in EVENT_TYPES for e in bad_examples(t)]
TYPES = st.sampled_from(sorted(EVENT_TYPES))


def plain(value: Any) -> Any:
    """Python values as they come out of Avro: enums as text."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.value if isinstance(value, Enum) else value


def assert_round_trips(event_type: str, event: Event[Any]) -> None:
    """The event comes back the same from JSON and from plain Python values."""
    from_python = validate(event_type, plain(event.model_dump(mode="python")))
    from_json = validate(event_type, json.loads(event.model_dump_json()))
    assert from_python == event
    assert from_json == event


@pytest.mark.parametrize(("event_type", "example"), GOOD)
def test_a_good_example_is_an_event_of_its_type_and_round_trips(event_type: str, example: GoodExample) -> None:
    """Good examples are accepted and survive both forms unchanged."""
    event = validate(event_type, example.body)
    assert isinstance(event, EVENT_TYPES[event_type].model)
    assert event.event_type == event_type
    assert_round_trips(event_type, event)


@pytest.mark.parametrize(("event_type", "example"), BAD)
def test_a_bad_example_is_refused_for_exactly_what_is_wrong(event_type: str, example: BadExample) -> None:
    """Bad examples are refused with every problem that their file names, in order, and no other."""
    assert validate(event_type, example.body) == example.problems


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_type_has_at_least_two_good_and_three_bad_examples(event_type: str) -> None:
    """A reader sees each type from more than one side."""
    assert len(good_examples(event_type)) >= 2
    assert len(bad_examples(event_type)) >= 3


def test_every_check_is_shown_failing_and_has_its_remedy() -> None:
    """No check stands that nobody has seen refuse anything."""
    shown = {problem.check for t in EVENT_TYPES for e in bad_examples(t) for problem in e.problems}
    assert set(Check) - shown == set()
    assert set(CHECK_REMEDIES) == set(Check)


def test_every_code_of_validation_is_shown() -> None:
    """The codes that validation can give each have an example."""
    shown = {problem.code for t in EVENT_TYPES for e in bad_examples(t) for problem in e.problems}
    assert shown == {
        RejectCode.FIELD_MISSING,
        RejectCode.FIELD_UNKNOWN,
        RejectCode.FIELD_INVALID,
        RejectCode.GRADING_INVALID,
        RejectCode.ENGINE_FIELD,
        RejectCode.PURPOSE_MISSING,
        RejectCode.ROOTS_EMPTY,
    }


def test_examples_are_made_up_and_speak_of_real_areas_and_substances() -> None:
    """Every example is marked synthetic; its area codes and substances are in the reference data."""
    gazetteer, substances = load_gazetteer(), load_substances()
    for event_type, example in every_good_example():
        body = example.body
        assert body["synthetic"] is True, event_type
        assert [area for area in body.get("areas", []) if not gazetteer.known(area)] == []
        assert [s for s in _substances(body["payload"]) if substances.get(s) is None] == []


def test_no_two_examples_share_an_id() -> None:
    """Ids are ids, across all types."""
    ids = [example.body["event_id"] for _, example in every_good_example()]
    assert len(ids) == len(set(ids))


def _substances(value: Any, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in _substances(inner, key)]
    if isinstance(value, list):
        return [found for inner in value for found in _substances(inner, name)]
    return [value] if name.startswith("substance") and name != "substance_text" else []


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_is_accepted_round_trips(data: st.DataObject) -> None:
    """Any accepted body gives the same event from JSON and from Python values; any other gives problems."""
    event_type = data.draw(TYPES)
    event = validate(event_type, data.draw(bodies(event_type)))
    if isinstance(event, Event):
        assert_round_trips(event_type, event)
    else:
        assert all(problem.pointer.startswith("/") for problem in event)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_body_makes_validation_raise(data: st.DataObject) -> None:
    """Whatever JSON stands in whatever field, the answer is an event or problems."""
    event_type = data.draw(TYPES)
    body = data.draw(st.sampled_from(good_examples(event_type))).body
    for target in (body, body["payload"]):
        for name in data.draw(st.lists(st.sampled_from(sorted(target)) | st.text(max_size=5), max_size=3)):
            target[name] = data.draw(ANY_JSON)
    answer = validate(event_type, body)
    assert isinstance(answer, Event) or (answer and all(problem.remedy_sv for problem in answer))
