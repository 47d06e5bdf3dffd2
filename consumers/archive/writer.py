"""Writes deliveries: rows, what orders say of them, and the positions in Kafka, all in one transaction or none of it.

So whatever dies in between, a record is in the archive exactly if the position says that it was read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, tuple_

from consumers.archive.blocks import widen
from consumers.archive.database import Database
from consumers.archive.lexemes import row_number
from consumers.archive.obeying import obey
from consumers.archive.rows import Numbered, Row
from consumers.archive.sql import insert_new, parts
from consumers.archive.tables import about, desks, ended, faults, persons, positions, rows
from consumers.cards import Standing


class TakenOverError(Exception):
    """Another archiver has moved a position of ours: it reads the partition now. Nothing of the batch was written."""

    def __init__(self, topic: str, partition: int) -> None:
        super().__init__(f"another archiver reads {topic}, partition {partition}")


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Move(NamedTuple):
    """How far a partition was read: from where the archive stood (None for never) to the next offset."""

    start: int | None
    end: int


class Fault(NamedTuple):
    """Offsets that hold nothing for the archive: a record that cannot be read, or records that retention removed."""

    topic: str
    partition: int
    first_offset: int
    offsets: int
    code: str


@dataclass(slots=True)
class Batch:
    """What is written at once."""

    rows: list[Row] = field(default_factory=list)
    moves: dict[Place, Move] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class Written(NamedTuple):
    """What a batch came to: new rows, rows that were there, rows that orders hid."""

    new: int
    known: int
    hidden: int


def write(database: Database, batch: Batch, now_ms: int) -> Written:
    """Write a batch.

    Errors: ``TakenOverError``; those of SQLAlchemy, after which nothing of it was written, or all of it: where the
    connection broke while it was committed, only the positions tell.
    """
    with database.begin() as connection:
        _move(connection, batch.moves, now_ms)
        _note(connection, batch.faults, now_ms)
        numbers, last = _desks(connection, {row.desk for row in batch.rows})
        fresh = _insert(connection, database, _number(batch.rows, numbers, last))
        _supersede(connection, fresh)
        hidden = obey(connection, database.index, fresh, now_ms)
        _remember(connection, last)
    if fresh:
        database.index.settle(database.engine)
    return Written(len(fresh), len(batch.rows) - len(fresh), hidden)


def positions_of(database: Database, places: Iterable[Place]) -> dict[Place, int | None]:
    """How far each of these partitions was read: the next offset; None for one that never was."""
    with database.reading() as connection:
        found = {
            Place(row.topic, row.partition): row.next_offset
            for row in connection.execute(select(positions.c.topic, positions.c.partition, positions.c.next_offset))
        }
    return {place: found.get(place) for place in places}


def _move(connection: Connection, moves: Mapping[Place, Move], now_ms: int) -> None:
    """Move the positions from where this archiver left them, or write nothing at all."""
    for place, move in sorted(moves.items()):
        here = (positions.c.topic == place.topic) & (positions.c.partition == place.partition)
        if move.start is None:
            insert_new(connection, positions, [{**place._asdict(), "next_offset": -1, "moved_ms": now_ms}])
        start = -1 if move.start is None else move.start
        moved = connection.execute(
            positions.update()
            .where(here, positions.c.next_offset == start)
            .values(next_offset=move.end, moved_ms=now_ms)
        )
        if moved.rowcount != 1:
            raise TakenOverError(place.topic, place.partition)


def _note(connection: Connection, found: Sequence[Fault], now_ms: int) -> None:
    insert_new(connection, faults, [{**fault._asdict(), "at_ms": now_ms} for fault in found])


def _desks(connection: Connection, named: set[str]) -> tuple[dict[str, int], dict[int, int]]:
    """Each desk's number, and the last place that was given at it. Locked, in order, until the transaction ends."""
    if not named:
        return {}, {}
    wanted = select(desks).where(desks.c.desk.in_(sorted(named))).order_by(desks.c.desk_no).with_for_update()
    found = {row.desk: row for row in connection.execute(wanted)}
    if missing := sorted(named - set(found)):
        insert_new(connection, desks, [{"desk": desk, "last_seq": 0} for desk in missing])
        found = {row.desk: row for row in connection.execute(wanted)}
    return {desk: row.desk_no for desk, row in found.items()}, {row.desk_no: row.last_seq for row in found.values()}


