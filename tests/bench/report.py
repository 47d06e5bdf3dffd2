"""All benchmarks in one run, with the machine they ran on."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import archive, feeds, index, intake, latency, pipeline, recovery, rules, signals, signals_paired
from tests.bench.first_pack import first_pack
from tests.bench.on_kafka import on_kafka
from tests.machine import machine

Line = dict[str, Any]


def run(*, peers: bool, short: bool, tell: Callable[[str], None]) -> list[Line]:
    """Run the benchmarks one after the other; each has a cluster of its own, so that none works in another's traces."""
    lines: list[Line] = [{"bench": "machine"} | machine()]
    tell("Stages, in this process ...")
    stages = pipeline.stage_costs(500 if short else 4000)
    lines.append({"bench": "stages", "unit": "microseconds an event"} | stages)
    tell("Signals, in this process ...")
    lines.append({"bench": "signals of decisions"} | signals_paired.measure(5 if short else 150))
    tell("Rules, in this process ...")
    measured_rules = rules.measure(events=100, rounds=3) if short else rules.measure(events=1000, rounds=15)
    lines.append({"bench": "rules"} | measured_rules | {"of_stages": rules.part_of(measured_rules, stages)})
    tell("Index of sightings, in this process ...")
    lines += [{"bench": "index"} | asdict(cost) for cost in _index_costs(short=short)]
    with tempfile.TemporaryDirectory(prefix="sambus-bench-") as folder:
        packs = {"released": None} if short else {"first": first_pack(Path(folder) / "first"), "released": None}
        for name, pack in packs.items():
            lines += _bus(name, pack, short=short, tell=tell)
    lines += _archives(short=short, tell=tell)
    lines += _intake(short=short, tell=tell)
    lines += _feeds(short=short, tell=tell)
    lines += _signals(short=short, tell=tell)
    if not short:
        lines += _recoveries(tell)
    if peers:
        lines += _peers(short=short, tell=tell)
        lines += _whole_peers(short=short, tell=tell)
    return lines


def _index_costs(*, short: bool) -> list[index.Cost]:
    return index.measure((200, 1_000), sample=200) if short else index.measure()


def _archives(*, short: bool, tell: Callable[[str], None]) -> list[Line]:
    """Filling and searching the archive on both databases, and the whole way from a delivery topic into it."""
    lines: list[Line] = []
    for database in ("sqlite", "postgresql"):
        count, rounds = (5_000, 2) if short else (1_000_000, 40)
        tell(f"Archive of {count:,} deliveries, {database} ...")
        lines.append({"bench": "archive"} | archive.run(database, count, rounds))
    found = on_kafka(partial(archive.whole_way, count=500 if short else 20_000))
    return [*lines, {"bench": "archiver"} | found]


def _intake(*, short: bool, tell: Callable[[str], None]) -> list[Line]:
    """Events over HTTP, beside a bare endpoint."""
    publishers, seconds, rounds = (8, 1.0, 1) if short else (100, 2.0, 12)
    tell(f"Intake over HTTP, {publishers} publishers ...")
    measure = partial(intake.compare, publishers=publishers, seconds=seconds, rounds=rounds)
    return [{"bench": "intake"} | asdict(taking) for taking in on_kafka(measure)]


def _feeds(*, short: bool, tell: Callable[[str], None]) -> list[Line]:
    """Live readers of one process, of the gateway and of plain endpoints, each with one reader who takes nothing."""
    readers, rate, seconds = (60, 50.0, 2.0) if short else (5_000, 200.0, 20.0)
    servers = feeds.SERVERS[:2] if short else feeds.SERVERS
    tell(f"Feeds, {readers:,} live readers, {rate:.0f} deliveries/s, {len(servers)} servers in turn ...")
    measure = partial(feeds.compare, readers=readers, rate=rate, seconds=seconds, servers=servers)
    return [{"bench": "feeds"} | asdict(found) for found in on_kafka(measure)]


def _signals(*, short: bool, tell: Callable[[str], None]) -> list[Line]:
    """The same load through workers without and with their signals, in turn."""
    events, rounds = (400, 1) if short else (10_000, 5)
    tell(f"Signals, {events:,} events, {rounds} rounds in turn ...")
    measure = partial(signals.measure, events=events, rounds=rounds, warm_up=100 if short else 2_000)
    return [{"bench": "signals"} | asdict(on_kafka(measure))]


def _recoveries(tell: Callable[[str], None]) -> list[Line]:
    """Back at work after kill -9 with a million events in state: by one worker, and by two."""
    lines = []
    for workers in (1, 2):
        tell(f"Recovery of a million events, {workers} worker(s) ...")
        found = on_kafka(partial(recovery.measure, events=1_000_000, workers=workers))
        line = {name: value for name, value in asdict(found).items() if name != "told"}
        lines.append({"bench": "recovery"} | line)
    return lines


def _bus(name: str, pack: Path | None, *, short: bool, tell: Callable[[str], None]) -> list[Line]:
    """The whole way on Kafka, one worker, by one pack."""
    tell(f"Pipeline, {name} pack ...")
    events = 2_000 if short else 30_000
    through = on_kafka(lambda b, h: pipeline.measure(b, h, events=events, rules=pack))
    tell(f"Latency at 1,000 events/s, {name} pack ...")
    seconds, rate = (3.0, 200.0) if short else (30.0, 1000.0)
    waits = on_kafka(lambda b, h: latency.measure(b, h, rate=rate, seconds=seconds, rules=pack))
    return [
        {"bench": "pipeline", "pack": name} | asdict(through),
        {"bench": "latency", "pack": name} | asdict(waits),
    ]


def _peers(*, short: bool, tell: Callable[[str], None]) -> list[Line]:
    from tests.bench.peers import compare, engines_here

    count, rounds = (20_000, 1) if short else (300_000, 3)
    tell(f"Engines, {count:,} records, {rounds} rounds in turn ...")
    results = on_kafka(lambda b, _: compare(b, engines_here(), count, rounds))
    ours = results[0].rate
    return [
        {
            "bench": "engine",
            "engine": result.engine,
            "guarantee": result.guarantee,
            "events_per_s": round(result.rate),
            "runs": [round(rate) for rate in result.rates],
            "sambus_is": round(ours / result.rate, 2) if result.rate else None,
            "lost": result.lost,
            "doubled": result.doubled,
        }
        for result in results
    ]


def _whole_peers(*, short: bool, tell: Callable[[str], None]) -> list[Line]:
    """The same core, links and pictures with it, in other engines."""
    from tests.bench.whole_peers import compare

    events, rounds = (1_000, 1) if short else (20_000, 3)
    tell(f"The whole core, {events:,} events, {rounds} rounds in turn ...")
    with tempfile.TemporaryDirectory(prefix="sambus-bench-") as folder:
        results = asyncio.run(compare(Path(folder), events, rounds))
    ours = results[0].rate
    return [
        {
            "bench": "whole",
            "engine": result.engine,
            "events_per_s": round(result.rate),
            "runs": [round(rate) for rate in result.rates],
            "sambus_is": round(ours / result.rate, 2) if result.rate else None,
            "lost": result.lost,
            "doubled": result.doubled,
        }
        for result in results
    ]


def readable(line: Line) -> str:
    """A line for a person's eyes."""
    rest = ", ".join(f"{name} {value}" for name, value in line.items() if name != "bench")
    return f"{line['bench']}: {rest}"
