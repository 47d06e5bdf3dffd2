"""The reports that a desk got, each with its revisions and what orders say of it, in whatever order they came."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from consumers.cards import ORDERED, STRICTNESS, Former, Pointer, Report, Standing
from consumers.feed import Delivery
from schemas.records import desk_address

_MAIN = "main"
_RECALL = "recall:"

Ids = frozenset[str]


class _Owner(NamedTuple):
    """Whose report an event is: only the same unit's later telling of the same kind can replace it."""

    event_type: str
    unit: str


class _Order(NamedTuple):
    """What an order says of an event; ``own`` when it is the publisher's copy, which the bus may not have followed."""

    standing: Standing
    unit: str
    own: bool


class Tellings:
    """The reports of one desk. A telling is the set of the ids of all revisions of one report.

    Shape: an event that was not read has a telling, too: as soon as something names it.
    """

    def __init__(self) -> None:
        self._views: dict[str, dict[str, Delivery]] = defaultdict(dict)
        self._owners: dict[str, _Owner] = {}
        self._heirs: dict[str, set[str]] = defaultdict(set)
        self._orders: dict[str, set[_Order]] = defaultdict(set)
        self._pointers: dict[str, dict[str, Pointer]] = defaultdict(dict)
        # What was asked for since the last report came: tellings, and their names.
        self._known: dict[str, Ids] = {}
        self._names: dict[Ids, str] = {}

    @property
    def ids(self) -> list[str]:
        """The events that were read, in order."""
        return sorted(self._views)

    def own(self, item: Delivery) -> None:
        """Note whose event it is."""
        self._forget()
        self._owners[item.meta.event_id] = _Owner(item.meta.event_type, item.meta.origin.unit)

    def report(self, item: Delivery) -> None:
        """Take a view of a report."""
        self._forget()
        self._views[item.meta.event_id][item.meta.view_group] = item
        if (former := item.event.get("supersedes")) is not None:
            self._heirs[former].add(item.meta.event_id)

    def _forget(self) -> None:
        self._known.clear()
        self._names.clear()

    def order(self, item: Delivery) -> None:
        """Take an order."""
        payload = item.event.get("payload") or {}
        standing = ORDERED.get(payload.get("action", ""))
        if standing is not None:
            own = not item.meta.view_group.startswith(_RECALL)
            for target in payload.get("target_ids") or ():
                self._orders[target].add(_Order(standing, item.meta.origin.unit, own))

    def point(self, pointer: Pointer) -> None:
        """Take a pointer to one of the desk's own events."""
        self._pointers[pointer.about_id][pointer.event_id] = pointer

    def of(self, event_id: str) -> Ids:
        """The telling that an event is a revision of."""
        if (known := self._known.get(event_id)) is None:
            known = self._walked(event_id)
            self._known.update(dict.fromkeys(known, known))
        return known

    def _walked(self, event_id: str) -> Ids:
        owner = self._owner(event_id)
        found, left = {event_id}, [event_id]
        while left:
            for near in self._beside(left.pop()):
                if near not in found and owner is not None and self._owner(near) == owner:
                    found.add(near)
                    left.append(near)
        return frozenset(found)

    def _beside(self, event_id: str) -> Iterator[str]:
        yield from self._heirs.get(event_id, ())
        for item in self._views.get(event_id, {}).values():
            if (former := item.event.get("supersedes")) is not None:
                yield former

    def _owner(self, event_id: str) -> _Owner | None:
        """Whose it is; of an event that was not read, whose its heir is. None when nothing tells."""
        known = self._owners.get(event_id)
        if known is None and (heirs := self._heirs.get(event_id)):
            return self._owners[min(heirs)]
        return known

    def name(self, telling: Ids) -> str:
        """The id by which a report is named: that of its newest revision."""
        if (known := self._names.get(telling)) is None:
            known = self._names[telling] = (self._read(telling) or [max(telling)])[-1]
        return known

    def roots(self, event_id: str) -> Ids:
        """The roots that its views show."""
        events = (item.event for item in self._views.get(event_id, {}).values())
        return frozenset(root for event in events for root in (event.get("provenance") or {}).get("root_ids") or ())

    def standing(self, event_id: str) -> Standing:
        """What orders say of an event, the strictest; a unit can order its own and what units below it published."""
        owner = self._owners.get(event_id)
        orders = [
            order.standing
            for order in self._orders.get(event_id, ())
            if not order.own or (owner is not None and f"{owner.unit}.".startswith(f"{order.unit}."))
        ]
        return max(orders, key=STRICTNESS.index, default=Standing.STANDS)

    def _read(self, telling: Ids) -> list[str]:
        """The revisions that were read, oldest first."""
        read = [event_id for event_id in telling if event_id in self._views]
        return sorted(read, key=lambda each: (self._any(each).meta.revision, written(self._any(each)), each))

    def _any(self, event_id: str) -> Delivery:
        views = self._views[event_id]
        return min(views.values(), key=main_first)

    def as_report(self, telling: Ids) -> Report | None:
        """A telling as a report on a card; None when none of its revisions was read."""
        read = self._read(telling)
        if not read:
            return None
        *former, newest = read
        item, standing, views = self._any(newest), self.standing(newest), self._views[newest]
        pointers = (each for about in telling for each in self._pointers.get(about, {}).values())
        return Report(
            event_id=newest,
            event_type=item.meta.event_type,
            revision=item.meta.revision,
            origin=desk_address(item.meta.origin.unit, item.meta.origin.function),
            grading=self._grade(newest),
            reported_at=written(item),
            published_at=item.meta.published_at,
            marks=tuple(sorted({mark for each in views.values() for mark in each.meta.marks})),
            standing=standing,
            views=() if standing.withdrawn else tuple(sorted(views.values(), key=main_first)),
            former=tuple(map(self._former, former)),
            pointers=tuple(sorted(pointers, key=attrgetter("event_id"))),
        )

    def _former(self, event_id: str) -> Former:
        meta = self._any(event_id).meta
        return Former(event_id, meta.revision, meta.published_at, self._grade(event_id), self.standing(event_id))

    def _grade(self, event_id: str) -> str:
        """The grading in whichever view shows it: it is the same in all that do. What was withdrawn has none."""
        if self.standing(event_id).withdrawn:
            return ""
        views = sorted(self._views[event_id].values(), key=main_first)
        return next(filter(None, (grade_of(item.event) for item in views)), "")


def grade_of(event: Any) -> str:
    """A grading as people write it, ``B2``; empty when there is none, or the view hides it."""
    grading = event.get("grading") or {}
    return f"{grading.get('source', '')}{grading.get('info', '')}"


def written(item: Delivery) -> datetime:
    """When an event was written, as far as the view shows it."""
    at: datetime = item.event.get("reported_at") or item.meta.published_at
    return at


def main_first(item: Delivery) -> tuple[bool, str]:
    """Sorts the views of one event: the main one stands first."""
    return item.meta.view_group != _MAIN, item.meta.view_group
