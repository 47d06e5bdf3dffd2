"""The one list of what nobody may notice: every ground by itself, and what it inherits."""

from typing import Any

import pytest

from streams.core.hidden import closed, hidden, secret
from streams.core.share.restraint import inherit, restraint_of
from tests.streams.core.made import example, native

CIRCLE_OR_CASE: list[dict[str, Any]] = [
    {"sensitivity": 4},
    {"common_basis": "restricted_circle"},
    {"investigation_secret": True},
    {"legal_origin": "coercive_measure"},
    {"legal_origin": "seized_device"},
]
WALL_OR_CONDITION: list[dict[str, Any]] = [
    {"legal_origin": "register"},
    {"silent_search": True},
    {"handling": "H2", "originator": "DK"},
    {"handling": "H3", "handling_text": "ask first"},
    {"derived_max_handling": "H2"},
    {"derived_max_handling": "H3"},
]


def seizure(**said: Any) -> dict[str, Any]:
    """A seizure as it is decoded from the wire."""
    return native(example("drug_seizure") | said)


def ground(said: dict[str, Any]) -> str:
    """A case by its ground."""
    name, value = next(iter(said.items()))
    return f"{name}={value}"


@pytest.mark.parametrize("said", CIRCLE_OR_CASE, ids=ground)
def test_what_is_of_a_circle_or_an_open_case_is_closed(said: dict[str, Any]) -> None:
    """B05 and B06."""
    event = seizure(**said)
    assert closed(event)
    assert hidden(event)
    assert not secret(event)


@pytest.mark.parametrize("said", WALL_OR_CONDITION, ids=ground)
def test_what_is_behind_a_wall_or_under_a_condition_is_secret(said: dict[str, Any]) -> None:
    """B02, the register part of B05, and silent searches."""
    event = seizure(**said)
    assert secret(event)
    assert hidden(event)


def test_an_extract_of_the_register_is_secret_by_its_field() -> None:
    """Whatever its legal origin says."""
    event = native(example("financial_intelligence"))
    payload = event["payload"] | {"register_source": True}
    assert secret(event | {"payload": payload, "legal_origin": "partner"})


@pytest.mark.parametrize("said", [{}, {"sensitivity": 3}, {"handling": "H1"}, {"legal_origin": "camera"}], ids=str)
def test_everything_else_is_not_hidden(said: dict[str, Any]) -> None:
    """Also what is strict, or may not be used in court."""
    assert not hidden(seizure(**said))


@pytest.mark.parametrize(
    "said", [each for each in (*CIRCLE_OR_CASE, *WALL_OR_CONDITION) if "silent_search" not in each], ids=ground
)
def test_what_is_built_on_something_hidden_is_hidden(said: dict[str, Any]) -> None:
    """As far as it inherits: a circle and a silent search are the event's own, and stay with it."""
    bound = restraint_of(seizure(**said))
    if "common_basis" in said:
        assert bound is None
    else:
        assert bound is not None
        assert hidden(inherit(seizure(), [bound]))
