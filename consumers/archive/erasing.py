"""Erasing what must not be kept any longer (gallring): the row, its bytes, its terms, whoever it made searchable."""

from typing import Final

from sqlalchemy import not_, select

from consumers.archive.database import Database
from consumers.archive.tables import about, persons, reads, rows

#: Rows of one transaction.
_AT_ONCE: Final = 1_000


def erase_due(database: Database, now_ms: int) -> int:
    """Erase every delivery whose time is over and that no order holds; returns how many.

    Shape: nothing of a delivery is left but the register of exports, which names events by id, and the log of readings.
    """
    erased = 0
    while count := _some(database, now_ms):
        erased += count
    if erased:
        with database.begin() as connection:
            database.index.tidy(connection)
    return erased


def forget_reads(database: Database, before_ms: int) -> int:
    """Erase the log of readings from before a moment; returns how many lines."""
    with database.reads.connect() as connection, connection.begin():
        return connection.execute(reads.delete().where(reads.c.at_ms < before_ms)).rowcount


def _some(database: Database, now_ms: int) -> int:
    over = select(rows.c.row_id).where(rows.c.due_ms.is_not(None), rows.c.due_ms <= now_ms, not_(rows.c.hold))
    with database.begin() as connection:
        found = list(connection.execute(over.limit(_AT_ONCE).with_for_update()).scalars())
        if found:
            database.index.remove(connection, found)
            for table in (persons, about, rows):
                connection.execute(table.delete().where(table.c.row_id.in_(found)))
    return len(found)
