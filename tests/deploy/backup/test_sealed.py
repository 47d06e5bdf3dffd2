"""Files of a backup: read back as written, or refused by name."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.backup import manifest
from deploy.backup.manifest import Manifest, Part
from deploy.backup.sealed import SealedError, SealedWriter, digest_of, frames
from producers.spool_keys import SpoolKeys

KEYS, OTHERS = SpoolKeys([bytes(range(32))]), SpoolKeys([bytes(range(1, 33))])
FRAMES = [b"first" * 1000, b"", b"third"]


def written(path: Path, keys: SpoolKeys | None, data: list[bytes]) -> str:
    """A file of these frames; its digest."""
    with SealedWriter(path, keys) as out:
        for each in data:
            out.frame(each)
        return out.close()


@pytest.mark.parametrize("keys", [None, KEYS], ids=["clear", "encrypted"])
def test_frames_are_read_as_they_were_written(keys: SpoolKeys | None, tmp_path: Path) -> None:
    """Empty files too; for their owner alone, and small when what is in them repeats."""
    digest = written(tmp_path / "a", keys, FRAMES)
    assert list(frames(tmp_path / "a", keys)) == FRAMES
    assert digest == digest_of(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    assert (tmp_path / "a").stat().st_size < 400
    written(tmp_path / "empty", keys, [])
    assert list(frames(tmp_path / "empty", keys)) == [b""]


def test_nothing_can_be_read_without_the_key(tmp_path: Path) -> None:
    """Neither with none nor with another; the refusal names the key, and what is in the file is not to be seen."""
    written(tmp_path / "a", KEYS, [b"Hemlig-uppgift-4711"])
    assert b"Hemlig" not in (tmp_path / "a").read_bytes()
    for keys in (None, OTHERS):
        with pytest.raises(SealedError, match=KEYS.names[0]):
            list(frames(tmp_path / "a", keys))
    turned = SpoolKeys([bytes(range(1, 33)), bytes(range(32))])
    assert list(frames(tmp_path / "a", turned)) == [b"Hemlig-uppgift-4711"]


@pytest.mark.parametrize("keys", [None, KEYS], ids=["clear", "encrypted"])
def test_every_changed_byte_and_every_cut_is_told(keys: SpoolKeys | None, tmp_path: Path) -> None:
    """No byte of it may be another, and none may be missing or too much; of a clear file, none of a frame."""
    path = tmp_path / "a"
    written(path, keys, FRAMES)
    whole = path.read_bytes()
    for at in range(33 if keys is None else 0, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(SealedError):
            list(frames(path, keys))
    for data in (*(whole[:at] for at in range(len(whole))), whole + b"x"):
        path.write_bytes(data)
        with pytest.raises(SealedError):
            list(frames(path, keys))


def test_the_last_frame_cannot_be_left_out(tmp_path: Path) -> None:
    """A file that ends a frame earlier does not say that it ends there."""
    one, two = tmp_path / "one", tmp_path / "two"
    written(one, KEYS, FRAMES[:1])
    written(two, KEYS, [FRAMES[0], b"more"])
    size = len(two.read_bytes()) - (len(two.read_bytes()) - len(one.read_bytes()))
    two.write_bytes(two.read_bytes()[:size])
    with pytest.raises(SealedError):
        list(frames(two, KEYS))


# --- the manifest ----------------------------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path: Path) -> Manifest:
    """A backup of one partition."""
    digest = written(tmp_path / "in.gateway-0.sbk", KEYS, FRAMES)
    part = Part("in.gateway", 0, 3, 10, 5, "in.gateway-0.sbk", digest)
    found = Manifest(
        at="2026-11-29T04:00:00+00:00",
        version="0.1.0",
        partitions=1,
        own_access=("se.syd",),
        parts=(part,),
        groups={"sambus": [("in.gateway", 0, 9)]},
        ledger_lines=4,
        heads={"0": "4:00ff"},
        sound=True,
        archive={},
    )
    manifest.write(tmp_path, found, KEYS)
    return found


def test_a_manifest_is_read_as_it_was_written(made: Manifest, tmp_path: Path) -> None:
    """With its seal and its files checked."""
    assert manifest.read(tmp_path, KEYS) == made


def test_a_backup_that_is_not_whole_is_refused(made: Manifest, tmp_path: Path) -> None:
    """A missing or changed file, another manifest, another key: each by name."""
    part = tmp_path / made.parts[0].file
    kept = part.read_bytes()
    part.write_bytes(kept + b"x")
    with pytest.raises(SealedError, match=r"in\.gateway-0\.sbk is not as it was written"):
        manifest.read(tmp_path, KEYS)
    part.unlink()
    with pytest.raises(SealedError, match="missing"):
        manifest.read(tmp_path, KEYS)
    part.write_bytes(kept)
    with pytest.raises(SealedError, match="sealed"):
        manifest.read(tmp_path, OTHERS)
    changed = replace(made, ledger_lines=3)
    (tmp_path / "other").mkdir()
    manifest.write(tmp_path / "other", changed, KEYS)
    (tmp_path / manifest.FILE).write_bytes((tmp_path / "other" / manifest.FILE).read_bytes())
    with pytest.raises(SealedError, match="sealed"):
        manifest.read(tmp_path, KEYS)


def test_a_folder_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    """It is written last: what was interrupted has none. Another form is refused, too."""
    with pytest.raises(SealedError, match="no whole backup"):
        manifest.read(tmp_path, None)
    (tmp_path / manifest.FILE).write_text(json.dumps({"form": 2}))
    with pytest.raises(SealedError, match="no manifest of this version"):
        manifest.read(tmp_path, None)
