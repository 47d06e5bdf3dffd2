"""The benchmarks in their short form: they run, nothing is lost or doubled, and the figures are figures."""

import pytest

from tests.bench import report
from tests.bench.rules import SIZES

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def test_the_short_form_runs() -> None:
    """Stages, rules, pipeline and latency on a cluster of their own; `make bench` adds other engines."""
    told = report.run(peers=False, short=True, tell=lambda _: None)
    lines = {line["bench"]: line for line in told}
    assert set(lines) == {"machine", "stages", "rules", "index", "pipeline", "latency", "feeds"}
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
