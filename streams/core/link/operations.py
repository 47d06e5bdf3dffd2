"""Planned operations (planerade insatser) that would meet in place and time: their leaders must talk before.

They are compared by windows and places alone. What a plan is about, and who carries it out, does not travel.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Annotated, Any, Final

import yaml
from pydantic import Field

from schemas.envelope import Priority
from schemas.events.control import LinkRelation, PointerKind
from schemas.model import Model, Ref
from schemas.records import Desk
from streams.core.link.cells import DAY_MS, MINUTE_MS, exact_enough, metres_between, place_blocks, slack_m, spans_of
from streams.core.link.form import Likeness, Look, Sighting, Told, block, digest

#: Types of events that announce an operation; a plan and a joint operation can meet too.
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
    """What pointers tell, and when."""

    version: Ref
    contact: Desk
    matters: Annotated[int, Field(ge=2, le=1000, strict=True)]
    priority: Priority
    operations: Meeting


@lru_cache(maxsize=1)
def load_pointer_rules() -> PointerRules:
    """The rules that the package carries."""
    text = (files("streams") / "matching" / "pointers.yaml").read_text(encoding="utf-8")
    return PointerRules.model_validate(yaml.safe_load(text))


class Operations:
    """The rule of plans and joint operations: they are related when both would be there at one time."""

    def __init__(self, limits: Meeting) -> None:
        self._limits = limits

    def look(self, told: Told) -> Look:
        """Its window, and whether it is still to come or goes on; blocks by place and by area."""
        window, live = told.payload["window"], str(told.payload.get("status") or "") not in _OVER
        span = (_ms(window["start"]), _ms(window["end"]))
        number = told.event.get("operation_ref") or told.payload.get("operation_no")
        features: dict[str, Any] = {"from": span[0], "to": span[1], "live": live}
        if number:
            features["operation"] = digest(str(number))
        blocks = tuple(dict.fromkeys(self._blocks(told, span))) if live else ()
        return Look(features, blocks)

    def _blocks(self, told: Told, span: tuple[int, int]) -> Iterator[bytes]:
        if told.spot is not None:
            yield from place_blocks("operation", told.spot, self._limits.metres, span, DAY_MS)
        around = {part for area in told.event.get("areas") or () for part in _police_areas(area)}
        for area, number in product(sorted(around), spans_of(span, DAY_MS)):
            yield block(b"O", area, number)

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """Related, and a warning to both leaders; nothing for parts of one operation, and for what is over."""
        mine, others = one.features, other.features
        if not (mine["live"] and others["live"]) or not self._in_time(one, other):
            return None
        if mine.get("operation") is not None and mine.get("operation") == others.get("operation"):
            return None
        score = self._near(one, other)
        if score is None:
            return None
        kind = PointerKind.OPERATION.value
        return Likeness(LinkRelation.RELATED, (kind, "place", "time"), score, (kind,))

    def _in_time(self, one: Sighting, other: Sighting) -> bool:
        """Whether both go on at one time, and it was not over when the later one was told."""
        mine, others = one.features, other.features
        meets, parts = max(mine["from"], others["from"]), min(mine["to"], others["to"])
        margin = self._limits.minutes * MINUTE_MS
        return bool(meets - parts <= margin and max(one.reported_ms, other.reported_ms) <= parts + margin)

    def _near(self, one: Sighting, other: Sighting) -> float | None:
        metres = metres_between(one, other)
        if metres is not None and exact_enough(one, other):
            return _NEAR if metres <= self._limits.metres + slack_m(one, other) else None
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


def operations_of(rules: PointerRules) -> Mapping[str, Operations]:
    """The one rule of all types that announce an operation."""
    rule = Operations(rules.operations)
    return dict.fromkeys(TYPES, rule)
