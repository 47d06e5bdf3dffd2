"""Conditions as tests: compiled once for each rule and event type, so that deciding costs calls and no parsing.

What only the event can say is tested once; what asks about the receiver remains as a residue and is tested for each
receiver. A condition on ``event_type``, or on a field that the type does not have, is settled when it is compiled.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from streams.core.share.access import Receiver
from streams.core.share.event_facts import EVENT_FACTS
from streams.core.share.facts import Facts
from streams.core.share.fields import fields_of, find_field
from streams.core.share.forms import AllOf, Condition, FieldRef, When
from streams.core.share.operators import NEED_VALUE, WANT_SETS, against_literal, as_collection, as_items, compare_by
from streams.core.share.receiver_facts import RECEIVER_FACTS

Reader: TypeAlias = Callable[[Facts, Any], Any]

_FACTS: Final = EVENT_FACTS.keys() | RECEIVER_FACTS.keys()


class Test(NamedTuple):
    """One condition: the value that it reads, and what tells whether that value meets it."""

    read: Reader
    passes: Callable[[Any], Any]

    def holds(self, facts: Facts, receiver: Receiver | None = None) -> bool:
        """Whether it is met."""
        return bool(self.passes(self.read(facts, receiver)))


class _Source(NamedTuple):
    """Where a name's value comes from. ``read`` is None when this event type has no such field."""

    read: Reader | None
    many: bool
    of_receiver: bool
    of_both: bool = False


class Key(NamedTuple):
    """One field that must have one of these values, or hold one in its list, for a rule to match."""

    field: str
    read: Reader
    values: frozenset[Any]


class Gate(NamedTuple):
    """One condition on the event that must hold for a rule to match; the text tells it from others."""

    text: str
    test: Test


#: Readers of what receivers are held against, of the event alone; None when a fact is of receiver and event together.
_Asked: TypeAlias = tuple[Reader, ...] | None


class _Leaf(NamedTuple):
    """A test, whether it asks about the receiver, and what of the event it then holds it against."""

    test: Test
    of_receiver: bool
    asked: _Asked


class _Leg(NamedTuple):
    of_event: tuple[Test, ...] = ()
    of_receiver: tuple[Test, ...] = ()
    asked: _Asked = ()

    def meant(self, facts: Facts, receiver: Receiver) -> bool:
        """Whether what it asks about the receiver holds."""
        return all(test.holds(facts, receiver) for test in self.of_receiver)


class Residue(NamedTuple):
    """What remains of conditions when the event has said its part: tests of one receiver at a time."""

    facts: Facts
    every: _Leg
    legs: tuple[_Leg, ...]

    def holds(self, receiver: Receiver) -> bool:
        """Whether the conditions hold for this receiver."""
        facts = self.facts
        return self.every.meant(facts, receiver) and (
            not self.legs or any(leg.meant(facts, receiver) for leg in self.legs)
        )

    def key(self) -> Hashable | None:
        """Two with the same key say the same of every receiver. None where orders have a say: it is like no other."""
        values: list[Hashable] = []
        for leg in (self.every, *self.legs):
            if leg.asked is None:
                return None
            for read in leg.asked:
                value = read(self.facts, None)
                values.append(tuple(value) if isinstance(value, list) else value)
        return self.every.of_receiver, tuple(leg.of_receiver for leg in self.legs), tuple(values)


