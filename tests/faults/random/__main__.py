"""``python -m tests.faults.random --faults 500 --seed 1``: random faults by the hundred; JSON on stdout.

Schedules of fifty faults follow each other, each on a cluster of its own and from the next seed. A JSON line tells of
each fault when its schedule is over, then one of the schedule, with its verdict. Exit code 1: something was wrong; the
seed to run again stands in the line (``--seed N --faults 50``).

``--minutes 60 --rate 100``: one long run instead, with time between the faults. A line tells of every look at memory
and at what waits, too. ``tests.bench.plots`` draws them all, of several runs in one file as well.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.faults.random.kinds import KINDS
from tests.faults.random.report import lines
from tests.faults.random.run import RATE, Outcome, run
from tests.machine import machine

#: Faults of one schedule.
SCHEDULE = 50


def main() -> None:
    """Run from the command line."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults.random", description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--faults", type=int, default=500)
    asked.add_argument("--seed", type=int, default=int(os.environ.get("SAMBUS_FAULT_SEED", "1")))
    asked.add_argument("--minutes", type=float, help="a long run instead")
    asked.add_argument("--kind", action="append", choices=list(KINDS), help="only these kinds; may be repeated")
    asked.add_argument("--without", action="append", default=[], choices=list(KINDS), help="not these; may be repeated")
    asked.add_argument("--rate", type=float, default=RATE, help="events a second")
    asked.add_argument("--keep", type=Path, help="a folder in which logs and data are kept")
    options = asked.parse_args()
    _say({"curve": "machine", **machine()})
    sound = True
    for outcome in _outcomes(options):
        sound = sound and outcome.sound
        for line in lines(outcome, options.rate, with_samples=options.minutes is not None):
            _say(line)
    sys.exit(0 if sound else 1)


def _outcomes(options: argparse.Namespace) -> Iterator[Outcome]:
    kinds = [kind for kind in options.kind or KINDS if kind not in options.without]
    if options.minutes is not None:
        yield _one(options.keep, options.seed, None, kinds, options.rate, options.minutes * 60)
        return
    for number, start in enumerate(range(0, options.faults, SCHEDULE)):
        faults = min(SCHEDULE, options.faults - start)
        yield _one(options.keep, options.seed + number, faults, kinds, options.rate)


def _one(
    keep: Path | None, seed: int, faults: int | None, kinds: Sequence[str], rate: float, seconds: float = 0.0
) -> Outcome:
    if keep is not None:
        home = keep / f"seed-{seed}"
        home.mkdir(parents=True)
        return asyncio.run(run(home, seed, faults, kinds, rate, seconds))
    with tempfile.TemporaryDirectory(prefix="sambus-faults-") as folder:
        return asyncio.run(run(Path(folder), seed, faults, kinds, rate, seconds))


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
