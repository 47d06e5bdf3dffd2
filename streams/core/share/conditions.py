"""Conditions as closures: compiled once for each rule and event type, so that deciding costs calls and no parsing.

What only the event can say is tested once; what asks about the receiver remains as a residue and is tested for each
receiver. A condition on ``event_type``, or on a field that the type does not have, is settled when it is compiled.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from streams.core.share.access import Receiver
from streams.core.share.event_facts import EVENT_FACTS
from streams.core.share.facts import Facts
from streams.core.share.fields import find_field
from streams.core.share.forms import AllOf, Condition, FieldRef, When
from streams.core.share.receiver_facts import RECEIVER_FACTS

Reader: TypeAlias = Callable[[Facts, Any], Any]
Test: TypeAlias = Callable[[Facts, Any], bool]


_FACTS: Final = EVENT_FACTS.keys() | RECEIVER_FACTS.keys()


class _Source(NamedTuple):
    """Where a name's value comes from. ``read`` is None when this event type has no such field."""

    read: Reader | None
    many: bool
    of_receiver: bool
    of_unit: bool = False


class Key(NamedTuple):
    """One field that must have one of these values, or hold one in its list, for a rule to match."""

    field: str
    read: Reader
    values: frozenset[Any]


class Gate(NamedTuple):
    """One condition on the event that must hold for a rule to match; the text tells it from others."""

    text: str
    test: Test


class _Leaf(NamedTuple):
    """A test, whether it asks about the receiver, and whether about its unit and not only about its kind."""

    test: Test
    of_receiver: bool
    of_unit: bool


class _Leg(NamedTuple):
    of_event: tuple[Test, ...]
    of_receiver: tuple[Test, ...]
    of_unit: bool = False


class Residue(NamedTuple):
    """What remains of a rule's conditions when the event has said its part: tests of one receiver at a time.

    Shape: ``of_unit`` tells whether two receivers of one kind may get different answers.
    """

    facts: Facts
    tests: tuple[Test, ...]
    legs: tuple[tuple[Test, ...], ...]
    of_unit: bool

    def holds(self, receiver: Receiver) -> bool:
        """Whether the conditions hold for this receiver."""
        facts = self.facts
        for test in self.tests:
            if not test(facts, receiver):
                return False
        return not self.legs or any(all(test(facts, receiver) for test in leg) for leg in self.legs)


class Conditions(NamedTuple):
    """A rule's conditions for one event type."""

    every: _Leg
    legs: tuple[_Leg, ...] | None

    @property
    def always(self) -> bool:
        """Whether they hold for every event of the type and every receiver."""
        return self.legs is None and self.every == _Leg((), ())

    def reduce(self, facts: Facts) -> "bool | Residue":
        """Whether the conditions hold for the event, or what of them is left to ask of each receiver."""
        every = self.every
        for test in every.of_event:
            if not test(facts, None):
                return False
        left: list[_Leg] = []
        for leg in self.legs or ():
            for test in leg.of_event:
                if not test(facts, None):
                    break
            else:
                if not leg.of_receiver:
                    left = []
                    break
                left.append(leg)
        else:
            if self.legs is not None and not left:
                return False
        if not every.of_receiver and not left:
            return True
        of_unit = every.of_unit or any(leg.of_unit for leg in left)
        return Residue(facts, every.of_receiver, tuple(leg.of_receiver for leg in left), of_unit)


def compile_conditions(form: When, event_type: str, more: Sequence[Condition] = ()) -> Conditions | None:
    """The conditions of a rule for one event type, or None when they can never hold for it.

    ``more`` are further conditions that must hold as well: those of a share clause.
    """
    every = _leg((*form.when, *more), event_type)
    if every is None:
        return None
    if form.any is None:
        return Conditions(every, None)
    legs = [_leg(leg.all if isinstance(leg, AllOf) else (leg,), event_type) for leg in form.any]
    possible = tuple(leg for leg in legs if leg is not None)
    if not possible:
        return None
    if _Leg((), ()) in possible:  # one leg holds for every event of this type
        return Conditions(every, None)
    return Conditions(every, possible)


def leaf_count(form: When, more: Sequence[Condition] = ()) -> int:
    """How specific a rule is: its leaf conditions, an ``any`` block counting as one (clarification 38)."""
    return len(form.when) + len(more) + (form.any is not None)


def keys_of(form: When, event_type: str) -> tuple[Key, ...]:
    """The fields of the event by whose values a rule can be looked up (index.py)."""
    found = []
    for condition in form.when:
        plain = condition.operator in ("eq", "in", "intersects") and condition.elements == "any"
        if not plain or isinstance(condition.value, FieldRef) or condition.field in _FACTS:
            continue
        field = find_field(event_type, condition.field)
        if field is not None and field.path != "event_type":
            read = _path_reader(field.path.split("."), many=field.many)
            found.append(Key(field.path, read, frozenset(_as_collection(condition.value))))
    return tuple(found)


def gates_of(form: When, event_type: str) -> tuple[Gate, ...]:
    """The conditions on the event that must hold for a rule to match, to be tested once for all rules (index.py)."""
    leaves = ((condition, _leaf(condition, event_type)) for condition in form.when)
    return tuple(
        Gate(repr(condition), leaf.test)
        for condition, leaf in leaves
        if isinstance(leaf, _Leaf) and not leaf.of_receiver
    )


