"""Reaching the archive's database: SQLite on this machine, or PostgreSQL; its schema brought up to date when opened.

SQLAlchemy's core, synchronous: one search or one batch is several statements, and one hop to a thread for all of them
costs less than one for each (docs/adr/0021).
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from consumers.archive.indices import Index, index_of
from consumers.archive.tables import metadata, reads_metadata, versions

#: A lock of PostgreSQL's that only one process at a time has while it brings the schema up to date.
_MIGRATION_LOCK: Final = 7_350_021
_READS_SUFFIX: Final = "-reads"
_BUSY_MS: Final = 30_000
#: Pages of SQLite that a connection may keep in memory, in KiB (negative by SQLite's own custom).
_CACHE_KIB: Final = -64_000
_MMAP_BYTES: Final = 1 << 30
_CONNECT_SECONDS: Final = 5


class ArchiveUnreachableError(Exception):
    """The database does not answer. Its text names where, never a password, and what to do."""

    def __init__(self, url: URL) -> None:
        shown = url.render_as_string(hide_password=True)
        super().__init__(f"The archive does not answer at {shown}. Start it, or name another one with --archive.")


class ArchiveNewerError(Exception):
    """The database was brought up to date by a newer version of the program."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"The archive has schema {found}; this version knows {known}. Use the newer version.")


@dataclass(frozen=True, slots=True)
class Database:
    """The archive's engine, that of its readings, and its index of terms."""

    engine: Engine
    reads: Engine
    index: Index

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction that writes. In SQLite it may write from its beginning, so it never fails midway."""
        with self.engine.connect() as connection, connection.begin():
            if self.engine.dialect.name == "sqlite":
                connection.execute(text("BEGIN IMMEDIATE"))
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads: all of it sees the archive as it was at its beginning."""
        with self.engine.connect() as connection, connection.begin():
            if self.engine.dialect.name == "sqlite":
                connection.execute(text("BEGIN"))
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
        self.reads.dispose()


def open_database(url: str) -> Database:
    """Reach a database and bring its schema up to date.

    Shape: ``sqlite:///FILE`` (``sqlite://`` in memory), ``postgresql://…``. With SQLite the readings are in a file
    beside it.
    Errors: ``ValueError`` for another kind of database, ``ArchiveUnreachableError``, ``ArchiveNewerError``.
    """
    parsed = _driver(make_url(url))
    index = index_of(parsed.get_backend_name())
    engine = _engine(parsed)
    reads = engine if index.dialect == "postgresql" or not parsed.database else _engine(_beside(parsed))
    database = Database(engine, reads, index)
    try:
        _migrate(database)
    except SQLAlchemyError as problem:
        database.close()
        raise ArchiveUnreachableError(parsed) from problem
    return database


def _driver(url: URL) -> URL:
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    return url


def _beside(url: URL) -> URL:
    path = Path(str(url.database))
    return url.set(database=str(path.with_name(f"{path.stem}{_READS_SUFFIX}{path.suffix}")))


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECT_SECONDS})
    # In memory there is one connection, for whoever tries the archive out.
    memory: dict[str, Any] = {} if url.database else {"poolclass": StaticPool}
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000}, **memory)
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    """Settings of each SQLite connection: a log beside the file, deleted content overwritten, transactions by us."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MS}",
        f"cache_size={_CACHE_KIB}",
        f"mmap_size={_MMAP_BYTES}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


# Schema


def _first(connection: Connection, index: Index) -> None:
    metadata.create_all(connection, tables=[each for each in metadata.sorted_tables if each is not versions])
    index.make(connection)


#: What makes each version of the schema of the one before. Never changed once released; a change is a further step.
MIGRATIONS: Final[tuple[Callable[[Connection, Index], None], ...]] = (_first,)


def _migrate(database: Database) -> None:
    """Bring the schema up to date, in one transaction: one process does it, others wait."""
    if database.reads is not database.engine:
        with database.reads.connect() as connection, connection.begin():
            connection.execute(text("BEGIN IMMEDIATE"))
            reads_metadata.create_all(connection)
    with database.begin() as connection:
        if database.index.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        if database.reads is database.engine:
            reads_metadata.create_all(connection)
        versions.create(connection, checkfirst=True)
        found = connection.execute(select(versions.c.version)).scalar() or 0
        if found > len(MIGRATIONS):
            raise ArchiveNewerError(found, len(MIGRATIONS))
        for step in MIGRATIONS[found:]:
            step(connection, database.index)
        if found < len(MIGRATIONS):
            connection.execute(versions.delete())
            connection.execute(versions.insert().values(version=len(MIGRATIONS)))
