"""``sambus rules check|test`` tell what is wrong, where, and exit accordingly."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from deploy.cli.main import main
from deploy.cli.rules import rules
from streams.core.share.loading import RULES
from tests.streams.core.share.packs import changed


def run(*arguments: str, lang: str = "en") -> Result:
    """The command's result, in English unless told otherwise."""
    return CliRunner().invoke(rules, arguments, env={"SAMBUS_LANG": lang, "COLUMNS": "300"})


def _line(file: Path, text: str) -> int:
    """The number of the first line that holds a text."""
    return next(number for number, line in enumerate(file.read_text("utf-8").splitlines(), 1) if text in line)


def test_the_released_pack_is_well() -> None:
    """Nothing on stdout, one line on stderr, exit code 0."""
    said = run("check")
    assert (said.exit_code, said.stdout) == (0, "")
    assert " rules, every one with its cases" in said.stderr


def test_check_tells_file_line_and_remedy(tmp_path: Path) -> None:
    """One line for each problem, exit code 1."""
    folder = changed(tmp_path, "alerts.yaml", "to: [se.nfc]", "to: [se.ncf]")
    said = run("check", str(folder))
    assert said.exit_code == 1
    at = _line(folder / "alerts.yaml", "to: [se.ncf]")
    assert said.stdout == f"{folder}/alerts.yaml:{at}: There is no unit 'se.ncf'. Did you mean 'se.nfc'?\n"


def test_check_finds_a_rule_without_a_case(tmp_path: Path) -> None:
    """A pack whose cases are gone is not well, though it could be loaded."""
    folder = _without(tmp_path, "alerts_test.yaml")
    said = run("check", str(folder), "--json")
    assert said.exit_code == 1
    found = [json.loads(line) for line in said.stdout.splitlines()]
    assert {"file", "line", "message", "remedy"} == set(found[0])
    assert "S17 has no case just outside it" in {problem["message"] for problem in found}


def _without(tmp_path: Path, file: str) -> Path:
    folder = changed(tmp_path, "own.yaml", "OWN", "OWN")
    (folder / file).unlink()
    return folder


def test_the_released_cases_pass() -> None:
    """A readable table, exit code 0."""
    said = run("test")
    assert said.exit_code == 0
    assert "a seizure in Järva reaches the local desks" in " ".join(said.stdout.split())
    assert "FAILED" not in said.stdout
    assert ", 0 failed" in said.stderr


def test_a_failing_case_is_shown_with_its_place(tmp_path: Path) -> None:
    """Exit code 1, and what was wrong."""
    folder = changed(tmp_path, "own_test.yaml", "feed.own.se.syd.malmo.fosie", "feed.own.se.syd")
    said = run("test", str(folder))
    assert said.exit_code == 1
    assert "FAILED" in said.stdout
    assert "own_test.yaml:3" in said.stdout
    assert ", 1 failed" in said.stderr


def test_results_as_json(tmp_path: Path) -> None:
    """One object for each case."""
    folder = changed(tmp_path, "own_test.yaml", "feed.own.se.syd.malmo.fosie", "feed.own.se.syd")
    results = [json.loads(line) for line in run("test", str(folder), "--json").stdout.splitlines()]
    failed = [result for result in results if not result["passed"]]
    assert [(result["where"], result["proves"]) for result in failed] == [("own_test.yaml:3", ["OWN"])]
    assert "feed is feed.own.se.syd.malmo.fosie" in failed[0]["faults"][0]


def test_a_pack_that_cannot_be_used_runs_no_case(tmp_path: Path) -> None:
    """Its problems are told instead."""
    folder = changed(tmp_path, "alerts.yaml", "priority: 1", "priority: 9")
    said = run("test", str(folder))
    assert said.exit_code == 1
    assert f"alerts.yaml:{_line(folder / 'alerts.yaml', 'priority: 9')}: priority" in said.stdout
    assert "no case was run" in said.stderr


