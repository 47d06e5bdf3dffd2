"""What conditions are said to mean or to exclude holds for every event, as the engine itself evaluates them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.share.case_event import CASE_TIME
from streams.core.share.conditions import compile_conditions
from streams.core.share.event_facts import EVENT_FACTS
from streams.core.share.facts import Facts
from streams.core.share.forms import Condition, When
from streams.core.share.implication import Case, cases_of, clash, means
from streams.core.share.soundness import GRAINS
from streams.core.share.transforms import TRANSFORMS
from tests.streams.core.share.packs import REFERENCE, event

SCENE = event(event_type="open_drug_scene")
#: Fields of each kind with values that matter to the conditions below; None is a missing value.
VALUES: dict[str, tuple[Any, ...]] = {
    "sensitivity": (0, 1, 2, 3, 4),
    "handling": ("H0", "H1", "H2", "H3"),
    "chain_stage": (None, "retail", "wholesale", "use"),
    "actionable": (False, True),
    "topics": ([], ["narcotics"], ["weapons"], ["narcotics", "weapons"]),
}
WORDS: dict[str, tuple[Any, ...]] = {
    "sensitivity": (0, 1, 2, 3, 4),
    "handling": ("H0", "H1", "H2", "H3"),
    "chain_stage": ("retail", "wholesale", "use"),
    "actionable": (False, True),
    "topics": ("narcotics", "weapons", "violence"),
}


@st.composite
def leaves(draw: st.DrawFn) -> Condition:
    """One condition on one of the fields."""
    field = draw(st.sampled_from(sorted(WORDS)))
    words = st.sampled_from(WORDS[field])
    single, some = ["eq", "ne"], ["in", "not_in", "intersects", "excludes"]
    size = ["lt", "lte", "gte"] if field == "sensitivity" else []
    operator = draw(st.sampled_from([*single, *some, *size, "exists", "missing"]))
    value: Any = draw(words)
    if operator in some:
        value = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    if operator in ("exists", "missing"):
        value = draw(st.booleans())
    return Condition.model_validate({"field": field, "operator": operator, "value": value})


cases = st.lists(leaves(), min_size=1, max_size=3).map(tuple)
events = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})


def holds(case: Case, values: dict[str, Any]) -> bool:
    """Whether the engine says that the conditions hold for an event with these values."""
    compiled = compile_conditions(When(when=list(case)), "open_drug_scene")
    facts = Facts({**SCENE, **values}, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)
    return compiled is not None and compiled.reduce(facts) is True


def many(name: str) -> bool:
    """Whether a field has several values."""
    return name == "topics"


@settings(max_examples=400, deadline=None)
@given(case=cases, values=events)
def test_what_is_said_to_exclude_each_other_never_holds(case: Case, values: dict[str, Any]) -> None:
    """For no event whatever."""
    if clash(case, many) is not None:
        assert not holds(case, values)


@settings(max_examples=800, deadline=None)
@given(case=cases, other=cases, values=events)
def test_what_is_said_to_mean_another_does(case: Case, other: Case, values: dict[str, Any]) -> None:
    """For every event that meets the first; the second is made wider now and then, so that it often is one."""
    for wider in (other, case[:1], (*case[:1], *other[:1])):
        if means([case], [wider], many) and holds(case, values):
            assert holds(wider, values)


def test_every_way_of_an_any_block_is_a_case() -> None:
    """A leg of several conditions is one case; a rule means another only if every way of it does."""
    rule = When.model_validate(
        {
            "when": [["actionable", "eq", True]],
            "any": [["sensitivity", "gte", 3], {"all": [["handling", "eq", "H1"], ["sensitivity", "gte", 2]]}],
        }
    )
    found = cases_of(rule)
    assert [len(case) for case in found] == [2, 3]
    wide = cases_of(When.model_validate({"when": [["sensitivity", "gte", 2]]}))
    narrow = cases_of(When.model_validate({"when": [["sensitivity", "gte", 3]]}))
    assert means(found, wide, many)
    assert not means(found, narrow, many)


def test_names_that_checks_count_on_are_there() -> None:
    """A transform or fact that was renamed is renamed here, too."""
    assert {name for grains in GRAINS for name in grains} <= set(TRANSFORMS)
    assert "areas.count" in EVENT_FACTS
