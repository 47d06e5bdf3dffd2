"""Kill -9 of the publisher, outages of the broker: every event that the client said was taken arrives exactly once."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from tests.bus import Bus
from tests.faults import publishing
from tests.faults.proxy import Proxy, proxied

pytestmark = pytest.mark.kafka

_LOG = logging.getLogger(__name__)


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[tuple[str, Proxy]]:
    """A cluster, and the proxy through which publishers come to it; workers do not."""
    listens, told = free_port(), free_port()
    with (
        proxied(f"127.0.0.1:{listens}", told, tmp_path / "proxy.log") as proxy,
        LocalCluster(tmp_path / "kafka", port=free_port(), behind=(listens, told)) as cluster,
    ):
        yield cluster.bootstrap, proxy


async def check(behind: tuple[str, Proxy], home: Path, *, events: int, kills: int, outages: int) -> publishing.Outcome:
    """Everything was taken in the end, and each event that was taken is there once."""
    bootstrap, proxy = behind
    async with Bus(bootstrap, home) as bus:
        outcome = await publishing.run(
            bus, f"127.0.0.1:{proxy.port}", proxy, home, events=events, kills=kills, outages=outages
        )
    assert (outcome.kills, outcome.outages) == (kills, outages)
    assert outcome.taken == outcome.events == events
    assert outcome.accepted == {1: events}
    assert outcome.changed == 0, "a retry must be the same record to the byte"
    assert sum(outcome.copies.values()) == events
    faults = outcome.books.faults((), ())
    assert {kind: count for kind, count in faults.items() if count and kind != "dropped"} == {}
    assert len(outcome.books.decided) == events
    assert not outcome.books.quarantined
    return outcome


@pytest.mark.timeout(240)
async def test_kills_and_outages(behind: tuple[str, Proxy], tmp_path: Path) -> None:
    """The short form."""
    await check(behind, tmp_path, events=1_000, kills=6, outages=3)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_two_hundred_kills_and_twenty_outages(behind: tuple[str, Proxy], tmp_path: Path) -> None:
    """The long form: 100,000 events."""
    outcome = await check(behind, tmp_path, events=100_000, kills=200, outages=20)
    again = sum((copies - 1) * count for copies, count in outcome.copies.items())
    said = (outcome.events, outcome.kills, outcome.outages, again, outcome.seconds)
    _LOG.info("%d events, %d kills, %d outages: %d records sent again, %.0f s", *said)
