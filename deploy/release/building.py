"""Builds wheel and source of one commit so that whoever builds them again gets the same bytes."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

#: Times in archives: those of the container image, so that its package and the release's are one.
SOURCE_DATE_EPOCH: Final = 1767225600


class BuildError(Exception):
    """A release cannot be built; the text says why."""


def commit_of(tree: Path) -> str:
    """The commit that a tree stands at. Errors: ``BuildError`` when it has changes that no commit has."""
    if changed := _git(tree, "status", "--porcelain").decode().splitlines():
        raise BuildError(f"{changed[0][3:]} is not committed: nobody could build this again. Commit, then release.")
    return _git(tree, "rev-parse", "HEAD").decode().strip()


def exported(tree: Path, commit: str, folder: Path) -> None:
    """Write a commit's files, and no others, into a folder. Errors: ``BuildError``."""
    with tarfile.open(fileobj=BytesIO(_git(tree, "archive", "--format=tar", commit))) as packed:
        packed.extractall(folder, filter="data")


def build_packages(source: Path, folder: Path) -> list[Path]:
    """Build wheel and source distribution from exported files; needs no network. Errors: ``BuildError``."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH), "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", scratch]
        _run(command, source, environment)
        made = sorted(Path(scratch).iterdir())
        for path in made:
            (folder / path.name).write_bytes(path.read_bytes())
    return [folder / path.name for path in made]


def _git(tree: Path, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise BuildError("git is not on this machine.")
    return _run([git, *arguments], tree, os.environ)


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> bytes:
    try:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True).stdout
    except subprocess.CalledProcessError as problem:
        said = problem.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BuildError(f"{' '.join(command[:3])} failed: {said[-1] if said else 'it said nothing'}") from None
