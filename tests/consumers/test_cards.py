"""One card for each real event: what joins and parts reports, what revisions and recalls do, who confirms whom."""

import pytest

from consumers.cards import Card, Standing, TieState
from consumers.feed import Delivery
from consumers.folding import Cards, about
from tests.consumers.carded import DESK, SOLNA_SURV, event_id, link, order, person, pointer, report


def numbers(card: Card) -> list[int]:
    """The reports of a card by number."""
    return [int(each.event_id[-12:], 16) for each in card.reports]


def grouped(cards: Cards) -> list[list[int]]:
    """All cards by the numbers of their reports."""
    return [numbers(card) for card in cards.every()]


# Joins


@pytest.mark.parametrize("relation", ["duplicate", "echo"])
def test_reports_of_one_event_are_one_card_with_each_its_own_grading(relation: str) -> None:
    """Both origins stay to be seen, and the better grading lifts nothing."""
    cards = Cards([report(1, grading="A1"), report(2, by=SOLNA_SURV, grading="C4"), link(9, 1, 2, relation=relation)])
    (card,) = cards.every()
    assert [(each.origin, each.grading) for each in card.reports] == [
        ("se.stockholm.stockholm-nord.jarva/investigation", "A1"),
        (SOLNA_SURV, "C4"),
    ]
    assert [tie.state for tie in card.joins] == [TieState.JOINED]
    assert card.card_id == event_id(1)


def updated(*more: Delivery) -> Cards:
    """An alert, its update by the same unit, the update's update, and what else was told."""
    alerts = [report(number, event_type="substance_alert", minute=number) for number in (1, 2, 3)]
    found = ["substance", "time", "update"]
    return Cards([*alerts, link(11, 1, 2, features=found), link(12, 2, 3, features=found), *more])


def test_an_alerts_update_takes_its_place_and_the_former_stays_in_the_history() -> None:
    """Clarification 48: one report, of the last writing, and the two before among what it replaced."""
    (card,) = updated().every()
    assert numbers(card) == [3]
    assert [int(each.event_id[-12:], 16) for each in card.reports[0].former] == [1, 2]
    assert (card.sources, card.same_origin, card.card_id) == (1, (), event_id(1))
    assert [updated().card(event_id(number)) for number in (1, 2)] == [card, card]


def test_another_units_alert_is_a_report_beside_it_and_confirms_it_once() -> None:
    """However often one of the two updates its own."""
    other = report(4, by=SOLNA_SURV, event_type="substance_alert", minute=4)
    ties = [link(20 + number, number, 4, features=["substance", "time"], independent=True) for number in (1, 2, 3)]
    (card,) = updated(other, *ties).every()
    assert (numbers(card), card.sources) == ([3, 4], 2)


def test_an_update_that_was_parted_or_recalled_replaces_nothing() -> None:
    """The former stands again; and nobody but the bus says that one report updates another."""
    assert grouped(updated(person(31, 2, 3, "rejected"))) == [[2], [3]]
    assert grouped(updated(order(32, 3))) == [[2], [3]]
    said = [report(1), report(2, minute=2), link(9, 1, 2, by=SOLNA_SURV, features=["update"])]
    assert grouped(Cards(said)) == [[1, 2]]
    foreign = [report(1), report(2, by=SOLNA_SURV, minute=2), link(9, 1, 2, features=["update"])]
    assert grouped(Cards(foreign)) == [[1, 2]]


@pytest.mark.parametrize("relation", ["related", "displacement"])
def test_what_is_only_related_stays_two_cards_with_a_link(relation: str) -> None:
    """Each card lists the link; confirming it does not make one event of two."""
    cards = Cards([report(1), report(2), link(8, 1, 2, relation=relation)])
    assert grouped(cards) == [[1], [2]]
    assert [[tie.state for tie in card.links] for card in cards.every()] == [[TieState.LINKED], [TieState.LINKED]]
    cards.add(person(9, 1, 2, "confirmed", relation=relation))
    assert grouped(cards) == [[1], [2]]


def test_a_joint_seizure_waits_for_a_person() -> None:
    """Suggested by the bus it is two; confirmed by somebody one; the bus itself cannot confirm it."""
    cards = Cards([report(1), report(2), link(7, 1, 2, relation="joint_seizure")])
    assert [[tie.state for tie in card.links] for card in cards.every()] == [[TieState.SUGGESTED]] * 2
    cards.add(link(8, 1, 2, relation="joint_seizure", status="confirmed", minute=5))
    assert grouped(cards) == [[1], [2]]
    cards.add(person(9, 1, 2, "confirmed", relation="joint_seizure"))
    assert grouped(cards) == [[1, 2]]


def test_a_card_is_all_that_joins_lead_to_and_nothing_else() -> None:
    """Three in a row are one card; the fourth has only something in common with them."""
    made = [*map(report, range(1, 5)), link(11, 1, 2), link(12, 2, 3), link(13, 3, 4, relation="related")]
    assert grouped(Cards(made)) == [[1, 2, 3], [4]]


