"""The tables and programs of the docs that are made from the code. ``python -m tests.docs.tables`` writes them anew."""

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Final

from deploy.install.scale import MEASURED, TODAY, Costs, needed, times
from schemas.alarms import ALARMS
from schemas.catalogue import EVENT_TYPES
from schemas.checks import CHECK_REMEDIES
from schemas.gazetteer import load_gazetteer
from schemas.marks import sealed_fields
from schemas.partners import IN_SWEDEN
from schemas.problems import REMEDIES
from schemas.signals import METRICS
from schemas.topics import DAY_MS, MIB, Topic, catalogue, delivery_areas
from streams.core.share.transforms import TRANSFORMS
from tests.bench.plots import read
from tests.faults.random.report import ZEROS, by_kind, spread, together

ROOT: Final = Path(__file__).parents[2]
#: What benchmarks have measured, the last one last.
CURVES: Final = sorted((ROOT / "docs" / "bench").glob("curves-*.jsonl"))
FAULTS: Final = sorted((ROOT / "docs" / "bench").glob("faults-*.jsonl"))
LONG: Final = sorted((ROOT / "docs" / "bench").glob("long-*.jsonl"))
#: Every page that stands in these docs, decisions included; what npm put beside an example is not ours.
PAGES: Final = (
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "node_modules" not in page.parts),
    ROOT / "CHANGELOG.md",
    ROOT / "README.md",
)

_PART = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def reject_codes() -> str:
    """Every reject code with its remedy."""
    rows = ((f"`{code}`", english, swedish) for code, (swedish, english) in REMEDIES.items())
    return table(("code", "what would be right", "åtgärd"), rows)


def checks() -> str:
    """Every check between fields with its remedy."""
    rows = ((f"`{check}`", english, swedish) for check, (swedish, english) in CHECK_REMEDIES.items())
    return table(("check", "what would be right", "åtgärd"), rows)


def event_types() -> str:
    """Every event type: its Swedish name, who may publish it, what is usual, and whether it must be graded first."""
    rows = (
        (
            f"`{kind.name}`",
            kind.title_sv,
            "none: the bus" if kind.bus_only else ", ".join(sorted(kind.publishers)) or "any",
            "all in Sweden" if kind.partners == IN_SWEDEN else ", ".join(sorted(kind.partners)),
            str(kind.usual_sensitivity),
            str(kind.usual_purpose),
            str(kind.retention_class),
            "yes" if kind.intelligence_kind else "",
        )
        for kind in EVENT_TYPES.values()
    )
    who = ("functions that may publish", "partners that may")
    return table(("type", "på svenska", *who, "sensitivity", "purpose", "retention", "grade first"), rows)


def topics() -> str:
    """Every topic, those of regions, units and desks by their pattern."""
    gazetteer = load_gazetteer()
    unit, desk = "se.stockholm", "se.noa/intelligence"
    patterns = {
        f"in.{unit}": "in.<unit>",
        f"in.flash.{unit}": "in.flash.<unit>",
        "desk.se.noa.intelligence": "desk.<unit>.<function>",
    }
    regions = {
        f"{beginning}.{area}": f"{beginning}.<region>"
        for area in delivery_areas(gazetteer)[:-2]
        for beginning in ("deliver", "alert.flash")
    }
    rows: dict[str, tuple[str, ...]] = {}
    for topic in catalogue(gazetteer, own_access_units=[unit], own_access_desks=[desk]):
        name = (regions | patterns).get(topic.name, topic.name)
        rows.setdefault(name, _topic_row(name, topic))
    return table(("topic", "key", "kept", "largest record", "written by", "read by"), rows.values())


def _topic_row(name: str, topic: Topic) -> tuple[str, ...]:
    kept = "latest of each key" if topic.cleanup == "compact" else "for ever"
    if topic.retention_ms is not None:
        kept = f"{topic.retention_ms // DAY_MS} days"
    unit = "<unit>" if name.startswith("in.") else "<unit>/<function>"
    regional = {f"{who}:bergslagen": f"{who}:<region>" for who in ("gateway", "archiver")}
    hand = {"se.stockholm": unit, "se.noa/intelligence": unit, **regional}
    writers, readers = ([hand.get(who, who) for who in side] for side in (topic.writers, topic.readers))
    size = f"{topic.max_message_bytes // MIB} MiB"
    return f"`{name}`", topic.key, kept, size, _told(writers), _told(readers)


def _told(who: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in who)


def sealed() -> str:
    """Every sealed field by event type."""
    found = {name: sorted(sealed_fields(name)) for name in EVENT_TYPES}
    common = set.intersection(*(set(paths) for paths in found.values()))
    rows = [("every type", ", ".join(f"`{path}`" for path in sorted(common)))]
    rows += [
        (f"`{name}`", ", ".join(f"`{path}`" for path in paths if path not in common))
        for name, paths in found.items()
        if set(paths) - common
    ]
    return table(("type", "sealed fields"), rows)


def transforms() -> str:
    """Every transform that a rule may name."""
    return table(("transform", "what it does"), ((f"`{t.name}`", t.title) for t in TRANSFORMS.values()))


def alarms() -> str:
    """Every alarm: how soon to act, what it means and what to do."""
    rows = ((f"[`{code}`](runbook/{code}.md)", a.severity, a.meaning_en, a.remedy_en) for code, a in ALARMS.items())
    return table(("code", "act", "meaning", "remedy"), rows)


