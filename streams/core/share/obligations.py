"""Obligations with a time limit (plikter): who of the receivers owes them, and until when."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from schemas.vocabulary import Function, Level
from streams.core.share.fields import Kind, fields_of
from streams.core.share.forms import Obligation, PackFile
from streams.core.share.loading import Placed, suggest
from streams.core.share.problems import PackProblem

#: The answer that an event's own grading is.
GRADED: Final = "graded"
_UNITS: Final = {"D": "days", "H": "hours", "M": "minutes", "S": "seconds"}


class Clock:
    """One obligation that falls due, compiled."""

    def __init__(self, name: str, form: Obligation) -> None:
        self.name = name
        self.form = form
        self._within = None if form.within is None else span(form.within)
        by = form.within_by
        self._limits = None if by is None else (by.field, {value: span(text) for value, text in by.limits.items()})

    def due(self, event: Mapping[str, Any], given_at: datetime) -> datetime | None:
        """When it falls due for an event that was shared at ``given_at``; None when this event sets no limit.

        A grading that the event came with is nobody's to give any more.
        """
        if GRADED in self.form.done_by and event.get("grading") is not None:
            return None
        start = value_at(event, self.form.starts) or given_at
        limits = [] if self._within is None else [start + self._within]
        if self._limits is not None and (limit := self._limits[1].get(str(value_at(event, self._limits[0])))):
            limits.append(start + limit)
        if self.form.until is not None and (until := value_at(event, self.form.until)) is not None:
            limits.append(until)
        return min(limits, default=None)


class Clocks:
    """The obligations of a pack that fall due."""

    def __init__(self, pack: PackFile, gazetteer: Gazetteer) -> None:
        self.names = frozenset(pack.obligations)
        self._clocks = {name: Clock(name, form) for name, form in pack.obligations.items() if form.lives}
        self._gazetteer = gazetteer
        self.owed = lru_cache(maxsize=100_000)(self._owed)

    def _owed(self, desk: str, obligations: tuple[str, ...]) -> tuple[Clock, ...]:
        """Those among a delivery's obligations that fall due and that the desk which got it owes itself."""
        clocks = (self._clocks.get(name) for name in obligations)
        return tuple(clock for clock in clocks if clock is not None and self._owes(desk, clock.form))

    def _owes(self, desk: str, form: Obligation) -> bool:
        code, _, function = desk.partition("/")
        if form.functions and function not in form.functions:
            return False
        unit = self._gazetteer.unit(code)
        return not form.levels or (unit is not None and unit.level.value in form.levels)


def span(text: str) -> timedelta:
    """A duration of one unit, as the form lets through: ``P14D``, ``PT8H``."""
    digits = text.strip("PTDHMS")
    return timedelta(**{_UNITS[text[-1]]: int(digits)})


def value_at(event: Mapping[str, Any], path: str) -> Any:
    """What stands at a path of an event; None when it, or a part of the way, is missing."""
    value: Any = event
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def obligation_problems(pack: Placed[PackFile]) -> Iterator[PackProblem]:
    """Time limits that cannot work: names that are unknown, nothing that meets the obligation, no limit at all."""
    for name, form in pack.form.obligations.items():
        for message, remedy, *inside in _faults(form):
            yield pack.problem(message, remedy, "obligations", name, *inside)


def _faults(form: Obligation) -> Iterator[tuple[str, ...]]:
    if form.lives and not form.done_by:
        at = ("done_by",) if "done_by" in form.model_fields_set else ()
        yield "What falls due needs something that meets it", "Add done_by.", *at
    if not form.lives and form.model_fields_set - {"text"}:
        yield "Without a time limit an obligation has only its text", "Add within, within_by or until."
    for key, path in (("from", form.starts), ("until", form.until)):
        if path is not None and not _fields(path, Kind.MOMENT):
            yield f"{path!r} is no time of any event type", "Give the path of a time, such as published_at.", key
    if form.within_by is not None:
        yield from _limit_faults(form.within_by.field, form.within_by.limits)
    for key, given, known in (("levels", form.levels, Level), ("functions", form.functions, Function)):
        for value in given:
            if value not in set(known):
                yield f"There is no {key.removesuffix('s')} {value!r}", suggest(value, map(str, known)), key


def _limit_faults(path: str, limits: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    values = _fields(path, Kind.TEXT)
    if not values:
        yield f"{path!r} is no text of any event type", "Give the path of a field.", "within_by", "field"
        return
    known = {str(value) for allowed in values for value in allowed or ()}
    if known and set(limits) != known:
        odd = ", ".join(sorted(set(limits) ^ known))
        yield f"The limits do not fit the values of {path!r}: {odd}", "Give one limit for each.", "within_by", "is"


def _fields(path: str, kind: Kind) -> list[frozenset[str | int] | None]:
    """The closed lists of values of a path in all event types that have it as this kind."""
    found = (fields_of(event_type).get(path) for event_type in EVENT_TYPES)
    return [field.values for field in found if field is not None and field.kind is kind and not field.many]