class Conditions(NamedTuple):
    """A rule's conditions for one event type."""

    every: _Leg
    legs: tuple[_Leg, ...] | None

    @property
    def always(self) -> bool:
        """Whether they hold for every event of the type and every receiver."""
        return self.legs is None and self.every == _Leg()

    def reduce(self, facts: Facts) -> "bool | Residue":
        """Whether the conditions hold for the event, or what of them is left to ask of each receiver."""
        for read, passes in self.every.of_event:
            if not passes(read(facts, None)):
                return False
        left: tuple[_Leg, ...] = ()
        for leg in self.legs or ():
            for read, passes in leg.of_event:
                if not passes(read(facts, None)):
                    break
            else:
                if not leg.of_receiver:
                    left = ()
                    break
                left = (*left, leg)
        else:
            if self.legs is not None and not left:
                return False
        return Residue(facts, self.every, left) if left or self.every.of_receiver else True


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
    if _Leg() in possible:  # one leg holds for every event of this type
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
            read = _path_reader(field.path, event_type)
            found.append(Key(field.path, read, frozenset(as_collection(condition.value))))
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
    leaves = [_leaf(condition, event_type) for condition in conditions]
    if False in leaves:
        return None
    tests = [leaf for leaf in leaves if isinstance(leaf, _Leaf)]
    asking = [leaf for leaf in tests if leaf.of_receiver]
    asked = [read for leaf in asking for read in leaf.asked or ()]
    return _Leg(
        tuple(leaf.test for leaf in tests if not leaf.of_receiver),
        tuple(leaf.test for leaf in asking),
        None if any(leaf.asked is None for leaf in asking) else tuple(asked),
    )


def _leaf(condition: Condition, event_type: str) -> "_Leaf | bool":
    if condition.field == "event_type":
        return bool(against_literal(condition, many=False)(event_type))
    source = _source(condition.field, event_type)
    named = condition.value.field if isinstance(condition.value, FieldRef) else None
    if named is None and condition.operator == "same_as":
        named = str(condition.value)
    if named is None:
        passes = against_literal(condition, many=source.many)
        if source.read is None:
            return bool(passes(None))
        return _Leaf(Test(source.read, passes), source.of_receiver, _asked(source))
    other = _source(named, event_type)
    if source.read is None and other.read is None:
        want: object = frozenset() if condition.operator in WANT_SETS else None
        return bool(compare_by(condition, many=False)(want, None))
    test = _against_field(condition, source, other)
    return _Leaf(test, source.of_receiver or other.of_receiver, _asked(source, other))


def _against_field(condition: Condition, source: _Source, other: _Source) -> Test:
    """The test of a condition that compares two fields, each of which may be missing."""
    compare = compare_by(condition, many=source.many)
    read, read_other = source.read or _nothing, other.read or _nothing
    of_set = condition.operator in WANT_SETS
    needs_value = condition.operator in NEED_VALUE and condition.elements == "any"

    def compared(facts: Facts, receiver: Any) -> bool:
        have = read(facts, receiver)
        if have is None and needs_value:
            return False
        want = read_other(facts, receiver)
        return compare(frozenset(as_items(want)) if of_set else want, have)

    return Test(compared, bool)


def _asked(*sources: _Source) -> _Asked:
    if any(source.of_both for source in sources):
        return None
    return tuple(source.read for source in sources if source.read is not None and not source.of_receiver)


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
        return _Source(of_receiver.read, of_receiver.many, of_receiver=True, of_both=of_receiver.of_both)
    field = find_field(event_type, name)
    if field is None:
        return _Source(None, many=False, of_receiver=False)
    return _Source(_path_reader(field.path, event_type), field.many, of_receiver=False)


def _path_reader(path: str, event_type: str) -> Reader:
    first, *rest = path.split(".")
    if not rest:
        return lambda facts, _: facts.event.get(first)
    if any(fields_of(event_type)[path.rsplit(".", end)[0]].many for end in range(1, len(rest) + 1)):
        return lambda facts, _: _gather(facts.event.get(first), rest)
    if len(rest) > 1:
        return lambda facts, _: _descend(facts.event.get(first), rest)
    name = rest[0]
    if first == "payload":
        return lambda facts, _: facts.payload.get(name)
    return lambda facts, _: (facts.event.get(first) or _NO_FIELDS).get(name)


_NO_FIELDS: Final[Mapping[str, Any]] = {}


def _descend(value: Any, steps: Iterable[str]) -> Any:
    for step in steps:
        if value is None:
            return None
        value = value.get(step)
    return value


def _gather(value: Any, steps: Iterable[str]) -> Collection[Any]:
    """Every value at the end of a path that leads through lists."""
    if not value:
        return ()
    found = as_items(value)
    for step in steps:
        found = [inner for item in found for inner in as_items(item.get(step))]
    return found
