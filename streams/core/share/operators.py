"""What the operators of conditions mean.

A missing value equals nothing and is in nothing; a comparison of size with it never holds.
"""

import operator
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from streams.core.share.forms import Condition

#: Lists without elements are as good as missing.
_EMPTY: tuple[list[Any], tuple[Any, ...]] = ([], ())

Compare: TypeAlias = Callable[[Any, Any], bool]

#: By operator: the value wanted, and the one that is there.
_SINGLE: Final[Mapping[str, Compare]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "in": operator.contains,
    "not_in": lambda want, have: have not in want,
    "lt": lambda want, have: have is not None and want is not None and have < want,
    "lte": lambda want, have: have is not None and want is not None and have <= want,
    "gte": lambda want, have: have is not None and want is not None and have >= want,
    "same_as": lambda want, have: have is not None and have == want,
}
#: Those that want a set of values.
_OF_SETS: Final[Mapping[str, Compare]] = {
    "intersects": lambda want, have: not want.isdisjoint(as_items(have)),
    "excludes": lambda want, have: want.isdisjoint(as_items(have)),
}
WANT_SETS: Final = frozenset({"in", "not_in", *_OF_SETS})
#: Those that a missing value never meets: no need to look at what it would be compared with.
NEED_VALUE: Final = frozenset({"in", "intersects", "lt", "lte", "gte", "same_as"})


def against_literal(condition: Condition, *, many: bool) -> Callable[[Any], bool]:
    """What a value must pass to meet a condition that states what it wants."""
    literal = condition.value
    if condition.operator in ("exists", "missing"):
        return _is_there if (condition.operator == "exists") is bool(literal) else _is_missing
    want = frozenset(as_collection(literal)) if condition.operator in WANT_SETS else literal
    return partial(compare_by(condition, many=many), want)


def compare_by(condition: Condition, *, many: bool) -> Compare:
    """How what is wanted is compared with what is there, which may be a list."""
    if condition.operator in _OF_SETS:
        return _OF_SETS[condition.operator]
    compare = _SINGLE[condition.operator]
    if not many:
        return compare
    fold = all if condition.elements == "all" else any
    return lambda want, have: fold(map(partial(compare, want), have or ()))


def _is_there(have: Any) -> bool:
    return have is not None and have not in _EMPTY


def _is_missing(have: Any) -> bool:
    return have is None or have in _EMPTY


def as_collection(value: Any) -> Collection[Any]:
    """The values that a condition states, one or several."""
    return value if isinstance(value, list | tuple | set | frozenset) else (value,)


def as_items(value: Any) -> Collection[Any]:
    """What an event's value holds: a list's elements, one that stands alone, or nothing."""
    return () if value is None else as_collection(value)