def _number(made: Sequence[Row], numbers: Mapping[str, int], last: dict[int, int]) -> list[Numbered]:
    """Give each row the next place at its desk. A place is lost where the row turns out to be there already."""
    numbered = []
    for row in made:
        desk_no = numbers[row.desk]
        last[desk_no] += 1
        numbered.append(Numbered(row_number(desk_no, last[desk_no]), desk_no, row))
    return numbered


def _insert(connection: Connection, database: Database, numbered: Sequence[Numbered]) -> list[Numbered]:
    """Insert rows; those that are there already are left as they are. Gives the new ones."""
    if not numbered:
        return []
    fixed = {"superseded_by": None, "standing": Standing.STANDS.value, "hidden_ms": None}
    values = [
        {
            **each.row.columns,
            **fixed,
            "row_id": each.row_id,
            "desk_no": each.desk_no,
            "terms": database.index.stored(each.row_id, each.row.terms),
        }
        for each in numbered
    ]
    new = database.index.insert(connection, values)
    fresh = [each for each in numbered if each.row_id in new]
    named = [
        {"desk_no": each.desk_no, "about_id": about_id, "row_id": each.row_id}
        for each in fresh
        for about_id in each.row.about
    ]
    insert_new(connection, about, named)
    widen(connection, fresh)
    _make_searchable(connection, fresh)
    return fresh


def _make_searchable(connection: Connection, numbered: Sequence[Numbered]) -> None:
    """Persons become searchable, but not in a matter that has ended so that nobody is; what ends one takes them out."""
    over = {(each.desk_no, each.row.matter) for each in numbered if each.row.ends_matter and each.row.matter}
    insert_new(connection, ended, [{"desk_no": desk_no, "matter": matter} for desk_no, matter in sorted(over)])
    for desk_no, matter in sorted(over):
        connection.execute(persons.delete().where(persons.c.desk_no == desk_no, persons.c.matter == matter))
    matters = sorted({(each.desk_no, each.row.matter) for each in numbered if each.row.persons and each.row.matter})
    closed = set[tuple[int, bytes]]()
    for part in parts(matters):
        question = select(ended).where(tuple_(ended.c.desk_no, ended.c.matter).in_(part))
        closed.update((row.desk_no, row.matter) for row in connection.execute(question))
    found = [
        {"desk_no": each.desk_no, "person": person, "row_id": each.row_id, "matter": each.row.matter}
        for each in numbered
        for person in sorted(each.row.persons)
        if (each.desk_no, each.row.matter) not in closed
    ]
    insert_new(connection, persons, found)


def _supersede(connection: Connection, numbered: Sequence[Numbered]) -> None:
    """Mark what a later revision replaces, whichever of the two came first: the same unit's, of the same type."""
    for each in numbered:
        columns = each.row.columns
        if columns["supersedes"] is not None:
            _mark(connection, each.desk_no, columns["supersedes"], columns, columns["event_id"])
    new = {(each.desk_no, each.row.columns["event_id"]) for each in numbered}
    for part in parts(sorted({event_id for _, event_id in new})):
        question = select(rows.c.desk_no, rows.c.supersedes, rows.c.event_id, rows.c.event_type, rows.c.origin_unit)
        found = connection.execute(question.where(rows.c.supersedes.in_(part))).mappings().all()
        for heir in (each for each in found if (each["desk_no"], each["supersedes"]) in new):
            _mark(connection, heir["desk_no"], heir["supersedes"], dict(heir), heir["event_id"])


def _mark(connection: Connection, desk_no: int, former: str, heir: Mapping[str, Any], by: str) -> None:
    connection.execute(
        rows.update()
        .where(
            rows.c.desk_no == desk_no,
            rows.c.event_id == former,
            rows.c.event_type == heir["event_type"],
            rows.c.origin_unit == heir["origin_unit"],
        )
        .values(superseded_by=by)
    )


def _remember(connection: Connection, last: Mapping[int, int]) -> None:
    if last:
        change = desks.update().where(desks.c.desk_no == bindparam("number"))
        values = [{"number": desk_no, "last_seq": seq} for desk_no, seq in sorted(last.items())]
        connection.execute(change, values)
