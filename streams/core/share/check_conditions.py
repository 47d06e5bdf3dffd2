"""Check conditions: every field exists, every operator fits its field, every value is one the field can have."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from streams.core.share.event_facts import EVENT_FACTS
from streams.core.share.fields import Kind, enrichment_names, fields_of, find_field
from streams.core.share.forms import Condition, FieldRef
from streams.core.share.loading import suggest
from streams.core.share.receiver_facts import RECEIVER_FACTS

_ORDERED: Final = frozenset({Kind.NUMBER, Kind.MOMENT, Kind.CLEARANCE})
#: Fields whose values are unit codes, by the last step of their path.
_UNIT_FIELDS: Final = frozenset(
    {"areas", "unit", "actor_home_area", "territory_area", "competent_area", "parties", "executing_units"}
)
_LIST_OPERATORS: Final = ("in", "not_in", "intersects", "excludes")


def condition_faults(condition: Condition, types: Sequence[str], gazetteer: Gazetteer) -> Iterator[tuple[str, str]]:
    """What is wrong with one condition of a rule that covers these event types: messages with their remedies."""
    kinds = _kinds(condition.field, types)
    if not kinds:
        yield f"There is no field {condition.field!r}", suggest(condition.field, _field_names(types))
    elif condition.operator in ("exists", "missing"):
        if not isinstance(condition.value, bool):
            yield f"{condition.operator} takes true or false", "Write true or false."
    elif kinds == {Kind.BRANCH}:
        yield f"{condition.field!r} is a group of fields", f"Name one of them, as in '{condition.field}.…'."
    elif isinstance(condition.value, FieldRef):
        yield from _reference_faults(condition, condition.value.field, kinds, types)
    elif condition.operator == "same_as":
        yield from _reference_faults(condition, str(condition.value), kinds, types)
    else:
        yield from _literal_faults(condition, kinds, types, gazetteer)


def _reference_faults(
    condition: Condition, other: str, kinds: set[Kind], types: Sequence[str]
) -> Iterator[tuple[str, str]]:
    found = _kinds(other, types)
    if not found:
        yield f"There is no field {other!r}", suggest(other, _field_names(types))
    elif not found & kinds:
        yield f"{condition.field!r} and {other!r} are of different kinds", "Compare fields of one kind."


def _literal_faults(
    condition: Condition, kinds: set[Kind], types: Sequence[str], gazetteer: Gazetteer
) -> Iterator[tuple[str, str]]:
    operator, value = condition.operator, condition.value
    wants_list = operator in _LIST_OPERATORS
    if wants_list is not isinstance(value, list):
        yield f"{operator} takes {'a list' if wants_list else 'one value'}", "Correct the value."
        return
    if operator in ("lt", "lte", "gte") and not kinds & _ORDERED:
        yield f"{condition.field!r} has no order", "Use eq or in."
    allowed = _values(condition.field, types)
    is_unit = condition.field.rpartition(".")[2] in _UNIT_FIELDS
    for item in value if isinstance(value, list) else [value]:
        if _literal_kind(item) not in kinds:
            yield f"{item!r} is not a {' or '.join(sorted(kinds))}", "Correct the value."
        elif allowed is not None and item not in allowed:
            yield f"{condition.field!r} is never {item!r}", suggest(str(item), map(str, allowed))
        elif is_unit and not gazetteer.known(str(item)):
            yield f"There is no unit {item!r}", suggest(str(item), gazetteer.units)


def _literal_kind(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.TRUTH
    return Kind.NUMBER if isinstance(value, int | float) else Kind.TEXT


def _kinds(name: str, types: Sequence[str]) -> set[Kind]:
    """What kinds of values a name has: a fact's, or the field's in every type that has it."""
    fact = EVENT_FACTS.get(name) or RECEIVER_FACTS.get(name)
    if fact is not None:
        return {fact.kind}
    return {found.kind for t in types if (found := find_field(t, name)) is not None}


def _values(name: str, types: Sequence[str]) -> frozenset[Any] | None:
    """The closed list of values that a name has in all types together; None when one of them is open."""
    if name == "event_type":
        return frozenset(EVENT_TYPES)
    fact = EVENT_FACTS.get(name) or RECEIVER_FACTS.get(name)
    if fact is not None:
        return fact.values
    lists = [found.values for t in types if (found := find_field(t, name)) is not None]
    closed = [values for values in lists if values is not None]
    return frozenset().union(*closed) if len(closed) == len(lists) else None


def _field_names(types: Sequence[str]) -> set[str]:
    names = {*EVENT_FACTS, *RECEIVER_FACTS, *enrichment_names()}
    for event_type in types:
        names |= {path.removeprefix("payload.") for path in fields_of(event_type)}
    return names
