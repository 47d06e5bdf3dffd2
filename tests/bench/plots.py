"""Draws the curves of ``tests.bench.curves``, and the runs of ``tests.faults.random``.

``python -m tests.bench.plots docs/bench/curves-DATE.jsonl``; the same with ``faults-DATE.jsonl``, ``long-DATE.jsonl``.

The same measurements give the same files, so that a test can hold the docs against them.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Line = Mapping[str, Any]
Points = Sequence[Line]

#: Where the plots of the docs are, by what a file of measurements is called.
FOLDERS: Final = {
    kind: Path(__file__).parents[2] / "docs" / "img" / folder
    for kind, folder in (("curves", "bench"), ("faults", "faults"), ("long", "long"))
}
_STYLE: Final[Any] = {
    "svg.hashsalt": "sambus",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_SIZE: Final = (6.0, 3.2)
_SIZES: Final = {"recoveries": (6.0, 5.2)}


def read(file: Path) -> dict[str, list[Line]]:
    """The points of each curve, in the order in which they were measured."""
    found: dict[str, list[Line]] = {}
    for line in map(json.loads, file.read_text("utf-8").splitlines()):
        found.setdefault(line["curve"], []).append(line)
    return found


def draw(curves: Mapping[str, Points], folder: Path) -> list[Path]:
    """Draw every curve that was measured into a folder; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = curves["machine"][-1]
    under = f"{machine['date']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    written = []
    for name, drawn in PLOTS.items():
        points = curves.get(_CURVE_OF.get(name, name))
        if points is None:
            continue
        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=_SIZES.get(name, _SIZE), layout="constrained")
            axes = figure.subplots()
            drawn(axes, points)
            for fault in curves.get("faults", ()) if name.startswith("long-") else ():
                axes.axvline(fault["at_s"], color="tab:red", alpha=0.25)
            figure.supxlabel(under, fontsize=7, color="0.4")
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        written.append(folder / f"{name}.svg")
    return written


def _latency(axes: Axes, points: Points) -> None:
    for name, label in (("p99_ms", "p99"), ("p50_ms", "p50")):
        axes.plot(_each(points, "rate"), _each(points, name), marker="o", label=label)
    for aim in (100, 250):
        axes.axhline(aim, linestyle=":", color="0.5")
    axes.set(yscale="log", xlabel="events/s that are published", ylabel="ms to the reader", title="Latency, one worker")
    axes.legend()


def _throughput(axes: Axes, points: Points) -> None:
    for workers in sorted({point["workers"] for point in points}):
        some = [point for point in points if point["workers"] == workers]
        label = f"{workers} worker{'s' if workers > 1 else ''}"
        axes.plot(_each(some, "partitions"), _each(some, "events_per_s"), marker="o", label=label)
    axes.set(ylim=(0, None), xlabel="partitions", ylabel="events/s", title="Throughput")
    axes.legend()


def _rules(axes: Axes, points: Points) -> None:
    made = [point for point in points if "released" not in point]
    axes.plot(_each(made, "rules"), _each(made, "decision_us"), marker="o", label="generated packs")
    own = [point for point in points if "released" in point]
    axes.plot(_each(own, "rules"), _each(own, "decision_us"), "s", label="the released pack")
    axes.set(xscale="log", ylim=(0, None), xlabel="rules", ylabel="µs a decision", title="Cost of rules")
    axes.legend()


def _reach(axes: Axes, points: Points) -> None:
    axes.plot(_each(points, "desks"), _each(points, "share_us"), marker="o")
    axes.set(ylim=(0, None), xlabel="desks that get the event", ylabel="µs an event", title="Cost of sharing")


def _state(axes: Axes, points: Points) -> None:
    for crowded, label in ((False, "months one after another"), (True, "all in 90 days")):
        some = [point for point in points if point["crowded"] is crowded]
        axes.plot(_each(some, "indexed"), _each(some, "index_us"), marker="o", label=label)
    axes.set(xscale="log", ylim=(0, None), xlabel="events in the index", ylabel="µs an event", title="Cost of state")
    axes.legend()


