"""The thresholds of matching: each stands between two cases, and every case passes."""

from pathlib import Path

import pytest

from streams.core.link.cases import MatchBench, MatchCase, read_match_cases, unheld, verify_matching
from streams.core.link.thresholds import Thresholds, load_thresholds
from streams.core.reference import load_reference
from streams.core.share.loading import Placed
from streams.core.share.problems import PackError

REFERENCE = load_reference()
CASES = read_match_cases()


@pytest.mark.parametrize("placed", CASES, ids=lambda placed: placed.form.name)
def test_a_case_passes(placed: Placed[MatchCase]) -> None:
    """What the case says is found: in both orders, in a block that both share."""
    assert MatchBench(load_thresholds(), REFERENCE).run(placed).faults == ()


def test_no_threshold_can_be_halved_or_doubled_unseen() -> None:
    """A number that no case holds in place could be anything."""
    assert list(unheld(load_thresholds(), REFERENCE, CASES)) == []


def test_a_threshold_that_nothing_holds_is_told() -> None:
    """Without the pairs of violence, its metres and minutes could be anything."""
    others = [placed for placed in CASES if not placed.form.of.startswith("violence_incident/")]
    named = {line.split(" ")[0] for line in unheld(load_thresholds(), REFERENCE, others)}
    assert named == {"violence_incident.metres", "violence_incident.minutes"}


def test_a_changed_threshold_fails_with_the_case_that_it_breaks() -> None:
    """Whoever moves a number is told which pair it moves, with its line."""
    data = load_thresholds().model_dump()
    data["violence_incident"]["metres"] = 300
    problems = list(verify_matching(Thresholds.model_validate(data), REFERENCE))
    assert [(problem.file, problem.line > 0) for problem in problems] == [("cases.yaml", True)]
    assert "480 m apart" in problems[0].message


def test_a_case_of_an_unknown_form_is_refused_with_its_line(tmp_path: Path) -> None:
    """A misspelt key is no case."""
    text = "- name: two shootings somewhere\n  of: violence_incident/shooting-in-norrkoping\n  expct: nothing\n"
    (tmp_path / "cases.yaml").write_text(text)
    with pytest.raises(PackError) as raised:
        read_match_cases(tmp_path)
    assert {problem.line for problem in raised.value.problems} >= {3}


def test_a_case_whose_event_is_none_fails(tmp_path: Path) -> None:
    """A pair that could not be published proves nothing."""
    (tmp_path / "cases.yaml").write_text(
        "- name: a shooting of an unknown kind\n  of: violence_incident/shooting-in-norrkoping\n"
        "  b: {set: {/payload/kind: quarrel}}\n  expect: nothing\n"
    )
    faults = MatchBench(load_thresholds(), REFERENCE).run(read_match_cases(tmp_path)[0]).faults
    assert len(faults) == 1
    assert faults[0].startswith("its events cannot be made: ")
