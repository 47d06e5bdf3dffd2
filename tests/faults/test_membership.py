"""Workers that come, go and are killed under load: cards, links, context and pictures are those of one alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from tests.bench.known import Known, relations
from tests.faults import membership
from tests.faults.test_faults import own_kafka as own_kafka  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.kafka


@pytest.fixture
def other_kafka(tmp_path: Path) -> Iterator[str]:
    """A second cluster, for the worker that is alone."""
    with LocalCluster(tmp_path / "other", port=free_port()) as cluster:
        yield cluster.bootstrap


async def check(kafkas: tuple[str, str], home: Path, *, events: int, joins: int, pause_s: float) -> None:
    """Both runs find the same, and lose and double nothing."""
    told, known = membership.tellings(events), Known(4)
    alone = await membership.run(kafkas[0], home, told, known, joins=0)
    changed = await membership.run(kafkas[1], home, told, known, joins=joins, pause_s=pause_s)
    assert len(alone.groups) > len(told) // 50
    assert changed.pairs == alone.pairs
    assert changed.groups == alone.groups
    assert relations(alone.told) == {"duplicate": known.places, "related": known.places}
    assert changed.told == alone.told
    refused = set(alone.books.quarantined)  # a few of the corpus are for another day's clock
    published = {*(telling.event_id for telling in told), *known.ids}
    good = sorted(published - refused)
    assert len(good) > len(published) * 0.9
    for grouped in (alone, changed):
        assert {kind: count for kind, count in grouped.books.faults(good, refused).items() if count} == {}


@pytest.mark.timeout(300)
async def test_two_workers_join_and_leave(own_kafka: str, other_kafka: str, tmp_path: Path) -> None:
    """The short form: it leaves once, and is killed once."""
    await check((own_kafka, other_kafka), tmp_path, events=150, joins=2, pause_s=1.0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_ten_joins_and_leaves(own_kafka: str, other_kafka: str, tmp_path: Path) -> None:
    """The long form: ten times, five of them by kill -9."""
    await check((own_kafka, other_kafka), tmp_path, events=4_000, joins=10, pause_s=0.4)
