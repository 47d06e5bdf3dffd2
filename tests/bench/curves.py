"""How cost and latency grow: ``python -m tests.bench.curves [--short] [--peers] > docs/bench/curves-DATE.jsonl``.

A JSON line for each point, the machine first. ``tests.bench.plots`` draws them. Each run on Kafka has a cluster of its
own; what needs none is timed in this process. With ``--peers`` other engines do the same work in turn, in the
environment of the benchmarks. It takes some twenty minutes on two cores.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from schemas.codec import Codec
from streams.core.reference import load_reference
from streams.core.share import Pack
from streams.core.share.forms import Rule
from streams.core.share.loading import RULES, Placed, read_pack
from streams.engine.share_step import ShareStep
from tests.bench import index, latency, pipeline, recovery, rules
from tests.bench.on_kafka import on_kafka
from tests.machine import machine

Line = dict[str, Any]

_LEVELS: Final = ("region", "police_area", "local_police_area")
_FUNCTIONS: Final = ("intelligence", "surveillance", "investigation", "prevention")
#: Levels and functions of the one rule that shares everywhere: ever more desks.
_REACHES: Final = ((1, 1), (2, 1), (3, 1), (3, 2), (3, 4))


def run(wanted: Collection[str], *, short: bool, tell: Callable[[str], None]) -> Iterator[Line]:
    """Measure these curves, a point after the other."""
    yield {"curve": "machine"} | machine()
    for curve, points in (CURVES | PEERS).items():
        if curve in wanted:
            tell(f"{curve} ...")
            for point in points(short):
                yield {"curve": curve} | point


def _latencies(short: bool) -> Iterator[Line]:
    """One worker, one partition, from far below what it can do to above."""
    rates, seconds = ((50,), 2.0) if short else ((50, 100, 200, 300, 400, 500, 600, 700), 10.0)
    for rate in rates:
        yield asdict(on_kafka(partial(latency.measure, rate=float(rate), seconds=seconds)))


def _throughputs(short: bool) -> Iterator[Line]:
    """One worker and two, over ever more partitions."""
    layouts, events = (((1, 1),), 300) if short else (((1, 1), (1, 2), (1, 4), (1, 8), (2, 2), (2, 4), (2, 8)), 6_000)
    for workers, partitions in layouts:
        found = on_kafka(partial(pipeline.measure, events=events, partitions=partitions, workers=workers))
        yield {"workers": workers, "partitions": partitions} | asdict(found)


def _rules(short: bool) -> Iterator[Line]:
    measured = rules.measure(events=50, rounds=1) if short else rules.measure(events=1000, rounds=15)
    for size in rules.SIZES:
        yield {"rules": size, "decision_us": round(1e6 / measured[f"rules_{size}"], 1)}
    yield {"rules": measured["pack_rules"], "decision_us": measured["pack_us"], "released": True}


def _reaches(short: bool) -> Iterator[Line]:
    """What the share step costs for an event that ever more desks get: decisions, views and deliveries."""
    events = 20 if short else 400
    for levels, functions in _REACHES[:2] if short else _REACHES:
        step = ShareStep(Codec(), load_reference(), _everywhere(levels, functions))
        # The same work each time: what is more than the least, the machine did besides.
        cost, deliveries = min(pipeline.share_cost(step, events) for _ in range(1 if short else 5))
        yield {"desks": round(deliveries, 1), "share_us": round(cost, 1)}


def _everywhere(levels: int, functions: int) -> Pack:
    """The released pack's views, and a rule that shares all events with functions of every area of some levels."""
    found = read_pack(RULES)
    reach = {
        "to": "all_areas",
        "level": [*_LEVELS[:levels]],
        "functions": [*_FUNCTIONS[:functions]],
        "topic": "feed.local.{area}",
    }
    form = {"id": "G1", "title": "generated", "effect": "allow", "strategy": ["S1-01"], "reason": "made up"}
    rule = Rule.model_validate(form | {"when": [], "obligations": ["audit"], "share": [reach]})
    own = [placed for placed in found.rules if placed.form.id == "OWN"]
    found.rules = [*own, Placed(rule, own[0].source, (0,))]
    return Pack(found, load_reference().gazetteer)


def _states(short: bool) -> Iterator[Line]:
    """One event more in the index of what belongs together."""
    sizes, sample = ((200, 1_000), 200) if short else ((1_000, 10_000, 100_000), 2_000)
    for cost in index.measure(sizes, sample=sample):
        yield asdict(cost)


def _recoveries(short: bool) -> Iterator[Line]:
    """Killed by -9 with ever more events in state: back at work, all opened again, and what memory it takes."""
    for events in (2_000,) if short else (2_000, 20_000, 200_000):
        found = on_kafka(partial(recovery.measure, events=events))
        yield {name: value for name, value in asdict(found).items() if name not in {"told", "sizes"}}


def _engines(short: bool) -> Iterator[Line]:
    """Decode, route, encode: other engines and loops on the same records."""
    from tests.bench.peers import compare, engines_here

    count, rounds = (4_000, 1) if short else (100_000, 2)
    for result in on_kafka(lambda bootstrap, _: compare(bootstrap, engines_here(), count, rounds)):
        yield asdict(result) | {"guarantee": result.guarantee, "events_per_s": round(result.rate)}


def _cores(short: bool) -> Iterator[Line]:
    """The bus's whole core in other engines."""
    from tests.bench.whole_peers import compare

    with tempfile.TemporaryDirectory(prefix="sambus-bench-") as folder:
        for result in asyncio.run(compare(Path(folder), 200 if short else 5_000, 1 if short else 2)):
            yield asdict(result) | {"events_per_s": round(result.rate)}


CURVES: Final[dict[str, Callable[[bool], Iterator[Line]]]] = {
    "latency": _latencies,
    "throughput": _throughputs,
    "rules": _rules,
    "reach": _reaches,
    "state": _states,
    "recovery": _recoveries,
}
PEERS: Final[dict[str, Callable[[bool], Iterator[Line]]]] = {"engines": _engines, "cores": _cores}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m tests.bench.curves", description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--short", action="store_true", help="few events: shows that it runs")
    asked.add_argument("--peers", action="store_true", help="other engines as well")
    asked.add_argument("--curve", action="append", choices=[*CURVES, *PEERS], help="only this one; may be repeated")
    options = asked.parse_args()
    chosen = options.curve or [*CURVES, *(PEERS if options.peers else ())]
    for line in run(chosen, short=options.short, tell=partial(print, file=sys.stderr)):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
