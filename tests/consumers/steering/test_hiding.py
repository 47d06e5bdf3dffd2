"""No small number follows from what is shown: held against a second, slower solver, over random overlapping sums."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.steering.hiding import Atoms, alike, shown
from schemas.suppression import small


def solves(rows: list[Atoms], wanted: Atoms, atoms: int) -> bool:
    """Whether a sum follows from others by adding and subtracting: Gauss over fractions, written plainly."""
    matrix = [[Fraction(atom in row) for atom in range(atoms)] for row in rows]
    target = [Fraction(atom in wanted) for atom in range(atoms)]
    at = 0
    for column in range(atoms):
        pivot = next((row for row in range(at, len(matrix)) if matrix[row][column]), None)
        if pivot is None:
            continue
        matrix[at], matrix[pivot] = matrix[pivot], matrix[at]
        for row in [*matrix[at + 1 :], target]:
            factor = row[column] / matrix[at][column]
            row[:] = [mine - factor * its for mine, its in zip(row, matrix[at], strict=True)]
        at += 1
    return not any(target)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[tuple[int, Atoms]], dict[int, int]]:
    """Some atoms with sizes, and sums of any of them, numbered by importance."""
    count = draw(st.integers(1, 9))
    sizes = {atom: draw(st.integers(1, 12)) for atom in range(count)}
    some = st.frozensets(st.integers(0, count - 1))
    return list(enumerate(draw(st.lists(some, min_size=1, max_size=14)))), sizes


@settings(max_examples=400)
@given(tables())
def test_nothing_small_follows_from_what_is_shown(made: tuple[list[tuple[int, Atoms]], dict[int, int]]) -> None:
    """Of whatever sums a report shows, for whoever knows which atoms there are."""
    sums, sizes = made
    numbers = shown(sums, sizes)
    seen = [atoms for key, atoms in sums if numbers[key] is not None]
    for key, atoms in sums:
        amount = sum(sizes[atom] for atom in atoms)
        assert numbers[key] in (amount, None)
        if small(amount):
            assert not solves(seen, atoms, len(sizes))


@settings(max_examples=200)
@given(tables())
def test_nothing_is_left_out_for_nothing(made: tuple[list[tuple[int, Atoms]], dict[int, int]]) -> None:
    """What is not small is left out only when a small one would follow from it and from what is shown."""
    sums, sizes = made
    numbers = shown(sums, sizes)
    seen = [atoms for key, atoms in sums if numbers[key] is not None]
    secrets = [atoms for _, atoms in sums if small(sum(sizes[atom] for atom in atoms))]
    for key, atoms in sums:
        if numbers[key] is None and atoms not in secrets:
            assert any(solves([*seen, atoms], secret, len(sizes)) for secret in secrets)


def test_a_small_area_takes_another_with_it() -> None:
    """A total and its three areas: one small, one goes with it, the largest that can stay stays."""
    sums = [("all", frozenset({0, 1, 2})), ("a", frozenset({0})), ("b", frozenset({1})), ("c", frozenset({2}))]
    assert shown(sums, {0: 10, 1: 7, 2: 3}) == {"all": 20, "a": 10, "b": None, "c": None}


def test_a_part_that_another_contains_is_not_told_by_it() -> None:
    """Two parts share a rule; the second has another rule as well, whose three matters would be the difference."""
    whole, shared, rest = frozenset({0, 1}), frozenset({0}), frozenset({1})
    sums = [("both rules", whole), ("one rule", shared), ("other rule", rest)]
    assert shown(sums, {0: 10, 1: 3}) == {"both rules": 13, "one rule": None, "other rule": None}


def test_what_a_factor_of_two_tells_is_seen() -> None:
    """Three overlapping sums give twice a number: calculating over bits alone would miss it."""
    sums = [("ab", frozenset({0, 1})), ("bc", frozenset({1, 2})), ("ac", frozenset({0, 2})), ("b", frozenset({1}))]
    assert shown(sums, {0: 9, 1: 2, 2: 8})["ac"] is None


def test_nought_looks_like_what_is_left_out_beside_it() -> None:
    """In a row without anything left out, nought is nought."""
    assert alike({"a": None, "b": 0, "c": 7}) == {"a": None, "b": None, "c": 7}
    assert alike({"a": 0, "c": 7}) == {"a": 0, "c": 7}
