"""The flash lane on a real Kafka: what is on danger to life is at its desks while the routine of before still waits."""

from collections.abc import Iterator

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from tests.bench import flash

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]

#: Confirmed alerts are visible in all local police areas within this, says the strategy; milliseconds.
_STRATEGY_MS = 60_000


@pytest.fixture
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one run."""
    with LocalCluster(tmp_path_factory.mktemp("flash"), port=free_port()) as cluster:
        yield cluster.bootstrap


async def test_alerts_are_at_their_desk_while_the_backlog_waits(
    own_kafka: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On both topics, each once; the backlog was there before them, and nine tenths of it still are.

    How quick it is, is for the benchmark to say: ``python -m tests.bench.flash``.
    """
    home = tmp_path_factory.mktemp("bus")
    outcome = await flash.measure(own_kafka, home, backlog=20_000, alerts=5, per_second=5)
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert outcome.left >= 0.9 * outcome.backlog
    for waits in (outcome.lane, outcome.feed):
        assert 0 < waits["p50_ms"] <= waits["max_ms"] < _STRATEGY_MS
