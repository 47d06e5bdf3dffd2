"""Workers killed and frozen in mid-stream: every event comes to its one end, every delivery is there exactly once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from tests.faults import chaos

pytestmark = pytest.mark.kafka


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one run."""
    with LocalCluster(tmp_path / "kafka", port=free_port()) as cluster:
        yield cluster.bootstrap


def check(outcome: chaos.Outcome, injected: int) -> None:
    """Every event accounted for, nothing doubled, and the run did meet what it was to survive."""
    assert outcome.injected == injected
    assert outcome.published > 100
    assert outcome.books.quarantined, "the load holds bad events, and none was found"
    assert {kind: count for kind, count in outcome.faults.items() if count} == {}
    assert outcome.ledger.breaks == ()
    assert outcome.ledger.lines == outcome.books.lines >= sum(outcome.books.sources.values())


async def test_three_kills(own_kafka: str, tmp_path: Path) -> None:
    """The short form: kill -9 three times."""
    check(await chaos.run(own_kafka, tmp_path, chaos.kill_one, faults=3, rate=200, pause_s=(4, 6)), 3)


@pytest.mark.timeout(180)
async def test_one_freeze(own_kafka: str, tmp_path: Path) -> None:
    """A worker frozen until its partitions are taken over, then let go on, delivers nothing twice."""
    check(await chaos.run(own_kafka, tmp_path, chaos.freeze_one, faults=1, rate=200, pause_s=(6, 6)), 1)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_twenty_kills(own_kafka: str, tmp_path: Path) -> None:
    """The long form: kill -9 twenty times."""
    check(await chaos.run(own_kafka, tmp_path, chaos.kill_one, faults=20, rate=500, pause_s=(5, 14)), 20)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_eight_freezes(own_kafka: str, tmp_path: Path) -> None:
    """The long form: eight freezes of fifteen seconds."""
    check(await chaos.run(own_kafka, tmp_path, chaos.freeze_one, faults=8, rate=500, pause_s=(8, 14)), 8)