def test_a_report_that_was_not_read_is_named_and_not_made_up() -> None:
    """It came before the start of what was read; what it joins is still one card."""
    (card,) = Cards([report(2), report(3), link(8, 1, 2), link(9, 1, 3)]).every()
    assert (numbers(card), card.unread, card.card_id) == ([2, 3], (event_id(1),), event_id(1))
    assert Cards([link(8, 1, 2)]).every() == ()


# Splits


def test_a_person_parts_what_the_bus_joined_and_the_bus_does_not_join_it_again() -> None:
    """The latest decision of a person holds; what was said stays in the history."""
    cards = Cards([report(1), report(2), link(7, 1, 2), person(8, 1, 2, "rejected")])
    cards.add(link(9, 1, 2, revision=3, minute=30, features=["plate"]))
    first, second = cards.every()
    assert (numbers(first), numbers(second)) == ([1], [2])
    (tie,) = first.links
    assert (tie.state, tie.word.by, len(tie.words)) == (TieState.PARTED, DESK, 3)
    cards.add(person(10, 1, 2, "confirmed", minute=40))
    assert grouped(cards) == [[1, 2]]


def test_a_units_mere_suggestion_parts_nothing() -> None:
    """Only a decision goes before what the bus found."""
    made = [report(1), report(2), link(7, 1, 2), person(8, 1, 2, "suggested", relation="related")]
    assert grouped(Cards(made)) == [[1, 2]]


def test_a_revision_that_no_longer_matches_parts_by_the_bus() -> None:
    """The bus takes its own word back; a later revision may match again."""
    cards = Cards([report(1), report(2), link(7, 1, 2, minute=2), report(3, revision=2, supersedes=1, minute=3)])
    assert grouped(cards) == [[3, 2]]
    cards.add(link(8, 1, 2, status="rejected", revision=2, minute=2))
    assert grouped(cards) == [[3], [2]]
    cards.add(report(4, revision=3, supersedes=3, minute=4))
    cards.add(link(9, 4, 2, revision=5, minute=2))
    assert grouped(cards) == [[4, 2]]


def test_the_buss_word_on_the_later_revision_holds_whichever_lane_said_it_first() -> None:
    """Another lane found the new revision's match before this one took back the former's."""
    made = [report(1), report(2), report(3, revision=2, supersedes=1)]
    made += [link(7, 1, 2), link(8, 3, 2, revision=3), link(9, 1, 2, status="rejected", revision=2, minute=30)]
    assert grouped(Cards(made)) == [[3, 2]]


def test_two_that_were_parted_stay_on_one_card_by_way_of_a_third_and_that_is_told() -> None:
    """The card's links name the parted pair, so that somebody can see which join is left to part."""
    made = [report(1), report(2), report(3), link(6, 1, 2), link(7, 2, 3), link(8, 1, 3), person(9, 1, 2, "rejected")]
    (card,) = Cards(made).every()
    assert numbers(card) == [1, 2, 3]
    assert [(tie.one, tie.other, tie.state) for tie in card.links] == [(event_id(1), event_id(2), TieState.PARTED)]


# Revisions, recalls


def test_a_revision_replaces_in_the_card_and_the_former_stays_in_the_history() -> None:
    """With the grading that each had; links on the former hold for the report."""
    made = [report(1, grading=""), report(2, grading="B2", revision=2, supersedes=1), report(3), link(9, 1, 3)]
    (card,) = Cards(made).every()
    revised = card.reports[0]
    assert (revised.event_id, revised.grading, revised.every_id) == (event_id(2), "B2", (event_id(1), event_id(2)))
    assert [(each.event_id, each.grading) for each in revised.former] == [(event_id(1), "")]
    assert numbers(card) == [2, 3]


def test_nobody_replaces_another_units_report() -> None:
    """An event that claims so is a report of its own."""
    assert grouped(Cards([report(1), report(2, by=SOLNA_SURV, revision=2, supersedes=1)])) == [[1], [2]]
    both = [report(2, revision=2, supersedes=1), report(3, by=SOLNA_SURV, revision=2, supersedes=1), link(9, 1, 4)]
    assert grouped(Cards([*both, report(4)])) == [[2, 4], [3]]


@pytest.mark.parametrize("action", ["recall", "erase", "restrict"])
def test_what_was_withdrawn_shows_no_content_and_joins_nothing(action: str) -> None:
    """The others that it alone joined are told apart again."""
    made = [report(1), report(2), report(3), link(7, 1, 2), link(8, 2, 3), order(9, 2, action=action)]
    cards = Cards(made)
    assert grouped(cards) == [[1], [2], [3]]
    withdrawn = cards.card(event_id(2)).reports[0]
    assert (withdrawn.standing.withdrawn, withdrawn.views, withdrawn.grading) == (True, (), "")
    assert [tie.state for tie in cards.card(event_id(1)).links] == [TieState.VOID]


