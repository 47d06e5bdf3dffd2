"""Planned operations (planerade insatser) that would meet in place and time: their leaders must talk before.

They are compared by windows and places alone, which travel sealed. What a plan is about, and who carries it out, does
not travel.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Annotated, Final, NamedTuple, Self

import yaml
from pydantic import Field, model_validator

from schemas.catalogue import EVENT_TYPES
from schemas.envelope import Priority
from schemas.events.control import LinkRelation, PointerKind
from schemas.model import Model, Ref
from schemas.records import Desk
from streams.core.link.cells import (
    DAY_MS,
    MAX_ACCURACY_M,
    MAX_ACCURACY_SUM_M,
    MINUTE_MS,
    cells_and_spans,
    distance_m,
    spans_of,
)
from streams.core.link.form import Likeness, Look, Sighting, Spot, Told
from streams.core.link.members import Limits
from streams.core.link.thresholds import Days
from streams.core.link.windows import Windows

#: Types of events that announce an operation; a plan and a joint operation can meet too.
OTHERWISE: Final = "otherwise"
TYPES: Final = ("operational_plan", "joint_operation")
_OVER: Final = frozenset({"ended", "cancelled"})
#: Codes with so many parts are of police areas, and longer ones of what lies in them.
_POLICE_AREA: Final = 3
_NEAR, _SAME_AREA = 0.9, 0.6


class Meeting(Model):
    """How near two operations must come, and how urgent it is that their leaders know."""

    metres: Annotated[int, Field(ge=1, le=50_000, strict=True)]
    minutes: Annotated[int, Field(ge=0, le=60 * 24 * 7, strict=True)]
    priority: Priority


class PointerRules(Model):
    """What pointers tell, and when; and how long a report is compared with those that come later.

    Units: ``stays_days`` is log time by type; ``otherwise`` for all other types.
    """

    version: Ref
    contact: Desk
    matters: Annotated[int, Field(ge=2, le=1000, strict=True)]
    priority: Priority
    operations: Meeting
    stays_days: dict[Ref, Days]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not {OTHERWISE} <= self.stays_days.keys() <= {OTHERWISE, *EVENT_TYPES}:
            raise ValueError("days by event type, and otherwise")
        return self


def limits_of(rules: PointerRules) -> Limits:
    """The bounds of an index by the rules."""
    stays = {name: days * DAY_MS for name, days in rules.stays_days.items()}
    return Limits(matters=rules.matters, stays_otherwise_ms=stays.pop(OTHERWISE), stays_ms=stays)


@lru_cache(maxsize=1)
def load_pointer_rules() -> PointerRules:
    """The rules that the package carries."""
    text = (files("streams") / "matching" / "pointers.yaml").read_text(encoding="utf-8")
    return PointerRules.model_validate(yaml.safe_load(text))


class _Plan(NamedTuple):
    """What is compared of an operation, as it is sealed. Units: degrees, metres, ms since 1970."""

    lon: float | None
    lat: float | None
    accuracy_m: int
    from_ms: int
    to_ms: int
    areas: tuple[str, ...]
    operation: str


class Operations:
    """The rule of plans and joint operations: they are related when both would be there at one time."""

    glances = None

    def __init__(self, limits: Meeting, windows: Windows | None) -> None:
        self._limits = limits
        self._windows = windows

    def look(self, told: Told) -> Look:
        """Its window, sealed, if it is still to come or goes on; keyed blocks by place and by area."""
        if self._windows is None or str(told.payload.get("status") or "") in _OVER:
            return Look(sealed=True)
        event, window = told.event, told.payload["window"]
        lon, lat, accuracy_m = told.spot or (None, None, 0)
        number = str(event.get("operation_ref") or told.payload.get("operation_no") or "")
        span = (_ms(window["start"]), _ms(window["end"]))
        plan = _Plan(lon, lat, accuracy_m, *span, tuple(event.get("areas") or ()), number)
        blocks = self._windows.blocks(event, b"O", dict.fromkeys(self._parts(told.spot, plan)))
        return Look({"sealed": self._windows.seal(event, plan)}, tuple(blocks), sealed=True)

    def _parts(self, spot: Spot | None, plan: _Plan) -> Iterator[tuple[object, ...]]:
        """The cells, and the areas up to the police area, each with the days in which it could meet another."""
        span = plan.from_ms, plan.to_ms
        if spot is not None:
            yield from cells_and_spans(spot, self._limits.metres, span, DAY_MS)
        around = {part for area in plan.areas for part in _police_areas(area)}
        yield from product(sorted(around), spans_of(span, DAY_MS))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """Related, and a warning to both leaders; nothing for parts of one operation, and for what is over."""
        mine, others = self._opened(one), self._opened(other)
        if mine is None or others is None or (mine.operation and mine.operation == others.operation):
            return None
        told_ms = max(one.reported_ms, other.reported_ms)
        score = self._near(mine, others) if self._in_time(mine, others, told_ms) else None
        if score is None:
            return None
        kind = PointerKind.OPERATION.value
        return Likeness(LinkRelation.RELATED, (kind, "place", "time"), score, (kind,))

    def _opened(self, sighting: Sighting) -> _Plan | None:
        """The plan of a sighting; None for one that is over, and without the key."""
        sealed = sighting.features.get("sealed")
        found = self._windows.open(sealed) if sealed and self._windows is not None else None
        return None if found is None else _Plan(*found)

    def _in_time(self, one: _Plan, other: _Plan, told_ms: int) -> bool:
        """Whether both go on at one time, and it was not over when the later one was told."""
        meets, parts = max(one.from_ms, other.from_ms), min(one.to_ms, other.to_ms)
        margin = self._limits.minutes * MINUTE_MS
        return meets - parts <= margin and told_ms <= parts + margin

    def _near(self, one: _Plan, other: _Plan) -> float | None:
        """How near they come: by places if both are known well enough, else by areas."""
        if None not in (one.lon, other.lon) and max(one.accuracy_m, other.accuracy_m) <= MAX_ACCURACY_M:
            metres = distance_m(one.lon or 0, one.lat or 0, other.lon or 0, other.lat or 0)
            limit = self._limits.metres + min(one.accuracy_m + other.accuracy_m, MAX_ACCURACY_SUM_M)
            return _NEAR if metres <= limit else None
        pairs = product(one.areas, other.areas)
        return _SAME_AREA if any(_lies_in(a, b) or _lies_in(b, a) for a, b in pairs) else None


def _lies_in(inner: str, outer: str) -> bool:
    """Whether an area is another, or lies in it; regions and the country are too wide to say that two meet."""
    return outer.count(".") + 1 >= _POLICE_AREA and (inner == outer or inner.startswith(f"{outer}."))


def _police_areas(area: str) -> Iterator[str]:
    """An area and those around it, up to its police area."""
    parts = area.split(".")
    yield from (".".join(parts[:count]) for count in range(_POLICE_AREA, len(parts) + 1))


def _ms(at: datetime | str) -> int:
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return round(moment.timestamp() * 1000)


def operations_of(rules: PointerRules, windows: Windows | None) -> Mapping[str, Operations]:
    """The one rule of all types that announce an operation."""
    rule = Operations(rules.operations, windows)
    return dict.fromkeys(TYPES, rule)
