"""Bad packs are refused, each with file, line and remedy."""

from pathlib import Path

import pytest
import yaml

from streams.core.share import Pack, PackError
from streams.core.share.loading import RULES
from tests.streams.core.share.packs import changed, with_rules

BAD_PACKS = yaml.safe_load((Path(__file__).parent / "bad_packs.yaml").read_text("utf-8"))


def lines_of(old_text: str, old: str, new: str) -> set[int]:
    """The lines that the new text covers, and the line on which the entry that holds it begins."""
    at = old_text.index(old)
    first = old_text.count("\n", 0, at) + 1
    before = old_text[:at].splitlines()
    begins = ("- id:", "  - id:", "  - type:", "  functions:", "  partners:")
    entry = next((n for n in range(len(before), 0, -1) if before[n - 1].startswith(begins)), 0)
    return {*range(first, first + new.count("\n") + 1), entry}


@pytest.mark.parametrize("bad", BAD_PACKS, ids=lambda bad: f"{bad['file']}: {bad['new'].strip()}")
def test_bad_pack(tmp_path: Path, bad: dict[str, str]) -> None:
    """The problem names the file and line, says what is wrong and what would be right."""
    with pytest.raises(PackError) as refused:
        Pack.load(changed(tmp_path, bad["file"], bad["old"], bad["new"]))
    told = [problem for problem in refused.value.problems if bad["message"] in problem.message]
    assert told, refused.value
    assert any(bad["remedy"] in problem.remedy for problem in told), told
    where = lines_of((RULES / bad["file"]).read_text("utf-8"), bad["old"], bad["new"])
    assert any(problem.file == bad["file"] and problem.line in where for problem in told), told


def test_an_event_type_without_a_type_view(tmp_path: Path) -> None:
    """It is told though there is no line to point at: without a view nothing may leave."""
    with pytest.raises(PackError, match=r"views:0: The event type 'public_notice' has no type view\. Add one"):
        Pack.load(changed(tmp_path, "views/types-society.yaml", "- type: public_notice", "- type: citizen_promise"))


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """A rule owner mends a pack in one round, not one problem at a time."""
    folder = changed(tmp_path, "alerts.yaml", "to: [se.nfc]", "to: [se.ncf]")
    text = (folder / "sharing-local.yaml").read_text("utf-8")
    (folder / "sharing-local.yaml").write_text(text.replace("[hide_observer_identity]", "[hide]"), "utf-8")
    with pytest.raises(PackError) as refused:
        Pack.load(folder)
    assert [problem.file for problem in refused.value.problems] == ["alerts.yaml", "sharing-local.yaml"]


def test_no_pack_at_all(tmp_path: Path) -> None:
    """An empty folder is no pack, and a folder without pack.yaml neither."""
    with pytest.raises(PackError, match="no rule pack here"):
        Pack.load(tmp_path)
    (tmp_path / "rules.yaml").write_text("[]\n", "utf-8")
    with pytest.raises(PackError, match=r"no pack\.yaml"):
        Pack.load(tmp_path)


def test_a_rule_file_holds_a_list(tmp_path: Path) -> None:
    """A mapping where a list belongs is told as such."""
    with pytest.raises(PackError, match=r"more\.yaml:1: A list is expected"):
        Pack.load(with_rules(tmp_path, "id: S99\n"))


def test_the_version_follows_the_content_and_not_its_comments(tmp_path: Path) -> None:
    """A changed rule is another version; a comment and a case are not."""
    released = Pack.load().version
    assert released.startswith("2026.1+")
    commented = changed(tmp_path / "a", "alerts.yaml", "- id: S17", "# a comment\n- id: S17")
    (commented / "alerts_test.yaml").unlink()
    assert Pack.load(commented).version == released
    assert Pack.load(changed(tmp_path / "b", "alerts.yaml", "priority: 1", "priority: 2")).version != released
