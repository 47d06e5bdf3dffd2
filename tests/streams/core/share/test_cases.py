"""The released pack's cases, one test each, and the proof that a case can fail."""

from pathlib import Path

import pytest

from streams.core.share.cases import Bench, Case, read_cases, verify
from streams.core.share.loading import RULES, Placed
from tests.streams.core.share.packs import PACK, REFERENCE, changed

BENCH = Bench(PACK, REFERENCE.gazetteer, REFERENCE.substances)


@pytest.mark.parametrize("case", read_cases(RULES), ids=lambda case: f"{case.source.file}: {case.form.name}")
def test_case(case: Placed[Case]) -> None:
    """What the rule owner expects is what the pack says."""
    assert BENCH.run(case).faults == ()


def test_every_rule_and_view_has_its_cases() -> None:
    """The released pack has no problem."""
    assert verify(RULES, REFERENCE.gazetteer, REFERENCE.substances) == ()


ALWAYS_WRONG = [
    ("receives: [se.syd.malmo.fosie/surveillance]", "receives: [se.nord/intelligence]", "does not receive it"),
    ("exact: true", "not: [se.syd.malmo.fosie/surveillance]", "receives it"),
    ("proves: OWN", "proves: S13", "should match, and does not"),
    ("proves: OWN", "limits: OWN", "should not match, and does"),
    (
        "views: {se.syd.malmo.fosie/surveillance: [own]}",
        "views: {se.syd.malmo.fosie/surveillance: [alert_card]}",
        "thr",
    ),
    ("feed.own.se.syd.malmo.fosie", "feed.own.se.syd", "feed is feed.own.se.syd.malmo.fosie"),
    ("payload.observer_ref: obs-7}}", "payload.observer_ref: obs-8}}", "sees 'obs-7' in payload.observer_ref"),
    ("observer_ref: obs-7}}\n", "observer_reff: obs-7}}\n", "has no field 'payload.observer_reff'"),
    ("event_type: surveillance_observation", "event_type: observation", "no event type 'observation'"),
    ("from: se.syd.malmo.fosie/surveillance, ", "", "names the desk that published"),
    ("receives: [se.syd.malmo.fosie/surveillance]", "withheld: {se.nord/surveillance: B02}", "denied by nothing"),
    ("receives: [se.syd.malmo.fosie/surveillance]", "not: [se.nord/spaning]", "no desk se.nord/spaning"),
    ("exact: true", "count: 7", "desks receive it, not 7"),
    ("exact: true", "hides: {se.syd.malmo.fosie/surveillance: [geo]}", "has no geo to hide"),
    ("exact: true", "hides: {se.syd.malmo.fosie/surveillance: [payload.observer_ref]}", "sees payload.observer_ref"),
    ("exact: true", "marks: {se.syd.malmo.fosie/surveillance: [UNCONFIRMED]}", "marks lacks UNCONFIRMED"),
    ("exact: true", "priority: {se.syd.malmo.fosie/surveillance: 1}", "priority is 4, not 1"),
]


@pytest.mark.parametrize(("old", "new", "fault"), ALWAYS_WRONG)
def test_a_wrong_case_fails(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """Each expectation is really held against the decision."""
    case = read_cases(changed(tmp_path, "own_test.yaml", old, new))
    first = next(placed for placed in case if placed.source.file == "own_test.yaml")
    assert any(fault in said for said in BENCH.run(first).faults)


def test_a_delivery_that_nobody_foresaw_fails_an_exact_case(tmp_path: Path) -> None:
    """``exact`` means that nobody else receives it."""
    folder = changed(tmp_path, "own_test.yaml", "sensitivity: 4", "sensitivity: 3")
    first = next(placed for placed in read_cases(folder) if placed.source.file == "own_test.yaml")
    assert any("nobody said so" in fault for fault in BENCH.run(first).faults)


def test_a_rule_without_a_case_is_a_problem(tmp_path: Path) -> None:
    """A rule that no case proves cannot stay; neither can a case of no rule, nor one of a rule that is gone."""
    folder = changed(tmp_path, "alerts_test.yaml", "- name:", "- name:")
    (folder / "alerts_test.yaml").write_text(
        "- {name: a case of nothing, event: {event_type: x, from: a/b}}\n", "utf-8"
    )
    found = [str(problem) for problem in verify(folder, REFERENCE.gazetteer, REFERENCE.substances)]
    rule = next(rule for rule in PACK.sources if rule.form.id == "S32")
    at = f"{rule.source.file}:{rule.source.line(rule.at)}"
    assert any(f"{at}: S32 has no case that it matches" in line for line in found)
    assert any("S32 has no case just outside it" in line for line in found)
    assert any("alerts_test.yaml:1: No rule needs this case" in line for line in found)


def test_a_case_of_a_rule_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    """The case says where it stands."""
    folder = changed(tmp_path, "alerts_test.yaml", "proves: S17", "proves: S99")
    found = [str(problem) for problem in verify(folder, REFERENCE.gazetteer, REFERENCE.substances)]
    assert any("alerts_test.yaml:3: The case is about S99, which is not in the pack" in line for line in found)


def test_a_view_without_a_case_is_a_problem(tmp_path: Path) -> None:
    """Every view is looked through by a case."""
    folder = changed(tmp_path, "views/views_test.yaml", "type.obligation_notice", "type.feedback_note")
    found = [str(problem) for problem in verify(folder, REFERENCE.gazetteer, REFERENCE.substances)]
    assert any("No case makes use of the view 'type.obligation_notice'" in line for line in found)
