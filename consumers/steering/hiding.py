"""Which numbers may be shown so that no small one can be worked out from them (undertryckning av små tal).

Everything that a report counts is a sum of *atoms*: matters that count alike. A small sum is a secret. Numbers are let
in one after the other, the most important first, as long as no secret follows from those that are in by adding and
subtracting. So whatever is left out, nothing that is shown gives it away, also where tables overlap: parts of the
strategy share rules, areas lie in areas. Only atoms that are not empty take part: whoever knows which those are
learns no secret either.

Source: exact disclosure is a question of linear span (D. Gusfield 1988, for tables; here for any sums). Calculations
are in a prime field, in which the span of such sums is that over the whole numbers but for a chance of one in 2**61.
"""

import heapq
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from schemas.suppression import small

_PRIME: Final = 2**61 - 1

Key = TypeVar("Key", bound=Hashable)
#: A sum: which atoms are in it.
Atoms = frozenset[int]
_Row = dict[int, int]


def shown(sums: Sequence[tuple[Key, Atoms]], sizes: Mapping[int, int]) -> dict[Key, int | None]:
    """Every number, None for those that are left out.

    Shape: ``sums`` in the order of their importance, each with its atoms; ``sizes`` is how much each atom counts, more
    than nought. A sum of no atoms is nought, and shown: none at all is nobody.
    """
    amounts = {atoms: sum(sizes[each] for each in atoms) for _, atoms in sums}
    span = _Span(atoms for atoms, amount in amounts.items() if small(amount))
    let_in: dict[Atoms, bool] = {}
    for _, atoms in sums:
        if atoms not in let_in:
            let_in[atoms] = not small(amounts[atoms]) and span.admits(atoms)
    return {key: amounts[atoms] if let_in[atoms] else None for key, atoms in sums}


def alike(row: Mapping[Key, int | None]) -> dict[Key, int | None]:
    """A row of a table in which nought looks like what is left out, if anything is.

    Without that, five hidden numbers that come to five would be known to be one each.
    """
    if None not in row.values():
        return dict(row)
    return {key: number or None for key, number in row.items()}


class _Span:
    """What follows from the sums that were let in, and what must not follow."""

    def __init__(self, secrets: Iterable[Atoms]) -> None:
        self._rows: dict[int, _Row] = {}  # by pivot
        self._order: dict[int, int] = {}
        self._secrets: list[_Row] = [dict.fromkeys(secret, 1) for secret in sorted(secrets, key=sorted)]
        self._with: dict[int, set[int]] = {}
        for number, secret in enumerate(self._secrets):
            for atom in secret:
                self._with.setdefault(atom, set()).add(number)

    def admits(self, atoms: Atoms) -> bool:
        """Let a sum in, unless a secret would follow from it; whether it is in."""
        row = self._reduced(dict.fromkeys(sorted(atoms), 1))
        if not row:
            return True  # it follows from what is in already
        pivot = min(row, key=lambda atom: (len(self._with.get(atom, ())), atom))
        scale = pow(row[pivot], -1, _PRIME)
        row = {atom: factor * scale % _PRIME for atom, factor in row.items()}
        touched = self._with.get(pivot, set())
        if any(_multiple(self._secrets[number], row, pivot) for number in touched):
            return False
        self._order[pivot] = len(self._order)
        self._rows[pivot] = row
        for number in tuple(touched):
            self._lessen(number, row, self._secrets[number][pivot])
        return True

    def _reduced(self, row: _Row) -> _Row:
        """What is left of a row without what follows from the rows that are in.

        A row that came later holds no earlier pivot, so one pass in the order in which they came is enough.
        """
        ahead = [(self._order[atom], atom) for atom in row if atom in self._order]
        heapq.heapify(ahead)
        while ahead:
            _, pivot = heapq.heappop(ahead)
            factor = row.get(pivot, 0)
            if not factor:
                continue
            for atom, each in self._rows[pivot].items():
                before = row.get(atom, 0)
                after = (before - factor * each) % _PRIME
                if after:
                    row[atom] = after
                    if not before and atom in self._order:
                        heapq.heappush(ahead, (self._order[atom], atom))
                else:
                    row.pop(atom, None)
        return row

    def _lessen(self, number: int, row: _Row, factor: int) -> None:
        """Take a row out of a secret, so that no pivot is left in it."""
        secret = self._secrets[number]
        for atom, each in row.items():
            after = (secret.get(atom, 0) - factor * each) % _PRIME
            if after:
                if atom not in secret:
                    self._with.setdefault(atom, set()).add(number)
                secret[atom] = after
            elif atom in secret:
                del secret[atom]
                self._with[atom].discard(number)


def _multiple(secret: _Row, row: _Row, pivot: int) -> bool:
    """Whether a secret is the row many times over, and so would follow from it."""
    if len(secret) != len(row):
        return False
    factor = secret[pivot]
    return all(secret.get(atom) == each * factor % _PRIME for atom, each in row.items())
