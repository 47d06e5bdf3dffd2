"""The cases beside the rules of pointers pass, and hold every number in place."""

from typing import Any

import pytest

from streams.core.link.operations import PointerRules, limits_of, load_pointer_rules
from streams.core.link.pointer_cases import PointerCase, faults, read_cases, verify_pointers
from tests.streams.core.made import REFERENCE

RULES = load_pointer_rules()


def changed(**changes: Any) -> PointerRules:
    """The rules with some of them otherwise."""
    return PointerRules.model_validate(RULES.model_dump() | changes)


def test_every_case_passes_and_every_number_is_held() -> None:
    """As ``sambus rules check`` tells it."""
    assert [str(problem) for problem in verify_pointers(REFERENCE)] == []


@pytest.mark.parametrize(
    "change",
    [{"expect": "apart"}, {"priority": 4}, {"of": "operational_plan/none"}, {"of": "knowledge_item/none"}],
)
def test_a_case_that_says_otherwise_fails(change: dict[str, Any]) -> None:
    """What is found, how urgent it is, and an example that there is not."""
    case = {"name": "made for this test", "of": "operational_plan/garages-in-jarva", "expect": "met", "priority": 2}
    assert len(list(faults(PointerCase.model_validate(case | change), RULES, REFERENCE))) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"matters": 60}, "a car that fifty matters have is a rental car"),
        ({"operations": RULES.operations.model_dump() | {"metres": 1000}}, "a little less than two kilometres"),
        ({"stays_days": RULES.stays_days | {"otherwise": 60}}, "89 days later"),
    ],
)
def test_a_changed_number_fails_with_the_case_that_it_breaks(changes: dict[str, Any], told: str) -> None:
    """Whoever moves a number is told which event it moves."""
    problems = [str(problem) for problem in verify_pointers(REFERENCE, changed(**changes))]
    assert len(problems) == 1
    assert told in problems[0]


def test_a_number_that_no_case_holds_is_told() -> None:
    """Days for a type that no case is of."""
    problems = [
        str(each) for each in verify_pointers(REFERENCE, changed(stays_days=RULES.stays_days | {"drug_seizure": 30}))
    ]
    assert any("stays_days.drug_seizure" in problem for problem in problems)


@pytest.mark.parametrize("days", [{"operational_plan": 400}, {"otherwise": 90, "no_such_type": 3}])
def test_days_are_of_types_that_there_are(days: dict[str, int]) -> None:
    """And of all others together."""
    with pytest.raises(ValueError, match="otherwise"):
        changed(stays_days=days)


def test_the_index_has_the_bounds_of_the_rules() -> None:
    """In milliseconds."""
    limits = limits_of(RULES)
    assert (limits.matters, limits.stays_otherwise_ms) == (50, 90 * 86_400_000)
    assert limits.stays_ms["operational_plan"] == 400 * 86_400_000
    assert len(read_cases()) > 10
