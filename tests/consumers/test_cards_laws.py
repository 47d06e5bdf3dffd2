"""Laws of cards, over many made-up feeds: order does not matter, a split undoes its join, no grade is ever changed."""

from dataclasses import replace
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.cards import Card
from consumers.feed import Delivery
from consumers.folding import Cards
from consumers.tellings import grade_of
from tests.consumers.carded import DESK, JARVA_INV, SOLNA_SURV, event_id, link, order, person, pointer, report

REPORTS = range(1, 7)
GRADES = st.sampled_from(["", "A1", "B2", "C3", "X4"])
UNITS = st.sampled_from([JARVA_INV, SOLNA_SURV])


@st.composite
def feeds(draw: st.DrawFn) -> list[Delivery]:
    """Reports, revisions, links, decisions, recalls and pointers on a few events, none of them twice."""
    made, number = [], 20
    for each in REPORTS:
        if not draw(st.booleans()):
            continue
        roots = draw(st.lists(st.sampled_from([*REPORTS]), min_size=1, max_size=2))
        said = {"by": draw(UNITS), "roots": roots}
        made.append(report(each, grading=draw(GRADES), **said))
        if draw(st.booleans()):
            made.append(report(each, grading=draw(GRADES), view_group="S15", **said))
        if draw(st.booleans()):
            made.append(report(each + 10, grading=draw(GRADES), revision=2, supersedes=each, **said))
    pairs = list(combinations([*REPORTS, 11, 12], 2))
    for one, other in draw(st.lists(st.sampled_from(pairs), max_size=8)):
        number += 1
        relation = draw(st.sampled_from(["duplicate", "duplicate", "echo", "joint_seizure", "related"]))
        said_of = {"relation": relation, "same_origin": draw(st.booleans()), "minute": draw(st.integers(0, 9))}
        status = draw(st.sampled_from(["suggested", "suggested", "suggested", "confirmed", "rejected"]))
        by = draw(st.sampled_from(["bus", "bus", DESK]))
        independent = not said_of["same_origin"] and draw(st.booleans())
        maker = {"by": DESK} if by == DESK else {"revision": draw(st.integers(1, 4))}
        made.append(link(number, one, other, status=status, independent=independent, **said_of, **maker))
    for target in draw(st.lists(st.sampled_from([*REPORTS, 21, 22]), max_size=2, unique=True)):
        number += 1
        made.append(order(number, target, action=draw(st.sampled_from(["recall", "correct", "restrict"]))))
    if draw(st.booleans()):
        made.append(pointer(number + 1, draw(st.sampled_from(REPORTS)), "vehicle"))
    return made


def told(cards: Cards) -> list[Card]:
    """Every card, and that of each event that was only named."""
    return [*cards.every(), *(cards.card(event_id(number)) for number in range(1, 30))]


@settings(deadline=None, max_examples=300)
@given(feed=feeds(), shuffled=st.randoms(use_true_random=False))
def test_any_order_of_the_same_records_gives_the_same_cards(feed: list[Delivery], shuffled: Random) -> None:
    """Also when some come twice."""
    other = list(feed)
    shuffled.shuffle(other)
    assert told(Cards(feed)) == told(Cards([*other, *feed[:3]]))


@settings(deadline=None, max_examples=200)
@given(feed=feeds())
def test_every_report_is_on_one_card(feed: list[Delivery]) -> None:
    """And every revision of it in one report; whichever of a card's events is asked for gives that card."""
    cards = Cards(feed)
    every = [each for card in cards.every() for report in card.reports for each in report.every_id]
    assert sorted(every) == sorted({item.meta.event_id for item in feed if item.meta.event_type == "violence_incident"})
    for card in cards.every():
        names = [*card.unread, *(each for report in card.reports for each in report.every_id)]
        assert {cards.card(name).card_id for name in names} == {card.card_id}


@settings(deadline=None, max_examples=300)
@given(feed=feeds())
def test_no_grading_on_a_card_differs_from_the_reports_own(feed: list[Delivery]) -> None:
    """Whatever joins it, however many say the same: what stands there was published with it, or nothing does."""
    published: dict[str, set[str]] = {}
    for item in feed:
        published.setdefault(item.meta.event_id, {""}).add(grade_of(item.event))
    for card in Cards(feed).every():
        for each in card.reports:
            assert each.grading in published[each.event_id]
            assert all(former.grading in published[former.event_id] for former in each.former)
            assert all(view in feed for view in each.views)


@settings(deadline=None, max_examples=300)
@given(feed=feeds(), pair=st.sampled_from(list(combinations(REPORTS, 2))))
def test_a_split_undoes_a_join_exactly(feed: list[Delivery], pair: tuple[int, int]) -> None:
    """A pair that somebody joined and parted again leaves every card as it was, but for the history of the pair."""
    one, other = pair
    untouched = [item for item in feed if item.meta.event_type != "link_suggestion" or not _names(item, pair)]
    before = Cards(untouched)
    after = Cards([*untouched, link(90, one, other), person(91, one, other, "rejected")])
    assert list(before.every()) == [_without(card) for card in after.every()]


@settings(deadline=None, max_examples=300)
@given(feed=feeds())
def test_no_more_sources_than_origins_on_a_card(feed: list[Delivery]) -> None:
    """Reports of one origin count once, so an echo never adds a source."""
    for card in Cards(feed).every():
        echoes = sum(len(each) - 1 for each in card.same_origin)
        assert 1 <= card.sources <= len(card.reports) + len(card.unread) - echoes


def _names(item: Delivery, pair: tuple[int, int]) -> bool:
    """Whether a link is on the pair, or on any revisions of the two."""
    ends = {item.event["payload"]["a_id"], item.event["payload"]["b_id"]}
    mine = [{event_id(number), event_id(number + 10)} for number in pair]
    return all(ends & each for each in mine)


def _without(card: Card) -> Card:
    """A card without what was said by the link that joined and was parted."""
    return replace(card, links=tuple(tie for tie in card.links if all(w.link_id != event_id(90) for w in tie.words)))
