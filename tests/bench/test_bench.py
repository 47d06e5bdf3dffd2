"""The benchmarks in their short form: they run, nothing is lost or doubled, and the figures are figures."""

from pathlib import Path

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from tests.bench import peers, report, signals, whole_peers
from tests.bench.kafka_streams import missing
from tests.bench.rules import SIZES

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]

_READING = ("archive", "archiver", "feeds")


def test_the_short_form_runs() -> None:
    """Stages, rules, pipeline and latency on a cluster of their own; `make bench` adds other engines."""
    told = report.run(peers=False, short=True, tell=lambda _: None)
    lines = {line["bench"]: line for line in told}
    assert set(lines) == {
        "machine",
        "stages",
        "rules",
        "index",
        "pipeline",
        "latency",
        "intake",
        "signals",
        "signals of decisions",
        *_READING,
    }
    for taking in (line for line in told if line["bench"] == "intake"):
        assert taking["others"] == 0
        assert 0 < taking["p50_ms"] <= taking["p99_ms"]
    for feeding in (line for line in told if line["bench"] == "feeds"):
        assert (feeding["lost"], feeding["doubled"]) == (0, 0)
        assert 0 < feeding["p50_ms"] <= feeding["p99_ms"]
    assert min(lines["stages"][name] for name in ("intake", "assess", "share")) > 0
    assert min(lines["rules"][f"rules_{size}"] for size in SIZES) > 0
    assert lines["rules"]["at_400"] > 0
    assert 0 < lines["rules"]["of_stages"] < 1
    assert lines["index"]["indexed"] >= 1_000
    assert min(lines["index"]["sight_us"], lines["index"]["index_us"], lines["index"]["compared"]) > 0
    assert lines["pipeline"]["events_per_s"] > 0
    assert lines["pipeline"]["deliveries"] > lines["pipeline"]["events"]
    assert 0 < lines["latency"]["p50_ms"] <= lines["latency"]["p99_ms"]
    assert min(lines["signals"][f"{kind}_us"] for kind in signals.KINDS) > 0
    assert lines["signals of decisions"]["off_us"] > 0
    assert lines["signals"]["spans"] >= 2 * 500  # every followed event, by two agents
    assert lines["archive"]["rows_per_s"] > 0
    assert 0 < lines["archive"]["found"] < lines["archive"]["questions"]
    assert 0 < lines["archive"]["p50_ms"] <= lines["archive"]["p95_ms"] <= lines["archive"]["worst_ms"]
    assert lines["archiver"]["archived"] == 500


async def test_the_engines_run_side_by_side(tmp_path: Path) -> None:
    """Ours and the two hand-written loops lose and double nothing; `make bench` adds Quix Streams and more records."""
    engines = ["sambus", "librdkafka", "aiokafka"]
    with LocalCluster(tmp_path / "kafka", port=free_port()) as cluster:
        results = await peers.compare(cluster.bootstrap, engines, 4_000, 1)
    assert [result.engine for result in results] == engines
    assert [(result.lost, result.doubled) for result in results] == [(0, 0)] * len(engines)
    assert min(result.rate for result in results) > 0


async def test_kafka_streams_runs_side_by_side(tmp_path: Path) -> None:
    """The same work in Java, exactly once, on the cluster's own version; with FastStream in `make bench`."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    with LocalCluster(tmp_path / "kafka", port=free_port()) as cluster:
        (result,) = await peers.compare(cluster.bootstrap, ["kafka-streams"], 2_000, 1)
    assert (result.lost, result.doubled, result.guarantee) == (0, 0, "exactly once")
    assert result.rate > 0


async def test_the_whole_core_runs_in_another_engine(tmp_path: Path) -> None:
    """The bus and its core in a hand-written loop come to the same end: nothing is lost or decided twice."""
    results = await whole_peers.compare(tmp_path, 200, 1, ("sambus", "aiokafka"))
    assert [(result.lost, result.doubled) for result in results] == [(0, 0), (0, 0)]
    assert min(result.rate for result in results) > 0
