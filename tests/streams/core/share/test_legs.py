"""Every branch of a rule is told apart by a case: taken out or widened, it makes a case of its own rule fail."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

import pytest

from streams.core.share.cases import Bench, read_cases
from streams.core.share.forms import AllOf, Condition, Leg, Rule
from streams.core.share.loading import RULES, Placed, read_pack
from streams.core.share.pack import Pack
from tests.streams.core.share.packs import REFERENCE

FORMS = read_pack(RULES)
CASES = read_cases(RULES)
#: What no case can tell apart, since something else says as much today. Each would count if that changed.
IDLE: Final = {
    "B03: any 3 without receiver.unit": "every unit below the nation grades for itself, and is of its own case team",
    "B10: without any 1": "no rule but S26 proposes anybody abroad, and it asks for the release itself",
    "B13: without its any": "no rule proposes it to another knowledge or coordination desk of its unit",
    "S02: without focus_group.active": "no circle, no members",
    "S10: without receiver.entitled_to_both": "B15 denies whoever lacks an end",
    "S11: without derived_from_report": "no report, no reporters",
    "S23: without any 1": "no authority has stated its need of anything but seizures, save in joint operations",
    "S23: without its any": "whoever has stated a need has stated it of seizures or in a joint operation",
    "S29: without purpose": "the envelope asks for a purpose",
    "S36: without case_ref": "no case, no team",
}


class Changed(NamedTuple):
    """A rule with one branch taken out, or one condition dropped, so that it matches less or more than it should."""

    what: str
    rule: Rule


def changes(rule: Rule) -> Iterator[Changed]:
    """A rule without each of its branches in turn, and without each of its conditions but those on the type."""
    legs = rule.any or []
    for number, leg in enumerate(legs):
        others = [other for other in legs if other is not leg]
        if others:
            yield Changed(f"{rule.id}: without any {number + 1}", rule.model_copy(update={"any": others}))
        for condition in leg.all if isinstance(leg, AllOf) else ():
            wider = [_without(leg, condition) if other is leg else other for other in legs]
            what = f"{rule.id}: any {number + 1} without {condition.field}"
            yield Changed(what, rule.model_copy(update={"any": wider}))
    if legs:
        yield Changed(f"{rule.id}: without its any", rule.model_copy(update={"any": None}))
    for condition in rule.when:
        if condition.field != "event_type":
            rest = [other for other in rule.when if other is not condition]
            yield Changed(f"{rule.id}: without {condition.field}", rule.model_copy(update={"when": rest}))


def _without(leg: Leg, condition: Condition) -> Leg:
    rest = [other for other in leg.all if other is not condition] if isinstance(leg, AllOf) else []
    return rest[0] if len(rest) == 1 else AllOf.model_construct(all=rest)


def _bench(changed: Rule) -> Bench:
    rules = [Placed(changed, r.source, r.at) if r.form.id == changed.id else r for r in FORMS.rules]
    pack = Pack(replace(FORMS, rules=rules), REFERENCE.gazetteer)
    return Bench(pack, REFERENCE.gazetteer, REFERENCE.substances)


def _noticed(changed: Rule) -> bool:
    bench = _bench(changed)
    about = (case for case in CASES if changed.id in (*case.form.proves, *case.form.limits))
    return any(bench.run(case).faults for case in about)


@pytest.mark.parametrize("rule", [rule.form for rule in FORMS.rules], ids=lambda rule: rule.id)
def test_every_branch_of_a_rule_has_a_case_that_just_matches_and_one_that_just_does_not(rule: Rule) -> None:
    """Without the branch a case that it should match fails; without the condition one that it should not."""
    missed = {change.what for change in changes(rule) if not _noticed(change.rule)}
    assert missed == {what for what in IDLE if what.startswith(f"{rule.id}: ")}
