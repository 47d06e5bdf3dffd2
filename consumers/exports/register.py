"""The register of exports: who took what out, for whom, on which ground; and which orders reached it since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from consumers.archive.database import Database
from consumers.archive.obeying import export_order
from consumers.archive.refusals import Refusal, RefusedError
from consumers.archive.rows import moment
from consumers.archive.sql import insert_new, parts
from consumers.archive.tables import desks, export_items, export_orders, exports, orders, rows
from consumers.cards import ORDERED
from consumers.exports.items import Item
from schemas.vocabulary import Handling


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The record of one export (utlämnande). ``events`` are the event ids and revisions that went out."""

    export_id: str
    desk: str
    subject: str
    made_at: datetime
    receiver: str
    ground: str
    purpose: str
    case_ref: str | None
    format: str
    sha256: str
    size: int
    handling: Handling
    tlp: str
    synthetic: bool
    events: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """An order on something that the desk took out. ``delivery_id`` is the order's own, for the receipt."""

    export_id: str
    event_id: str
    order_id: str
    action: str
    receiver: str
    delivery_id: str
    told_at: datetime
    confirm_by: datetime
    confirmed_at: datetime | None
    confirmed_by: str | None

    def late(self, now: datetime) -> bool:
        """Whether the confirmation is late."""
        return self.confirmed_at is None and self.confirm_by < now


def record(database: Database, disclosure: Disclosure, items: Sequence[Item], now_ms: int) -> None:
    """Put an export on record, if all that is in it may still be used at this moment.

    Shape: rows are locked until the record stands, so an order comes either before, and the export is refused, or
    behind, and finds the export.
    Errors: ``RefusedError`` when something was hidden meanwhile.
    """
    with database.begin() as connection:
        wanted = {item.row_id for item in items}
        standing = set[int]()
        for part in parts(sorted(wanted)):
            question = select(rows.c.row_id).where(rows.c.row_id.in_(part), rows.c.hidden_ms.is_(None))
            standing.update(connection.execute(question.with_for_update(read=True)).scalars())
        if standing != wanted:
            raise RefusedError(Refusal.EVENT_UNKNOWN)
        desk_no = _desk_no(connection, disclosure.desk)
        connection.execute(exports.insert().values(_columns(disclosure, desk_no)))
        insert_new(connection, export_items, [_item(disclosure, desk_no, item) for item in items])
        _late_orders(connection, disclosure, desk_no, items, now_ms)


def disclosures(database: Database, desk: str, *, since_ms: int = 0) -> tuple[Disclosure, ...]:
    """A desk's exports, the newest first."""
    with database.reading() as connection:
        question = (
            select(exports)
            .where(exports.c.desk_no == _desk_no(connection, desk), exports.c.made_ms >= since_ms)
            .order_by(exports.c.made_ms.desc(), exports.c.export_id.desc())
        )
        found = connection.execute(question).all()
        events: dict[str, list[tuple[str, int]]] = {each.export_id: [] for each in found}
        for part in parts(list(events)):
            named = select(export_items).where(export_items.c.export_id.in_(part)).order_by(export_items.c.event_id)
            for item in connection.execute(named):
                events[item.export_id].append((item.event_id, item.revision))
    return tuple(_disclosure(each, tuple(dict.fromkeys(events[each.export_id]))) for each in found)


def to_confirm(database: Database, desk: str, *, confirmed: bool = False) -> tuple[ToConfirm, ...]:
    """The orders that reached a desk's exports: those to confirm, or those that were; the most urgent first."""
    with database.reading() as connection:
        state = export_orders.c.confirmed_ms.is_not(None) if confirmed else export_orders.c.confirmed_ms.is_(None)
        question = (
            select(export_orders, exports.c.receiver)
            .join(exports, exports.c.export_id == export_orders.c.export_id)
            .where(export_orders.c.desk_no == _desk_no(connection, desk), state)
            .order_by(export_orders.c.confirm_by_ms, export_orders.c.export_id, export_orders.c.event_id)
        )
        found = connection.execute(question).all()
    return tuple(
        ToConfirm(
            export_id=each.export_id,
            event_id=each.event_id,
            order_id=each.order_id,
            action=each.action,
            receiver=each.receiver,
            delivery_id=each.delivery_id,
            told_at=moment(each.told_ms),
            confirm_by=moment(each.confirm_by_ms),
            confirmed_at=None if each.confirmed_ms is None else moment(each.confirmed_ms),
            confirmed_by=each.confirmed_by,
        )
        for each in found
    )


