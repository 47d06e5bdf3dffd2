"""What every rule pack must hold, whatever its rules are: domain rules section 5, points 1 to 3.

Point 4 is test_rules_table.py, point 5 tests/streams/engine/test_no_outsider.py, point 6 test_pack_gazetteer.py.
"""

import random
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.catalogue import EVENT_TYPES
from streams.core.share import Pack, Ruling
from streams.core.share.case_event import CASE_TIME
from streams.core.share.conditions import compile_conditions
from streams.core.share.engine import Engine
from streams.core.share.forms import Condition, Rule
from streams.core.share.loading import RULES, read_pack
from streams.core.share.plan import Block
from tests.streams.core.share.packs import PACK, REFERENCE, desks, ruling
from tests.streams.core.share.strategies import events
from tests.streams.core.share.turning import pack_conditions

EXAMPLES = settings(max_examples=150, deadline=None)

# 1. Paths and strategy


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_has_a_path_that_shares_it_and_one_that_denies_it(event_type: str) -> None:
    """A type without either would be shared with nobody, or with nothing to stop it. Orders follow their targets."""
    plan = PACK.plans[event_type]
    assert plan.blocks
    control = event_type in PACK.file.control_events
    assert control or any(allow.rule.id != PACK.file.own_rule for allow in plan.allows)


@pytest.mark.parametrize("rule", PACK.rules.values(), ids=lambda rule: rule.id)
def test_every_rule_says_which_part_of_the_strategy_it_carries_out(rule: Rule) -> None:
    """All but the one that gives a desk its own event."""
    assert rule.strategy or rule.id == PACK.file.own_rule


# 2. What blocks adds nobody

RECEIVER_CONDITIONS: list[list[Any]] = [
    ["receiver.function", "eq", "intelligence"],
    ["receiver.level", "in", ["region", "national"]],
    ["receiver.class", "ne", "police"],
    ["receiver.unit", "not_in", {"field": "origin_unit.unit"}],
]


@st.composite
def blocks(draw: st.DrawFn) -> Rule:
    """A block rule of conditions that stand in the pack, and of conditions on the receiver."""
    pool: list[Condition | list[Any]] = [*pack_conditions(), *RECEIVER_CONDITIONS]
    every = draw(st.lists(st.sampled_from(pool), max_size=2))
    legs = draw(st.none() | st.lists(st.sampled_from(pool), min_size=1, max_size=2))
    form = {"id": "X1", "title": "x", "effect": "deny", "reason": "x", "obligations": ["audit"]}
    return Rule.model_validate(
        form | {"when": every, "any": legs, "passes": draw(st.sampled_from([None, "person_free"]))}
    )


def with_block(made: dict[str, Any], rule: Rule, at: datetime = CASE_TIME) -> Ruling:
    """What the pack says of an event when it has one more block rule."""
    event_type = made["event_type"]
    plan, conditions = PACK.plans[event_type], compile_conditions(rule, event_type)
    more = () if conditions is None else (Block(rule, conditions, None),)
    plans = {event_type: replace(plan, blocks=(*plan.blocks, *more))}
    return Engine(PACK.file, plans, REFERENCE.gazetteer, REFERENCE.substances).decide(made, at)


@EXAMPLES
@given(events(), blocks())
def test_one_more_block_adds_no_receiver_and_changes_nothing_for_those_who_stay(
    made: dict[str, Any], rule: Rule
) -> None:
    """Whoever it does not deny has the same deliveries as before: nobody can tell that another was denied.

    The publishing desk alone learns what a denial asks of it, never whom it met.
    """
    before, after = ruling(made), with_block(made, rule)
    assert desks(after) <= desks(before)
    if rule.passes is not None:  # then a desk may have an extract in place of the event
        return
    origin = f"{made['origin_unit']['unit']}/{made['origin_unit']['function']}"
    stays = [delivery for delivery in told(after) if delivery[0] != origin]
    assert [delivery for delivery in told(before) if delivery in stays] == stays


