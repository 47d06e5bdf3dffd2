"""Killed with very much in its state, a worker is soon back at work, and knows all that it knew."""

from pathlib import Path

import pytest

from tests.bench.known import Known, relations
from tests.bench.recovery import Recovery, measure, without_a_kill
from tests.faults.test_faults import own_kafka as own_kafka  # noqa: PLC0414 - a fixture
from tests.faults.test_membership import other_kafka as other_kafka  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.kafka

#: The promise: from the kill of all workers to the delivery of the next event, process start included, with a million
#: events in state. Links and pictures follow beside the work (``prepared_s``), and nothing waits for them.
WITHIN_S = 15.0


@pytest.mark.timeout(300)
async def test_kill_with_state(own_kafka: str, other_kafka: str, tmp_path: Path) -> None:
    """The short form: what was there before the kill is told to be a retry after it, each event once."""
    known = Known(3)
    outcome = await measure(own_kafka, tmp_path, events=10_000, retries=100, known=known)
    assert outcome.entries > 50_000
    await check(outcome, known, other_kafka, make_home(tmp_path))


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_kill_with_a_million_events_in_state(own_kafka: str, other_kafka: str, tmp_path: Path) -> None:
    """The long form: a million events, two workers, both killed at once; at work again within fifteen seconds."""
    known = Known(6)
    outcome = await measure(own_kafka, tmp_path, events=1_000_000, retries=2_000, workers=2, known=known)
    assert outcome.entries > 5_000_000
    await check(outcome, known, other_kafka, make_home(tmp_path))
    assert outcome.at_work_s <= WITHIN_S


def make_home(folder: Path) -> Path:
    """A folder for the bus that is not killed."""
    home = folder / "not-killed"
    home.mkdir()
    return home


async def check(outcome: Recovery, known: Known, other_kafka: str, home: Path) -> None:
    """Nothing is forgotten; links, clusters, scores and figures are those of a bus that was not killed."""
    assert outcome.forgotten == 0
    alone = await without_a_kill(other_kafka, home, known)
    assert relations(alone) == {"duplicate": known.places, "related": known.places}
    assert sorted({found[:2] for found in alone.context.values()}, key=str) == [(2, None), (None, 1), (None, None)]
    assert outcome.told == alone
