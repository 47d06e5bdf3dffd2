"""``sambus rules key|propose|activate|rollback|history`` as two people use them, on a real Kafka."""

import json
import stat
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from deploy.cli.rules import rules
from streams.core.share import Pack
from tests.deploy.cli_bus import prepare, sambus
from tests.streams.core.share.packs import PACK, changed


class Office(NamedTuple):
    """Two people with their keys, the pack that the workers began with, and a changed one."""

    kafka: str
    folder: Path
    first: Path
    new: Path

    def rules(self, *arguments: str) -> Result:
        """A command on the bus, where the workers began with the office's first pack."""
        return sambus(self.kafka, "rules", *arguments, "--rules", str(self.first))

    def sign(self, command: str, *arguments: str, by: str, key: str | None = None) -> Result:
        """A command that somebody signs."""
        file = str(self.folder / f"{key or by}.key")
        return self.rules(command, *arguments, "--as", by, "--key", file, "--reason", "a test")


def make_key(name: str, path: Path) -> Result:
    """Make a key."""
    return CliRunner().invoke(rules, ["key", name, "--file", str(path)])


@pytest.fixture
def office(kafka: str, tmp_path: Path) -> Office:
    """A bus of its own kind: nobody else's signatures hold here."""
    prepare(kafka)
    lines = "".join(make_key(name, tmp_path / f"{name}.key").stdout for name in ("anna.ek", "bo.alm"))
    first = changed(tmp_path / "first", "pack.yaml", "own_rule:", f"signers:\n{lines}own_rule:")
    new = changed(tmp_path / "new", "pack.yaml", "own_rule:", f"signers:\n{lines}own_rule:")
    declared = PACK.version.partition("+")[0]
    text = (new / "pack.yaml").read_text("utf-8")
    (new / "pack.yaml").write_text(text.replace(f'version: "{declared}"', 'version: "2031.1"'), "utf-8")
    return Office(kafka, tmp_path, first, new)


def test_a_key_is_its_owners(tmp_path: Path) -> None:
    """The file is for its owner's eyes; the line for the pack is printed; an old key is not written over."""
    path = tmp_path / "anna.key"
    made = make_key("anna.ek", path)
    assert made.exit_code == 0
    assert made.stdout.startswith('  anna.ek: "ed25519:')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in made.output
    again = make_key("anna.ek", path)
    assert again.exit_code == 1
    assert "is there already" in again.stderr
    shown = CliRunner().invoke(rules, ["key", "anna.ek", "--file", str(path), "--show"])
    assert shown.stdout == made.stdout


@pytest.mark.kafka
def test_two_people_change_the_rules_and_one_goes_back(office: Office) -> None:
    """The whole life of a pack, with what each of the two is told."""
    old, new = Pack.load(office.first).version, Pack.load(office.new).version
    proposed = office.sign("propose", str(office.new), by="anna.ek")
    assert (proposed.exit_code, proposed.stdout.strip()) == (0, new), proposed.output
    assert "Another of those who may sign activates it: bo.alm" in proposed.stderr

    alone = office.sign("activate", new, by="anna.ek")
    assert alone.exit_code == 1
    assert "The one who proposed a pack cannot activate it" in alone.stderr
    assert json.loads(office.rules("history", "--json").stdout.splitlines()[-1])["running"] == old

    both = office.sign("activate", "2031.1", by="bo.alm")
    assert both.exit_code == 0, both.output
    assert f"{new} decides in place of {old}" in both.stderr
    twice = office.sign("activate", new, by="bo.alm")
    assert (twice.exit_code, "runs already" in twice.stderr) == (1, True)

    back = office.sign("rollback", by="anna.ek")
    assert back.exit_code == 0, back.output
    assert f"{old} decides in place of {new}" in back.stderr
    *steps, now = [json.loads(line) for line in office.rules("history", "--json").stdout.splitlines()]
    own = [step for step in steps if step["refused"] is None]
    assert [(s["action"], s["version"], [x["by"] for x in s["signatures"]]) for s in own] == [
        ("proposed", new, ["anna.ek"]),
        ("activated", new, ["anna.ek", "bo.alm"]),
        ("rolled_back", old, ["anna.ek"]),
    ]
    assert now["running"] == old
    assert f"in force: {old}" in office.rules("history").stdout


@pytest.mark.kafka
def test_what_goes_wrong_is_said_with_what_would_be_right(office: Office) -> None:
    """A stranger, a wrong key, an unknown version, an unsound pack, a key that others can read, no bus."""
    make_key("eva.dal", office.folder / "eva.dal.key")
    stranger = office.sign("propose", str(office.new), by="eva.dal")
    assert (stranger.exit_code, "Those who may: anna.ek, bo.alm" in stranger.stderr) == (1, True)
    wrong = office.sign("propose", str(office.new), by="anna.ek", key="bo.alm")
    assert (wrong.exit_code, "not anna.ek's own" in wrong.stderr) == (1, True)
    unknown = office.sign("activate", "2099.1", by="bo.alm")
    assert (unknown.exit_code, "names no version" in unknown.stderr) == (1, True)
    nothing = office.sign("rollback", by="bo.alm")
    assert (nothing.exit_code, "Nothing ran before" in nothing.stderr) == (1, True)
    same = office.sign("propose", str(office.first), by="anna.ek")
    assert (same.exit_code, "is the pack that runs" in same.stderr) == (1, True)
    unsound = changed(office.folder / "bad", "alerts.yaml", "priority: 1", "priority: 9")
    refused = office.sign("propose", str(unsound), by="anna.ek")
    assert (refused.exit_code, "alerts.yaml:" in refused.stdout) == (1, True)
    (office.folder / "bo.alm.key").chmod(0o644)
    shared = office.sign("propose", str(office.new), by="bo.alm")
    assert (shared.exit_code, "chmod 600" in shared.stderr) == (1, True)
    nowhere = office._replace(kafka="127.0.0.1:1")
    assert nowhere.sign("propose", str(office.new), by="anna.ek").exit_code == 3
    assert nowhere.rules("history").exit_code == 3
