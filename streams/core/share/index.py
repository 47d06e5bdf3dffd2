"""Which rules of an event type can match an event at all: looked up, not tried one by one.

A rule that needs one field to have one of a few values stands under those values: a rule for one area costs nothing
where another area's event is decided. A rule that needs something else of the event stands behind that condition,
which is tested once for all rules that share it. What is found is tested in full all the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from streams.core.share.conditions import Gate, Key, Reader, Test, gates_of, keys_of
from streams.core.share.facts import Facts
from streams.core.share.forms import Rule

#: A field that fewer rules need is not worth a look at every event.
_WORTH_A_LOOK: Final = 4
#: A condition that fewer rules share is tested with the rule itself.
_WORTH_A_GATE: Final = 2
_MAX_CACHED: Final = 10_000


class HasRule(Protocol):
    """A compiled rule."""

    @property
    def rule(self) -> Rule:
        """The rule as written."""
        ...


A = TypeVar("A", bound=HasRule)
B = TypeVar("B", bound=HasRule)


class Index(Generic[A, B]):
    """The sharing and block rules of one event type, by what they need.

    It never misses one that matches, and keeps their order.
    """

    __slots__ = ("_allows", "_blocks", "_fields", "_found", "_gates", "_groups", "_rest")

    def __init__(self, allows: Sequence[A], blocks: Sequence[B], event_type: str) -> None:
        self._allows, self._blocks = tuple(allows), tuple(blocks)
        rules = [each.rule for each in (*allows, *blocks)]
        #: Positions of rules that are found together; a group's own position is its number.
        self._groups: list[list[int]] = []
        self._fields, left = self._by_value([keys_of(rule, event_type) for rule in rules])
        self._gates, self._rest = self._by_gate({at: gates_of(rules[at], event_type) for at in left})
        self._found: dict[tuple[int, ...], tuple[tuple[A, ...], tuple[B, ...]]] = {}

    def possible(self, facts: Facts) -> tuple[tuple[A, ...], tuple[B, ...]]:
        """The sharing rules and the block rules that may match this event."""
        if not self._groups:
            return self._allows, self._blocks
        hits = [number for (read, passes), number in self._gates if passes(read(facts, None))]
        for read, numbers in self._fields:
            have = read(facts, None)
            if not isinstance(have, list | tuple | frozenset):
                have = (have,)
            hits += [number for value in have if (number := numbers.get(value)) is not None]
        key = tuple(hits)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _MAX_CACHED:
                self._found.clear()
            found = self._found[key] = self._together(hits)
        return found

    def _together(self, hits: Iterable[int]) -> tuple[tuple[A, ...], tuple[B, ...]]:
        """The rules of these groups and those that are always tried, each once."""
        positions = sorted(set(self._rest).union(*(self._groups[number] for number in hits)))
        first_block = len(self._allows)
        allows = tuple(self._allows[at] for at in positions if at < first_block)
        return allows, tuple(self._blocks[at - first_block] for at in positions if at >= first_block)

    def _by_value(self, offered: Sequence[Iterable[Key]]) -> tuple[list[tuple[Reader, dict[object, int]]], list[int]]:
        """The fields to look at, and the rules that are not found by any."""
        fields: dict[str, tuple[Reader, dict[object, int]]] = {}
        left = []
        for position, key in enumerate(_sharpest(offered)):
            if key is None:
                left.append(position)
                continue
            _, numbers = fields.setdefault(key.field, (key.read, {}))
            for value in key.values:
                self._groups[self._number(numbers, value)].append(position)
        return list(fields.values()), left

    def _by_gate(self, offered: Mapping[int, Sequence[Gate]]) -> tuple[list[tuple[Test, int]], list[int]]:
        """The conditions to test once, and the rules that stand behind none."""
        shared = Counter(gate.text for gates in offered.values() for gate in gates)
        numbers: dict[str, int] = {}
        tests: dict[str, Test] = {}
        left = []
        for position, gates in offered.items():
            best = max(gates, key=lambda gate: (shared[gate.text], gate.text), default=None)
            if best is None or shared[best.text] < _WORTH_A_GATE:
                left.append(position)
                continue
            tests[best.text] = best.test
            self._groups[self._number(numbers, best.text)].append(position)
        return [(tests[text], number) for text, number in numbers.items()], left

    def _number(self, numbers: dict[Any, int], name: object) -> int:
        """The number of a group, a new one if need be."""
        number = numbers.setdefault(name, len(self._groups))
        if number == len(self._groups):
            self._groups.append([])
        return number


def _sharpest(offered: Sequence[Iterable[Key]]) -> list[Key | None]:
    """For each rule the key that narrows down most, if enough rules need the same field."""
    values: dict[str, set[object]] = {}
    for keys in offered:
        for key in keys:
            values.setdefault(key.field, set()).update(key.values)

    def sharpness(key: Key) -> tuple[float, str]:
        return len(values[key.field]) / len(key.values), key.field

    best = [max(keys, key=sharpness, default=None) for keys in offered]
    asked = Counter(key.field for key in best if key is not None)
    return [key if key is not None and asked[key.field] >= _WORTH_A_LOOK else None for key in best]
