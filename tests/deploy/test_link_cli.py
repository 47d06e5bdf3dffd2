"""``sambus link``: what a desk's word on two reports holds, what is refused, and that it reaches the bus."""

import json

import click
import pytest

from consumers.folding import Cards
from deploy.cli.asking import AskError
from deploy.cli.link import link_event
from schemas.codec import Codec
from schemas.events.control import LinkStatus
from schemas.validation import validate
from tests.consumers.carded import DESK, delivered, event_id, link, report
from tests.consumers.made import Sent, delivery, new_id
from tests.deploy.cli_bus import prepare, sambus

REASON = "Olika gator, samma kväll."
BOTH = event_id(1), event_id(2)


@pytest.mark.parametrize("status", [LinkStatus.CONFIRMED, LinkStatus.REJECTED])
def test_a_word_decides_on_what_was_suggested(status: LinkStatus) -> None:
    """The bus's ends, features and flags, so that the word takes its place; a good event, as sensitive as its ends."""
    found = link(9, 2, 1, relation="joint_seizure", features=["place", "time"], independent=True)
    event = link_event(status, BOTH, Cards([report(1), report(2), found]), desk=DESK, reason=REASON)
    assert not isinstance(validate("link_suggestion", event), tuple)
    payload = event["payload"]
    assert (payload["a_id"], payload["b_id"], payload["relation"]) == (event_id(2), event_id(1), "joint_seizure")
    assert (payload["features"], payload["independent"]) == (["place", "time"], True)
    assert (payload["status"], payload["decided_by"], payload["reason"]) == (status, DESK, REASON)
    assert (event["sensitivity"], event["synthetic"]) == (2, True)


def test_a_word_joins_and_parts_the_cards_of_whoever_gets_it() -> None:
    """As a delivery it does what it says; the latest holds."""
    cards = Cards([report(1), report(2), link(9, 1, 2)])
    for number, (status, count) in enumerate([("rejected", 2), ("confirmed", 1), ("rejected", 2)]):
        event = link_event(LinkStatus(status), BOTH, cards, desk=DESK, reason=REASON, by="analyst-7")
        view = {"payload": event["payload"], "reported_at": report(60 + number).meta.published_at}
        cards.add(delivered(60 + number, "link_suggestion", view, by=DESK))
        assert len(cards.every()) == count


def test_without_a_suggestion_it_is_the_desks_own_judgement() -> None:
    """A duplicate unless it says otherwise."""
    event = link_event(LinkStatus.CONFIRMED, BOTH, Cards([report(1), report(2)]), desk=DESK, reason=REASON)
    assert (event["payload"]["features"], event["payload"]["relation"]) == (["judgement"], "duplicate")
    assert not isinstance(validate("link_suggestion", event), tuple)


def test_one_report_is_never_linked_to_itself() -> None:
    """Not under the id of a former revision either."""
    cards = Cards([report(1), report(2, revision=2, supersedes=1)])
    for ends in (BOTH, (event_id(1), event_id(1))):
        with pytest.raises(click.UsageError, match="one report"):
            link_event(LinkStatus.CONFIRMED, ends, cards, desk=DESK, reason=REASON)


def test_who_has_not_both_must_say_how_they_belong_together() -> None:
    """What was delivered earlier than the feed goes back can still be linked, with care for its sensitivity."""
    cards = Cards([report(1)])
    with pytest.raises(AskError, match="--relation"):
        link_event(LinkStatus.CONFIRMED, BOTH, cards, desk=DESK, reason=REASON)
    event = link_event(LinkStatus.CONFIRMED, BOTH, cards, desk=DESK, reason=REASON, relation="related")
    assert (event["payload"]["relation"], event["sensitivity"]) == ("related", 3)


@pytest.mark.kafka
def test_the_command_publishes_the_word(kafka: str) -> None:
    """It reads the desk's own feed for what was suggested, and tells what the bus took."""
    codec, desk = Codec(), "se.nord/prevention"
    one, other = new_id(), new_id()
    prepare(kafka, [Sent("deliver.nord", desk, delivery(codec, desk, each)) for each in (one, other)])
    result = sambus(kafka, "link", "split", one, other, "--as", desk, "--reason", REASON, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["status"], told["link"]["status"], told["link"]["a_id"]) == ("taken", "rejected", min(one, other))
    refused = sambus(kafka, "link", "confirm", one, new_id(), "--as", desk, "--reason", REASON)
    assert refused.exit_code == 1
    assert "--relation" in refused.stderr


def test_a_reason_is_asked_for() -> None:
    """Before anything is connected."""
    assert sambus("127.0.0.1:1", "link", "split", *BOTH, "--as", DESK).exit_code == 2
