"""The index of terms in each database: SQLite's FTS5, PostgreSQL's tsvector. The same question gives the same rows.

Both index the very terms of ``lexemes.py``, which are letters and digits and one full stop, so what anybody typed never
reaches a parser of either database. Source: SQLite FTS5, "Contentless and external content tables"; PostgreSQL 15,
chapter 12.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Integer, Text, bindparam, cast, column, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from consumers.archive.lexemes import Terms, block_of, stem_term, word_term
from consumers.archive.tables import rows

#: Stands between two fields, so that no phrase runs from one into the next: a term that no block has.
_BETWEEN: Final = "z"
#: PostgreSQL counts positions up to this.
_LAST_POSITION: Final = 16_383
_FTS: Final = "archive_index"
_fts: Final = table(_FTS, column("rowid", Integer), column(_FTS, Text))


@dataclass(frozen=True, slots=True)
class Alternative:
    """Terms any of which will do. A phrase is stems in order; ``prefix`` takes every word that begins so."""

    terms: tuple[str, ...] = ()
    phrase: tuple[str, ...] = ()
    prefix: str | None = None


Wanted = tuple[Alternative, ...]


class Index(ABC):
    """One database's way to keep terms and to ask for them."""

    dialect: ClassVar[str]

    @abstractmethod
    def stored(self, row_id: int, terms: Terms) -> str:
        """What stands in the row's own column for its terms."""

    @abstractmethod
    def add(self, connection: Connection, kept: Sequence[tuple[int, str]]) -> None:
        """Index rows: each one's number and what is stored of it."""

    @abstractmethod
    def remove(self, connection: Connection, row_ids: Sequence[int]) -> None:
        """Take rows out of the index; they are still there, or just go."""

    @abstractmethod
    def source(self) -> FromClause:
        """What a search reads: the rows, and the index where it stands beside them."""

    @abstractmethod
    def condition(self, question: str) -> ColumnElement[bool]:
        """What holds for a row of the source that has the terms asked for."""

    @property
    @abstractmethod
    def number(self) -> ColumnElement[int]:
        """The row's number, by which the source is in order."""

    @abstractmethod
    def question(self, blocks: Iterable[str], wanted: Wanted) -> str:
        """The parameter's value: these terms, all of them, in one of these blocks."""

    @abstractmethod
    def make(self, connection: Connection) -> None:
        """Make what the tables' own definitions do not hold."""

    @abstractmethod
    def tidy(self, connection: Connection) -> None:
        """Let go of what was erased for good."""


class SqliteIndex(Index):
    """FTS5 beside the rows. The tokenizer splits at ASCII signs only, and no term has one but those it is told of."""

    dialect = "sqlite"

    def stored(self, row_id: int, terms: Terms) -> str:
        """The terms as a text; what FTS5 must be told again to forget them."""
        block = block_of(row_id)
        parts: list[str] = []
        for field in terms.fields:
            parts += (f"{block}{stem_term(stem)}" for stem in field)
            parts.append(_BETWEEN)
        parts += (f"{block}{word_term(word)}" for word in sorted(terms.words))
        parts += (f"{block}{each}" for each in sorted(terms.facets))
        return " ".join(parts)

    def add(self, connection: Connection, kept: Sequence[tuple[int, str]]) -> None:
        """Index rows."""
        statement = text(f"INSERT INTO {_FTS} (rowid, terms) VALUES (:row_id, :terms)")  # noqa: S608 - our own name
        connection.execute(statement, [{"row_id": row_id, "terms": terms} for row_id, terms in kept])

    def remove(self, connection: Connection, row_ids: Sequence[int]) -> None:
        """Forget rows: FTS5 without content of its own must be told what it was told before."""
        forget = text(
            f"INSERT INTO {_FTS} ({_FTS}, rowid, terms) "  # noqa: S608 - our own names
            "SELECT 'delete', row_id, terms FROM archive_rows WHERE row_id = :row_id AND terms IS NOT NULL"
        )
        for row_id in row_ids:
            connection.execute(forget, {"row_id": row_id})
            connection.execute(rows.update().where(rows.c.row_id == row_id).values(terms=None))

    def source(self) -> FromClause:
        """The index, then the row of each hit."""
        return _fts.join(rows, rows.c.row_id == _fts.c.rowid)

    def condition(self, question: str) -> ColumnElement[bool]:
        """FTS5's own operator."""
        return _fts.c[_FTS].op("MATCH", is_comparison=True)(bindparam("question", question))

    @property
    def number(self) -> ColumnElement[int]:
        """FTS5 gives its hits by it, the newest first when asked so."""
        return _fts.c.rowid

    def question(self, blocks: Iterable[str], wanted: Wanted) -> str:
        """An FTS5 expression of quoted terms."""
        return " OR ".join(f"({' AND '.join(self._one(block, each) for each in wanted)})" for block in blocks)

    def _one(self, block: str, each: Alternative) -> str:
        parts = [f'"{block}{term}"' for term in each.terms]
        if each.phrase:
            parts.append(f'"{" ".join(block + stem_term(stem) for stem in each.phrase)}"')
        if each.prefix is not None:
            parts += (f'"{block}{kind(each.prefix)}" *' for kind in (stem_term, word_term))
        return f"({' OR '.join(parts)})"

    def make(self, connection: Connection) -> None:
        """The FTS5 table: it keeps no text, only the index."""
        connection.execute(
            text(
                f"CREATE VIRTUAL TABLE {_FTS} USING fts5(terms, content='', "
                "tokenize=\"ascii tokenchars '.'\", columnsize=0)"
            )
        )

    def tidy(self, connection: Connection) -> None:
        """Merge the index into one, in which nothing of what was deleted is left."""
        connection.execute(text(f"INSERT INTO {_FTS} ({_FTS}) VALUES ('optimize')"))  # noqa: S608


