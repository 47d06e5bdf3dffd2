"""A real PostgreSQL for tests: a server of their own, in a folder of their own, listening on this machine only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import pytest

from deploy.cluster.ports import free_port

_USER = "postgres"
_INSTALL_SECONDS = 300
_START_SECONDS = 60


class PostgresServer:
    """One server; a context manager. ``kill`` ends it as a power cut would, ``start`` starts it anew on its files."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._bin = _programs()
        self._settings = {"fsync": "on", "max_connections": "50"} | dict(settings or {})
        self.port = free_port()
        self._home = Path(tempfile.mkdtemp(prefix="sambus-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {"user": _USER, "group": _USER, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            found = pwd.getpwnam(_USER)
            os.chown(self._home, found.pw_uid, found.pw_gid)
        data = ("-D", str(self._data), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", _USER)
        self._run("initdb", *data, "--no-sync")

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def url(self) -> str:
        """The address of its own database, as SQLAlchemy takes it."""
        return self.url_of(_USER)

    def url_of(self, database: str) -> str:
        """The address of a database on it."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def make(self, database: str) -> str:
        """Make a database; returns its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url_of(database)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {**self._settings, "listen_addresses": "127.0.0.1", "port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-k", str(self._home), *options]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._home, start_new_session=True, **self._as
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError((self._home / "log").read_text("utf-8")[-2000:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill -9 the server and all its processes at once."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End it, waiting for nobody."""
        self._signal(signal.SIGQUIT)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self._process.wait(30)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._home, **self._as)


def _programs() -> Path:
    """The folder of PostgreSQL's own programs; Debian's package is installed where it is missing and may be."""
    found = _installed()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (
            ["apt-get", "update"],
            ["apt-get", "install", "--yes", "--no-install-recommends", "postgresql"],
        ):
            subprocess.run(command, check=False, capture_output=True, timeout=_INSTALL_SECONDS)
        found = _installed()
    if found is None:
        pytest.skip("no PostgreSQL server on this machine, and it cannot be installed: install Debian's postgresql")
    return found


def _installed() -> Path | None:
    every = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if every:
        return every[-1].parent
    found = shutil.which("initdb")
    return None if found is None else Path(found).parent
