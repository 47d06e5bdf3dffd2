"""Events for cases: a rule owner writes only what matters, the rest is usual for the type. All of it is made up."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.catalogue import EVENT_TYPES, EventType
from schemas.gazetteer import Gazetteer
from schemas.records import BUS_UNIT
from schemas.substances import SubstanceRegister
from schemas.vocabulary import Level
from streams.core.share.fields import Kind, fields_of
from streams.core.share.orders import NO_ORDERS, Orders

#: When a case happens unless it says otherwise.
CASE_TIME: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_ID: Final = "019cae40-7e00-7000-8000-0000000000c1"
#: What stands for the id of the case's own event in its orders.
THIS: Final = "this"
_ROUTINE: Final = 4


class CaseEventError(ValueError):
    """A case's event cannot be made: it names a type or field that there is not."""


def case_event(written: Mapping[str, Any], gazetteer: Gazetteer, substances: SubstanceRegister) -> dict[str, Any]:
    """The event that a case means, as the codec would decode it.

    Shape: ``event_type`` and ``from`` (the desk that published), then any field of the envelope; payload and
    enrichment as groups. What is left out is missing, or usual for the type.
    Errors: ``CaseEventError`` for an unknown type or field, or a ``from`` that is no desk.
    """
    given = dict(written)
    kind = EVENT_TYPES.get(str(given.get("event_type")))
    if kind is None:
        raise CaseEventError(f"there is no event type {given.get('event_type')!r}")
    unit, _, function = str(given.pop("from", "")).partition("/")
    if not unit or not function:
        raise CaseEventError("`from` names the desk that published: unit/function")
    unknown = sorted(_unknown(given, "", kind.name))
    if unknown:
        raise CaseEventError(f"{kind.name} has no field {unknown[0]!r}")
    event = _usual(kind) | given | {"origin_unit": {"unit": unit, "function": function}}
    if "event_id" in given and "provenance" not in given:
        event["provenance"] = {"root_ids": [given["event_id"]], "source_key": None, "derived_from": []}
    event["payload"] = dict(given.get("payload") or {})
    event["enrichment"] = _enrichment(event, gazetteer, substances) | dict(given.get("enrichment") or {})
    return event


def earlier_events(
    written: Iterable[Mapping[str, Any]], this: str, gazetteer: Gazetteer, substances: SubstanceRegister
) -> list[dict[str, Any]]:
    """The events that came before a case's own, in the order in which they are written.

    Shape: each is written like a case's event; ``this`` stands for the id of the case's own event. One without an
    id gets an id of its own.
    Errors: ``CaseEventError`` as for events.
    """
    made = []
    for number, each in enumerate(written, start=1):
        own_id = {"event_id": f"{_ID[:-4]}{number:04x}"}
        made.append(case_event(own_id | _named(each, this), gazetteer, substances))
    return made


def orders_of(events: Iterable[Mapping[str, Any]]) -> Orders:
    """The orders that these events make. Errors: ``CaseEventError`` for one that lacks what it must say."""
    orders = NO_ORDERS
    for event in events:
        try:
            orders = orders.told(event, event["reported_at"])
        except KeyError as missing:
            raise CaseEventError(f"the {event['event_type']} lacks {missing}") from None
    return orders


def _named(value: Any, this: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _named(inner, this) for name, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner, this) for inner in value]
    return this if value == THIS else value


def _usual(kind: EventType) -> dict[str, Any]:
    empty: dict[str, Any] = {
        name: [] if fields_of(kind.name)[name].many else None
        for name in kind.model.model_fields
        if name not in ("payload", "enrichment")
    }
    return empty | {
        "event_id": _ID,
        "event_type": kind.name,
        "schema_version": 1,
        "revision": 1,
        "occurred_from": CASE_TIME - timedelta(hours=1),
        "reported_at": CASE_TIME - timedelta(minutes=30),
        "published_at": CASE_TIME,
        "purpose": str(kind.usual_purpose),
        "common_basis": "3:2 p1a",
        "handling": "H0",
        "sensitivity": kind.usual_sensitivity,
        "legal_origin": "own_observation",
        "provenance": {"root_ids": [_ID], "source_key": None, "derived_from": []},
        "synthetic": True,
    }


def _enrichment(event: Mapping[str, Any], gazetteer: Gazetteer, substances: SubstanceRegister) -> dict[str, Any]:
    substance = event["payload"].get("substance_id")
    priority, reason = (1, "danger to life") if event["danger_to_life"] else (event["priority"], "set by the publisher")
    return {
        "origin_level": _origin_level(event["origin_unit"]["unit"], gazetteer),
        "alert_tier": substances.tier(substance) if substance else None,
        "input_priority": priority or _ROUTINE,
        "priority_reason": reason if priority else "routine",
        "areas_found": [],
        "violence_count_14d_2km": None,
        "chain_stage_found": None,
        "substance_candidates": [],
        "quantities": [],
        "marks_found": [],
        "made_by": [],
        "gazetteer_version": gazetteer.version,
        "substances_version": substances.version,
    }


def _origin_level(code: str, gazetteer: Gazetteer) -> str:
    if code == BUS_UNIT:
        return "national"
    unit = gazetteer.unit(code)
    if unit is None:
        return "partner"
    return str(Level.NATIONAL if unit.level is Level.NATIONAL_UNIT else unit.level)


def _unknown(value: Any, prefix: str, event_type: str) -> Iterator[str]:
    """Every path in what was written that the type does not have."""
    if isinstance(value, list):
        for item in value:
            yield from _unknown(item, prefix, event_type)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            path = f"{prefix}{name}"
            field = fields_of(event_type).get(path)
            if field is None:
                yield path
            elif field.kind is Kind.BRANCH:
                yield from _unknown(inner, f"{path}.", event_type)
