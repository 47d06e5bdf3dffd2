"""The examples of the docs as programs to run: their tools, their locked packages, and where these are kept."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from deploy.cluster import places

EXAMPLES: Final = Path(__file__).parents[1] / "docs" / "examples"
#: Seconds for fetching packages, and for running an example with what it compiles.
PATIENCE: Final = 240.0


def tool(name: str, package: str) -> str:
    """Where a program is; the test is skipped when the machine lacks it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine; install {package}")
    return found


def npm_folder(source: Path, *files: str) -> Path:
    """A folder with an example's files and its locked npm packages, kept between runs by the hash of the lock.

    Shape: ``source`` has ``package.json`` and ``package-lock.json``; ``files`` are copied anew each time.
    """
    npm = tool("npm", "Node.js")
    lock = (source / "package-lock.json").read_bytes()
    kept = places.cache() / "examples" / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(source / name, scratch)
            ran([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], Path(scratch))
            if not kept.exists():
                Path(scratch).rename(kept)
                Path(scratch).mkdir()  # for the context manager to take away
    for name in files:
        shutil.copy(source / name, kept)
    return kept


def ran(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a program printed; a failure shows all that it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
