"""A view made again from its names: never wider than it was, and the same wherever the names tell it whole."""

from itertools import combinations

import pytest

from schemas.catalogue import EVENT_TYPES
from streams.core.share.views import LIMITED, RELEASED, combine, narrowed
from tests.streams.core.share.packs import PACK


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_no_view_comes_back_wider(event_type: str) -> None:
    """Of every one, two or three clauses of the pack's rules."""
    lenses = {clause.lens for allow in PACK.plans[event_type].allows for clause in allow.clauses}
    some = sorted(lenses, key=lambda lens: (lens.names, lens.transforms, sorted(lens.fields)))
    for size in (1, 2, 3):
        for chosen in list(combinations(some, size))[:400]:
            view = combine(event_type, chosen)
            again = PACK.views.again(view.names, event_type)
            assert again is not None
            assert again.fields <= view.fields
            assert (again.names, again.delay) == (view.names, view.delay)
            assert again.changes == view.changes
            assert again.person_free is view.person_free


def test_a_view_that_shows_no_more_than_its_names_say_comes_back_whole() -> None:
    """And the same object each time, so that many receivers share it."""
    view = combine("drug_seizure", [PACK.views.lens(PACK.rules["S01"], PACK.rules["S01"].share[0], "drug_seizure")])
    again = PACK.views.again(view.names, "drug_seizure")
    assert again is not None
    assert again.fields == view.fields
    assert PACK.views.again(view.names, "drug_seizure") is again


@pytest.mark.parametrize("by", [RELEASED, LIMITED])
def test_what_an_order_showed_and_what_no_pack_knows_do_not_come_back(by: str) -> None:
    """The names do not say which fields were released or allowed, nor what a view was that is gone."""
    view = PACK.views.again(("type.drug_seizure",), "drug_seizure")
    assert view is not None
    assert PACK.views.again(narrowed(view, [frozenset({"areas"})], by).names, "drug_seizure") is None
    assert PACK.views.again(("type.drug_seizure", "view_of_last_year"), "drug_seizure") is None
    assert by not in PACK.views.names


def test_the_publishers_own_view_comes_back_as_the_type_view() -> None:
    """Another function of its unit may have written the new revision, with sealed fields of its own."""
    again = PACK.views.again(("own",), "intelligence_report")
    assert again is not None
    assert again.fields == PACK.views.of_type["intelligence_report"]
