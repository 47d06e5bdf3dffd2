"""``sambus archive`` and ``sambus export`` as a person meets them: output, exit codes, what lies beside the file."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consumers.archive.archive import Archive, open_archive
from consumers.archive.digests import key_file
from deploy.cli.archive import topics_of
from deploy.cli.main import main
from tests.consumers.archive.made import DESK, OTHER, Filler, order, report
from tests.consumers.exports.made import CUSTOMS, event

NOW = datetime.now(UTC)
RECENT = NOW - timedelta(days=1)


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, str, str, str]:
    """The options that name an archive of the test's own."""
    return ("--archive", f"sqlite:///{tmp_path / 'a.db'}", "--archive-key", str(tmp_path / "archive.key"))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Archive]:
    """That archive, opened beside the commands."""
    with open_archive(f"sqlite:///{tmp_path / 'a.db'}", key_file(tmp_path / "archive.key")) as archive:
        yield archive


def sambus(*words: str) -> Result:
    """What a command line comes to."""
    return CliRunner().invoke(main, words)


def test_search_shows_cards_or_json_and_is_logged(kept: Archive, place: tuple[str, ...]) -> None:
    """A card for each hit; JSON one object a line; the log tells who and never what."""
    one = report("Kokainet vid torget", at=RECENT)
    Filler(kept).write(one, report("annat", at=RECENT), report("kokain", desk=OTHER, at=RECENT), now=NOW)
    asked = ("archive", "search", "kokain", "--as", DESK, "--purpose", "P1", "--user", "anna", *place)
    shown = sambus(*asked)
    assert shown.exit_code == 0, shown.output
    assert "Kokainet vid torget" in shown.output
    assert "1 träffar." in shown.output
    (line,) = sambus(*asked, "--json").stdout.splitlines()
    assert json.loads(line)["meta"]["event_id"] == one.event_id
    logged = sambus("archive", "reads", "--as", DESK, *place)
    assert logged.output.count("anna  P1  text  1") == 2
    assert "kokain" not in logged.output.lower()


def test_a_refused_search_says_why(place: tuple[str, ...]) -> None:
    """Exit code 1, the code, and the remedy in the asker's language."""
    asked = ("archive", "search", "--as", DESK, "--purpose", "P1", "--person", "p-1", *place)
    assert "CASE_MISSING" in (shown := sambus(*asked, "--lang", "en")).output
    assert "State its number" in shown.output
    assert "Ange ärendets nummer" in sambus(*asked).output
    assert shown.exit_code == 1
    assert sambus("archive", "search", "--as", DESK, "--purpose", "P1", "--since", "15", *place).exit_code == 2
    assert sambus("archive", "search", "--as", DESK, "--purpose", "P1", "--thing", "ABC", *place).exit_code == 2


def test_export_writes_a_file_and_a_record(kept: Archive, place: tuple[str, ...], tmp_path: Path) -> None:
    """The file, its record in the register, the order that reaches it, and the exit code until it is confirmed."""
    one, filler = event(at=RECENT), Filler(kept)
    filler.write(one, now=NOW)
    out = tmp_path / "out.json"
    made = sambus(
        *("export", one.event_id, "--as", DESK, "--format", "stix", "--to", CUSTOMS, "--ground", "OSL 10:15 a"),
        *("--purpose", "P1", "--out", str(out), "--user", "anna", "--json", *place),
    )
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert json.loads(out.read_bytes())["type"] == "bundle"
    assert (told["subject"], told["receiver"]) == ("anna", CUSTOMS)
    assert told["export_id"] in sambus("export", "--as", DESK, "--list", *place).output
    assert sambus("export", "--as", DESK, "--orders", *place).exit_code == 0
    filler.write(order(one.event_id, confirm_by=RECENT), now=NOW)
    waiting = sambus("export", "--as", DESK, "--orders", "--lang", "en", *place)
    assert (waiting.exit_code, waiting.output.startswith(f"LATE recall {one.event_id}")) == (1, True)
    status = sambus("archive", "status", "--lang", "en", *place)
    assert (status.exit_code, "late 1" in status.output) == (1, True)
    assert json.loads(sambus("archive", "status", "--json", *place).stdout)["late"] == 1


def test_a_refused_export_writes_nothing(kept: Archive, place: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 1, the reason for the event, and no file."""
    one = event(at=RECENT, handling_code="H2")
    Filler(kept).write(one, now=NOW)
    out = tmp_path / "out.csv"
    words = ("--as", DESK, "--format", "csv", "--to", CUSTOMS, "--ground", "OSL 10:2", "--purpose", "P1")
    refused = sambus("export", one.event_id, *words, "--out", str(out), "--lang", "en", *place)
    assert refused.exit_code == 1
    assert f"{one.event_id} HANDLING_H2: H2: no dissemination" in refused.output
    assert not out.exists()
    assert sambus("export", one.event_id, "--as", DESK, *place).exit_code == 2


def test_erase_tells_how_many(kept: Archive, place: tuple[str, ...]) -> None:
    """What is due goes."""
    due, kept_on = report("ord", retention_class="R1", at=NOW - timedelta(days=400)), report("ord", at=RECENT)
    Filler(kept).write(due, kept_on, now=NOW)
    assert sambus("archive", "erase", "--lang", "en", *place).output == "1 deliveries are erased.\n"
    assert sambus("archive", "erase", "--lang", "en", *place).output == "0 deliveries are erased.\n"


def test_the_key_is_its_owners_alone(place: tuple[str, ...], tmp_path: Path) -> None:
    """Made once, readable by nobody else; a file that holds none is refused."""
    assert sambus("archive", "status", *place).exit_code == 0
    key = tmp_path / "archive.key"
    made = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sambus("archive", "status", *place).exit_code == 0
    assert key.read_bytes() == made
    key.write_text("no key")
    assert sambus("archive", "status", *place).exit_code == 2


def test_an_archive_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    """Exit code 1, where it should be, and no secret."""
    url = "postgresql://sambus:hemligt@127.0.0.1:1/archive"
    away = sambus("archive", "status", "--archive", url, "--archive-key", str(tmp_path / "archive.key"))
    assert away.exit_code == 1
    assert "127.0.0.1:1/archive" in away.output
    assert "hemligt" not in away.output
    other = sambus("archive", "status", "--archive", "mysql://x/y", "--archive-key", str(tmp_path / "archive.key"))
    assert other.exit_code == 2


def test_topics_are_those_of_the_areas() -> None:
    """All areas unless named; a desk's own topic beside them."""
    assert "deliver.stockholm" in topics_of((), ())
    assert topics_of(["syd"], ["se.stockholm/finance"]) == ["deliver.syd", "desk.se.stockholm.finance"]
    assert sambus("archive", "run", "--area", "nowhere").exit_code == 2
