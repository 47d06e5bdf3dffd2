"""How fast the steering report is made: ``python -m tests.bench.steering [LINES]``. A made-up ledger on a real Kafka.

Tells ledger lines and readings a second, the process's largest memory, and how long the small numbers take.
"""

import asyncio
import itertools
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from consumers.steering.numbers import of_matters, of_ways
from consumers.steering.parts import by_type, load_parts
from consumers.steering.reading import Progress, Source, counted
from consumers.steering.tally import Period
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.steering.packs import rules_of
from deploy.topics import apply
from producers.client import RawRecord, publish_raw
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.topics import DECISIONS, READS, catalogue
from streams.core.share.bundle import pack_bundle
from streams.core.share.history import replay
from streams.core.share.loading import RULES
from tests.consumers.made import new_id

LINES: Final = 100_000
RECEIVERS: Final = 4
COMBINATIONS: Final = 40
BATCH: Final = 20_000


def ledger(
    count: int, rules: list[str], version: str, draw: random.Random
) -> Iterator[tuple[str, RawRecord, RawRecord]]:
    """A matter's line, or one of feedback on an earlier matter, and a line of the read log."""
    codec, gazetteer, now = Codec(), load_gazetteer(), datetime.now(UTC)
    desks = [desk for unit in gazetteer.units for desk in gazetteer.desks(unit)]
    ids: list[str] = []
    # Rules follow from the type of an event: few combinations of them, however many events.
    fired = [draw.sample(rules, draw.randint(1, 3)) for _ in range(COMBINATIONS)]
    for _ in range(count):
        firing = itertools.cycle(draw.choice(fired))
        event_id, told = new_id(), bool(ids) and draw.random() < 0.2
        origin, *to = draw.sample(desks, RECEIVERS + 1)
        unit, _, function = origin.partition("/")
        receivers = [
            {
                "desk": desk,
                "view_group": "main",
                "view": ["local"],
                "rules": [next(firing)],
                "priority": 3,
                "priority_reason": "made up",
                "feed": "feed",
                "obligations": ["audit"],
                "marks": [],
            }
            for desk in to
        ]
        line: dict[str, Any] = {
            "event_id": event_id,
            "event_type": "feedback_note" if told else "intelligence_report",
            "revision": 1,
            "outcome": "shared",
            "origin": {"unit": unit, "function": function},
            "input_hash": "0" * 64,
            "pack_version": version,
            "gazetteer_version": gazetteer.version,
            "receivers": receivers,
            "withheld": [],
            "concerns": [],
            "published_at": now,
            "accepted_from": "in.gateway:0:0",
            "synthetic": False,
            "replaces": None,
            "about": [draw.choice(ids)] if told else [],
            "said": "used" if told else None,
        }
        read = {"kind": "asked", "at": now, "desk": to[0], "readings": ["r"], "channel": "page", "subject": "made-up"}
        read |= {"subscription": None, "purpose": None, "case_ref": None, "gone": []}
        read["deliveries"] = [{"event_id": event_id, "revision": 1, "view_group": "main"}]
        if not told:
            ids.append(event_id)
        key = event_id.encode()
        yield (
            event_id,
            RawRecord(key, codec.encode("decision", line)),
            RawRecord(to[0].encode(), codec.encode("read_line", read)),
        )


async def measured(bootstrap: str, count: int) -> None:
    """Fill the topics, make the numbers, tell how long it took."""
    options, gazetteer = {"bootstrap_servers": bootstrap}, load_gazetteer()
    await apply(options, catalogue(gazetteer))
    rules = rules_of(replay([], pack_bundle(RULES), gazetteer), gazetteer)
    sharing = sorted({rule for carried in rules.carried.values() for rule in carried.shares})
    made = ledger(count, sharing, rules.running, random.Random(1))  # noqa: S311 - made-up numbers
    while batch := [each for _, each in zip(range(BATCH), made, strict=False)]:
        await publish_raw(options, DECISIONS, [line for _, line, _ in batch])
        await publish_raw(options, READS, [read for _, _, read in batch])
    before = _memory()
    now = datetime.now(UTC)
    start, end = (round((now + timedelta(days=days)).timestamp() * 1000) for days in (-1, 1))
    progress = Progress()
    source = Source(options, Period(start, end), False, rules.served, by_type(load_parts()), progress)  # noqa: FBT003
    began, cpu = time.perf_counter(), time.process_time()
    counts, _ = await counted(source, gazetteer)
    took, worked = time.perf_counter() - began, time.process_time() - cpu
    rows = progress.lines + progress.reads
    click.echo(f"{progress.lines:,} ledger lines in {progress.readings} readings, {progress.reads:,} of the read log")
    click.echo(f"{rows / took:,.0f} rows/s, {rows / worked:,.0f} a second of processor")
    click.echo(f"{counts.matters.total():,} matters")
    click.echo(f"memory {before:,.0f} → {_memory():,.0f} MB; {len(counts.matters):,} kinds, {len(counts.ways):,} ways")
    began, cpu = time.perf_counter(), time.process_time()
    cells = of_matters(counts, gazetteer)
    pairs = of_ways(counts, gazetteer)
    hidden = sum(number is None for numbers in cells.values() for number in numbers.values())
    took, worked = time.perf_counter() - began, time.process_time() - cpu
    click.echo(
        f"{7 * len(cells):,} numbers, {hidden:,} left out, {len(pairs)} pairs: {took:.1f} s ({worked:.1f} s processor)"
    )


def _memory() -> float:
    """The process's largest memory so far. Units: MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure on a cluster of its own."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as home, LocalCluster(Path(home), port=free_port()) as cluster:
        asyncio.run(measured(cluster.bootstrap, count))


if __name__ == "__main__":
    main()
