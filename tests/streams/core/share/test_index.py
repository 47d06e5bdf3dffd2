"""The index of rules: it never misses a rule that matches, keeps their order, and leaves most others out."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.share import Pack
from streams.core.share.case_event import CASE_TIME
from streams.core.share.facts import Facts
from streams.core.share.plan import Allow, Block
from tests.bench.rules import generated
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, event
from tests.streams.core.share.strategies import events

LARGE = generated(400)


def facts_of(made: dict[str, Any]) -> Facts:
    """The event as rules see it."""
    return Facts(made, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)


def matching(rules: Sequence[Allow | Block], facts: Facts) -> list[str]:
    """The rules that match, found the slow way."""
    return [each.rule.id for each in rules if each.conditions.reduce(facts) is not False]


@settings(max_examples=300, deadline=None)
@given(events(), st.sampled_from([PACK, LARGE]))
def test_what_matches_is_always_found_in_its_order(made: dict[str, Any], pack: Pack) -> None:
    """Whatever the event says, in the released pack and in a large one."""
    plan, facts = pack.plans[made["event_type"]], facts_of(made)
    allows, blocks = plan.index.possible(facts)
    assert matching(allows, facts) == matching(plan.allows, facts)
    assert matching(blocks, facts) == matching(plan.blocks, facts)


def test_most_rules_of_other_areas_are_never_tried() -> None:
    """A seizure in Järva meets the general rules and those of Järva: a tenth of all, at the most."""
    plan = LARGE.plans["drug_seizure"]
    allows, blocks = plan.index.possible(facts_of(event(event_type="drug_seizure")))
    assert len(allows) + len(blocks) < (len(plan.allows) + len(plan.blocks)) / 10


@pytest.mark.parametrize("areas", [[JARVA, NORD], [NORD, JARVA], [JARVA, JARVA]])
def test_an_event_about_several_areas_meets_the_rules_of_each_once(areas: list[str]) -> None:
    """In the order of the rules, not of the areas."""
    allows, _ = LARGE.plans["drug_seizure"].index.possible(facts_of(event(event_type="drug_seizure", areas=areas)))
    names = [allow.rule.id for allow in allows]
    assert names == sorted(set(names))
    assert "OWN" in names
