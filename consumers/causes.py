"""Quarantine by its causes: records with the same fault in the same field are one matter. Values in, values out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from consumers.marks import UNPROVEN
from consumers.quarantine import Place, Shown, State
from schemas.records import QuarantinedProblem

#: So many places of a group are named.
EXAMPLES: Final = 3
#: What stands for the number of an item of a list: the third person's age is the same cause as the first one's.
_ANY: Final = "*"
_NO_TYPE: Final = "?"


class By(StrEnum):
    """What records are put together by."""

    CAUSE = "cause"
    ORIGIN = "origin"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Group:
    """Records that have something in common.

    Shape: ``key`` is a cause (``AREA_UNKNOWN /areas/*``), an origin or a type; ``origins`` counts desks;
    ``examples`` are the newest places; ``problem`` is the cause itself, with its remedies.
    """

    key: str
    count: int
    first: datetime
    last: datetime
    origins: int
    examples: tuple[Place, ...]
    problem: QuarantinedProblem | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records are meant: all those that every given part fits.

    Shape: ``cause`` is a code, or a code and a pointer as ``cause_of`` writes them; ``origin`` a desk or ``unproven``.
    Both ends of the time count; times are aware.
    """

    state: State | None = State.WAITING
    origin: str | None = None
    cause: str | None = None
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, record: Shown) -> bool:
        """Whether a record is meant."""
        return (
            self.state in {None, record.state}
            and self.origin in {None, record.origin or UNPROVEN}
            and (self.event_type in {None, record.event_type or _NO_TYPE})
            and (self.since is None or record.at >= self.since)
            and (self.until is None or record.at <= self.until)
            and (self.cause is None or any(self.cause in {each.code, cause_of(each)} for each in record.problems))
        )


def cause_of(problem: QuarantinedProblem) -> str:
    """A fault's cause: its code and its field, whichever item of a list it was."""
    parts = [_ANY if part.isascii() and part.isdigit() else part for part in problem.pointer.split("/")]
    return f"{problem.code} {'/'.join(parts)}".strip()


def groups(found: Iterable[Shown], by: By) -> list[Group]:
    """Records put together, the largest group first. A record counts once for each cause that it has."""
    gathered: dict[str, list[Shown]] = {}
    problems: dict[str, QuarantinedProblem] = {}
    for record in found:
        for key, problem in _keys(record, by):
            gathered.setdefault(key, []).append(record)
            if problem is not None:
                problems.setdefault(key, problem)
    made = [_group(key, records, problems.get(key)) for key, records in gathered.items()]
    return sorted(made, key=lambda group: (-group.count, group.key))


def _keys(record: Shown, by: By) -> Iterator[tuple[str, QuarantinedProblem | None]]:
    match by:
        case By.CAUSE:
            yield from {cause_of(problem): problem for problem in record.problems}.items()
        case By.ORIGIN:
            yield record.origin or UNPROVEN, None
        case By.TYPE:
            yield record.event_type or _NO_TYPE, None


def _group(key: str, records: list[Shown], problem: QuarantinedProblem | None) -> Group:
    newest = sorted(records, key=lambda record: (record.at, record.place), reverse=True)
    return Group(
        key=key,
        count=len(newest),
        first=newest[-1].at,
        last=newest[0].at,
        origins=len({record.origin for record in newest}),
        examples=tuple(record.place for record in newest[:EXAMPLES]),
        problem=problem,
    )
