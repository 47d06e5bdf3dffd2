"""An empty archive for each test, on SQLite and on PostgreSQL."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.archive.archive import Archive, open_archive
from tests.consumers.archive.made import KEY, Filler
from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole run."""
    with PostgresServer({"fsync": "off"}) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'archive.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.make(f"t{uuid.uuid4().hex}")


@pytest.fixture
def archive(address: str) -> Iterator[Archive]:
    """An empty archive."""
    with open_archive(address, KEY) as opened:
        yield opened


@pytest.fixture
def filler(archive: Archive) -> Filler:
    """Writes to the archive."""
    return Filler(archive)
