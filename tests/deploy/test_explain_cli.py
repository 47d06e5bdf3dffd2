"""``sambus explain``: each asker's answer, and no difference between a secret and nothing."""

import json

import pytest

from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.records import BUS_UNIT, Withheld
from schemas.topics import DECISIONS, QUARANTINE
from schemas.vocabulary import Function
from tests.consumers.made import (
    JARVA,
    PUBLISHER,
    REGION,
    SOLNA,
    Sent,
    decision,
    delivery,
    new_id,
    quarantined,
    receiver,
)
from tests.deploy.cli_bus import prepare, sambus

pytestmark = pytest.mark.kafka


def decided(kafka: str, event_id: str) -> None:
    """A decision in the ledger: shared with Järva's surveillance, withheld from the region."""
    made = decision(
        event_id,
        [receiver(PUBLISHER), receiver(JARVA)],
        [Withheld(desk=REGION, rules=["B04"], proposed_by=["S03"])],
    )
    prepare(kafka, [Sent(DECISIONS, event_id, Codec().encode("decision", made.model_dump(mode="python")))])


def test_the_publisher_is_told_rules_and_numbers(kafka: str) -> None:
    """In words, without the receivers' names; in JSON the same."""
    event_id = new_id()
    decided(kafka, event_id)
    result = sambus(kafka, "explain", event_id, "--as", PUBLISHER)
    assert result.exit_code == 0
    for words in ("Shared with 1 other desks, withheld from 1", "S01", "B04", "local police area", "read back to"):
        assert words in result.stdout
    assert JARVA not in result.output
    assert REGION not in result.output
    told = json.loads(sambus(kafka, "explain", event_id, "--as", PUBLISHER, "--json").stdout)
    assert told["decisions"][0]["publisher"]["desks"] == 1


def test_a_receiver_is_told_its_own_line(kafka: str) -> None:
    """Rule, priority and its reason, view, duties, feed."""
    event_id = new_id()
    decided(kafka, event_id)
    result = sambus(kafka, "explain", event_id, "--as", JARVA)
    assert result.exit_code == 0
    for words in ("You got it by rule: S01", "3: rule S01", "seizure_local", "audit", "feed.local."):
        assert words in result.stdout
    assert "B04" not in result.stdout
    assert "withheld" not in result.stdout


def test_who_has_both_ends_is_told_what_joined_them(kafka: str) -> None:
    """From its own feed; the publisher of one end, which has no link, is told nothing of it."""
    codec, one, other, found = Codec(), new_id(), new_id(), new_id()
    decided(kafka, one)
    said = {"a_id": one, "b_id": other, "features": ["place", "time"], "score": 0.9, "status": "suggested"}
    view = {"payload": said | {"relation": "duplicate"}}
    bus = {"event_type": "link_suggestion", "origin": Origin(unit=BUS_UNIT, function=Function.COORDINATION)}
    topic = "deliver.stockholm"
    prepare(
        kafka,
        [
            *(Sent(topic, JARVA, delivery(codec, JARVA, event_id)) for event_id in (one, other)),
            Sent(topic, JARVA, delivery(codec, JARVA, found, view, **bus)),
            Sent(topic, PUBLISHER, delivery(codec, PUBLISHER, one)),
        ],
    )
    shown = sambus(kafka, "explain", one, "--as", JARVA).stdout
    assert "SAME EVENT in 2 reports" in shown
    assert "Found by the bus" in shown
    assert other in shown
    card = json.loads(sambus(kafka, "explain", one, "--as", JARVA, "--json").stdout)["card"]
    assert [tie["link_id"] for tie in card["joins"]] == [found]
    alone = sambus(kafka, "explain", one, "--as", PUBLISHER)
    assert (alone.exit_code, other in alone.stdout, "SAME EVENT" in alone.stdout) == (0, False, False)


def test_the_ledgers_line_of_a_link_names_its_ends_to_who_got_it(kafka: str) -> None:
    """And to operations: ids are no content."""
    found, ends = new_id(), sorted((new_id(), new_id()))
    made = decision(found, [receiver(JARVA, "S37")], event_type="link_suggestion", outcome="linked", concerns=ends)
    prepare(kafka, [Sent(DECISIONS, found, Codec().encode("decision", made.model_dump(mode="python")))])
    for asker in (JARVA, "operations"):
        assert all(end in sambus(kafka, "explain", found, "--as", asker).stdout for end in ends)
    assert not any(end in sambus(kafka, "explain", found, "--as", SOLNA).stdout for end in ends)


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("outsider", [SOLNA, REGION, "se.noa/intelligence"])
def test_an_outsider_sees_no_difference_to_an_event_that_is_not_there(
    kafka: str, outsider: str, form: list[str]
) -> None:
    """The same output and exit code before it exists, when it does, for another id, and for no id at all."""
    event_id = new_id()
    prepare(kafka)
    before = sambus(kafka, "explain", event_id, "--as", outsider, *form)
    decided(kafka, event_id)
    after = sambus(kafka, "explain", event_id, "--as", outsider, *form)
    others = [sambus(kafka, "explain", other, "--as", outsider, *form) for other in (new_id(), "no-id")]
    answers = {(result.exit_code, result.stdout, result.stderr) for result in (before, after, *others)}
    assert len(answers) == 1
    assert after.exit_code == 1


def test_a_publisher_is_told_of_its_rejected_event(kafka: str) -> None:
    """With the remedy in the language asked for."""
    event_id = new_id()
    entry = quarantined(PUBLISHER, event_id)
    prepare(kafka, [Sent(QUARANTINE, PUBLISHER, Codec().encode("quarantined", entry.model_dump(mode="python")))])
    result = sambus(kafka, "explain", event_id, "--as", PUBLISHER, "--lang", "sv")
    assert result.exit_code == 0
    assert "Områdeskoden finns inte" in result.stdout


def test_an_unreachable_bus_is_exit_3() -> None:
    """Not the answer of an event that is not there."""
    assert sambus("127.0.0.1:1", "explain", new_id(), "--as", JARVA).exit_code == 3
