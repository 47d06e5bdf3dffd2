"""The rule and the cases of the rule owner's guide, loaded into a copy of the real pack and run."""

import shutil
from pathlib import Path

import pytest

from schemas.gazetteer import load_gazetteer
from schemas.substances import load_substances
from streams.core.share import Pack, PackError
from streams.core.share.cases import Bench, CaseResult, read_cases, verify
from streams.core.share.event_facts import EVENT_FACTS
from streams.core.share.loading import RULES, pack_files
from streams.core.share.reach import PLACES
from streams.core.share.receiver_facts import RECEIVER_FACTS
from tests.docs.blocks import blocks
from tests.docs.tables import ROOT


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The package's pack with the rules and cases of the guide."""
    folder = tmp_path / "pack"
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "guide.yaml").write_text("\n".join(block.text for block in blocks("yaml", "rules")), "utf-8")
    (folder / "guide_test.yaml").write_text("\n".join(block.text for block in blocks("yaml", "cases")), "utf-8")
    return folder


def results(pack: Path) -> list[CaseResult]:
    """What came of the guide's cases."""
    bench = Bench(Pack.load(pack), load_gazetteer(), load_substances())
    return [bench.run(case) for case in read_cases(pack) if case.source.file == "guide_test.yaml"]


def test_the_rules_of_the_guide_are_a_whole_and_their_cases_hold(pack: Path) -> None:
    """The guide's rule with its cases makes a pack that passes every check."""
    assert verify(pack, load_gazetteer(), load_substances()) == ()
    found = results(pack)
    assert [(result.where, result.faults) for result in found if result.faults] == []
    assert {rule for result in found for rule in (*result.case.form.proves, *result.case.form.limits)} == {"S90"}


def test_the_cases_of_the_guide_fail_without_its_rule(pack: Path) -> None:
    """The guide's cases prove its rule: without it they fail."""
    (pack / "guide.yaml").unlink()
    assert any(result.faults for result in results(pack))


def test_a_slip_is_told_with_its_line_as_the_guide_says(pack: Path) -> None:
    """A misspelt function is told with file and line."""
    rules = pack / "guide.yaml"
    rules.write_text(rules.read_text("utf-8").replace("functions: [prevention]", "functions: [inteligence]"), "utf-8")
    with pytest.raises(PackError, match=r"guide\.yaml:10: There is no function 'inteligence'"):
        Pack.load(pack)


def test_the_guide_names_every_fact_and_place_that_a_rule_may_use() -> None:
    """What the guide does not tell of, a rule owner cannot use."""
    guide = (ROOT / "docs" / "rules.md").read_text("utf-8")
    names = {*EVENT_FACTS, *RECEIVER_FACTS, *PLACES}
    assert sorted(name for name in names if f"`{name}`" not in guide) == []


def test_the_guide_names_every_view_and_every_file_of_the_pack() -> None:
    """A view or file that the guide leaves out would be found by nobody who needs it."""
    guide = (ROOT / "docs" / "rules.md").read_text("utf-8")
    files = {f"streams/rules/{path.relative_to(RULES).as_posix()}" for path in pack_files(RULES)}
    files = {name for name in files if "/views/types-" not in name}
    assert sorted(name for name in {*Pack.load().views.named, *files} if f"`{name}`" not in guide) == []