def _leg(conditions: Iterable[Condition], event_type: str) -> _Leg | None:
    of_event: list[Test] = []
    of_receiver: list[Test] = []
    of_unit = False
    for condition in conditions:
        leaf = _leaf(condition, event_type)
        if leaf is False:
            return None
        if leaf is not True:
            (of_receiver if leaf.of_receiver else of_event).append(leaf.test)
            of_unit = of_unit or leaf.of_unit
    return _Leg(tuple(of_event), tuple(of_receiver), of_unit)


def _leaf(condition: Condition, event_type: str) -> "_Leaf | bool":
    if condition.field == "event_type":
        return _test(condition, many=False, other=None)(event_type, None)
    source = _source(condition.field, event_type)
    named = condition.value.field if isinstance(condition.value, FieldRef) else None
    if named is None and condition.operator == "same_as":
        named = str(condition.value)
    other = None if named is None else _source(named, event_type)
    test = _test(condition, many=source.many, other=other)
    if source.read is None and other is None:
        return test(None, None)
    both = (source,) if other is None else (source, other)
    return _Leaf(_bind(source, other, test), any(s.of_receiver for s in both), any(s.of_unit for s in both))


def _bind(source: _Source, other: _Source | None, test: Callable[[Any, Any], bool]) -> Test:
    read = source.read or _nothing
    if other is None:
        return lambda facts, receiver: test(read(facts, receiver), None)
    read_other = other.read or _nothing
    return lambda facts, receiver: test(read(facts, receiver), read_other(facts, receiver))


def _nothing(facts: Facts, receiver: Any) -> None:  # noqa: ARG001 - a reader's signature
    return None


# Where values come from


def _source(name: str, event_type: str) -> _Source:
    if name in EVENT_FACTS:
        fact = EVENT_FACTS[name]
        read_fact = fact.read
        return _Source(lambda facts, _: read_fact(facts), fact.many, of_receiver=False)
    if name in RECEIVER_FACTS:
        of_receiver = RECEIVER_FACTS[name]
        return _Source(of_receiver.read, of_receiver.many, of_receiver=True, of_unit=of_receiver.of_unit)
    field = find_field(event_type, name)
    if field is None:
        return _Source(None, many=False, of_receiver=False)
    return _Source(_path_reader(field.path.split("."), many=field.many), field.many, of_receiver=False)


def _path_reader(steps: Sequence[str], *, many: bool) -> Reader:
    first, rest = steps[0], tuple(steps[1:])
    if not rest:
        return lambda facts, _: facts.event.get(first)
    if many:
        return lambda facts, _: _gather(facts.event.get(first), rest)
    if len(rest) == 1 and first == "payload":
        name = rest[0]
        return lambda facts, _: facts.payload.get(name)
    return lambda facts, _: _descend(facts.event.get(first), rest)


def _descend(value: Any, steps: Iterable[str]) -> Any:
    for step in steps:
        if value is None:
            return None
        value = value.get(step)
    return value


def _gather(value: Any, steps: tuple[str, ...]) -> list[Any]:
    """Every value at the end of a path that leads through lists."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [found for item in value for found in _gather(item, steps)]
    return _gather(value.get(steps[0]), steps[1:]) if steps else [value]


# What operators mean. A missing value equals nothing and is in nothing; a comparison of size with it never holds.

#: Lists without elements are as good as missing.
_EMPTY: tuple[list[Any], tuple[Any, ...]] = ([], ())

_SINGLE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, want: have == want,
    "ne": lambda have, want: have != want,
    "in": lambda have, want: have in want,
    "not_in": lambda have, want: have not in want,
    "lt": lambda have, want: have is not None and want is not None and have < want,
    "lte": lambda have, want: have is not None and want is not None and have <= want,
    "gte": lambda have, want: have is not None and want is not None and have >= want,
    "same_as": lambda have, want: have is not None and have == want,
}


def _test(condition: Condition, *, many: bool, other: _Source | None) -> Callable[[Any, Any], bool]:
    """The test of a leaf: the value it has, and the value of the other field when it compares two."""
    operator, literal = condition.operator, condition.value
    if operator in ("exists", "missing"):
        wanted = (operator == "exists") is bool(literal)
        return lambda have, _: (have is not None and have not in _EMPTY) is wanted
    if operator in ("intersects", "excludes"):
        return _overlap(literal, wanted=operator == "intersects", compared=other is not None)
    test = _SINGLE[operator]
    if other is not None:
        if operator in ("in", "not_in"):  # the other field may be missing, or be no list
            return _each(lambda have, want: test(have, _as_set(want)), many=many, every=condition.elements == "all")
        return _each(test, many=many, every=condition.elements == "all")
    want = frozenset(_as_collection(literal)) if operator in ("in", "not_in") else literal
    return _each(lambda have, _: test(have, want), many=many, every=condition.elements == "all")


def _each(test: Callable[[Any, Any], bool], *, many: bool, every: bool) -> Callable[[Any, Any], bool]:
    if not many:
        return test
    if every:
        return lambda have, want: all(test(item, want) for item in have or ())
    return lambda have, want: any(test(item, want) for item in have or ())


def _overlap(literal: Any, *, wanted: bool, compared: bool) -> Callable[[Any, Any], bool]:
    if compared:
        return lambda have, want: (not _as_set(have).isdisjoint(_as_set(want))) is wanted
    fixed = frozenset(_as_collection(literal))
    return lambda have, _: (not fixed.isdisjoint(_as_set(have))) is wanted


def _as_collection(value: Any) -> Collection[Any]:
    return value if isinstance(value, list | tuple | set | frozenset) else (value,)


def _as_set(value: Any) -> frozenset[Any]:
    return frozenset() if value is None else frozenset(_as_collection(value))
