"""``sambus keys``, and a worker without keys."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import main
from deploy.cluster.match_keys import ensure_keys
from schemas.sealing import parse_seal_keys
from streams.core.link.keys import parse_keys


def call(*arguments: str) -> Result:
    """The command, as a person calls it."""
    return CliRunner().invoke(main, list(arguments))


def test_keys_are_made_for_their_owner_alone_and_never_shown(tmp_path: Path) -> None:
    """Nor are they ever made over those that are there."""
    file = tmp_path / "keys" / "match.json"
    made, shown, again = (
        call("keys", "make", str(file)),
        call("keys", "show", str(file)),
        call("keys", "make", str(file)),
    )
    assert (made.exit_code, shown.exit_code, again.exit_code) == (0, 0, 2)
    assert file.stat().st_mode & 0o077 == 0
    keys = parse_keys(file.read_bytes())
    told = made.output + shown.output + again.output
    assert keys.current.name in told
    assert all(key.hex() not in told for key in keys.current.keys.values())


def test_a_rotation_keeps_the_former_keys_and_is_refused_while_they_are_needed(tmp_path: Path) -> None:
    """The second leaves the file as it was."""
    file = tmp_path / "match.json"
    call("keys", "make", str(file))
    before = parse_keys(file.read_bytes()).current
    assert call("keys", "rotate", str(file)).exit_code == 0
    turned = file.read_bytes()
    found = parse_keys(turned)
    assert found.previous is not None
    assert found.previous.keys == before.keys
    assert call("keys", "rotate", str(file)).exit_code == 2
    assert file.read_bytes() == turned
    assert [path.name for path in tmp_path.iterdir()] == ["match.json"]


def test_keys_for_sealing_follow_those_for_matching(tmp_path: Path) -> None:
    """Made anew after a rotation they open what was sealed before; nothing of a key is told, and none can compare."""
    file, out = tmp_path / "match.json", tmp_path / "sealing.json"
    call("keys", "make", str(file))
    assert call("keys", "sealing", str(file), str(out)).exit_code == 0
    before = parse_seal_keys(out.read_bytes())
    call("keys", "rotate", str(file))
    told = call("keys", "sealing", str(file), str(out))
    after = parse_seal_keys(out.read_bytes())
    assert after.current != before.current
    assert after.keys[before.current] == before.keys[before.current]
    assert out.stat().st_mode & 0o077 == 0
    assert {path.name for path in tmp_path.iterdir()} == {"match.json", "sealing.json"}
    secret = [key.hex() for levels in after.keys.values() for key in levels.values()]
    assert all(key not in told.output for key in secret)
    assert not {key for key in secret if key.encode() in file.read_bytes()}


def test_without_keys_for_matching_there_are_none_for_sealing(tmp_path: Path) -> None:
    """And what is there stays."""
    other, out = tmp_path / "other.json", tmp_path / "sealing.json"
    other.write_text("{}")
    assert call("keys", "sealing", str(other), str(out)).exit_code == 2
    assert call("keys", "sealing", str(tmp_path / "none.json"), str(out)).exit_code == 2
    assert not out.exists()


@pytest.mark.parametrize("command", [("gateway",), ("publish", "-", "--as", "se.stockholm/intelligence")])
def test_a_file_of_something_else_is_refused_with_the_remedy(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Before anything is sent, and not as if nothing were to be sealed."""
    other = tmp_path / "other.json"
    other.write_text("{}")
    refused = CliRunner(env={"SAMBUS_SEALING_KEYS": str(other)}).invoke(main, [*command], input="")
    assert refused.exit_code == 2
    assert "sambus keys sealing" in refused.output


def test_a_bus_on_this_machine_keeps_the_keys_that_it_has(tmp_path: Path) -> None:
    """What was stored before a restart must match what comes after it."""
    first = ensure_keys(tmp_path).read_bytes()
    assert ensure_keys(tmp_path).read_bytes() == first


def test_a_worker_without_keys_refuses_with_the_remedy(tmp_path: Path) -> None:
    """None named, none there, or a file of something else: wrong use, before Kafka is asked anything."""
    other = tmp_path / "other.json"
    other.write_text("{}")
    for arguments in ((), ("--match-keys", str(tmp_path / "none.json")), ("--match-keys", str(other))):
        refused = CliRunner(env={"SAMBUS_MATCH_KEYS": None}).invoke(main, ["worker", *arguments])
        assert refused.exit_code == 2
        assert "keys" in refused.output
    assert "sambus keys make" in CliRunner(env={"SAMBUS_MATCH_KEYS": None}).invoke(main, ["worker"]).output