def test_a_pack_without_cases_is_not_passed(tmp_path: Path) -> None:
    """No case is no proof."""
    folder = changed(tmp_path, "own.yaml", "OWN", "OWN")
    for path in folder.rglob("*_test.yaml"):
        path.unlink()
    assert run("test", str(folder)).exit_code == 1


def test_wrong_use_is_exit_code_2(tmp_path: Path) -> None:
    """A folder that is not there, and a command that is not there."""
    assert run("check", str(tmp_path / "none")).exit_code == 2
    assert run("diff").exit_code == 2


def test_the_command_is_reached_from_sambus() -> None:
    """And names its folder as the pack it checks when asked."""
    said = CliRunner().invoke(main, ["rules", "check", str(RULES)])
    assert said.exit_code == 0


def test_coverage_holds_the_strategy_against_the_rules() -> None:
    """Every sentence with its rules; no rule of the released pack is without one."""
    said = run("coverage", "--json")
    assert said.exit_code == 0
    *sentences, last = [json.loads(line) for line in said.stdout.splitlines()]
    assert len(sentences) == 90
    by_id = {each["id"]: each for each in sentences}
    assert "S13" in by_id["S2.1-16"]["rules"]
    assert not by_id["S1-12"]["gap"]
    assert last == {"rules_without_a_sentence": []}
    table = run("coverage")
    assert "S2.1-16" in table.stdout
    assert "90 sentences" in table.stderr


def test_coverage_tells_of_a_rule_without_a_sentence(tmp_path: Path) -> None:
    """A block rule may lack one and be loaded; the report says so and exits with 1."""
    folder = changed(tmp_path, "blocks.yaml", "  strategy: [S2.3-08]\n", "")
    said = run("coverage", str(folder))
    assert said.exit_code == 1
    assert "B01 names no sentence of the strategy" in said.stdout


def test_check_finds_a_rule_without_effect(tmp_path: Path) -> None:
    """With file, line and remedy, though the pack could be loaded."""
    both = "- [sensitivity, lte, 3]\n    - [sensitivity, gte, 4]"
    folder = changed(tmp_path, "sharing-local.yaml", "- [sensitivity, lte, 3]", both)
    said = run("check", str(folder))
    assert said.exit_code == 1
    assert "[sensitivity, lte, 3] and [sensitivity, gte, 4] can never hold together" in said.stdout


def test_everything_for_people_is_in_swedish_when_asked(tmp_path: Path) -> None:
    """Problems with their remedies, headings, results and sums."""
    bad = changed(tmp_path / "bad", "alerts.yaml", "to: [se.nfc]", "to: [se.ncf]")
    found = run("check", str(bad), "--lang", "sv")
    assert found.stdout.endswith(": Det finns ingen enhet 'se.ncf'. Menade du 'se.nfc'?\n")
    assert found.stderr == "1 problem\n"
    assert "var och en med sina fall" in run("check", lang="sv").stderr
    failing = changed(tmp_path / "failing", "own_test.yaml", "feed.own.se.syd.malmo.fosie", "feed.own.se.syd")
    tested = run("test", str(failing), "--lang", "sv")
    assert "flöde är feed.own.se.syd.malmo.fosie, inte feed.own.se.syd" in " ".join(tested.stdout.split())
    assert {"underkänt", "godkänt"} <= set(tested.stdout.split())
    assert "fall godkända, 1 underkända" in tested.stderr
    covered = run("coverage", "--lang", "sv")
    assert covered.stdout.split()[:2] == ["mening", "regler"]
    assert "meningar, " in covered.stderr
    assert "begränsa både tillgång och efterfrågan" in covered.stdout


def test_json_is_the_same_in_either_language(tmp_path: Path) -> None:
    """It is for programs."""
    folder = str(changed(tmp_path, "alerts.yaml", "to: [se.nfc]", "to: [se.ncf]"))
    assert run("check", folder, "--json", "--lang", "sv").stdout == run("check", folder, "--json").stdout
