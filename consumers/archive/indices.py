"""The index of terms in each database: SQLite's FTS5, PostgreSQL's tsvector. The same question gives the same rows.

Both index the very terms of ``lexemes.py``, which are letters and digits and one full stop, so what anybody typed never
reaches a parser of either database. Source: SQLite FTS5, "Contentless and external content tables"; PostgreSQL 15,
chapter 12.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Integer,
    Text,
    bindparam,
    cast,
    column,
    literal_column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from consumers.archive.lexemes import Terms, block_of, stem_term, word_term
from consumers.archive.sql import inserting
from consumers.archive.tables import rows

#: Stands between two fields, so that no phrase runs from one into the next: a term that no block has.
_BETWEEN: Final = "z"
#: PostgreSQL counts positions up to this.
_LAST_POSITION: Final = 16_383
_MOST_PLACES: Final = 255
_FTS: Final = "archive_index"
_COMING: Final = "archive_coming"
#: The list of terms that wait has room for a whole batch, KiB.
_WAITING_KIB: Final = 65_536
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
    def written(self, terms: Terms) -> tuple[str, ...]:
        """Terms as this database takes them, each without its block: the same for all desks that see the same."""

    def stored(self, row_id: int, written: tuple[str, ...]) -> str:
        """What stands in the row's own column for its terms."""
        block = block_of(row_id)
        return block + f" {block}".join(written)

    @abstractmethod
    def insert(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> set[int]:
        """Insert rows and index them; those that are there already stay as they are. Gives the numbers of the new."""

    @abstractmethod
    def settle(self, engine: Engine) -> None:
        """After a batch was committed: take what waits into the index, so that no search has to look through it."""

    @abstractmethod
    def remove(self, connection: Connection, row_ids: Sequence[int]) -> None:
        """Take rows out of the index; they are still there, or just go."""

    @abstractmethod
    def source(self) -> FromClause:
        """What a search reads: the rows, and the index where it stands beside them."""

    @abstractmethod
    def condition(self, question: str) -> ColumnElement[bool]:
        """What holds for a row of the source that has the terms asked for."""

    @abstractmethod
    def prepare(self, connection: Connection) -> None:
        """Say how this transaction's questions are best answered."""

    @property
    @abstractmethod
    def number(self) -> ColumnElement[int]:
        """The row's number, by which the source is in order."""

    @abstractmethod
    def question(self, asked: Iterable[tuple[str, Wanted]]) -> str:
        """The parameter's value: in one of these blocks, all that is wanted of that block."""

    @abstractmethod
    def make(self, connection: Connection) -> None:
        """Make what the tables' own definitions do not hold."""

    @abstractmethod
    def tidy(self, connection: Connection) -> None:
        """Let go of what was erased for good."""


class SqliteIndex(Index):
    """FTS5 beside the rows. The tokenizer splits at ASCII signs only, and no term has one but those it is told of."""

    dialect = "sqlite"

    def written(self, terms: Terms) -> tuple[str, ...]:
        """The stems field by field, in order, then all else."""
        stems = [each for field in terms.fields for each in (*map(stem_term, field), _BETWEEN)]
        return (*stems, *sorted(map(word_term, terms.words)), *sorted(terms.facets))

    def insert(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> set[int]:
        """Insert rows, then the terms of the new ones."""
        new = set(connection.execute(inserting(connection, rows).returning(rows.c.row_id), values).scalars())
        terms = [{"row_id": each["row_id"], "terms": each["terms"]} for each in values if each["row_id"] in new]
        if terms:
            into = f"INSERT INTO {_FTS} (rowid, terms) VALUES (:row_id, :terms)"  # noqa: S608 - our own name
            connection.execute(text(into), terms)
        return new

    def settle(self, engine: Engine) -> None:
        """Nothing waits."""

    def remove(self, connection: Connection, row_ids: Sequence[int]) -> None:
        """Forget rows: FTS5 without content of its own must be told what it was told before."""
        forget = text(
            f"INSERT INTO {_FTS} ({_FTS}, rowid, terms) "  # noqa: S608 - our own names
            "SELECT 'delete', row_id, terms FROM archive_rows WHERE row_id = :row_id AND terms IS NOT NULL"
        )
        for row_id in row_ids:
            connection.execute(forget, {"row_id": row_id})
            connection.execute(rows.update().where(rows.c.row_id == row_id).values(terms=None))

    def prepare(self, connection: Connection) -> None:
        """Nothing: FTS5 is asked in one way only."""

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

    def question(self, asked: Iterable[tuple[str, Wanted]]) -> str:
        """An FTS5 expression of quoted terms."""
        return " OR ".join(f"({' AND '.join(self._one(block, each) for each in wanted)})" for block, wanted in asked)

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
        connection.execute(text(f"INSERT INTO {_FTS} ({_FTS}) VALUES ('optimize')"))  # noqa: S608 - our own name


class PostgresIndex(Index):
    """A tsvector in the row, and a GIN index on it. Stems have positions, for phrases; all else has none."""

    dialect = "postgresql"

    def written(self, terms: Terms) -> tuple[str, ...]:
        """In the form that a tsvector is read from: stems with their places, all else without."""
        places: dict[str, list[int]] = {}
        position = 0
        for field in terms.fields:
            for stem in field:
                position += 1
                if position < _LAST_POSITION:
                    places.setdefault(stem_term(stem), []).append(position)
            position += 1
        stems = (f"{term}:{','.join(map(str, found[:_MOST_PLACES]))}" for term, found in places.items())
        return (*stems, *map(word_term, terms.words), *terms.facets)

    def insert(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> set[int]:
        """Copy rows to a table of this connection, and from there: a third of the work of inserting each."""
        names = [column.name for column in rows.columns]
        connection.execute(
            text(f"CREATE TEMPORARY TABLE IF NOT EXISTS {_COMING} (LIKE archive_rows) ON COMMIT DELETE ROWS")
        )
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(f"COPY {_COMING} ({', '.join(names)}) FROM STDIN") as copy:
            for each in values:
                copy.write_row([each[name] for name in names])
        # Of two in one batch the first one counts.
        listed = ", ".join(names)
        moved = connection.execute(
            text(
                f"INSERT INTO archive_rows ({listed}) SELECT {listed} FROM {_COMING} ORDER BY row_id "  # noqa: S608 - our own names
                "ON CONFLICT DO NOTHING RETURNING row_id"
            )
        )
        return set(moved.scalars())

    def settle(self, engine: Engine) -> None:
        """Many rows' terms at once are sorted into the index in a third of the time; until then they wait in a list."""
        with engine.connect() as connection, connection.begin():
            self.tidy(connection)

    def remove(self, connection: Connection, row_ids: Sequence[int]) -> None:
        """Take the terms out of the rows."""
        connection.execute(rows.update().where(rows.c.row_id.in_(row_ids)).values(terms=None))

    def prepare(self, connection: Connection) -> None:
        """Never all rows, whatever the planner thinks of terms that it knows nothing of."""
        connection.execute(text("SET LOCAL enable_seqscan = off"))

    def source(self) -> FromClause:
        """The rows."""
        return rows

    def condition(self, question: str) -> ColumnElement[bool]:
        """Rows whose terms match."""
        return rows.c.terms.op("@@", is_comparison=True)(cast(bindparam("question", question, Text), TSQUERY))

    @property
    def number(self) -> ColumnElement[int]:
        """The row's own, in a form for which there is no index: the terms have one that is always better."""
        return rows.c.row_id + literal_column("0")

    def question(self, asked: Iterable[tuple[str, Wanted]]) -> str:
        """A tsquery of terms that need no quotes."""
        return " | ".join(f"({' & '.join(self._one(block, each) for each in wanted)})" for block, wanted in asked)

    def _one(self, block: str, each: Alternative) -> str:
        parts = [f"{block}{term}" for term in each.terms]
        if each.phrase:
            parts.append(" <-> ".join(block + stem_term(stem) for stem in each.phrase))
        if each.prefix is not None:
            parts += (f"{block}{kind(each.prefix)}:*" for kind in (stem_term, word_term))
        return f"({' | '.join(parts)})"

    def make(self, connection: Connection) -> None:
        """The GIN index."""
        connection.execute(
            text(
                "CREATE INDEX archive_rows_terms ON archive_rows USING gin (terms) "
                f"WITH (fastupdate = on, gin_pending_list_limit = {_WAITING_KIB})"
            )
        )
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