def test_a_correction_marks_the_report_until_its_new_revision_comes() -> None:
    """The content stays, with the mark."""
    cards = Cards([report(1), order(2, 1, action="correct")])
    assert cards.card(event_id(1)).reports[0].standing is Standing.CORRECTED
    cards.add(report(3, revision=2, supersedes=1))
    revised = cards.card(event_id(1)).reports[0]
    assert (revised.standing, revised.former[0].standing) == (Standing.STANDS, Standing.CORRECTED)


def test_an_order_that_the_bus_did_not_follow_withdraws_nothing() -> None:
    """A desk has its own order back; over another unit's report it has no power."""
    own = order(2, 1, by="se.syd/intelligence", view_group="main")
    assert Cards([report(1), own]).card(event_id(1)).reports[0].standing is Standing.STANDS
    above = order(2, 1, by="se.stockholm/intelligence", view_group="main")
    assert Cards([report(1), above]).card(event_id(1)).reports[0].standing is Standing.RECALLED


def test_a_recalled_link_says_nothing() -> None:
    """As if it had never been found."""
    cards = Cards([report(1), report(2), link(7, 1, 2), order(9, 7)])
    assert grouped(cards) == [[1], [2]]
    assert cards.card(event_id(1)).links == ()


# Origins


def test_only_reports_of_different_origin_confirm_each_other() -> None:
    """An echo adds a report and no source; where nothing tells, nothing is confirmed."""
    made = [report(1), report(2), report(3), report(4)]
    made += [link(11, 1, 2, same_origin=True, relation="echo"), link(12, 1, 3, independent=True)]
    made += [link(13, 2, 3), link(14, 3, 4)]
    (card,) = Cards(made).every()
    assert card.sources == 2
    assert card.same_origin == ((event_id(1), event_id(2)),)


def test_three_count_as_three_only_when_each_is_apart_from_each() -> None:
    """Two that are apart from a third may still be one source between them."""
    made = [report(1), report(2), report(3), link(7, 1, 2, independent=True), link(8, 1, 3, independent=True)]
    assert Cards([*made, link(9, 2, 3)]).card(event_id(1)).sources == 2
    assert Cards([*made, link(9, 2, 3, independent=True)]).card(event_id(1)).sources == 3


def test_a_shared_root_that_the_views_show_is_one_origin_whatever_a_link_says() -> None:
    """Roots that overlap in part are not disjoint."""
    made = [report(1, roots=[1, 50]), report(2, roots=[50, 51]), link(7, 1, 2, independent=True)]
    card = Cards(made).card(event_id(1))
    assert (card.sources, card.same_origin) == (1, ((event_id(1), event_id(2)),))


def test_a_person_who_confirms_the_event_does_not_confirm_the_sources() -> None:
    """What the bus says of the origins stays."""
    made = [report(1), report(2), link(7, 1, 2, same_origin=True), person(8, 1, 2, "confirmed", independent=True)]
    assert Cards(made).card(event_id(1)).sources == 1


# Views, pointers, letting go


def test_the_views_of_one_revision_are_one_report() -> None:
    """A rule that makes a delivery of its own adds a view; the grading is shown by whichever view has it."""
    made = [report(1, view_group="S15", grading="", marks=["UNCONFIRMED"]), report(1, grading="B2")]
    (card,) = Cards(made).every()
    assert [each.meta.view_group for each in card.reports[0].views] == ["main", "S15"]
    assert (card.reports[0].grading, card.reports[0].marks) == ("B2", ("UNCONFIRMED",))


def test_a_pointer_stands_on_the_card_of_the_desks_own_event() -> None:
    """Through revisions, too."""
    cards = Cards([report(1), report(2, revision=2, supersedes=1), pointer(9, 1, "vehicle", "person")])
    (found,) = cards.card(event_id(2)).reports[0].pointers
    assert (found.kinds, found.contact) == (("vehicle", "person"), "se/coordination")


def test_a_delivery_says_which_events_it_is_about() -> None:
    """So that a reader knows which cards it changes."""
    assert about(report(1)) == (event_id(1),)
    assert about(link(9, 1, 2)) == (event_id(1), event_id(2))
    assert about(order(9, 1)) == about(pointer(9, 1, "wallet")) == (event_id(1),)


def test_letting_go_of_the_old_gives_the_cards_of_the_rest() -> None:
    """As if it had never been read."""
    made = [report(1), report(2, minute=30), report(3, minute=31), link(7, 1, 2, minute=30), link(8, 2, 3, minute=31)]
    kept = Cards(made).since(report(2, minute=30).meta.published_at)
    assert kept.every() == Cards(made[1:]).every()
    assert len(kept) == 4