def _recovery(axes: Axes, points: Points) -> None:
    for name, label in (("prepared_s", "links and pictures too"), ("at_work_s", "the next event delivered")):
        axes.plot(_each(points, "events"), _each(points, name), marker="o", label=label)
    axes.set(xscale="log", ylim=(0, None), xlabel="events in state", ylabel="s from kill -9 on", title="Recovery")
    axes.legend()


def _memory(axes: Axes, points: Points) -> None:
    axes.plot(_each(points, "events"), _each(points, "memory_mib"), marker="o")
    axes.set(xscale="log", ylim=(0, None), xlabel="events in state", ylabel="MiB", title="Memory of one worker")


def _waiting(axes: Axes, points: Points) -> None:
    axes.plot(_each(points, "at_s"), _each(points, "waiting"))
    axes.set(ylim=(0, None), xlabel="s", ylabel="events that wait", title="A long run with faults (red)")


def _long_memory(axes: Axes, points: Points) -> None:
    for name, label in (("brokers_mib", "three brokers"), ("worker_mib", "the largest worker")):
        axes.plot(_each(points, "at_s"), _each(points, name), label=label)
    axes.set(ylim=(0, None), xlabel="s", ylabel="MiB", title="Its memory")
    axes.legend()


def _recovered(axes: Axes, points: Points) -> None:
    axes.ecdf(_each(points, "recovered_s"))
    axes.set(
        xscale="log",
        xlabel="s from a fault's end to recovery",
        ylabel="share of faults",
        title=f"Recovery from {len(points)} faults",
    )


def _recoveries(axes: Axes, points: Points) -> None:
    kinds: dict[str, list[float]] = {}
    for point in points:
        kinds.setdefault(point["kind"], []).append(float(point["recovered_s"]))
    ordered = sorted(kinds.items(), key=lambda each: (median(each[1]), each[0]), reverse=True)
    for place, (_, values) in enumerate(ordered):
        axes.plot(values, [place] * len(values), "o", color="tab:blue", alpha=0.35, markersize=4)
        axes.plot(median(values), place, "|", color="black", markersize=10)
    axes.set_yticks(range(len(ordered)), [kind for kind, _ in ordered])
    axes.set(xscale="log", xlabel="s to recovery; the median is marked", title="Recovery by kind of fault")


def _bars(axes: Axes, points: Points) -> None:
    ordered = sorted(points, key=lambda point: float(point["events_per_s"]))
    names = [_engine(point) for point in ordered]
    bars = axes.barh(names, _each(ordered, "events_per_s"))
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.set(xlabel="events/s", title="Decode, route, encode" if "guarantee" in points[0] else "The whole core")
    axes.margins(x=0.15)


def _engine(point: Line) -> str:
    weak = point.get("guarantee", "exactly once") != "exactly once"
    return f"{point['engine']}\n({point['guarantee']})" if weak else str(point["engine"])


def _each(points: Iterable[Line], name: str) -> list[float]:
    return [float(point[name]) for point in points]


#: A file for each, and what draws it.
PLOTS: Final[Mapping[str, Callable[[Axes, Points], None]]] = {
    "latency": _latency,
    "throughput": _throughput,
    "rules": _rules,
    "reach": _reach,
    "state": _state,
    "recovery": _recovery,
    "memory": _memory,
    "engines": _bars,
    "cores": _bars,
    "long-waiting": _waiting,
    "long-memory": _long_memory,
    "recovered": _recovered,
    "recoveries": _recoveries,
}
_CURVE_OF: Final = {
    "memory": "recovery",
    "long-waiting": "samples",
    "long-memory": "samples",
    "recovered": "faults",
    "recoveries": "faults",
}


if __name__ == "__main__":
    measured = Path(sys.argv[1])
    for path in draw(read(measured), FOLDERS[measured.stem.partition("-")[0]]):
        sys.stdout.write(f"{path.name}\n")
