"""What the bus asks of a valid event beyond its form: who sends it, when, and that what it names exists.

Pure functions. Intake decides by them, on the bus; whoever takes events from people asks them before, to tell at once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from schemas.catalogue import EVENT_TYPES
from schemas.envelope import Event, Origin
from schemas.gazetteer import Gazetteer
from schemas.model import Model, fields_of
from schemas.partners import PARTNERS
from schemas.problems import Problem, RejectCode
from schemas.substances import SubstanceRegister
from schemas.vocabulary import Function

#: An id is remembered as long as it is accepted, so a retry can never slip through as new (docs/adr/0005).
ID_WINDOW: Final = timedelta(days=400)
#: How far a publisher's clock may run ahead.
CLOCK_SKEW: Final = timedelta(minutes=10)
_WINDOW_S, _SKEW_S = ID_WINDOW.total_seconds(), CLOCK_SKEW.total_seconds()
#: Payload lists whose items are substance ids.
SUBSTANCE_LISTS: Final = frozenset(
    {"substances", "substance_ids", "substances_suspected", "substances_confirmed", "candidate_substance_ids"}
)


@lru_cache(maxsize=4096)
def origin_of(writer: str | None) -> Origin | None:
    """The desk that a writer's address names, or None when it names none."""
    unit, _, function = (writer or "").partition("/")
    if not unit or function not in set(Function):
        return None
    return Origin.model_construct(unit=unit, function=Function(function))


def desk_known(desk: str, gazetteer: Gazetteer) -> bool:
    """Whether the gazetteer has this unit with this function; partners stand in their own list."""
    return gazetteer.known_desk(desk) or desk.partition("/")[0] in PARTNERS


def origin_problems(event: Event[Any], writer: str | None, gazetteer: Gazetteer) -> list[Problem]:
    """What is wrong with who publishes an event. ``writer`` is the desk that is proven, whatever the body says."""
    origin = origin_of(writer)
    if origin is None or writer is None:
        return [Problem(RejectCode.ORIGIN_UNPROVEN, "/origin_unit")]
    if not desk_known(writer, gazetteer):
        return [Problem(RejectCode.UNIT_UNKNOWN, "/origin_unit")]
    if event.origin_unit is not None and event.origin_unit != origin:
        return [Problem(RejectCode.ORIGIN_MISMATCH, "/origin_unit")]
    if not EVENT_TYPES[event.event_type].may_be_published_by(origin.unit, origin.function):
        return [Problem(RejectCode.PUBLISHER_NOT_ALLOWED, "/event_type")]
    return []


def time_problems(event: Event[Any], at: datetime) -> list[Problem]:
    """What is wrong with an event's times and the age of its id, when it comes at this time (aware)."""
    latest = at + CLOCK_SKEW
    problems = [
        Problem(RejectCode.TIME_IN_FUTURE, f"/{name}")
        for name in ("occurred_from", "occurred_to", "reported_at")
        if (moment := getattr(event, name)) is not None and moment > latest
    ]
    age = at.timestamp() - int(event.event_id[:8] + event.event_id[9:13], 16) / 1000
    if not -_SKEW_S <= age <= _WINDOW_S:
        problems.append(Problem(RejectCode.ID_TIME_OUT_OF_WINDOW, "/event_id"))
    return problems


def reference_problems(body: Mapping[str, Any], gazetteer: Gazetteer, substances: SubstanceRegister) -> list[Problem]:
    """Areas and substances that an event's body names and nobody knows.

    Shape: the body of a valid event, or the fields of its model.
    """
    problems = [
        Problem(RejectCode.AREA_UNKNOWN, f"/areas/{index}")
        for index, area in enumerate(body.get("areas") or ())
        if not gazetteer.known(area)
    ]
    problems += [
        Problem(RejectCode.SUBSTANCE_UNKNOWN, pointer)
        for pointer, substance in substances_named(fields_of(body["payload"]))
        if substances.get(substance) is None
    ]
    return problems


def substances_named(payload: Mapping[str, Any], pointer: str = "/payload") -> list[tuple[str, str]]:
    """Every substance id in a payload with its JSON pointer: fields named ``substance_id`` or ``*substance_ids``."""
    found: list[tuple[str, str]] = []
    for name, value in payload.items():
        if name == "substance_id" and isinstance(value, str):
            found.append((f"{pointer}/{name}", value))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str):
                    if name in SUBSTANCE_LISTS:
                        found.append((f"{pointer}/{name}/{index}", item))
                elif isinstance(item, Mapping | Model):
                    found += substances_named(fields_of(item), f"{pointer}/{name}/{index}")
    return found
