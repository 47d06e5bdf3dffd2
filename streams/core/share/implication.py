"""What conditions say of each other: whether they exclude each other, and whether one set always means another.

Both answers are safe to complain by: what is said to be so is so; what is too clever to see is not said.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple, TypeAlias

from streams.core.share.forms import AllOf, Condition, FieldRef, When

#: One way in which conditions can hold: leaves that must all be true.
Case: TypeAlias = tuple[Condition, ...]
#: Whether a name stands for several values at once.
Many: TypeAlias = Callable[[str], bool]

_ONE_OF: Final = frozenset({"eq", "in", "intersects"})
_NONE_OF: Final = frozenset({"ne", "not_in"})
_SIZE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "lt": lambda have, bound: have < bound,
    "lte": lambda have, bound: have <= bound,
    "gte": lambda have, bound: have >= bound,
}


def cases_of(form: When, more: Sequence[Condition] = ()) -> list[Case]:
    """Every way in which conditions can hold: one, or one for each leg of ``any``."""
    every = (*form.when, *more)
    if form.any is None:
        return [every]
    return [(*every, *(leg.all if isinstance(leg, AllOf) else (leg,))) for leg in form.any]


class Clash(NamedTuple):
    """Two conditions that cannot hold together."""

    one: Condition
    other: Condition


def clash(case: Case, many: Many) -> Clash | None:
    """Two conditions of a case that exclude each other, if there are any."""
    return next((Clash(a, b) for a, b in combinations(case, 2) if _exclude(a, b, many)), None)


def possible(cases: Iterable[Case], many: Many) -> Iterator[Case]:
    """The cases that can hold."""
    return (case for case in cases if clash(case, many) is None)


def means(cases: Iterable[Case], others: Sequence[Case], many: Many) -> bool:
    """Whether one of the others holds whenever one of the cases does. Cases that cannot hold say nothing."""
    return all(any(_case_means(case, other) for other in others) for case in possible(cases, many))


def _case_means(case: Case, other: Case) -> bool:
    return all(any(_leaf_means(have, wanted) for have in case) for wanted in other)


def _leaf_means(have: Condition, wanted: Condition) -> bool:
    """Whether one condition holding makes another hold."""
    if have == wanted:
        return True
    if have.field != wanted.field or have.elements != wanted.elements or not _plain(have, wanted):
        return False
    if _asks_presence(wanted):
        return have.elements == "any" and (_needs_value(have) or _asks_presence(have))
    if have.operator in _ONE_OF:
        return _one_of_means(have, wanted)
    both = {have.operator, wanted.operator}
    if both <= _NONE_OF or both == {"excludes"}:
        return _values(wanted) <= _values(have)
    return both <= set(_SIZE) and _tighter(have, wanted)


def _one_of_means(have: Condition, wanted: Condition) -> bool:
    """Whether a value out of a list always meets the other condition."""
    if wanted.operator in _ONE_OF:
        return _values(have) <= _values(wanted)
    if wanted.operator in _NONE_OF:
        return _values(have).isdisjoint(_values(wanted))
    return wanted.operator in _SIZE and all(_fits(value, wanted) is True for _, value in _values(have))


def _exclude(a: Condition, b: Condition, many: Many) -> bool:
    """Whether two conditions can never hold together."""
    if a.field != b.field or not _plain(a, b) or "all" in (a.elements, b.elements):
        return False
    if _asks_absence(a) or _asks_absence(b):
        left, right = (a, b) if _asks_absence(a) else (b, a)
        return not _asks_absence(right) and (_needs_value(right) or _asks_presence(right)) and left is not right
    if {a.operator, b.operator} & {"excludes"}:
        left, right = (a, b) if a.operator == "excludes" else (b, a)
        return right.operator in _ONE_OF and _values(right) <= _values(left)
    if many(a.field):
        return False
    return _one_value_excludes(a, b) or _one_value_excludes(b, a)


def _one_value_excludes(a: Condition, b: Condition) -> bool:
    """Whether no single value meets both; asked both ways round."""
    if a.operator in _ONE_OF:
        if b.operator in _ONE_OF:
            return _values(a).isdisjoint(_values(b))
        if b.operator in _NONE_OF:
            return _values(a) <= _values(b)
        return b.operator in _SIZE and all(_fits(value, b) is False for _, value in _values(a))
    return a.operator == "gte" and b.operator in ("lt", "lte") and _fits(a.value, b) is False


def _plain(*conditions: Condition) -> bool:
    """Whether they compare with values that stand in the rule, not with other fields."""
    return not any(isinstance(c.value, FieldRef) or c.operator == "same_as" for c in conditions)


def _asks_presence(condition: Condition) -> bool:
    return condition.operator in ("exists", "missing") and (condition.operator == "exists") is bool(condition.value)


def _asks_absence(condition: Condition) -> bool:
    return condition.operator in ("exists", "missing") and not _asks_presence(condition)


def _needs_value(condition: Condition) -> bool:
    return condition.operator in _ONE_OF or condition.operator in _SIZE


def _values(condition: Condition) -> frozenset[tuple[bool, Any]]:
    """The values of a condition, truth values told from the numbers that Python takes them for."""
    value = condition.value
    return frozenset((isinstance(each, bool), each) for each in (value if isinstance(value, list) else [value]))


def _fits(value: Any, bound: Condition) -> bool | None:
    """Whether a value keeps a bound; None where the two have no order that is known here."""
    if not isinstance(value, int | float) or not isinstance(bound.value, int | float):
        return None
    return _SIZE[bound.operator](value, bound.value)


def _tighter(have: Condition, wanted: Condition) -> bool:
    """Whether a bound lies within another of the same direction."""
    if (have.operator == "gte") is not (wanted.operator == "gte"):
        return False
    if not isinstance(have.value, int | float) or not isinstance(wanted.value, int | float):
        return False
    if wanted.operator == "gte":
        return have.value >= wanted.value
    if have.operator == "lte" and wanted.operator == "lt":
        return have.value < wanted.value
    return have.value <= wanted.value