class PostgresIndex(Index):
    """A tsvector in the row, and a GIN index on it. Stems have positions, for phrases; all else has none."""

    dialect = "postgresql"

    def stored(self, row_id: int, terms: Terms) -> str:
        """The terms in the form that a tsvector is read from."""
        block = block_of(row_id)
        places: dict[str, list[int]] = {}
        position = 0
        for field in terms.fields:
            for stem in field:
                position += 1
                if position < _LAST_POSITION:
                    places.setdefault(stem_term(stem), []).append(position)
            position += 1
        parts = [f"{block}{term}:{','.join(map(str, found[:255]))}" for term, found in places.items()]
        parts += (f"{block}{word_term(word)}" for word in terms.words)
        parts += (f"{block}{each}" for each in terms.facets)
        return " ".join(parts)

    def add(self, connection: Connection, kept: Sequence[tuple[int, str]]) -> None:
        """Nothing: the rows' own column is indexed."""

    def remove(self, connection: Connection, row_ids: Sequence[int]) -> None:
        """Take the terms out of the rows."""
        connection.execute(rows.update().where(rows.c.row_id.in_(row_ids)).values(terms=None))

    def source(self) -> FromClause:
        """The rows."""
        return rows

    def condition(self, question: str) -> ColumnElement[bool]:
        """Rows whose terms match."""
        return rows.c.terms.op("@@", is_comparison=True)(cast(bindparam("question", question, Text), TSQUERY))

    @property
    def number(self) -> ColumnElement[int]:
        """The row's own."""
        return rows.c.row_id

    def question(self, blocks: Iterable[str], wanted: Wanted) -> str:
        """A tsquery of terms that need no quotes."""
        return " | ".join(f"({' & '.join(self._one(block, each) for each in wanted)})" for block in blocks)

    def _one(self, block: str, each: Alternative) -> str:
        parts = [f"{block}{term}" for term in each.terms]
        if each.phrase:
            parts.append(" <-> ".join(block + stem_term(stem) for stem in each.phrase))
        if each.prefix is not None:
            parts += (f"{block}{kind(each.prefix)}:*" for kind in (stem_term, word_term))
        return f"({' | '.join(parts)})"

    def make(self, connection: Connection) -> None:
        """The GIN index."""
        connection.execute(text("CREATE INDEX archive_rows_terms ON archive_rows USING gin (terms)"))
        connection.execute(text("ALTER TABLE archive_rows ALTER COLUMN terms SET STATISTICS 0"))

    def tidy(self, connection: Connection) -> None:
        """Autovacuum does it; the index's list of what waits is taken in."""
        connection.execute(text("SELECT gin_clean_pending_list('archive_rows_terms')"))


def index_of(dialect: str) -> Index:
    """The index of a database. Errors: ``ValueError`` for one that the archive does not know."""
    found: dict[str, Index] = {each.dialect: each for each in (SqliteIndex(), PostgresIndex())}
    if dialect not in found:
        raise ValueError(f"the archive works on sqlite and postgresql, not on {dialect}")
    return found[dialect]
