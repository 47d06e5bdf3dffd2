"""How the archive is: how far it has read, what it could not, what is to be erased, which recalls are not confirmed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, not_, select

from consumers.archive.database import Database
from consumers.archive.tables import export_orders, exports, faults, orders, positions, rows


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """One order that reached an export and that its desk has not confirmed. Ids only: no content, no reason."""

    desk: str
    export_id: str
    event_id: str
    action: str
    confirm_by_ms: int
    late: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """The archive in numbers. ``faults`` counts offsets by code; ``due`` rows wait to be erased."""

    rows: int
    hidden: int
    due: int
    orders: int
    exports: int
    positions: dict[str, int]
    moved_ms: int | None
    faults: dict[str, int]
    unconfirmed: tuple[Unconfirmed, ...]

    @property
    def late(self) -> int:
        """How many confirmations are late."""
        return sum(each.late for each in self.unconfirmed)


def condition(database: Database, now_ms: int) -> Condition:
    """How the archive is now, for operations: numbers of all desks together, and no content."""
    over = (rows.c.due_ms.is_not(None), rows.c.due_ms <= now_ms, not_(rows.c.hold))
    with database.reading() as connection:

        def count(table: Any, *held: Any) -> int:
            return connection.execute(select(func.count()).select_from(table).where(*held)).scalar() or 0

        stood = connection.execute(select(positions)).all()
        wrong = connection.execute(select(faults.c.code, func.sum(faults.c.offsets)).group_by(faults.c.code)).all()
        return Condition(
            rows=count(rows),
            hidden=count(rows, rows.c.hidden_ms.is_not(None)),
            due=count(rows, *over),
            orders=count(orders),
            exports=count(exports),
            positions={f"{each.topic}:{each.partition}": each.next_offset for each in stood},
            moved_ms=max((each.moved_ms for each in stood), default=None),
            faults={code: int(offsets) for code, offsets in wrong},
            unconfirmed=unconfirmed(database, now_ms),
        )


def unconfirmed(database: Database, now_ms: int, desk: str | None = None) -> tuple[Unconfirmed, ...]:
    """What is not confirmed yet, the oldest first: of one desk, or of all for operations."""
    question = (
        select(export_orders, exports.c.desk)
        .join(exports, exports.c.export_id == export_orders.c.export_id)
        .where(export_orders.c.confirmed_ms.is_(None))
        .order_by(export_orders.c.confirm_by_ms, export_orders.c.export_id)
    )
    if desk is not None:
        question = question.where(exports.c.desk == desk)
    with database.reading() as connection:
        found = connection.execute(question).all()
    return tuple(
        Unconfirmed(
            desk=each.desk,
            export_id=each.export_id,
            event_id=each.event_id,
            action=each.action,
            confirm_by_ms=each.confirm_by_ms,
            late=each.confirm_by_ms < now_ms,
        )
        for each in found
    )
