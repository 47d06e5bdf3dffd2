"""The demo tells what belongs together, and looks after it: claims on cards fail when they are not so."""

from typing import Any

import pytest

from consumers.folding import Cards
from deploy.demo.books import ACCEPTED, Books
from deploy.demo.claims import on_card
from deploy.demo.grouping import Grouping
from deploy.demo.story import Claim
from deploy.demo.telling import Teller
from schemas.gazetteer import load_gazetteer
from schemas.records import BUS_UNIT
from tests.consumers.carded import DESK, SOLNA_SURV, event_id, link, person, pointer, report

ECHO = [
    report(1, grading="A1"),
    report(2, by=SOLNA_SURV, grading=""),
    report(3),
    link(7, 1, 2, independent=True),
    link(8, 1, 3, relation="echo", same_origin=True),
    link(9, 2, 3, independent=True),
]
RELATED = [report(1), report(2), link(7, 1, 2, relation="related", features=["person"]), pointer(8, 1, "person")]


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ({"joined": ["1", "2", "3"], "sources": 2, "echoes": ["1", "3"]}, True),
        ({"joined": ["1", "2"]}, False),
        ({"joined": ["1", "2", "3"], "sources": 3}, False),
        ({"joined": ["1", "2", "3"], "echoes": ["1", "2"]}, False),
        ({"linked": ["1", "2"]}, False),
        ({"pointed": "1"}, False),
    ],
)
def test_a_claim_on_a_card_holds_only_when_all_of_it_is_so(claim: dict[str, Any], *, holds: bool) -> None:
    """Which reports, how many sources, which are echoes."""
    wanted = Claim.model_validate({"desks": [DESK], **claim})
    ids, echoes = [event_id(int(name)) for name in wanted.events], {event_id(int(name)) for name in wanted.echoes}
    assert (not list(on_card(wanted, Cards(ECHO), ids, echoes))) is holds


def test_a_link_and_a_pointer_are_looked_after() -> None:
    """On the card of the first event; of a desk that has nothing they are not so."""
    both = [event_id(1), event_id(2)]
    assert not list(on_card(Claim(linked=["a", "b"]), Cards(RELATED), both, set()))
    assert not list(on_card(Claim(pointed="a", kinds=["person"]), Cards(RELATED), both[:1], set()))
    assert list(on_card(Claim(pointed="a", kinds=["wallet"]), Cards(RELATED), both[:1], set()))
    assert list(on_card(Claim(linked=["a", "b"]), Cards(), both, set()))


def test_what_belongs_together_is_told_once_with_each_grading() -> None:
    """Three links of one card are one line; an echo is named as one."""
    grouping = Grouping("en", Teller("en", load_gazetteer()).desk)
    lines = [told.text for told in grouping.lines(ECHO[3:], {DESK: Cards(ECHO)})]
    assert len(lines) == 3
    assert lines[0].startswith("◆ SAME EVENT: 3 reports on one card")
    assert "investigation A1" in lines[0]
    assert "surveillance not graded" in lines[0]
    assert lines[1].startswith("  SAME ORIGIN")
    assert lines[2] == "  at least 2 are independent of each other"


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_links_splits_and_pointers_have_their_words(lang: str) -> None:
    """In both languages; a pointer tells nothing of the other end."""
    grouping = Grouping(lang, Teller(lang, load_gazetteer()).desk)
    told = [line.text for line in grouping.lines(RELATED[2:], {DESK: Cards(RELATED)})]
    assert len(told) == 2
    assert event_id(2) not in told[1]
    split = [report(1), report(2), link(7, 1, 2), person(8, 1, 2, "rejected")]
    assert len(list(grouping.lines(split[3:], {DESK: Cards(split)}))) == 1
    joint = [report(1), report(2), link(7, 1, 2, relation="joint_seizure")]
    assert len(list(grouping.lines(joint[2:], {DESK: Cards(joint)}))) == 1


def test_what_the_bus_publishes_itself_is_owed_and_is_no_publishers_record() -> None:
    """It is counted apart, so that published still is accepted, quarantined and duplicates."""
    books = Books()
    line = {
        "event_id": "e1",
        "event_type": "link_suggestion",
        "revision": 1,
        "outcome": "shared",
        "origin": {"unit": BUS_UNIT, "function": "coordination"},
        "accepted_from": "entities:0:3",
        "receivers": [{"desk": DESK, "view_group": "main"}],
        "withheld": [],
    }
    books.decide(line)
    books.decide(line | {"outcome": "linked", "receivers": [{"desk": SOLNA_SURV, "view_group": "main"}]})
    assert (books.ended(ACCEPTED), books.made["link_suggestion"], books.notices, len(books.owed)) == (0, 1, 2, 2)
