"""From publishing to a desk's cards: what the lanes deliver folds to one card for each real event, and parts again."""

from random import Random

import pytest

from consumers.cards import TieState
from consumers.feed import Delivery, Position, read_delivery
from consumers.folding import Cards
from deploy.cli.link import link_event
from producers.client import RawRecord
from schemas.codec import ORIGIN_HEADER
from schemas.events.control import LinkStatus
from schemas.validation import validate
from tests.orders import JARVA, MALMO, Body, correction, shooting
from tests.streams.engine.lanes import CODEC, Lanes, now_ms
from tests.streams.engine.test_orders import published_by

HERE, BESIDE, AWAY = (16.185, 58.587), (16.188, 58.587), (15.62, 58.41)
POLICE, OTHERS, ANALYST = f"{JARVA}/investigation", f"{MALMO}/investigation", f"{JARVA}/intelligence"


def got(lanes: Lanes, desk: str) -> list[Delivery]:
    """All that a desk got, as its feed reads it."""
    records = (each for each in lanes.written if each.topic.startswith("deliver.") and each.key == desk.encode())
    found = [
        read_delivery(CODEC, desk, record.value or b"", Position(0, number)) for number, record in enumerate(records)
    ]
    return [item for item in found if isinstance(item, Delivery)]


def grouped(lanes: Lanes, desk: str = ANALYST) -> list[set[str]]:
    """The cards of a desk by the ids of their reports."""
    return [{report.event_id for report in card.reports} for card in Cards(got(lanes, desk)).every()]


def two() -> tuple[Body, Body]:
    """One shooting as two units tell it of one area."""
    return shooting(HERE, areas=[JARVA]), shooting(BESIDE, areas=[JARVA])


def decide(lanes: Lanes, status: LinkStatus, one: Body, other: Body) -> None:
    """The analyst's word on two reports, published as the command does."""
    ends = one["event_id"], other["event_id"]
    body = link_event(status, ends, Cards(got(lanes, ANALYST)), desk=ANALYST, reason="Två skyttar på två gator.")
    event = validate("link_suggestion", body)
    assert not isinstance(event, tuple)
    value = CODEC.encode("link_suggestion", event.model_dump(mode="python"))
    lanes.publish(RawRecord(body["event_id"].encode(), value, ((ORIGIN_HEADER, ANALYST.encode()),)), now_ms())


@pytest.mark.parametrize("count", [1, 4])
def test_one_shooting_told_by_two_units_is_one_card_with_two_gradings(count: int) -> None:
    """Each desk's card is of what it got itself: who has one report has no hint of the other."""
    lanes, (one, other) = Lanes(count, linking=True), two()
    other["areas"] = [MALMO]
    published_by(lanes, (one, POLICE), (other, OTHERS))
    assert grouped(lanes) == [{one["event_id"]}]
    lanes, (one, other) = Lanes(count, linking=True), two()
    published_by(lanes, (one, POLICE), (other, OTHERS))
    assert grouped(lanes) == [{one["event_id"], other["event_id"]}]
    assert grouped(lanes, f"{MALMO}/intelligence") == []


def test_whatever_order_the_deliveries_are_read_in_the_cards_are_the_same() -> None:
    """Those that the lanes really made, revisions and a recall among them."""
    lanes, (one, other) = Lanes(3, linking=True), two()
    third = shooting(BESIDE, minutes=10, areas=[JARVA])
    published_by(lanes, (one, POLICE), (other, OTHERS), (third, OTHERS))
    again = shooting(HERE, areas=[JARVA], revision=2, supersedes=one["event_id"])
    again["payload"] |= {"incident_no": one["payload"]["incident_no"], "injured": 2}
    published_by(lanes, (again, POLICE), (correction(other), OTHERS))
    items = got(lanes, ANALYST)
    every = Cards(items).every()
    assert [{report.event_id for report in card.reports} for card in every] == [
        {again["event_id"], third["event_id"]},
        {other["event_id"]},
    ]
    for seed in range(20):
        Random(seed).shuffle(items)  # noqa: S311 - an order, not a secret
        assert Cards(items).every() == every


def test_a_person_parts_and_joins_for_everybody_who_has_both() -> None:
    """The word goes the way of any event, and reaches the desks that had the join."""
    lanes, (one, other) = Lanes(3, linking=True), two()
    published_by(lanes, (one, POLICE), (other, OTHERS))
    readers = [ANALYST, POLICE]
    assert [grouped(lanes, desk) for desk in readers] == [[{one["event_id"], other["event_id"]}]] * 2
    decide(lanes, LinkStatus.REJECTED, one, other)
    assert [len(grouped(lanes, desk)) for desk in readers] == [2, 2]
    (tie,) = Cards(got(lanes, POLICE)).card(one["event_id"]).links
    assert (tie.state, tie.word.by, tie.word.reason) == (TieState.PARTED, ANALYST, "Två skyttar på två gator.")
    decide(lanes, LinkStatus.CONFIRMED, one, other)
    assert [len(grouped(lanes, desk)) for desk in readers] == [1, 1]


def test_no_delivery_shows_another_grading_than_was_published() -> None:
    """Joining changes no report: each delivery's grading is its publisher's, and so is the card's."""
    lanes, (one, other) = Lanes(3, linking=True), two()
    one["grading"] = {"source": "A", "info": "1", "by": "officer-1", "at": one["reported_at"]}
    other["grading"] = {"source": "C", "info": "4", "by": "officer-2", "at": other["reported_at"]}
    published_by(lanes, (one, POLICE), (other, OTHERS))
    (card,) = Cards(got(lanes, ANALYST)).every()
    assert {report.event_id: report.grading for report in card.reports} == {
        one["event_id"]: "A1",
        other["event_id"]: "C4",
    }
