"""The real Prometheus for tests, from Debian's package: promtool, the judge of rules, and a server of their own."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import pytest
import yaml

from deploy.cluster import places
from deploy.cluster.ports import free_port

_FETCH_SECONDS: Final = 300
_START_SECONDS: Final = 60


def program(name: str) -> Path:
    """Where ``promtool`` or ``prometheus`` is: on this machine, or fetched from Debian's packages and unpacked.

    The package is not installed, so it starts no server; that needs no root.
    """
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    unpacked = places.cache() / "prometheus"
    kept = unpacked / "usr" / "bin" / name
    if not kept.exists() and shutil.which("apt-get") and shutil.which("dpkg"):
        _fetch(unpacked)
    if not kept.exists():
        pytest.skip("no Prometheus here, and it cannot be fetched: install Debian's package prometheus")
    return kept


def _fetch(unpacked: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sambus-prometheus-") as folder:
        for command in (["apt-get", "update"], ["apt-get", "download", "prometheus"]):
            subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=_FETCH_SECONDS)
        for package in Path(folder).glob("prometheus_*.deb"):
            unpacked.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(dir=unpacked.parent))
            subprocess.run(["dpkg", "-x", str(package), str(beside)], check=True, capture_output=True)
            shutil.rmtree(unpacked, ignore_errors=True)
            beside.rename(unpacked)


def promtool(*words: str, folder: Path) -> str:
    """What promtool says. Errors: ``AssertionError`` with its words when it is not content."""
    command = [str(program("promtool")), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Prometheus:
    """One server over a configuration; a context manager."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.port = free_port()
        self._folder = folder
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [
            str(program("prometheus")),
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        with (self._folder / "prometheus.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError((self._folder / "prometheus.log").read_text("utf-8")[-2000:])
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).is_success
        except httpx.TransportError:
            return False

    def firing(self) -> set[str]:
        """The alerts that fire now."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/api/v1/alerts", timeout=30).raise_for_status().json()
        return {each["labels"]["alertname"] for each in answer["data"]["alerts"] if each["state"] == "firing"}
