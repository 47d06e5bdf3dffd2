"""What people and programs are told beside a delivery: joins, splits, links, recalls and pointers."""

import pytest

from consumers.feed import Delivery
from consumers.folding import Cards
from deploy.cli.card import CardMaker
from deploy.cli.card_group import GroupTeller
from deploy.cli.card_json import card_json
from deploy.cli.card_words import SAYS
from schemas.gazetteer import load_gazetteer
from schemas.substances import load_substances
from tests.consumers.carded import DESK, SOLNA_SURV, event_id, link, order, person, pointer, report


def told(*items: Delivery, lang: str = "en") -> list[str]:
    """What stands beside the last of some deliveries."""
    cards = Cards(items)
    maker = CardMaker(lang, load_gazetteer(), load_substances())
    return [line.plain for line in GroupTeller(lang, DESK, maker.desk_name).beside(items[-1], cards)]


def test_a_join_is_told_with_every_report_and_its_own_grading() -> None:
    """Who published it, what it is worth by its own publisher, on what the bus joined them, and how to part them."""
    lines = told(report(1, grading="A1"), report(2, by=SOLNA_SURV, grading=""), link(9, 1, 2, independent=True))
    assert lines[0] == "SAME EVENT in 2 reports · at least 2 independent of each other"
    assert "Järva / investigation · grading A1" in lines[1]
    assert "Solna / surveillance · not graded" in lines[2]
    assert lines[3] == "  Found by the bus (–) on kind, place, time · 0.97"
    assert lines[4] == f"  Not the same? sambus link split {event_id(1)} {event_id(2)} --as {DESK} --reason …"


def test_one_more_link_within_a_card_does_not_list_its_reports_again() -> None:
    """Three reports have three links between them; the third says nothing new of the card."""
    items = [report(1), report(2), report(3), link(7, 1, 2), link(8, 2, 3), link(9, 1, 3)]
    teller, cards = GroupTeller("en", DESK, lambda desk: desk), Cards(items[:3])
    counts = []
    for item in items[3:]:
        cards.add(item)
        counts.append(len(list(teller.beside(item, cards))))
    assert counts == [5, 7, 2]


def test_an_echo_says_same_origin() -> None:
    """On the card and at each report, so that nobody counts it twice."""
    lines = told(report(1), report(2), link(9, 1, 2, relation="echo", same_origin=True))
    assert lines[0] == "SAME EVENT in 2 reports · SAME ORIGIN, they do not confirm each other"
    assert all("SAME ORIGIN" in line for line in lines[1:3])
    assert told(report(1), report(2), link(9, 1, 2))[0].endswith("whether they are independent is not known")


def test_a_report_that_comes_later_shows_its_card_at_once() -> None:
    """The link may come before the second report: then the report tells of it."""
    lines = told(link(9, 1, 2), report(1), report(2))
    assert lines[0].startswith("SAME EVENT in 2 reports")
    assert "this one" in lines[2]
    assert "delivered before what was read" in told(link(9, 1, 2), report(2))[2]


def test_a_split_is_told_with_who_and_why() -> None:
    """And whether a third report still holds them together."""
    split = person(10, 1, 2, "rejected")
    lines = told(report(1), report(2), link(9, 1, 2), split)
    assert lines[0] == "PARTED, not the same event"
    assert "Rejected by Polisregion Stockholm / intelligence" in lines[1]
    assert len(lines) == 4
    third = told(report(1), report(2), report(3), link(7, 1, 2), link(8, 1, 3), link(9, 2, 3), split)
    assert third[-1].startswith("Still on one card")


def test_a_possible_joint_seizure_asks_for_a_person() -> None:
    """With the command that confirms it."""
    lines = told(report(1), report(2), link(9, 1, 2, relation="joint_seizure"))
    assert lines[0].startswith("MAY BE ONE JOINT SEIZURE")
    assert any(f"sambus link confirm {event_id(1)} {event_id(2)}" in line for line in lines)


def test_a_revision_shows_what_it_replaces_with_the_grading_of_then() -> None:
    """And an older one that comes late says that it is older."""
    first, second = report(1, grading=""), report(2, grading="B2", revision=2, supersedes=1)
    lines = told(first, second)
    assert lines[0] == "Revision 2 replaces:"
    assert "not graded" in lines[1]
    assert event_id(1) in lines[1]
    assert told(second, first)[0].startswith("Older than revision 2")


def test_a_link_between_revisions_of_one_report_says_so() -> None:
    """They are one card whatever a link says."""
    lines = told(report(1), report(2, revision=2, supersedes=1), link(9, 1, 2, relation="echo"))
    assert lines == ["Two revisions of one report, which are one card already."]


def test_links_recalls_and_pointers_are_told() -> None:
    """A link names the other end; a recall what it is about; a pointer whom to ask and nothing else."""
    related = [report(2), link(9, 1, 2, relation="related", features=["vehicle"]), report(1)]
    assert told(*related)[0].startswith("LINK on vehicle · ")
    assert event_id(2) in told(*related)[0]
    recalled = told(report(1), order(9, 1))
    assert recalled[0].startswith("About ")
    pointed = told(report(1), pointer(9, 1, "vehicle"))
    assert "same vehicle" in pointed[0]
    assert "coordination" in pointed[0]
    assert event_id(1) in pointed[1]
    assert told(order(9, 1), report(1))[0] == "RECALLED, must not be used"


def test_everything_is_said_in_both_languages_with_the_same_values() -> None:
    """No sentence is missing, and none drops a value."""
    assert set(SAYS["sv"]) == set(SAYS["en"])
    for key, text in SAYS["sv"].items():
        fields = [sorted(part.split("}")[0] for part in each.split("{")[1:]) for each in (text, SAYS["en"][key])]
        assert fields[0] == fields[1], key
    assert told(report(1), report(2), link(9, 1, 2), lang="sv")[0].startswith("SAMMA HÄNDELSE i 2 rapporter")


@pytest.mark.parametrize("relation", ["duplicate", "related"])
def test_a_card_for_programs_has_ids_and_no_content(relation: str) -> None:
    """The contents stand in the deliveries themselves."""
    cards = Cards([report(1), report(2), link(9, 1, 2, relation=relation)])
    found = [card_json(card) for card in cards.every()]
    assert [[each["event_id"] for each in card["reports"]] for card in found] == (
        [[event_id(1), event_id(2)]] if relation == "duplicate" else [[event_id(1)], [event_id(2)]]
    )
    ties = [*found[0]["joins"], *found[0]["links"]]
    assert [(tie["relation"], tie["link_id"], tie["said"]) for tie in ties] == [(relation, event_id(9), 1)]
    assert "shooting" not in str(found)
