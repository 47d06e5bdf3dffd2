"""Programs of others that judge our files: Go's, installed once for a user, and modules that hold schemas."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.cluster import places

_PLACES = (Path("/usr/local/go/bin"), Path("/usr/lib/go/bin"))
_SECONDS = 280


def _go() -> str:
    found = shutil.which("go", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, _PLACES)]))
    if found is None:
        pytest.skip("this needs Go to be installed, and there is no `go` on this machine")
    return found


def _run(*words: str, folder: Path, **environment: str) -> str:
    """What a command of Go prints. Skips the test, with the reason, when its module is not to be had."""
    told = {**os.environ, **environment}
    done = subprocess.run(
        [_go(), *words], cwd=folder, env=told, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        pytest.skip(f"go {words[0]} failed, as when the Go module proxy does not answer: {done.stderr[-300:]}")
    return done.stdout


def installed(module: str, version: str) -> Path:
    """A program by its Go module, such as ``github.com/yannh/kubeconform/cmd/kubeconform``."""
    name = module.rpartition("/")[2]
    folder = places.cache() / f"{name}-{version}"
    program = folder / name
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _run("install", f"{module}@{version}", folder=folder, GOBIN=str(folder))
    return program


def built(source: Path) -> Path:
    """A program of ours, from its folder with a locked ``go.sum``; built again when its text changes."""
    program = places.cache() / "built" / source.name
    program.parent.mkdir(parents=True, exist_ok=True)
    _run("build", "-o", str(program), ".", folder=source)
    return program


def module(name: str, version: str) -> Path:
    """The folder of a Go module's files."""
    folder = places.cache() / "modules"
    folder.mkdir(parents=True, exist_ok=True)
    return Path(json.loads(_run("mod", "download", "-json", f"{name}@{version}", folder=folder))["Dir"])


def needed(name: str) -> str:
    """A program of this machine. Skips the test, with the reason, where it is not."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no `{name}` on this machine")
    return found
