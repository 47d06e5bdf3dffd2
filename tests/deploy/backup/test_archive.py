"""The archive's part of a backup, on SQLite in use and on a real PostgreSQL: the same rows come back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from deploy.backup.archive import ArchiveFiles
from deploy.backup.cluster import BackupError
from deploy.backup.sealed import SealedError
from producers.spool_keys import SpoolKeys
from tests.postgres import PostgresServer

KEYS = SpoolKeys([bytes(range(32))])
ROWS = [(number, f"made up {number}" * 50) for number in range(2_000)]


def sqlite(path: Path) -> sqlite3.Connection:
    """A database in use, with its log beside it and rows that are only there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, words TEXT)")
    connection.executemany("INSERT INTO rows VALUES (?, ?)", ROWS)
    connection.commit()
    return connection


def rows_of(path: Path) -> list[tuple[int, str]]:
    """What is in it."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT number, words FROM rows ORDER BY number").fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the backup goes."""
    (tmp_path / "backup").mkdir()
    return tmp_path / "backup"


def test_a_sqlite_archive_in_use_comes_back(tmp_path: Path, folder: Path) -> None:
    """Both files, encrypted, with what stood in the log alone; no copy in clear is left behind."""
    paths = [tmp_path / "one" / name for name in ("archive.db", "archive-reads.db")]
    using = [sqlite(path) for path in paths]
    files = ArchiveFiles(f"sqlite:///{paths[0]}").save(folder, KEYS)
    for each in using:
        each.close()
    assert sorted(files) == sorted(path.name for path in folder.iterdir()) == ["archive-reads.db.sbk", "archive.db.sbk"]
    assert not [path for path in folder.iterdir() if b"made up" in path.read_bytes()]
    again = ArchiveFiles(f"sqlite:///{tmp_path / 'two' / 'archive.db'}", "sqlite")
    again.require_empty()
    again.load(folder, files, KEYS)
    for path in paths:
        assert rows_of(tmp_path / "two" / path.name) == ROWS
        assert (tmp_path / "two" / path.name).stat().st_mode & 0o077 == 0


def test_nothing_is_written_over(tmp_path: Path, folder: Path) -> None:
    """Neither an archive that is there, nor by a backup of another kind or name."""
    path = tmp_path / "archive.db"
    for each in (path, path.with_name("archive-reads.db")):
        sqlite(each).close()
    archive = ArchiveFiles(f"sqlite:///{path}")
    files = archive.save(folder, None)
    with pytest.raises(BackupError, match="there is an archive already"):
        archive.require_empty()
    with pytest.raises(BackupError, match="in postgresql"):
        ArchiveFiles(f"sqlite:///{path}", "postgresql")
    with pytest.raises(BackupError, match=r"no other\.db"):
        ArchiveFiles(f"sqlite:///{tmp_path / 'two' / 'other.db'}").load(folder, files, None)
    assert not ArchiveFiles(f"sqlite:///{tmp_path / 'none.db'}").there


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A real PostgreSQL."""
    with PostgresServer() as running:
        yield running


def test_a_postgresql_archive_comes_back(server: PostgresServer, folder: Path) -> None:
    """Through pg_dump and pg_restore, encrypted, into an empty database and no other."""
    one, two = server.make("one"), server.make("two")
    with psycopg.connect(one, autocommit=True) as connection:
        connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, words TEXT)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO rows VALUES (%s, %s)", ROWS)
    files = ArchiveFiles(one).save(folder, KEYS)
    assert not [path for path in folder.iterdir() if b"PGDMP" in path.read_bytes()]
    again = ArchiveFiles(two, "postgresql")
    again.require_empty()
    again.load(folder, files, KEYS)
    with psycopg.connect(two) as connection:
        assert connection.execute("SELECT number, words FROM rows ORDER BY number").fetchall() == ROWS
    with pytest.raises(BackupError, match="has tables already"):
        again.require_empty()


def test_a_dump_without_its_key_restores_nothing(server: PostgresServer, folder: Path) -> None:
    """The database stays empty."""
    one, two = server.make("three"), server.make("four")
    with psycopg.connect(one, autocommit=True) as connection:
        connection.execute("CREATE TABLE rows (number INTEGER)")
    files = ArchiveFiles(one).save(folder, KEYS)
    archive = ArchiveFiles(two)
    with pytest.raises(SealedError):
        archive.load(folder, files, None)
    archive.require_empty()


def test_what_the_database_says_is_told_without_a_password(server: PostgresServer, folder: Path) -> None:
    """A database that is not there, with the reason of PostgreSQL itself."""
    url = server.url_of("nowhere").replace("postgres@", "postgres:made-up-secret@")
    with pytest.raises(BackupError, match="nowhere") as told:
        ArchiveFiles(url).save(folder, None)
    assert "made-up-secret" not in str(told.value)
