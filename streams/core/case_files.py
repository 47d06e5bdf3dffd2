"""Files of cases (fall) beside data: read, held against the data, and the data's numbers against them."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import Field

from streams.core.share.forms import Form
from streams.core.share.loading import Placed, place_list
from streams.core.share.marked_yaml import read_marked
from streams.core.share.problems import PackError, PackProblem

NumberAt = tuple[str | int, ...]


class Named(Form):
    """A case: its name says what it shows."""

    name: Annotated[str, Field(min_length=10, max_length=200)]


C = TypeVar("C", bound=Named)


class Remedies(NamedTuple):
    """What would be right: for a case that fails, and for a number that no case holds in place."""

    correct: str
    add: str


def read_case_file(form: type[C], path: Path) -> list[Placed[C]]:
    """The cases in a file. Errors: ``PackError`` with file, line and remedy."""
    marked = read_marked(path, path.name)
    return place_list(form, marked, marked.data, ())


def problems_of(
    file: str,
    read: Callable[[], Sequence[Placed[C]]],
    faults: Callable[[Placed[C]], Iterable[str]],
    unheld: Callable[[Sequence[Placed[C]]], Iterable[str]],
    remedies: Remedies,
) -> Iterator[PackProblem]:
    """Every problem of the cases: form, those that fail, and, if none fails, numbers that none holds in place."""
    try:
        cases = read()
    except PackError as error:
        yield from error.problems
        return
    failed = False
    for placed in cases:
        for fault in faults(placed):
            failed = True
            yield placed.problem(f"{placed.form.name}: {fault}", remedies.correct)
    if not failed:
        for name in unheld(cases):
            yield PackProblem(file, 0, f"No case holds {name} in place", remedies.add)


def numbers_in(data: Any, *above: str | int) -> Iterator[tuple[NumberAt, Any]]:
    """Every number in plain data, with its place."""
    items = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for name, value in items:
        if isinstance(value, Mapping | list):
            yield from numbers_in(value, *above, name)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (*above, name), value


def with_number(data: Any, place: NumberAt, value: Any) -> Any:
    """A copy of plain data with another number in one place."""
    copied = inside = copy.deepcopy(data)
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    return copied
