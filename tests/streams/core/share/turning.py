"""Values at and around whatever a rule of the released pack turns on, read from the pack itself.

A new rule that asks about another field is met by the laws' events without a word here.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from schemas.catalogue import EVENT_TYPES
from streams.core.share.case_event import CASE_TIME
from streams.core.share.fields import Kind, _unwrap, fields_of, find_field
from streams.core.share.forms import AllOf, Condition, FieldRef, Rule, When
from streams.core.share.reach import FIELD_PLACES
from tests.streams.core.share.packs import PACK, REFERENCE

UNITS = st.sampled_from(sorted(REFERENCE.gazetteer.units))
#: What the gateway sets, what every event has, and what the strategies draw for every event.
_FIXED = (
    *("event_type", "event_id", "schema_version", "revision", "synthetic", "origin_unit", "areas", "persons"),
    *("sensitivity", "handling", "derived_max_handling", "purpose", "priority", "legal_origin"),
)
#: A text that no rule names; in the form of an event's id, which some fields must have.
_ANOTHER = "019cae40-7e00-7000-8000-0000000000ff"


def rule_conditions(rule: Rule) -> Iterator[Condition]:
    """Every leaf condition of a rule, of its clauses and of its exception."""
    yield from _leaves(rule)
    for share in rule.share:
        yield from share.when
    if rule.exception is not None:
        yield from _leaves(rule.exception)


def _leaves(form: When) -> Iterator[Condition]:
    yield from form.when
    for leg in form.any or ():
        yield from leg.all if isinstance(leg, AllOf) else (leg,)


@cache
def pack_conditions() -> tuple[Condition, ...]:
    """Every leaf condition that stands in the pack, once."""
    found = {repr(c): c for rule in PACK.rules.values() for c in rule_conditions(rule)}
    return tuple(found[text] for text in sorted(found))


@cache
def turning_points(event_type: str) -> Mapping[str, st.SearchStrategy[Any]]:
    """Values for every field of a type that some condition of the pack names, or that names places."""
    named: dict[str, set[Any]] = {}
    for condition in pack_conditions():
        for name, values in _named(condition):
            field = find_field(event_type, name)
            if field is not None and field.kind is not Kind.BRANCH and field.path.split(".")[0] not in _FIXED:
                named.setdefault(field.path, set()).update(values)
    found = {path: _values(event_type, path, values) for path, values in sorted(named.items())}
    places = {f"payload.{name}" for name in FIELD_PLACES.values()} & fields_of(event_type).keys()
    return found | dict.fromkeys(sorted(places), UNITS)


def _named(condition: Condition) -> Iterator[tuple[str, list[Any]]]:
    """The fields that a condition names, each with the values that it compares with."""
    if isinstance(condition.value, FieldRef):
        yield condition.field, []
        yield condition.value.field, []
    else:
        yield condition.field, condition.value if isinstance(condition.value, list) else [condition.value]


def _values(event_type: str, path: str, literals: set[Any]) -> st.SearchStrategy[Any]:
    field = fields_of(event_type)[path]
    if field.kind is Kind.TRUTH:
        return st.sampled_from([None, False, True])
    if field.kind is Kind.MOMENT:
        return st.sampled_from([None, *(CASE_TIME + timedelta(hours=hours) for hours in (-400, -1, 0, 1, 400))])
    if field.values is not None:
        return st.sampled_from([None, *sorted(field.values, key=str)])
    if field.kind is Kind.NUMBER:
        numbers = [value for value in literals if isinstance(value, int | float) and not isinstance(value, bool)]
        kind = Decimal if _is_decimal(event_type, path) else lambda number: number
        return st.sampled_from([None, *map(kind, (0, *sorted({near for n in numbers for near in (n - 1, n, n + 1)})))])
    return st.sampled_from([None, _ANOTHER, *sorted(value for value in literals if isinstance(value, str))])


def _is_decimal(event_type: str, path: str) -> bool:
    """Whether the field is an exact number, as the codec reads amounts and weights."""
    model: Any = EVENT_TYPES[event_type].model
    for step in path.split("."):
        model = _unwrap(model.model_fields[step].annotation)[0]
    return model is Decimal


def put(event: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a path, in the first element of each list on the way."""
    fields, steps, in_list, here = fields_of(event["event_type"]), path.split("."), False, event
    for depth, step in enumerate(steps, 1):
        opens_list = fields[".".join(steps[:depth])].many and not in_list
        in_list = in_list or opens_list
        if depth == len(steps):
            here[step] = [value] if opens_list and value is not None else value
        elif opens_list:
            first, *others = here.get(step) or [{}]
            here[step] = [dict(first), *others]
            here = here[step][0]
        else:
            here[step] = dict(here.get(step) or {})
            here = here[step]


@st.composite
def turns(draw: st.DrawFn, event_type: str) -> dict[str, Any]:
    """A few fields that rules turn on, with values, by path."""
    points = turning_points(event_type)
    if not points:
        return {}
    chosen = draw(st.lists(st.sampled_from(sorted(points)), max_size=3, unique=True))
    return {path: draw(points[path]) for path in chosen}


#: Every event type by its name.
TYPES = st.sampled_from(sorted(EVENT_TYPES))
