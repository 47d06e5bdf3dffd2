"""Small numbers: what is left out with them, so that nobody can work one out."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.small_numbers import small, suppressed
from schemas.suppression import Numbers, Of, fixed, left_out, sums_of

#: As good as numbers without end, for sums of ones.
PRIME = 2**61 - 1
SUBSTANCES = ("heroin", "cocaine", "mdma")
LOCAL = ("se.syd.malmo.hyllie", "se.syd.malmo.fosie", "se.syd.malmo.husie")
AREAS = ("se.syd", "se.syd.malmo", *LOCAL, "se.syd.blekinge")


def table(leaves: dict[tuple[str, str], int]) -> dict[Of, int | None]:
    """The numbers of a measure in areas and areas around them, with the sums."""
    found: dict[Of, int | None] = {}
    for (area, substance), number in leaves.items():
        for around in AREAS:
            if area == around or area.startswith(f"{around}."):
                for what in (substance, None):
                    of = "seizures", around, what
                    found[of] = (found.get(of) or 0) + number
    return {of: number for of, number in found.items() if number}


def figures(numbers: Numbers) -> list[dict[str, Any]]:
    """The numbers as figures of a picture."""
    return [
        {"measure": measure, "area": area, "substance_id": substance, "count": number, "earlier_count": None}
        for (measure, area, substance), number in numbers.items()
    ]


def told(numbers: Numbers, hidden: set[Of]) -> set[Of]:
    """The hidden numbers that follow from the shown ones: the rows with one number left, when all sums are solved."""
    unknown = sorted(hidden, key=str)
    left = [[((of == total) - parts.count(of)) % PRIME for of in unknown] for total, parts in sums_of(numbers)]
    solved: list[list[int]] = []
    for column in range(len(unknown)):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        inverse = pow(pivot[column], -1, PRIME)
        pivot = [value * inverse % PRIME for value in pivot]
        for row in (*left, *solved):
            if factor := row[column]:
                row[:] = [(value - factor * other) % PRIME for value, other in zip(row, pivot, strict=True)]
        solved.append(pivot)
    alone = [[at for at, value in enumerate(row) if value] for row in solved]
    return {unknown[places[0]] for places in alone if len(places) == 1}


_LEAVES = st.dictionaries(
    st.tuples(st.sampled_from([*LOCAL, "se.syd.blekinge"]), st.sampled_from(SUBSTANCES)),
    st.sampled_from([0, 1, 1, 2, 4, 5, 7, 30]),
    min_size=1,
)


@settings(max_examples=300, deadline=None)
@given(_LEAVES)
def test_no_small_number_follows_from_what_is_shown(leaves: dict[tuple[str, str], int]) -> None:
    """Neither over areas, nor over substances, nor over both together."""
    numbers = table(leaves)
    hidden = left_out(numbers)
    assert {of for of, number in numbers.items() if small(number)} <= hidden
    assert told(numbers, hidden) == set()
    for total, parts in sums_of(numbers):
        inside = [part for part in parts if part in hidden]
        if inside and total not in hidden:
            rest = (numbers[total] or 0) - sum(numbers[part] or 0 for part in parts if part not in hidden)
            assert rest != len(inside), "hidden parts that are seen to be all one"


@settings(max_examples=300, deadline=None)
@given(_LEAVES, st.data())
def test_what_follows_is_worked_out_over_bits_as_over_numbers(
    leaves: dict[tuple[str, str], int], data: st.DataObject
) -> None:
    """Whatever is hidden: the sums of such tables have the same rank over any field."""
    numbers = table(leaves)
    hidden = data.draw(st.sets(st.sampled_from(sorted(numbers, key=str)))) if numbers else set()
    assert fixed(sums_of(numbers), sorted(hidden, key=str)) == told(numbers, hidden)


@given(_LEAVES)
def test_what_need_not_be_hidden_is_shown(leaves: dict[tuple[str, str], int]) -> None:
    """Nothing is left out of a table without small numbers."""
    numbers = {of: (number or 0) * 5 for of, number in table(leaves).items()}
    assert left_out(numbers) == set()


def counts(*numbers: tuple[str, str | None, int], measure: str = "alerts") -> list[int | None]:
    """The counts of figures as partners see them."""
    told = suppressed(figures({(measure, area, substance): number for area, substance, number in numbers}))
    return [each["count"] for each in told]


def test_a_substance_is_not_told_by_the_others_and_the_total() -> None:
    """Seven alerts in all, six of one substance: the other's number would be one; so both go."""
    assert counts(("se", None, 7), ("se", "fentanyl", 6), ("se", "nitazene", 1)) == [7, None, None]
    assert counts(("se", None, 10), ("se", "cocaine", 7), ("se", "heroin", 3), measure="seizures") == [10, None, None]
    assert counts(("se", None, 1), ("se", "nitazene", 1)) == [None, None]
    assert counts(("se", None, 9), ("se", "nitazene", 1)) == [None, None], "the others may be of no known substance"


def test_what_one_sum_hides_the_other_does_not_tell() -> None:
    """A substance of an area that went with another is not told by that substance's other areas."""
    rows = list(product(("se.syd", "se.syd.malmo", "se.syd.blekinge"), (None, "cocaine", "heroin")))
    seen = dict(
        zip(
            rows,
            counts(
                *((*of, number) for of, number in zip(rows, (40, 25, 15, 22, 20, 2, 18, 5, 13), strict=True)),
                measure="seizures",
            ),
            strict=True,
        )
    )
    assert seen["se.syd.malmo", "heroin"] is None
    assert [seen[area, "heroin"] for area in ("se.syd", "se.syd.blekinge")].count(None) == 1
    assert [seen["se.syd.malmo", what] for what in (None, "cocaine")].count(None) == 1
    assert seen["se.syd.blekinge", "cocaine"] is None


def test_two_hidden_parts_that_can_only_be_one_each_are_no_hiding_place() -> None:
    """Two of a total of seven are left when five are shown: each is one, unless a third is hidden with them."""
    assert counts(("se", None, 7), ("se", "a", 5), ("se", "b", 1), ("se", "c", 1)) == [7, None, None, None]
    assert counts(("se", None, 12), ("se", "a", 5), ("se", "b", 4), ("se", "c", 3)) == [12, 5, None, None]


@pytest.mark.parametrize("course", [[6, 0, 7], [6, 2, 5]])
def test_a_course_with_a_small_number_is_left_out(course: list[int]) -> None:
    """The number of the window may be shown, those of its hours only if none of them is small; so with masses."""
    seizures = {"measure": "seizures", "area": "se", "substance_id": "heroin", "count": 13, "counts": course}
    mass = {"measure": "mass", "area": "se", "substance_id": "heroin", "mass_g": 20.0, "masses_g": [9.0, 1.0, 10.0]}
    shown = suppressed([seizures, mass])
    assert [shown[0]["count"], shown[1]["mass_g"]] == [13, 20.0]
    kept = 2 not in course
    assert [bool(shown[0]["counts"]), bool(shown[1]["masses_g"])] == [kept, kept]


def test_what_was_left_out_before_stays_so() -> None:
    """A table that was hidden once is hidden alike again."""
    once = suppressed(figures(table({(LOCAL[0], "heroin"): 3, (LOCAL[1], "heroin"): 8, (LOCAL[1], "mdma"): 9})))
    assert suppressed(once) == once
