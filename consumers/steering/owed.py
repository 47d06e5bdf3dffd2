"""How obligations (plikter) that fell due in a period were met, by kind; small numbers left out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from consumers.steering.hiding import alike, shown
from schemas.duties import DutyState

_IN_TIME, _LATE, _UNMET = "in_time", "late", "unmet"
_HOW: Final = {
    DutyState.DONE: _IN_TIME,
    DutyState.DONE_LATE: _LATE,
    DutyState.LATE: _UNMET,
}


@dataclass(frozen=True, slots=True)
class Owed:
    """One kind of obligation: how many fell due or were met, in time, late, or not yet."""

    obligation: str
    due: int | None
    in_time: int | None
    late: int | None
    unmet: int | None


def owed(standing: Iterable[Mapping[str, Any]], start: datetime, end: datetime, *, synthetic: bool) -> list[Owed]:
    """What became of obligations that fell due in a period, or were met before.

    Shape: duties as ``consumers.duties.standing`` gives them. What is open, or has moved to a revision, counts not.
    """
    counts = Counter[tuple[str, str]]()
    for duty in standing:
        how = _HOW.get(DutyState(duty["duty_state"]))
        if how is not None and duty["synthetic"] is synthetic and start <= duty["due_at"] < end:
            counts[duty["obligation"], how] += 1
    atoms = sorted(counts)
    numbered = {atom: number for number, atom in enumerate(atoms)}
    kinds = sorted({obligation for obligation, _ in atoms})
    sums = [((kind, "due"), frozenset(numbered[atom] for atom in atoms if atom[0] == kind)) for kind in kinds]
    for kind in kinds:
        by_size = sorted((_IN_TIME, _LATE, _UNMET), key=lambda how: -counts[kind, how])
        sums += [((kind, how), frozenset({numbered[kind, how]} if counts[kind, how] else ())) for how in by_size]
    numbers = shown(sums, {number: counts[atom] for atom, number in numbered.items()})
    return [
        Owed(kind, numbers[kind, "due"], **alike({how: numbers[kind, how] for how in (_IN_TIME, _LATE, _UNMET)}))
        for kind in kinds
    ]
