"""What orders do in the archive: recalled, corrected and restricted rows are hidden, their exports are told.

All of it in the transaction in which the order, or a late target of it, is written: no search in between sees the row.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from consumers.archive.indices import Index
from consumers.archive.rows import Numbered, Order
from consumers.archive.sql import insert_new, parts
from consumers.archive.tables import about, export_items, export_orders, orders, persons, rows
from consumers.cards import ORDERED, STRICTNESS, Standing
from schemas.events.control import CorrectionAction

#: A desk confirms within a day, where the order itself says nothing (domain rule B07).
_CONFIRM_MS: Final = 24 * 60 * 60 * 1000
_HOLDS: Final = {CorrectionAction.HOLD: True, CorrectionAction.RELEASE_HOLD: False}


def obey(connection: Connection, index: Index, numbered: Sequence[Numbered], now_ms: int) -> int:
    """Let orders take effect on their targets, whichever came first; returns how many rows were hidden."""
    given = [(each.desk_no, order) for each in numbered for order in each.row.orders]
    _keep(connection, given, now_ms)
    wanted = {(desk_no, order.target_id) for desk_no, order in given}
    wanted |= {(each.desk_no, each.row.columns["event_id"]) for each in numbered}
    hidden = 0
    for (desk_no, target), found in _orders_on(connection, wanted).items():
        hidden += _apply(connection, index, desk_no, target, found, now_ms)
    return hidden


def _keep(connection: Connection, given: Iterable[tuple[int, Order]], now_ms: int) -> None:
    values = [
        {
            "desk_no": desk_no,
            "target_id": order.target_id,
            "order_id": order.order_id,
            "action": order.action,
            "unit": order.unit,
            "own": order.own,
            "delivery_id": order.delivery_id,
            "received_ms": now_ms,
            "confirm_by_ms": order.confirm_by_ms,
        }
        for desk_no, order in given
    ]
    insert_new(connection, orders, values)


def _orders_on(connection: Connection, wanted: set[tuple[int, str]]) -> dict[tuple[int, str], list[Any]]:
    """All orders on these events, by desk and event."""
    found: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for part in parts(sorted({target for _, target in wanted})):
        for order in connection.execute(select(orders).where(orders.c.target_id.in_(part))):
            if (order.desk_no, order.target_id) in wanted:
                found[order.desk_no, order.target_id].append(order)
    return found


def _apply(connection: Connection, index: Index, desk_no: int, target: str, found: Sequence[Any], now_ms: int) -> int:
    here = (rows.c.desk_no == desk_no) & (rows.c.event_id == target)
    hidden = 0
    for row in connection.execute(
        select(rows.c.row_id, rows.c.origin_unit, rows.c.standing, rows.c.hidden_ms).where(here).with_for_update()
    ).all():
        holding = [order for order in found if _may(order, row.origin_unit)]
        standing = _standing(holding)
        if standing is not Standing.STANDS and standing != row.standing:
            hidden += row.hidden_ms is None
            _hide(connection, index, row.row_id, standing, row.hidden_ms or now_ms)
        _hold(connection, row.row_id, holding)
    _tell_exports(connection, desk_no, target, found, now_ms)
    return hidden


def _may(order: Any, origin_unit: str) -> bool:
    """Whether an order holds: the bus passed it on, or its unit published the event, or stands above who did."""
    return not order.own or f"{origin_unit}.".startswith(f"{order.unit}.")


def _standing(holding: Iterable[Any]) -> Standing:
    said = (ORDERED[order.action] for order in holding if order.action in ORDERED)
    return max(said, key=STRICTNESS.index, default=Standing.STANDS)


def _hide(connection: Connection, index: Index, row_id: int, standing: Standing, since_ms: int) -> None:
    """Hide a row: nothing finds it any more. What is to be erased loses its content at once."""
    index.remove(connection, [row_id])
    connection.execute(persons.delete().where(persons.c.row_id == row_id))
    changes: dict[str, Any] = {"standing": standing.value, "hidden_ms": since_ms}
    if standing is Standing.ERASED:
        changes |= {"body": b"", "occurred_ms": None, "occurred_to_ms": None}
        connection.execute(about.delete().where(about.c.row_id == row_id))
    connection.execute(rows.update().where(rows.c.row_id == row_id).values(changes))


def _hold(connection: Connection, row_id: int, holding: Iterable[Any]) -> None:
    """The last order to hold, or to release, decides whether the row is erased when its time has come."""
    said = sorted((order.received_ms, order.order_id, order.action) for order in holding if order.action in _HOLDS)
    if said:
        held = _HOLDS[CorrectionAction(said[-1][2])]
        connection.execute(rows.update().where(rows.c.row_id == row_id).values(hold=held))


def _tell_exports(connection: Connection, desk_no: int, target: str, found: Sequence[Any], now_ms: int) -> None:
    """Note at every export that had the event that its desk must confirm."""
    meant = [order for order in found if order.action in ORDERED]
    if not meant:
        return
    question = select(export_items.c.export_id).where(
        export_items.c.desk_no == desk_no, export_items.c.event_id == target
    )
    values = [
        export_order(export_id, target, order, desk_no, now_ms)
        for export_id in dict.fromkeys(connection.execute(question).scalars())
        for order in meant
    ]
    insert_new(connection, export_orders, values)


def export_order(export_id: str, target: str, order: Any, desk_no: int, now_ms: int) -> Mapping[str, Any]:
    """The row that says what a desk must confirm of one export. Shape: ``order`` is a row of ``orders``."""
    return {
        "export_id": export_id,
        "event_id": target,
        "order_id": order.order_id,
        "desk_no": desk_no,
        "action": order.action,
        "delivery_id": order.delivery_id,
        "told_ms": now_ms,
        "confirm_by_ms": order.confirm_by_ms or now_ms + _CONFIRM_MS,
    }
