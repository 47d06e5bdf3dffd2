"""What checks of rule packs say has Swedish words: every problem of the bad packs, and every fault of a case."""

from pathlib import Path

import pytest
import yaml

from deploy.cli.rules_words import said
from streams.core.share import Pack, PackError
from streams.core.share.cases import read_cases
from streams.core.share.soundness import sound
from tests.streams.core.share.packs import changed
from tests.streams.core.share.test_cases import ALWAYS_WRONG, BENCH
from tests.streams.core.share.test_pack_errors import BAD_PACKS


@pytest.mark.parametrize("bad", BAD_PACKS, ids=lambda bad: f"{bad['file']}: {bad['new'].strip()}")
def test_a_problem_and_its_remedy_are_said_in_swedish(tmp_path: Path, bad: dict[str, str]) -> None:
    """With the names as they are, and nothing left in English but what YAML itself says."""
    with pytest.raises(PackError) as refused:
        Pack.load(changed(tmp_path, bad["file"], bad["old"], bad["new"]))
    for problem in refused.value.problems:
        for english in (problem.message, problem.remedy):
            swedish = said(english, "sv")
            assert swedish != english
            assert said(english, "en") == english
            assert english.count("'") == swedish.count("'")


@pytest.mark.parametrize(("old", "new", "fault"), ALWAYS_WRONG)
def test_a_fault_of_a_case_is_said_in_swedish(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """Every one of it."""
    cases = read_cases(changed(tmp_path, "own_test.yaml", old, new))
    faults = BENCH.run(next(case for case in cases if case.source.file == "own_test.yaml")).faults
    assert faults, fault
    for english in faults:
        assert said(english, "sv") != english


def test_what_makes_a_rule_idle_is_said_in_swedish(tmp_path: Path) -> None:
    """A pack that can be loaded may be wrong all the same."""
    both = "- [sensitivity, lte, 3]\n    - [sensitivity, gte, 4]"
    found = [*sound(Pack.load(changed(tmp_path, "sharing-local.yaml", "- [sensitivity, lte, 3]", both)))]
    assert found
    assert said(found[0].message, "sv").endswith("kan aldrig gälla samtidigt")
    for problem in found:
        assert said(problem.remedy, "sv") != problem.remedy


def test_the_sentence_with_the_most_words_of_its_own_is_meant() -> None:
    """A general one does not take what a particular one says better; what nobody foresaw stays."""
    assert said("There is no unit 'se.x'", "sv") == "Det finns ingen enhet 'se.x'"
    assert said("There is no colour 'red'", "sv") == "Det finns ingen colour 'red'"
    assert said("Something else altogether", "sv") == "Something else altogether"


def test_every_sentence_keeps_its_names() -> None:
    """As many places for names in Swedish as in English, and in their order."""
    data = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "cli" / "rules_words.yaml").read_text("utf-8"))
    for english, swedish in data["sentences"].items():
        assert english.count("{}") == swedish.count("{}"), english
