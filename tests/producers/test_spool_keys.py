"""Keys of a spool: from a file or the environment, told by name, never shown."""

from pathlib import Path

import pytest

from producers.spool_keys import (
    SpoolKeys,
    SpoolKeysError,
    keys_from_environment,
    make_keys,
    name_of,
    open_to_others,
    parse_keys,
    read_keys,
    rotate_keys,
)

A, B = bytes(range(32)), bytes(range(1, 33))


def test_the_first_key_writes_and_all_are_known() -> None:
    """With comments and blank lines, or between commas."""
    keys = parse_keys(f"# old and new\n\n{A.hex()}  # in use\n{B.hex()}\n")
    assert keys.current == A
    assert keys.names == (name_of(A).hex(), name_of(B).hex())
    assert parse_keys(f"{A.hex()},{B.hex()}").names == keys.names
    assert keys.find(name_of(B)) == B
    assert keys.find(bytes(8)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no key"),
        ("# nothing\n", "no key"),
        ("zz", "line 1"),
        (f"{A.hex()}\n{A.hex()[:-2]}", "line 2"),
        (f"{A.hex()}\n{A.hex()}", "twice"),
    ],
)
def test_what_is_no_key_is_told_by_its_line(text: str, says: str) -> None:
    """And no digit of it is shown."""
    with pytest.raises(SpoolKeysError, match=says) as caught:
        parse_keys(text)
    assert A.hex()[:8] not in str(caught.value)


def test_keys_are_not_shown() -> None:
    """Not even by mistake, in a traceback."""
    assert A.hex() not in repr(SpoolKeys([A]))
    with pytest.raises(SpoolKeysError, match="32 bytes"):
        SpoolKeys([b"short"])


def test_a_file_is_made_read_and_rotated(tmp_path: Path) -> None:
    """For its owner alone; a new key goes before the former."""
    path = tmp_path / "folder" / "spool.key"
    made = make_keys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_keys(path).names == made.names
    turned = rotate_keys(path)
    assert turned.names[1:] == made.names
    assert read_keys(path).names == turned.names
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["spool.key"]
    with pytest.raises(FileExistsError):
        make_keys(path)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A missing one and a broken one are, too, each with a remedy."""
    path = tmp_path / "spool.key"
    with pytest.raises(SpoolKeysError, match="sambus spool key make"):
        read_keys(path)
    make_keys(path)
    path.chmod(0o640)
    with pytest.raises(SpoolKeysError, match="chmod 600"):
        read_keys(path)
    path.chmod(0o600)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SpoolKeysError, match="no key file"):
        read_keys(path)


def test_the_environment_names_a_file_or_holds_the_keys(tmp_path: Path) -> None:
    """Without either there is no spool: it says how to make a key."""
    made = make_keys(tmp_path / "k")
    assert keys_from_environment({"SAMBUS_SPOOL_KEY_FILE": str(tmp_path / "k")}).names == made.names
    assert keys_from_environment({"SAMBUS_SPOOL_KEYS": A.hex()}).current == A
    with pytest.raises(SpoolKeysError, match="sambus spool key make FILE"):
        keys_from_environment({})


@pytest.mark.parametrize(
    ("mode", "owner", "asker", "open_"),
    [
        (0o100600, 1000, 1000, False),
        (0o100640, 1000, 1000, True),
        (0o100640, 0, 0, True),
        (0o100440, 0, 10001, False),  # handed by root to the asker's group, as systemd and Kubernetes do
        (0o100460, 0, 10001, True),
        (0o100444, 0, 10001, True),
        (0o100440, 1000, 10001, True),
    ],
)
def test_only_root_may_hand_a_key_to_a_group(mode: int, owner: int, asker: int, open_: bool) -> None:
    """Whoever provides credentials to a process owns them and lets the group of the process read; nobody else may."""
    assert open_to_others(mode, owner, asker) is open_
