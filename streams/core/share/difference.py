"""The difference between two packs over events that happened (torrkörning): who newly sees what, and who no longer.

Pure: events in, differences out. Nothing is delivered, and nothing of it can be, for nothing here can write.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from schemas.gazetteer import Gazetteer
from schemas.substances import SubstanceRegister
from streams.core.share.orders import NO_ORDERS, Orders
from streams.core.share.pack import Pack
from streams.core.share.ruling import ReceiverRuling, Ruling
from streams.core.share.views import project

Kind: TypeAlias = Literal["reached", "lost", "more", "less", "changed", "handled"]
#: In the order in which a reader wants them: what opens first.
KINDS: Final[tuple[Kind, ...]] = ("reached", "more", "lost", "less", "changed", "handled")

#: What a desk sees of an event in all its deliveries together: the values at each path.
_Seen: TypeAlias = dict[str, frozenset[str]]


class Replayed(NamedTuple):
    """One event as it was decided on: assessed, at its record's time, under the orders in force then."""

    event: Mapping[str, Any]
    at: datetime
    orders: Orders = NO_ORDERS


class Change(NamedTuple):
    """What one desk would get of one event that it did not get, or the other way round.

    Shape: ``fields`` are paths: seen now, no longer seen, or with other values when ``changed``; for ``handled`` they
    are words on urgency, feed, duties and marks. ``by`` are rules: ``+S03`` shares now, ``-S03`` shared before,
    ``B01`` denies now, ``-B01`` denied before; a plain sharing rule says something else than it did.
    """

    kind: Kind
    desk: str
    fields: tuple[str, ...]
    by: tuple[str, ...]


class Difference(NamedTuple):
    """Everything that would be different for one event."""

    event_id: str
    event_type: str
    areas: tuple[str, ...]
    at: datetime
    changes: tuple[Change, ...]


class Comparison:
    """Two packs held against each other, event by event."""

    def __init__(self, old: Pack, new: Pack, gazetteer: Gazetteer, substances: SubstanceRegister) -> None:
        self._old = old.engine(gazetteer, substances)
        self._new = new.engine(gazetteer, substances)

    def over(self, events: Iterable[Replayed]) -> Iterator[Difference]:
        """The differences of those events that would be shared otherwise, in the order of the events."""
        return (found for replayed in events if (found := self.of(replayed)).changes)

    def of(self, replayed: Replayed) -> Difference:
        """What would be different for one event."""
        event, at, orders = replayed
        before, after = self._old.decide(event, at, orders), self._new.decide(event, at, orders)
        event_type, areas = str(event["event_type"]), tuple(event.get("areas") or ())
        return Difference(str(event["event_id"]), event_type, areas, at, tuple(_changes(event, before, after)))


def _changes(event: Mapping[str, Any], before: Ruling, after: Ruling) -> Iterator[Change]:
    had, has = _by_desk(before), _by_desk(after)
    denied_before, denied = _denied(before), _denied(after)
    look = _Look(event)
    for desk in sorted(had.keys() | has.keys()):
        old, new = had.get(desk, []), has.get(desk, [])
        if not old:
            lifted = tuple(f"-{rule}" for rule in denied_before.get(desk, ()))
            yield Change("reached", desk, look.paths(new), (*_signed("+", new), *lifted))
        elif not new:
            yield Change("lost", desk, look.paths(old), denied.get(desk) or _signed("-", old))
        else:
            yield from _seen_otherwise(desk, old, new, look)


def _by_desk(ruling: Ruling) -> dict[str, list[ReceiverRuling]]:
    found: dict[str, list[ReceiverRuling]] = {}
    for receiver in ruling.receivers:
        found.setdefault(receiver.desk, []).append(receiver)
    return found


def _denied(ruling: Ruling) -> dict[str, tuple[str, ...]]:
    return {withheld.desk: withheld.block_rules for withheld in ruling.withheld}


def _signed(sign: str, rulings: Iterable[ReceiverRuling]) -> tuple[str, ...]:
    return tuple(f"{sign}{rule}" for rule in sorted(_rules(rulings)))


