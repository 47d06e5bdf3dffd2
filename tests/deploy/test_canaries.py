"""The canaries that the rules' own cases give: how many, which rules they watch, and that they find a broken pack."""

from dataclasses import replace
from functools import lru_cache

import pytest

from consumers.watch.canaries import Canary, Direction, Outcome, judge
from deploy.canaries import Made, Maker, canaries_of
from streams.core.reference import load_reference
from streams.core.share import Pack, Ruling
from streams.core.share.loading import RULES, read_pack
from streams.engine.canary import result

#: Rules that decide by what came before an event (releases, circles, links, feedback, cases), by the bus's own events,
#: or let through everything: no event that stands alone shows these ways of them.
UNTESTED = {
    "arrive": {"B09", "REL1", "REL2", "S36", "S10", "S37", "S02", "S38", "S11"},
    "never": {"B07", "B08", "B09", "B10", "OWN", "REL1", "REL2", "S36", "S10", "S37", "S02", "S38", "S34"},
}


@lru_cache(maxsize=1)
def made() -> Made:
    """Made once for all tests of this module."""
    return canaries_of(RULES, load_reference())


@lru_cache(maxsize=1)
def maker() -> Maker:
    """What made them."""
    return Maker(RULES, load_reference())


def without(rule: str) -> Pack:
    """The pack with one rule taken out of it."""
    found = read_pack(RULES)
    kept = [each for each in found.rules if each.form.id != rule]
    return Pack(replace(found, rules=kept), load_reference().gazetteer)


def come_of(canary: Canary, pack: Pack) -> Outcome:
    """What a canary comes to under a pack."""
    ruling = maker().decided(canary.body, canary.desk, pack)
    assert isinstance(ruling, Ruling)
    told = result(str(canary.body["event_id"]), ruling, pack, ())
    told["made"] = {"deliver": [receiver.desk for receiver in ruling.receivers]}
    return judge(canary, told)


def test_the_cases_give_canaries_for_every_rule_that_an_event_alone_can_show() -> None:
    """In both directions; which rules are not tested is written down, and is what the pack says of them."""
    untested: dict[str, set[str]] = {"arrive": set(), "never": set()}
    for rule, direction in made().untested:
        untested[direction].add(rule)
    assert untested == UNTESTED
    assert len(made().canaries) > 150
    assert len({canary.name for canary in made().canaries}) == len(made().canaries)


def test_every_canary_is_synthetic_and_passes_under_its_own_pack() -> None:
    """Nobody could take one for a report, wherever it turned up."""
    assert {canary.body["synthetic"] for canary in made().canaries} == {True}
    assert [canary.name for canary in made().canaries if come_of(canary, maker().pack) != ((), ())] == []


WALLS = ("B01", "B02", "B03", "B04", "B05", "B06")


@pytest.mark.parametrize("rule", WALLS)
def test_a_pack_that_has_lost_a_wall_is_found(rule: str) -> None:
    """By the canaries before that wall: one of them at least arrives where it must never arrive."""
    pack = without(rule)
    before = [canary for canary in made().canaries if (rule, Direction.NEVER) in canary.paths]
    assert any(come_of(canary, pack).leaked for canary in before)


@pytest.mark.parametrize("rule", ["S01", "S03", "S17", "S18", "S13", "S12"])
def test_a_pack_that_has_lost_a_way_is_found(rule: str) -> None:
    """By the canaries of that way: one of them at least does not arrive."""
    pack = without(rule)
    on_it = [canary for canary in made().canaries if (rule, Direction.ARRIVE) in canary.paths]
    assert any(come_of(canary, pack).missing for canary in on_it)