def confirm(database: Database, desk: str, subject: str, export_id: str, now_ms: int) -> tuple[str, ...]:
    """Note that a desk has dealt with what orders say of an export: its receiver was told, the file is dealt with.

    Shape: gives the orders' own deliveries that nothing of the desk's exports waits for any longer: for each of them
    the desk's receipt may go out.
    Errors: ``RefusedError`` for an export that the desk does not have, or that no order has reached.
    """
    with database.begin() as connection:
        mine = (export_orders.c.desk_no == _desk_no(connection, desk)) & (export_orders.c.export_id == export_id)
        reached = connection.execute(select(export_orders).where(mine)).all()
        if not reached:
            raise RefusedError(Refusal.EVENT_UNKNOWN, "/export_id")
        connection.execute(
            export_orders.update()
            .where(mine, export_orders.c.confirmed_ms.is_(None))
            .values(confirmed_ms=now_ms, confirmed_by=subject)
        )
        waiting = select(export_orders.c.delivery_id).where(
            export_orders.c.desk_no == reached[0].desk_no, export_orders.c.confirmed_ms.is_(None)
        )
        left = set(connection.execute(waiting).scalars())
    return tuple(dict.fromkeys(each.delivery_id for each in reached if each.delivery_id not in left))


def _late_orders(
    connection: Connection, disclosure: Disclosure, desk_no: int, items: Sequence[Item], now_ms: int
) -> None:
    """Orders that stand and hide nothing of this desk's (as its own on others' events) still belong to the export."""
    events = sorted({item.event_id for item in items})
    values = [
        export_order(disclosure.export_id, order.target_id, order, desk_no, now_ms)
        for part in parts(events)
        for order in connection.execute(select(orders).where(orders.c.target_id.in_(part)))
        if order.desk_no == desk_no and order.action in ORDERED and not order.own
    ]
    insert_new(connection, export_orders, values)


def _desk_no(connection: Connection, desk: str) -> int:
    return connection.execute(select(desks.c.desk_no).where(desks.c.desk == desk)).scalar() or 0


def _columns(disclosure: Disclosure, desk_no: int) -> dict[str, object]:
    return {
        "export_id": disclosure.export_id,
        "desk_no": desk_no,
        "desk": disclosure.desk,
        "subject": disclosure.subject,
        "made_ms": int(disclosure.made_at.timestamp() * 1000),
        "receiver": disclosure.receiver,
        "ground": disclosure.ground,
        "purpose": disclosure.purpose,
        "case_ref": disclosure.case_ref,
        "format": disclosure.format,
        "sha256": disclosure.sha256,
        "size": disclosure.size,
        "handling": disclosure.handling.value,
        "tlp": disclosure.tlp,
        "synthetic": disclosure.synthetic,
    }


def _item(disclosure: Disclosure, desk_no: int, item: Item) -> dict[str, object]:
    meta = item.delivery.meta
    return {
        "export_id": disclosure.export_id,
        "event_id": meta.event_id,
        "revision": meta.revision,
        "view_group": meta.view_group,
        "desk_no": desk_no,
        "released_by": item.released_by,
    }


def _disclosure(row: object, events: tuple[tuple[str, int], ...]) -> Disclosure:
    told = dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's own name for a row as a mapping
    made = moment(told.pop("made_ms"))
    del told["desk_no"]
    return Disclosure(**told | {"made_at": made, "handling": Handling(told["handling"]), "events": events})