def _rules(rulings: Iterable[ReceiverRuling]) -> set[str]:
    return {rule for ruling in rulings for rule in ruling.rules}


def _seen_otherwise(
    desk: str, old: Sequence[ReceiverRuling], new: Sequence[ReceiverRuling], look: "_Look"
) -> Iterator[Change]:
    came, went = _rules(new) - _rules(old), _rules(old) - _rules(new)
    by = (*(f"+{rule}" for rule in sorted(came)), *(f"-{rule}" for rule in sorted(went)))
    by = by or tuple(sorted(_rules(new)))
    if _views(old) != _views(new):
        sees, saw = look.seen(new), look.seen(old)
        more, less = sorted(sees.keys() - saw.keys()), sorted(saw.keys() - sees.keys())
        if more:
            yield Change("more", desk, tuple(more), by)
        if less:
            yield Change("less", desk, tuple(less), by)
        changed = [path for path in sorted(sees.keys() & saw.keys()) if sees[path] != saw[path]]
        if changed:
            yield Change("changed", desk, tuple(changed), by)
    words = tuple(_words(desk, old, new))
    if words:
        yield Change("handled", desk, words, by)


def _words(desk: str, old: Sequence[ReceiverRuling], new: Sequence[ReceiverRuling]) -> Iterator[str]:
    """What else is different about a desk's deliveries: how urgent, to which feed, with which duties and marks."""
    urgent = min(ruling.priority for ruling in old), min(ruling.priority for ruling in new)
    if urgent[0] != urgent[1]:
        yield f"priority {urgent[0]} → {urgent[1]}"
    for name in ("feed", "obligations", "marks"):
        had, has = _all(desk, old, name), _all(desk, new, name)
        yield from (f"{name} +{value}" for value in sorted(has - had))
        yield from (f"{name} -{value}" for value in sorted(had - has))
    if len(old) != len(new):
        yield f"deliveries {len(old)} → {len(new)}"


def _all(desk: str, rulings: Iterable[ReceiverRuling], name: str) -> set[str]:
    """The values of all its deliveries; a feed's own area is left out, so that desks treated alike read alike."""
    found = (getattr(ruling, name) for ruling in rulings)
    values = {value for each in found for value in ((each,) if isinstance(each, str) else each)}
    return {value.replace(desk.partition("/")[0], "{area}") for value in values} if name == "feed" else values


def _views(rulings: Iterable[ReceiverRuling]) -> set[tuple[tuple[str, ...], frozenset[str]]]:
    """The names and fields of views: two with the same ones show the same."""
    return {(ruling.view.names, ruling.view.fields) for ruling in rulings}


class _Look:
    """One event seen through views, each looked through once."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self._known: dict[tuple[tuple[str, ...], frozenset[str]], _Seen] = {}

    def paths(self, rulings: Iterable[ReceiverRuling]) -> tuple[str, ...]:
        """The paths that hold a value for a desk."""
        return tuple(sorted(self.seen(rulings)))

    def seen(self, rulings: Iterable[ReceiverRuling]) -> _Seen:
        """What a desk sees in all its deliveries together."""
        found: _Seen = {}
        for ruling in rulings:
            for path, values in self._through(ruling).items():
                found[path] = found.get(path, frozenset()) | values
        return found

    def _through(self, ruling: ReceiverRuling) -> _Seen:
        key = (ruling.view.names, ruling.view.fields)
        known = self._known.get(key)
        if known is None:
            gathered: dict[str, set[str]] = {}
            _gather(project(self._event, ruling.view), "", gathered)
            known = self._known[key] = {path: frozenset(values) for path, values in gathered.items()}
        return known


def _gather(value: Any, path: str, into: dict[str, set[str]]) -> None:
    """Every value that is there by its path; lists are left out of paths, as in views."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _gather(inner, f"{path}.{name}" if path else name, into)
    elif isinstance(value, list | tuple):
        for inner in value:
            _gather(inner, path, into)
    elif value is not None:
        into.setdefault(path, set()).add(repr(value))
