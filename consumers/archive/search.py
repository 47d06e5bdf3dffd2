"""Searching one desk's deliveries, newest first: block by block of the index, until there are enough.

Every question names the desk's own blocks and its own rows, so no other desk's content costs or saves it any time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, or_, select

from consumers.archive.asker import Asker
from consumers.archive.blocks import in_steps, to_look_into
from consumers.archive.database import Database
from consumers.archive.digests import Digests
from consumers.archive.indices import Wanted
from consumers.archive.lexemes import BLOCK_BITS, DESK_SHIFT, block_name, row_number
from consumers.archive.limits import Limits
from consumers.archive.query import Clock, Query, allowed, times, wanted
from consumers.archive.reads import ReadLog
from consumers.archive.refusals import Refusal, RefusedError
from consumers.archive.tables import about, desks, persons, rows
from consumers.feed import Delivery, Position, read_delivery
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer

_LAST_PLACE: Final = (1 << DESK_SHIFT) - 1
_CURSOR: Final = "cursor"

#: What whoever asks may see of a delivery, None for nothing: the gateway's own check of each event and each field,
#: beside the desk.
View = Callable[[Delivery], Delivery | None]


@dataclass(frozen=True, slots=True)
class Hit:
    """One delivery that was found. ``superseded_by`` is the revision that replaced it, if there is one."""

    delivery: Delivery
    row_id: int
    superseded_by: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some hits, the newest delivered first, and the cursor of the next page; none when this is the last."""

    hits: tuple[Hit, ...]
    cursor: str | None


def everything(item: Delivery) -> Delivery:
    """The view of whoever may see all that the desk has."""
    return item


class Searcher:
    """Answers questions of desks."""

    def __init__(
        self,
        database: Database,
        digests: Digests,
        reads: ReadLog,
        limits: Limits,
        gazetteer: Gazetteer,
        codec: Codec,
    ) -> None:
        self._database = database
        self._digests = digests
        self._reads = reads
        self._limits = limits
        self._gazetteer = gazetteer
        self._codec = codec

    def search(self, asker: Asker, query: Query, *, view: View = everything, now: datetime | None = None) -> Page:
        """One page of what the asker's desk has. It is logged before it is given.

        Errors: ``RefusedError`` for what may not be asked.
        """
        allowed(query, self._limits, self._gazetteer)
        at = now or datetime.now(UTC)
        before = self._before(asker, query)
        hits = self._hits(asker.desk, query, wanted(query), before, view, at)
        self._reads.write(
            asker,
            query.kind,
            query.told,
            len(hits),
            purpose=query.purpose,
            case_ref=query.case_ref,
            at_ms=int(at.timestamp() * 1000),
        )
        if len(hits) < query.limit:
            return Page(tuple(hits), None)
        last = hits[-1].row_id & _LAST_PLACE
        return Page(tuple(hits), self._digests.sealed(_CURSOR, _bound(asker, query), last))

    def _before(self, asker: Asker, query: Query) -> int:
        """The place before which the page begins."""
        if query.cursor is None:
            return _LAST_PLACE
        place = self._digests.opened(_CURSOR, _bound(asker, query), query.cursor)
        if place is None:
            raise RefusedError(Refusal.CURSOR_INVALID, "/cursor")
        return place

    def _hits(self, desk: str, query: Query, terms: Wanted, before: int, view: View, now: datetime) -> list[Hit]:
        hits: list[Hit] = []
        with self._database.reading() as connection:
            self._database.index.prepare(connection)
            # A desk that has nothing is asked for like any other.
            desk_no, last = connection.execute(
                select(desks.c.desk_no, desks.c.last_seq).where(desks.c.desk == desk)
            ).one_or_none() or (0, 0)
            first, end = row_number(desk_no, 0), row_number(desk_no, min(before, last + 1))
            for statement in self._statements(connection, desk_no, query, terms, (first, end), now):
                while len(hits) < query.limit:
                    asked = query.limit - len(hits)
                    got = connection.execute(statement.where(rows.c.row_id < end).limit(asked)).all()
                    found = (self._hit(desk, row, view) for row in got)
                    hits += (hit for hit in found if hit is not None)
                    if len(got) < asked:
                        break
                    end = got[-1].row_id
                else:
                    break
        return hits

    def _hit(self, desk: str, row: Any, view: View) -> Hit | None:
        """A row as a hit; None when its bytes are not a delivery for this desk: the number alone opens nothing."""
        item = read_delivery(self._codec, desk, row.body, Position(row.kafka_partition, row.kafka_offset))
        shown = view(item) if isinstance(item, Delivery) else None
        return None if shown is None else Hit(shown, row.row_id, row.superseded_by)

    def _statements(
        self,
        connection: Connection,
        desk_no: int,
        query: Query,
        terms: Wanted,
        span: tuple[int, int],
        now: datetime,
    ) -> Iterator[Select[Any]]:
        """The statements that give a page, one after the other, each the newest of what it gives."""
        held = [*_shown(now), *_asked(query), *_named(connection, desk_no, query)]
        person = None if query.person is None else self._digests.person(query.person)
        first, end = span
        days = times(query, now)
        if terms or days is not None:
            if person is not None:
                of_person = (persons.c.desk_no == desk_no, persons.c.person == person)
                held.append(rows.c.row_id.in_(select(persons.c.row_id).where(*of_person)))
            index = self._database.index
            for group in in_steps(to_look_into(connection, first, end, query)):
                # A block that lies in the span as a whole is asked for its words alone, if there are any.
                asked = (
                    (block_name(each.number), terms if days is None or (each.whole and terms) else (*terms, days))
                    for each in group
                )
                low_row = max(first, group[-1].number << BLOCK_BITS)
                high_row = min(end, (group[0].number + 1) << BLOCK_BITS)
                within = (index.number >= low_row, index.number < high_row)
                yield _page(index.source(), index.number, [index.condition(index.question(asked)), *within, *held])
        elif person is not None:
            joined = persons.join(rows, rows.c.row_id == persons.c.row_id)
            within = (persons.c.row_id >= first, persons.c.row_id < end)
            this = (persons.c.desk_no == desk_no, persons.c.person == person)
            yield _page(joined, persons.c.row_id, [*this, *within, *held])
        else:
            yield _page(rows, rows.c.row_id, [rows.c.row_id >= first, rows.c.row_id < end, *held])


