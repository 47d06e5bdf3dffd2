"""``sambus completeness``: what is missing is exit code 1; a signed statement is held against its signature."""

import json
from pathlib import Path

import pytest

from consumers.completeness import PublishedProof
from consumers.statements import signing_key, statement
from schemas.feed_counts import COUNT_HEADER, count_header, count_key
from schemas.topics import FEED_COUNTS
from tests.consumers.made import AT, Sent, delivery, new_id
from tests.deploy.cli_bus import prepare, sambus
from tests.streams.core.made import CODEC

DESK = "se.mitt.gavleborg/investigation"


@pytest.mark.kafka
def test_one_that_is_missing_is_named_and_exit_1(kafka: str) -> None:
    """The lane counted two, and the first is not there."""
    prepare(
        kafka,
        [
            Sent("deliver.mitt", DESK, delivery(CODEC, DESK, new_id()), headers=((COUNT_HEADER, count_header(0, 2)),)),
            Sent(FEED_COUNTS, count_key(0, DESK.encode()).decode(), b"2"),
        ],
    )
    missed = sambus(kafka, "completeness", "--as", DESK, "--lang", "sv")
    assert missed.exit_code == 1, missed.output
    assert "1 saknas" in missed.stdout
    assert "fil 0: 1" in missed.stdout


def test_a_statement_is_held_against_its_signature(tmp_path: Path) -> None:
    """Without the bus: 0 when it holds, 1 when it does not, 2 without a desk to ask for."""
    key = signing_key(tmp_path / "key")
    told = key.signed(statement(AT, DESK, None, PublishedProof(DESK, accepted=1)))
    path = tmp_path / "statement.json"
    path.write_text(json.dumps(told), "utf-8")
    assert sambus("127.0.0.1:1", "completeness", "--verify", str(path), key.public).exit_code == 0
    path.write_text(json.dumps(told).replace('"accepted": 1', '"accepted": 2'), "utf-8")
    assert sambus("127.0.0.1:1", "completeness", "--verify", str(path), key.public).exit_code == 1
    path.write_text("junk", "utf-8")
    assert sambus("127.0.0.1:1", "completeness", "--verify", str(path), key.public).exit_code == 1
    assert sambus("127.0.0.1:1", "completeness").exit_code == 2


def test_an_unreachable_bus_is_exit_3() -> None:
    """As everywhere."""
    assert sambus("127.0.0.1:1", "completeness", "--as", DESK).exit_code == 3
