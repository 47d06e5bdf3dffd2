"""The reckoning of scale: values in, values out; and it says what the paper says."""

import re
from dataclasses import fields, replace

import pytest

from deploy.install.scale import GIB, MEASURED, TODAY, Costs, Load, breaks_at, needed, times
from tests.deploy.install.lines import ROOT

PAPER = (ROOT / "docs" / "scale.md").read_text("utf-8")


def test_a_small_load_takes_the_least_there_may_be() -> None:
    """Two of what must not be one, three brokers for three copies."""
    need = needed(Load("small", 100, 10, 3, 10))
    assert (need.workers, need.partitions, need.brokers, need.gateways, need.archivers) == (2, 4, 3, 2, 1)
    assert need.holds


def test_rate_decides_where_little_is_remembered() -> None:
    """Twice the busiest second over what a worker does."""
    costs = Costs(worker_events_s=240, remembered=0, sighting=0, fact=0)
    load = Load("quick", 86_400 * 100, 12, 1, 10)  # 1,200 events/s at the peak
    assert needed(load, costs).workers == 10
    assert needed(load, replace(costs, headroom=1.0)).workers == 5


def test_memory_decides_where_much_is_remembered() -> None:
    """No worker holds more than it may, whatever more lanes copy."""
    need = needed(times(TODAY, 100))
    assert need.state / need.workers <= Costs().worker_memory
    assert need.workers > needed(times(TODAY, 100), Costs(worker_memory=64 * GIB)).workers


@pytest.mark.parametrize("name", ["workers", "partitions", "brokers", "disk", "archive", "state", "gateways"])
def test_more_never_needs_less(name: str) -> None:
    """Each thing grows with the load, or stays."""
    found = [getattr(needed(times(TODAY, factor)), name) for factor in (0.1, 1, 3, 10, 30, 100, 300, 1000)]
    assert found == sorted(found)


def test_partitions_leave_workers_room_to_grow() -> None:
    """More workers than partitions would stand idle."""
    for factor in (1, 7, 50, 400):
        need = needed(times(TODAY, factor))
        assert need.partitions >= need.workers * 1.5
        assert need.partitions % 4 == 0


def test_what_breaks_first_is_what_the_paper_says() -> None:
    """With its factor; and just below it nothing breaks."""
    factor, what = breaks_at(TODAY)
    assert what == "memory of the one lane that counts pictures"
    assert f"at about {factor:.0f} times today's load" in PAPER
    assert needed(times(TODAY, factor * 0.99)).holds
    assert not needed(times(TODAY, factor)).holds
    bigger, _ = breaks_at(TODAY, Costs(worker_memory=64 * GIB))
    said = re.search(r"64 GiB carry (\d+) times", PAPER)
    assert said is not None
    assert bigger == pytest.approx(int(said[1]), rel=0.02)


def test_what_breaks_next_is_what_the_paper_says() -> None:
    """When pictures take no memory, transactions are too wide."""
    factor, what = breaks_at(TODAY, Costs(fact=0))
    assert what == "output partitions of one transaction"
    assert factor == pytest.approx(200, rel=0.35)


def test_every_measured_cost_says_where() -> None:
    """And no source is of a cost that is not there."""
    names = {field.name for field in fields(Costs)}
    assert set(MEASURED) < names
    assert {f"`{name}`" for name in names} <= set(re.findall(r"`\w+`", PAPER.partition("## Unit costs")[2]))
