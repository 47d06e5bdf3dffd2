"""An empty archive for each test, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

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
    emptied(server.url)
    return server.url


def emptied(url: str) -> None:
    """Leave the tables, if they are there, and nothing in them: quicker than a database for each test."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'archive%' "
            "AND tablename <> 'archive_version'"
        ).fetchall()
        if found:
            names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))


@pytest.fixture
def archive(address: str) -> Iterator[Archive]:
    """An empty archive."""
    with open_archive(address, KEY) as opened:
        yield opened


@pytest.fixture
def filler(archive: Archive) -> Filler:
    """Writes to the archive."""
    return Filler(archive)
