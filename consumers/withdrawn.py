"""What was recalled, restricted or erased, desk by desk, so that nothing shows its content any more. Values only."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consumers.cards import ORDER, ORDERED, STRICTNESS, Standing
from consumers.feed import Delivery

_PASSED_ON: Final = "recall:"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One event of a desk that an order is about.

    Shape: ``order_delivery`` is the delivery of the order to this desk, which the desk confirms. ``own`` when the
    desk's unit gave the order itself: it holds for what that unit and those below it published.
    """

    desk: str
    event_id: str
    standing: Standing
    action: str
    order_id: str
    order_delivery: str
    by_unit: str
    own: bool
    ordered_at: datetime
    confirm_by: datetime | None


class Withdrawn:
    """The orders that desks got, by the event that they are about; in whatever order they are taken, the same."""

    def __init__(self) -> None:
        self._orders: dict[tuple[str, str], set[Withdrawal]] = defaultdict(set)

    def __len__(self) -> int:
        return sum(map(len, self._orders.values()))

    def take(self, item: Delivery) -> tuple[Withdrawal, ...]:
        """Take an order; what it says that was not known. Nothing for any other delivery."""
        found = tuple(each for each in orders_in(item) if each not in self._orders[each.desk, each.event_id])
        for each in found:
            self._orders[each.desk, each.event_id].add(each)
        return found

    def of(self, desk: str, event_id: str, origin_unit: str) -> Withdrawal | None:
        """The strictest order that takes an event's content away from a desk; None when it may be shown."""
        known = self._orders.get((desk, event_id))
        return None if known is None else strictest(known, origin_unit)


def strictest(orders: Iterable[Withdrawal], origin_unit: str) -> Withdrawal | None:
    """The strictest of the orders that take content away: a unit can order its own and what units below it said."""
    holding = [
        order
        for order in orders
        if order.standing.withdrawn and (not order.own or f"{origin_unit}.".startswith(f"{order.by_unit}."))
    ]
    return max(holding, key=lambda order: (STRICTNESS.index(order.standing), order.order_delivery), default=None)


def orders_in(item: Delivery) -> tuple[Withdrawal, ...]:
    """What an order says of each event that it is about."""
    payload = item.event.get("payload") or {}
    standing = ORDERED.get(payload.get("action", ""))
    if item.meta.event_type != ORDER or standing is None:
        return ()
    return tuple(
        Withdrawal(
            desk=item.meta.desk,
            event_id=target,
            standing=standing,
            action=str(payload["action"]),
            order_id=item.meta.event_id,
            order_delivery=item.meta.delivery_id,
            by_unit=item.meta.origin.unit,
            own=not item.meta.view_group.startswith(_PASSED_ON),
            ordered_at=item.meta.published_at,
            confirm_by=payload.get("confirm_by"),
        )
        for target in payload.get("target_ids") or ()
    )
