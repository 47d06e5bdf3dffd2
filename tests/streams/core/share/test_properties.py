"""What the engine must do with every event, whatever the pack. The pack's own laws stand in test_pack_law.py."""

from typing import Any

from hypothesis import given, settings

from schemas.codec import Codec
from streams.core.share import project
from streams.core.share.case_event import CASE_TIME
from streams.core.share.conditions import compile_conditions
from streams.core.share.facts import Facts
from streams.core.share.fields import leaves_of, sealed_leaves
from streams.core.share.forms import Rule
from streams.core.share.reach import Reach, clause_of
from tests.streams.core.share.packs import PACK, REFERENCE, ruling
from tests.streams.core.share.strategies import events
from tests.streams.core.share.test_views import shown

CODEC = Codec()
EXAMPLES = settings(max_examples=150, deadline=None)


@EXAMPLES
@given(events())
def test_nobody_receives_without_a_rule_that_says_so(made: dict[str, Any]) -> None:
    """Each rule of a delivery matches the event and reaches the desk: worked out anew, without plans and caches."""
    facts = Facts(made, REFERENCE.gazetteer, REFERENCE.substances, CASE_TIME)
    reach = Reach(REFERENCE.gazetteer, PACK.engine(REFERENCE.gazetteer, REFERENCE.substances).receivers)
    for receiver in ruling(made).receivers:
        assert receiver.rules
        for name in receiver.rules:
            assert receiver.desk in reached_by(PACK.rules[name], made["event_type"], facts, reach), name


def reached_by(rule: Rule, event_type: str, facts: Facts, reach: Reach) -> set[str]:
    """The desks that a rule, or the exception of a block rule, reaches for an event that it matches."""
    found: set[str] = set()
    shares = rule.share if rule.exception is None else rule.exception.share
    for number, share in enumerate(shares):
        conditions = compile_conditions(rule, event_type, share.when)
        if conditions is not None and conditions.reduce(facts) is not False:
            clause = clause_of(share, number + 1000 * int.from_bytes(rule.id.encode()))
            found |= {receiver.desk for receiver in reach.resolve(clause, clause.places(facts))}
    return found


@EXAMPLES
@given(events())
def test_the_origin_has_its_own_event_and_block_rules_take_nothing_from_it(made: dict[str, Any]) -> None:
    """Clarification 8. B07 alone takes from it what is past its time, and then from everybody."""
    origin = f"{made['origin_unit']['unit']}/{made['origin_unit']['function']}"
    said = ruling(made)
    due = ((made["enrichment"] or {}).get("retention") or {}).get("due_at")
    if due is not None and due <= CASE_TIME and not made["hold"]:
        assert not said.receivers
        assert all("B07" in withheld.block_rules for withheld in said.withheld)
        return
    assert next(r.view_group for r in said.receivers if r.desk == origin) == "main"
    assert all(withheld.desk != origin for withheld in said.withheld)


@EXAMPLES
@given(events())
def test_no_desk_gets_two_deliveries_of_one_group(made: dict[str, Any]) -> None:
    """One delivery for each event revision, desk and view group (clarification 29)."""
    addresses = [(receiver.desk, receiver.view_group) for receiver in ruling(made).receivers]
    assert len(addresses) == len(set(addresses))


@EXAMPLES
@given(events())
def test_no_view_shows_more_than_each_of_its_rules_lets_through(made: dict[str, Any]) -> None:
    """Nor a sealed field that none of its rules unseals: only the origin's own delivery has those."""
    event_type = made["event_type"]
    plan = PACK.plans[event_type]
    full = {**made, "provenance": {**made["provenance"], "source_key": "sealed-key"}, "trace": {"audit_id": "a"}}
    for receiver in ruling(made).receivers:
        if "OWN" in receiver.rules and receiver.view_group == "main":
            assert receiver.view.fields == leaves_of(event_type)
            continue
        rules = [PACK.rules[name] for name in receiver.rules]
        unsealed = {path for rule in rules for path in rule.unseal}
        unsealed |= {path for rule in rules for share in rule.share for path in share.unseal}
        assert receiver.view.fields & sealed_leaves(event_type) <= unsealed
        for allow in plan.allows:
            lenses = [share.lens for share in allow.clauses if allow.rule.id in receiver.rules]
            assert not lenses or any(receiver.view.fields <= lens.fields for lens in lenses)
        seen = shown(project(full, receiver.view))
        assert seen.keys() <= receiver.view.fields
        assert "sealed-key" not in str(seen)
