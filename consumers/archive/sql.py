"""What the archive asks of any database, whichever it is: inserting what is not there yet, and long lists in parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

#: Values of one question at most: databases bound them.
CHUNK: Final = 500

T = TypeVar("T")


def insert_new(connection: Connection, table: Any, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert what is not there yet; what is there stays as it is."""
    if values:
        connection.execute(inserting(connection, table), list(values))


def inserting(connection: Connection, table: Any) -> Any:
    """The statement that inserts what is not there yet."""
    make = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    return make(table).on_conflict_do_nothing()


def parts(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values, so many at a time."""
    left = iter(values)
    while part := list(islice(left, size)):
        yield part
