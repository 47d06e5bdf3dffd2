"""Who may know what of a decision: the publisher numbers, a receiver its own line, everybody else nothing."""

import dataclasses
import json

from hypothesis import given
from hypothesis import strategies as st

from consumers.explanation import Reach, answer, explain
from schemas.gazetteer import load_gazetteer
from schemas.records import Withheld
from tests.consumers.made import (
    JARVA,
    PUBLISHER,
    REGION,
    SOLNA,
    decision,
    new_id,
    quarantined,
    receiver,
)

GAZETTEER = load_gazetteer()
DESKS = [desk for code in list(GAZETTEER.units)[:40] for desk in GAZETTEER.desks(code)]


def test_the_publisher_sees_rules_and_numbers_and_no_desk() -> None:
    """Counted by rule, level and function; the desks themselves are need-to-know."""
    made = decision(
        new_id(),
        [receiver(PUBLISHER), receiver(JARVA, "S01", "S05"), receiver(SOLNA, "S01"), receiver(REGION, "S03")],
        [Withheld(desk="se.stockholm/surveillance", rules=["B04"], proposed_by=["S03"])],
    )
    found = explain(made, PUBLISHER, GAZETTEER)
    assert found is not None
    assert found.publisher is not None
    assert (found.publisher.desks, found.publisher.kept_from) == (3, 1)
    assert found.publisher.shared == (
        Reach("S01", "local_police_area", "intelligence", 1),
        Reach("S01", "local_police_area", "surveillance", 1),
        Reach("S03", "region", "intelligence", 1),
        Reach("S05", "local_police_area", "surveillance", 1),
    )
    assert found.publisher.withheld == (Reach("B04", "region", "surveillance", 1),)
    told = json.dumps(dataclasses.asdict(found), default=str)
    assert not [desk for desk in (JARVA, SOLNA, REGION, "se.stockholm/surveillance") if desk in told]


def test_a_receiver_sees_its_own_lines_and_nothing_of_the_others() -> None:
    """Also not how many others there are, what was withheld, or the hash and place of the record."""
    made = decision(
        new_id(),
        [
            receiver(JARVA, "S01", priority=2, priority_reason="rule S13", obligations=["feedback_30d"]),
            receiver(JARVA, "S15", view_group="S15"),
            receiver(SOLNA, "S07", obligations=["secret_duty"]),
        ],
        [Withheld(desk=REGION, rules=["B05"], proposed_by=["S03"])],
    )
    found = explain(made, JARVA, GAZETTEER)
    assert found is not None
    assert found.publisher is None
    assert [(line.view_group, line.rules, line.priority) for line in found.own] == [
        ("main", ("S01",), 2),
        ("S15", ("S15",), 3),
    ]
    told = json.dumps(dataclasses.asdict(found), default=str)
    assert not [
        secret for secret in ("S07", "B05", "secret_duty", SOLNA, made.input_hash, "in.gateway") if secret in told
    ]


@given(
    asker=st.sampled_from(DESKS),
    receivers=st.lists(st.sampled_from(DESKS), max_size=8),
    withheld=st.lists(st.sampled_from(DESKS), max_size=8),
)
def test_whoever_neither_published_nor_received_learns_nothing(
    asker: str, receivers: list[str], withheld: list[str]
) -> None:
    """A desk that the event was withheld from is an outsider too."""
    made = decision(
        new_id(),
        [receiver(desk) for desk in receivers],
        [Withheld(desk=desk, rules=["B04"], proposed_by=["S01"]) for desk in withheld],
    )
    entitled = asker in receivers or asker == PUBLISHER
    assert (explain(made, asker, GAZETTEER) is not None) == entitled
    assert bool(answer([made], [], asker, GAZETTEER)) == entitled


def test_a_drop_is_told_to_its_publisher() -> None:
    """With its code and without receivers."""
    made = decision(new_id(), outcome="RETRY_SAME_ID")
    found = explain(made, PUBLISHER, GAZETTEER)
    assert found is not None
    assert found.publisher is not None
    assert (found.publisher.outcome, found.publisher.desks, found.publisher.shared) == ("RETRY_SAME_ID", 0, ())


def test_a_rejection_is_told_to_its_publisher_only() -> None:
    """With codes, places and remedies; an origin that was not proven is nobody's."""
    event_id = new_id()
    records = [("0:1", quarantined(PUBLISHER, event_id)), ("0:2", quarantined(None, event_id))]
    found = answer([], records, PUBLISHER, GAZETTEER)
    assert [(entry.where, entry.codes, entry.pointers) for entry in found.rejections] == [
        ("0:1", ("AREA_UNKNOWN",), ("/areas/0",))
    ]
    assert not answer([], records, JARVA, GAZETTEER)


def test_a_partner_desk_counts_by_its_class() -> None:
    """Partners are outside the gazetteer: their class says what they are."""
    made = decision(new_id(), [receiver("partner.tullverket/investigation", "S20")])
    found = explain(made, PUBLISHER, GAZETTEER)
    assert found is not None
    assert found.publisher is not None
    assert found.publisher.shared == (Reach("S20", "law_enforcement", "investigation", 1),)