@EXAMPLES
@given(
    events(),
    st.sampled_from(
        [
            {"handling": "H2"},
            {"handling": "H3"},
            {"derived_max_handling": "H2"},
            {"common_basis": "restricted_circle"},
            {"common_basis": None},
            {"legal_origin": "coercive_measure"},
            {"legal_origin": "human_source"},
            {"investigation_secret": True},
            {"silent_search": True},
            {"sensitive_data": True},
            {"areas": ["se.atlantis"]},
        ]
    ),
)
def test_what_a_block_rule_looks_for_adds_no_receiver(made: dict[str, Any], stricter: dict[str, Any]) -> None:
    """Each of these is what some block rule looks for; an event already behind such a wall does not change walls."""
    assume("common_basis" not in stricter or made["common_basis"] != "restricted_circle")
    assume("legal_origin" not in stricter or made["legal_origin"] in ("open", "own_observation", "foreign"))
    assert desks(ruling({**made, **stricter})) <= desks(ruling(made))


@EXAMPLES
@given(events(), st.integers(0, 4), st.sampled_from(["H0", "H1", "H2", "H3"]))
def test_raising_sensitivity_or_handling_adds_no_receiver(made: dict[str, Any], level: int, handling: str) -> None:
    """Nor both at once."""
    raised = {"sensitivity": max(level, made["sensitivity"]), "handling": max(handling, made["handling"])}
    assert desks(ruling({**made, **raised})) <= desks(ruling(made))


@EXAMPLES
@given(events(), st.booleans(), st.sampled_from([None, "15-17"]))
def test_one_more_person_or_more_protection_adds_no_receiver(
    made: dict[str, Any], protected: bool, age_band: str | None
) -> None:
    """Neither a witness, nor a minor, nor somebody protected."""
    another = {"ref": "p9", "category": "witness", "age_band": age_band, "protected": protected}
    assert desks(ruling({**made, "persons": [*made["persons"], another]})) <= desks(ruling(made))


# 3. Order changes nothing


@lru_cache(maxsize=4)
def shuffled_pack(seed: int) -> Pack:
    """The released pack with its rules in another order."""
    found = read_pack(RULES)
    random.Random(seed).shuffle(found.rules)  # noqa: S311 - a test's order, no secret
    return Pack(found, REFERENCE.gazetteer)


def told(said: Ruling) -> list[tuple[object, ...]]:
    """Deliveries with what their view shows for view objects, to compare two packs' answers."""
    return [(*r[:2], r.view.names, r.view.fields, *r[3:]) for r in said.receivers]


@EXAMPLES
@given(events(), st.integers(0, 3))
def test_the_order_of_rules_changes_nothing(made: dict[str, Any], seed: int) -> None:
    """The whole answer is the same, in the same order."""
    one, other = ruling(made), ruling(made, shuffled_pack(seed))
    assert (told(one), one[1:]) == (told(other), other[1:])


@EXAMPLES
@given(st.lists(events(), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing(window: list[dict[str, Any]], shuffle: random.Random) -> None:
    """A pack that has decided on others before, in whatever order, says the same of each."""
    said = [ruling(made) for made in window]
    fresh = Engine(PACK.file, PACK.plans, REFERENCE.gazetteer, REFERENCE.substances)
    order = list(range(len(window)))
    shuffle.shuffle(order)
    for number in order:
        again = fresh.decide(window[number], CASE_TIME)
        assert (told(again), again[1:]) == (told(said[number]), said[number][1:])


@EXAMPLES
@given(events(), st.randoms(use_true_random=False))
def test_the_order_inside_an_event_changes_nothing(made: dict[str, Any], shuffle: random.Random) -> None:
    """Its areas and persons are sets to the rules."""
    other = {**made, "areas": list(made["areas"]), "persons": list(made["persons"])}
    shuffle.shuffle(other["areas"])
    shuffle.shuffle(other["persons"])
    assert (told(ruling(other)), ruling(other)[1:]) == (told(ruling(made)), ruling(made)[1:])
