"""Killed with very much in its state, a worker is soon back at work, and knows all that it knew."""

from pathlib import Path

import pytest

from tests.bench.recovery import measure
from tests.faults.test_faults import own_kafka as own_kafka  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.kafka

#: The promise, from the kill to a decision on the next event, with a million events in state.
WITHIN_S = 15.0


@pytest.mark.timeout(240)
async def test_kill_with_state(own_kafka: str, tmp_path: Path) -> None:
    """The short form: what was there before the kill is told to be a retry after it, each event once."""
    outcome = await measure(own_kafka, tmp_path, events=10_000, known=100)
    assert outcome.entries > 50_000
    assert outcome.forgotten == 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_kill_with_a_million_events_in_state(own_kafka: str, tmp_path: Path) -> None:
    """The long form: a million events, two workers, both killed at once; at work again within fifteen seconds."""
    outcome = await measure(own_kafka, tmp_path, events=1_000_000, known=2_000, workers=2)
    assert outcome.entries > 5_000_000
    assert outcome.forgotten == 0
    assert outcome.at_work_s <= WITHIN_S
