"""The curves in their short form, and the plots of the docs: each is what the committed measurements come to."""

import re
from pathlib import Path

import pytest

from tests.bench import curves, plots
from tests.docs.tables import CURVES, FAULTS, LONG, ROOT
from tests.faults.random.samples import Sample
from tests.machine import machine

_ID = re.compile(r'(id|href|clip-path|xlink:href)="[^"]*"')
_STRUCK = {"kind": "network delay", "at_s": 6.0, "lasted_s": 3.0, "recovered_s": 2.0}
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
    ("measured", "page", "names"),
    [
        (CURVES[-1], "benchmarks.md", {*curves.CURVES, *curves.PEERS, "memory"}),
        (FAULTS[-1], "faults.md", {"recovered", "recoveries"}),
        (LONG[-1], "faults.md", {"recovered", "recoveries", "long-waiting", "long-memory"}),
    ],
    ids=["curves", "faults", "long"],
)
def test_the_plots_of_the_docs_are_those_of_the_last_measurements(
    measured: Path, page: str, names: set[str], tmp_path: Path
) -> None:
    """But for the last digit, which another processor rounds otherwise; each stands in its page, and no other."""
    said = (ROOT / "docs" / page).read_text("utf-8")
    folder = plots.FOLDERS[measured.stem.partition("-")[0]]
    drawn = plots.draw(plots.read(measured), tmp_path)
    assert measured.name in said
    assert {path.stem for path in drawn} == names
    assert {path.name for path in folder.iterdir()} == {path.name for path in drawn}
    for path in drawn:
        committed, now = (_ID.sub("", each.read_text("utf-8")) for each in (folder / path.name, path))
        assert _NUMBER.sub("#", committed) == _NUMBER.sub("#", now), path.name
        numbers = ([float(each) for each in _NUMBER.findall(text)] for text in (committed, now))
        assert next(numbers) == pytest.approx(next(numbers), abs=0.1), path.name
        assert f"(img/{folder.name}/{path.name})" in said


def test_a_long_run_can_be_drawn(tmp_path: Path) -> None:
    """What waits and what memory it takes, with a line for each fault."""
    looks = [Sample(at, 40 * int(at), int(at) % 7, 200, 900)._asdict() for at in (0.0, 5.0, 10.0)]
    told = {"machine": [machine()], "samples": looks, "faults": [_STRUCK]}
    calm = plots.draw({"machine": told["machine"], "samples": looks}, tmp_path / "calm")
    struck = plots.draw(told, tmp_path / "struck")
    assert [path.stem for path in struck] == ["long-waiting", "long-memory", "recovered", "recoveries"]
    for without, with_one in zip(calm, struck[:2], strict=True):
        lines = [path.read_text("utf-8").count('<g id="line2d_') for path in (without, with_one)]
        assert lines[1] == lines[0] + 1
