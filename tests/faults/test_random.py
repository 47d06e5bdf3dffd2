"""Random faults on three brokers: nothing is lost, doubled, out of order or at a wrong desk, whatever strikes when.

A failing schedule is run again by its seed: `SAMBUS_FAULT_SEED=… pytest tests/faults/test_random.py`, or with more to
look at by `python -m tests.faults.random --seed … --faults … --keep FOLDER`.
"""

import itertools
import json
import os
from pathlib import Path

import pytest

from tests.bench.plots import read
from tests.faults.random.__main__ import SCHEDULE
from tests.faults.random.kinds import KINDS
from tests.faults.random.report import ZEROS, by_kind, lines, spread, together, told
from tests.faults.random.run import Outcome, Recovery, run
from tests.faults.random.schedule import CALM_S, draw, drawn

_SEED = int(os.environ.get("SAMBUS_FAULT_SEED", "1"))
#: Of the short form: as many as take two minutes on an idle machine.
_FEW = 5


def test_a_seed_gives_one_schedule() -> None:
    """The same seed the same one, another seed another one."""
    kinds = list(KINDS)
    assert draw(4, 60, kinds) == draw(4, 60, kinds)
    assert draw(4, 60, kinds) != draw(5, 60, kinds)


def test_every_kind_comes_before_one_comes_again() -> None:
    """So that a short schedule strikes in many ways, and a long one in all of them."""
    kinds = list(KINDS)
    drawn = [blow.kind for blow in draw(9, 2 * len(kinds), kinds)]
    assert sorted(drawn[: len(kinds)]) == sorted(drawn[len(kinds) :]) == sorted(kinds)


def test_a_long_run_leaves_time_between_its_faults() -> None:
    """And strikes in all ways, as a close one does."""
    kinds = list(KINDS)
    blows = list(itertools.islice(drawn(9, kinds, CALM_S), len(kinds)))
    assert sorted(blow.kind for blow in blows) == sorted(kinds)
    assert all(CALM_S[0] <= blow.pause_s <= CALM_S[1] for blow in blows)


def test_the_distribution_names_the_worst() -> None:
    """Nearest ranks; nothing of nothing."""
    assert spread([]) == {}
    found = spread([float(number) for number in range(1, 101)])
    assert (found["p50"], found["p99"], found["worst"]) == (51.0, 100.0, 100.0)


def test_runs_are_read_back_as_they_were_told(tmp_path: Path) -> None:
    """Of several schedules in one file: the sums, and each fault's seconds by its kind."""
    outcomes = [
        Outcome(seed, published=10, deliveries=30, recoveries=[Recovery("clock step", 1.0, 2.0, float(seed))])
        for seed in (8, 7)
    ]
    file = tmp_path / "faults.jsonl"
    told_of = [line for outcome in outcomes for line in lines(outcome, 20.0, with_samples=False)]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in told_of), encoding="utf-8")
    curves = read(file)
    sums = together(curves["schedules"])
    assert (sums["faults"], sums["published"], sums["deliveries"], sums["lost"]) == (2, 20, 60, 0)
    assert by_kind(curves["faults"]) == {"clock step": [7.0, 8.0]}


def sound(outcome: Outcome, faults: int) -> None:
    """The books of a schedule: all zero, and much was done."""
    found = told(outcome)
    assert {name: found[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0), found["examples"]
    assert found["ledger_sound"]
    assert len(outcome.recoveries) == faults
    assert outcome.deliveries > outcome.published > 100
    assert outcome.samples[-1].published > 100
    assert outcome.samples[-1].worker_mib > 50
    assert outcome.samples[-1].brokers_mib > 300
    if os.environ.get("CI"):
        assert outcome.absent.keys() <= {name for name, kind in KINDS.items() if kind.needs == "previous"}


@pytest.mark.kafka
@pytest.mark.timeout(1800)
async def test_a_few_random_faults(tmp_path: Path) -> None:
    """The short form."""
    sound(await run(tmp_path, _SEED, _FEW), _FEW)


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("number", range(500 // SCHEDULE))
async def test_five_hundred_random_faults(tmp_path: Path, number: int) -> None:
    """The long form: ten schedules of fifty, each from a seed of its own."""
    sound(await run(tmp_path, _SEED + number, SCHEDULE), SCHEDULE)