def unit_costs() -> str:
    """What the paper on scale reckons with, and where each figure was measured; the others are chosen, or settings."""
    costs = Costs()
    rows = (
        (f"`{field.name}`", f"{getattr(costs, field.name):g}", MEASURED.get(field.name, "")) for field in fields(costs)
    )
    return table(("cost", "is", "measured"), rows)


def scale() -> str:
    """What today's load, and so many times it, need."""
    rows = []
    for factor in (1, 10, 100, 1000):
        load = times(TODAY, factor)
        need = needed(load)
        sizes = (f"{size / 1e9:,.0f} GB" for size in (need.disk, need.state, need.archive))
        counts = (need.workers, need.partitions, need.brokers, need.gateways, need.archivers)
        rate = (f"{factor:,} ×", f"{load.events_a_day:,.0f}", f"{load.events_a_second:,.0f}")
        rows.append((*rate, *(f"{count:,}" for count in counts), *sizes))
    heads = (
        "load",
        "events a day",
        "events/s at the peak",
        "workers",
        "partitions",
        "brokers",
        "gateways",
        "archivers",
    )
    return table((*heads, "brokers' disks", "memory of lanes", "archive, a year"), rows)


def scale_shares() -> str:
    """What more machines do not help, and how much of each is used."""
    needs = [needed(times(TODAY, factor)) for factor in (1, 10, 100, 1000)]
    rows = ((name, *(f"{need.shares[name]:.0%}" for need in needs)) for name in needs[0].shares)
    return table(("bound", "1 ×", "10 ×", "100 ×", "1,000 ×"), rows)


def metrics() -> str:
    """Every metric: its labels, and what it means."""
    rows = ((f"`{m.name}`", m.kind, ", ".join(f"`{label}`" for label in m.labels), m.unit, m.meaning) for m in METRICS)
    return table(("metric", "kind", "labels", "unit", "meaning"), rows)


def curve(name: str, columns: tuple[str, ...]) -> str:
    """A curve of the last committed measurements (``tests.bench.curves``)."""
    points = read(CURVES[-1])[name]
    heads = tuple(column.replace("_", " ") for column in columns)
    return table(heads, (tuple(_figure(point[column]) for column in columns) for point in points))


def fault_runs(measured: Path) -> str:
    """What all random schedules of a file of runs came to."""
    sums = together(read(measured)["schedules"])
    names = ("faults", "published", "sent_again", "deliveries", *ZEROS)
    return table(tuple(name.replace("_", " ") for name in names), [tuple(f"{sums[name]:,}" for name in names)])


def recoveries() -> str:
    """How soon the bus recovered, by kind of fault, and from all of them."""
    found = read(FAULTS[-1])["faults"]
    kinds = by_kind(found) | {"all": [each["recovered_s"] for each in found]}
    ranks = ("p50", "p90", "worst")
    rows = (
        (kind, f"{len(values)}", *(f"{spread(values)[rank]:.1f}" for rank in ranks)) for kind, values in kinds.items()
    )
    return table(("kind", "faults", *(f"{rank}, s" for rank in ranks)), rows)


def _figure(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"
    return str(value)


def program(language: str, path: str) -> str:
    """A program of the examples as it stands, folded; the tests run it."""
    text = (ROOT / "docs" / "examples" / path).read_text("utf-8")
    return f"<details>\n<summary>{path}</summary>\n\n```{language}\n{text}```\n\n</details>\n"


TABLES: Final[dict[str, Callable[[], str]]] = {
    "reject codes": reject_codes,
    "checks": checks,
    "event types": event_types,
    "topics": topics,
    "sealed fields": sealed,
    "transforms": transforms,
    "alarms": alarms,
    "unit costs": unit_costs,
    "scale": scale,
    "scale shares": scale_shares,
    "metrics": metrics,
    "curve of latency": partial(curve, "latency", ("rate", "events", "deliveries", "p50_ms", "p99_ms", "max_ms")),
    "curve of throughput": partial(curve, "throughput", ("workers", "partitions", "events_per_s", "deliveries")),
    "curve of rules": partial(curve, "rules", ("rules", "decision_us")),
    "curve of reach": partial(curve, "reach", ("desks", "share_us")),
    "curve of state": partial(curve, "state", ("indexed", "crowded", "sight_us", "index_us", "compared")),
    "curve of recovery": partial(curve, "recovery", ("events", "entries", "at_work_s", "prepared_s", "memory_mib")),
    "engines": partial(curve, "engines", ("engine", "guarantee", "events_per_s", "lost", "doubled")),
    "cores": partial(curve, "cores", ("engine", "events_per_s", "lost", "doubled")),
    "fault runs": partial(fault_runs, FAULTS[-1]),
    "long run": partial(fault_runs, LONG[-1]),
    "recoveries": recoveries,
    "program in curl": partial(program, "sh", "curl/publish.sh"),
    "program in python": partial(program, "python", "python/example.py"),
    "program in java": partial(program, "java", "java/src/main/java/example/Example.java"),
    "program in go": partial(program, "go", "go/main.go"),
    "program in node": partial(program, "js", "node/example.mjs"),
    "program in node over http": partial(program, "js", "node/http.mjs"),
}


def filled(text: str) -> str:
    """A page with its generated tables as the code would have them. Errors: ``KeyError`` for an unknown table."""
    return _PART.sub(lambda part: part[1] + "\n" + TABLES[part[2]]() + "\n" + part[3], text)


def names(text: str) -> list[str]:
    """The generated tables that a page holds."""
    return [part[2] for part in _PART.finditer(text)]


def main() -> None:
    """Write every page's tables anew."""
    for path in PAGES:
        text = path.read_text("utf-8")
        if (new := filled(text)) != text:
            path.write_text(new, "utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
