"""The archive as one thing: opened once by a process, asked from any thread."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from consumers.archive.carding import Carder
from consumers.archive.database import Database, open_database
from consumers.archive.digests import Digests, key_file
from consumers.archive.limits import Limits, load_limits
from consumers.archive.reads import ReadLog
from consumers.archive.rows import RowMaker
from consumers.archive.search import Searcher
from consumers.archive.writer import Batch, Place, Written, positions_of, write
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.substances import load_substances


@dataclass(frozen=True, slots=True)
class Archive:
    """What was delivered to desks.

    Shape: ``search`` answers desks' questions, ``cards`` gives the cards of what was found, ``reads`` is the log of
    both. All of it is synchronous and may be called from any thread; an event loop uses ``asyncio.to_thread``.
    """

    database: Database
    digests: Digests
    limits: Limits
    reads: ReadLog
    searcher: Searcher
    cards: Carder
    codec: Codec

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def rows(self) -> RowMaker:
        """What makes rows of deliveries; each thread has its own."""
        return RowMaker(self.database.index, load_gazetteer(), load_substances(), self.limits, self.digests)

    def write(self, batch: Batch, now: datetime | None = None) -> Written:
        """Write what was read. Errors: as ``writer.write``."""
        return write(self.database, batch, int((now or datetime.now(UTC)).timestamp() * 1000))

    def positions(self, places: Iterable[Place]) -> dict[Place, int | None]:
        """How far each of these partitions was read."""
        return positions_of(self.database, places)


def open_archive(url: str, key: bytes | Path, *, limits: Limits | None = None, codec: Codec | None = None) -> Archive:
    """Open an archive, and bring its schema up to date.

    Shape: ``url`` as for ``open_database``; ``key`` is the archive's key, or the file that holds it or shall hold it.
    Errors: those of ``open_database`` and ``key_file``.
    """
    digests = Digests(key if isinstance(key, bytes) else key_file(key))
    database = open_database(url)
    reads = ReadLog(database.reads, digests)
    held, used = limits or load_limits(), codec or Codec()
    searcher = Searcher(database, digests, reads, held, load_gazetteer(), used)
    return Archive(database, digests, held, reads, searcher, Carder(database, used), used)
