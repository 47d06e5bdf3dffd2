"""What a ledger line says is enough to explain the decision, and to make it again."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from schemas.codec import MAX_BUS_BYTES
from schemas.records import ASKED, Decision
from schemas.topics import ASSESSED, DECISIONS
from streams.engine.originator_questions import QUESTION_RULE
from tests.load import load
from tests.streams.engine.lanes import CODEC, PACK, REFERENCE, Lanes

#: Outcomes of an event that somebody published and the rules decided on.
DECIDED = {"shared", "origin_only"}


@pytest.fixture(scope="module")
def lanes() -> Lanes:
    """Lanes that have decided on a few hundred made-up events, one of them told twice."""
    made = Lanes()
    now = int(datetime.now(UTC).timestamp() * 1000)
    records = [event.record for event in load(300)]
    for record in (*records, records[0]):
        made.publish(record, now)
    return made


@pytest.fixture(scope="module")
def lines(lanes: Lanes) -> list[Decision]:
    """Every ledger line."""
    written = [output.value or b"" for output in lanes.written if output.topic == DECISIONS]
    return [Decision.model_validate(CODEC.decode(value, limit=MAX_BUS_BYTES).value) for value in written]


def test_every_event_has_its_line(lines: list[Decision]) -> None:
    """One decision each; the retry, and a question to an originator, have lines of their own that say so."""
    assert sorted({line.outcome for line in lines}) == ["RETRY_SAME_ID", ASKED, "origin_only", "shared"]
    decided = [line.event_id for line in lines if line.outcome in DECIDED]
    assert len(decided) == len(set(decided)) == 300


def test_a_question_has_a_line_of_its_own_that_names_what_it_is_about(lines: list[Decision]) -> None:
    """Nobody published it: it is about an event that the third-party rule keeps from somebody."""
    questions = [line for line in lines if line.outcome == ASKED]
    assert questions
    about = {line.event_id: line for line in lines if line.outcome in DECIDED}
    for line in questions:
        (event_id,) = line.concerns
        assert any("B02" in withheld.rules for withheld in about[event_id].withheld)
        assert {receiver.desk for receiver in line.receivers}.isdisjoint(
            withheld.desk for withheld in about[event_id].withheld
        )


def test_a_line_names_pack_gazetteer_and_the_hash_of_what_was_decided_on(lanes: Lanes, lines: list[Decision]) -> None:
    """The bytes on ``events.assessed`` are the input: the same bytes, pack and gazetteer give the same decision."""
    inputs = {}
    for output in lanes.written:
        if output.topic == ASSESSED:
            value = output.value or b""
            inputs[CODEC.decode(value, limit=MAX_BUS_BYTES).value["event_id"]] = sha256(value).hexdigest()
    for line in lines:
        if line.outcome in DECIDED:
            assert line.input_hash == inputs[line.event_id]
            assert (line.pack_version, line.gazetteer_version) == (PACK.version, REFERENCE.gazetteer.version)


def test_a_line_says_who_got_what_by_which_rule_and_with_which_duties(lanes: Lanes, lines: list[Decision]) -> None:
    """As many receivers as deliveries, each with rules and views of the pack."""
    delivered = [output for output in lanes.written if output.topic.startswith("deliver.")]
    told = [CODEC.decode(output.value or b"", limit=MAX_BUS_BYTES).value for output in delivered]
    ids = sorted(delivery["delivery_id"] for delivery in told)
    assert ids == sorted(
        f"{line.event_id}:{line.revision}:{receiver.desk}:{receiver.view_group}"
        for line in lines
        for receiver in line.receivers
    )
    for outcome, receiver in ((line.outcome, receiver) for line in lines for receiver in line.receivers):
        assert receiver.rules
        assert set(receiver.rules) <= ({QUESTION_RULE} if outcome == ASKED else set(PACK.rules))
        assert receiver.view
        assert receiver.priority_reason
    assert any(receiver.obligations for line in lines for receiver in line.receivers)


def test_a_line_says_who_was_kept_away_and_why(lines: list[Decision]) -> None:
    """The block rules that matched, and the sharing rules that had proposed the desk."""
    kept = [withheld for line in lines for withheld in line.withheld]
    assert kept
    for withheld in kept:
        assert {PACK.rules[rule].effect for rule in withheld.rules} == {"deny"}
        assert {PACK.rules[rule].effect for rule in withheld.proposed_by} == {"allow"}
