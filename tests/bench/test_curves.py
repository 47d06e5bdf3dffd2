"""The curves in their short form, and the plots of the docs: each is what the committed measurements come to."""

import re
from pathlib import Path

import pytest

from tests.bench import curves, plots
from tests.docs.tables import CURVES, ROOT

LONG_RUNS = sorted((ROOT / "docs" / "bench").glob("long-*.jsonl"))
_ID = re.compile(r'(id|href|clip-path|xlink:href)="[^"]*"')
_NUMBER = re.compile(r"-?[0-9]+(?:[.][0-9]+)?")


@pytest.mark.kafka
@pytest.mark.timeout(420)
def test_the_short_form_runs(tmp_path: Path) -> None:
    """Every curve has points, every figure is one, and each can be drawn."""
    found: dict[str, list[plots.Line]] = {}
    for line in curves.run(curves.CURVES, short=True, tell=lambda _: None):
        found.setdefault(line["curve"], []).append(line)
    assert set(found) == {"machine", *curves.CURVES}
    figures = {
        "latency": "p99_ms",
        "throughput": "events_per_s",
        "rules": "decision_us",
        "reach": "share_us",
        "state": "index_us",
        "recovery": "at_work_s",
    }
    for curve, name in figures.items():
        assert min(point[name] for point in found[curve]) > 0, curve
    fewer, more = found["reach"]
    assert fewer["desks"] < more["desks"]
    drawn = plots.draw(found, tmp_path)
    assert {path.stem for path in drawn} == {*curves.CURVES, "memory"}


@pytest.mark.parametrize(
    ("measured", "page", "drawn_of"),
    [
        (CURVES[-1], "benchmarks.md", {*curves.CURVES, *curves.PEERS, "memory"}),
        (LONG_RUNS[-1], "faults.md", {"long-waiting", "long-memory"}),
    ],
    ids=["curves", "long run"],
)
def test_the_plots_of_the_docs_are_those_of_the_last_measurements(
    tmp_path: Path, measured: Path, page: str, drawn_of: set[str]
) -> None:
    """But for the last digit, which another processor rounds otherwise; each stands in its page."""
    said = (ROOT / "docs" / page).read_text("utf-8")
    drawn = plots.draw(plots.read(measured), tmp_path)
    assert measured.name in said
    assert {path.stem for path in drawn} == drawn_of
    for path in drawn:
        committed, now = (_ID.sub("", each.read_text("utf-8")) for each in (plots.FOLDER / path.name, path))
        assert _NUMBER.sub("#", committed) == _NUMBER.sub("#", now), path.name
        numbers = ([float(each) for each in _NUMBER.findall(text)] for text in (committed, now))
        assert next(numbers) == pytest.approx(next(numbers), abs=0.1), path.name
        assert f"(img/bench/{path.name})" in said


def test_there_is_no_plot_of_nothing() -> None:
    """Each file is one that something draws."""
    assert {path.stem for path in plots.FOLDER.iterdir()} == set(plots.PLOTS)