def _page(source: FromClause, number: ColumnElement[int], held: list[ColumnElement[bool]]) -> Select[Any]:
    shown = (rows.c.row_id, rows.c.body, rows.c.kafka_partition, rows.c.kafka_offset, rows.c.superseded_by)
    return select(*shown).select_from(source).where(and_(*held)).order_by(number.desc())


def _shown(now: datetime) -> list[ColumnElement[bool]]:
    """What no row may lack: it is not hidden, its time has come and is not over."""
    at = int(now.timestamp() * 1000)
    return [
        rows.c.hidden_ms.is_(None),
        rows.c.visible_ms <= at,
        or_(rows.c.due_ms.is_(None), rows.c.due_ms > at, rows.c.hold),
    ]


def _asked(query: Query) -> list[ColumnElement[bool]]:
    """What the terms say only roughly, or not at all."""
    held: list[ColumnElement[bool]] = []
    if not query.history:
        held.append(rows.c.superseded_by.is_(None))
    column = rows.c.occurred_ms if query.clock is Clock.OCCURRED else rows.c.published_ms
    if query.since is not None:
        held.append(column >= int(query.since.timestamp() * 1000))
    if query.until is not None:
        held.append(column < int(query.until.timestamp() * 1000))
    return held


def _named(connection: Connection, desk_no: int, query: Query) -> list[ColumnElement[bool]]:
    """An event, and what says something of it, as the numbers of a few rows."""
    if query.event is None:
        return []
    itself = select(rows.c.row_id).where(rows.c.desk_no == desk_no, rows.c.event_id == query.event)
    others = select(about.c.row_id).where(about.c.desk_no == desk_no, about.c.about_id == query.event)
    found = {*connection.execute(itself).scalars(), *connection.execute(others).scalars()}
    return [rows.c.row_id.in_(sorted(found))]


def _bound(asker: Asker, query: Query) -> str:
    """What a cursor holds for: one user, one desk, one question."""
    return f"{asker.subject}\0{asker.desk}\0{query.told}"
