"""What schedules came to, as JSON, and what several came to together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.faults.random.kinds import KINDS
from tests.faults.random.run import Outcome

Line = dict[str, Any]
#: What must be zero in every schedule.
ZEROS = ("lost", "doubled", "wrong_desk", "out_of_order", "other")


def lines(outcome: Outcome, rate: float, *, with_samples: bool) -> Iterator[Line]:
    """One for each fault, then the schedule's own; before them, if asked for, what was seen every few seconds."""
    for sample in outcome.samples if with_samples else ():
        yield {"curve": "samples", **sample._asdict()}
    for recovery in outcome.recoveries:
        yield {"curve": "faults", "seed": outcome.seed, **recovery._asdict()}
    yield {"curve": "schedules", "rate": rate, **told(outcome)}


def told(outcome: Outcome) -> Line:
    """What a schedule came to. Units: seconds, as in ``Recovery``."""
    found = Counter(outcome.found.counts)
    return {
        "seed": outcome.seed,
        "faults": len(outcome.recoveries),
        "published": outcome.published,
        "sent_again": outcome.sent_again,
        "deliveries": outcome.deliveries,
        "lost": found["lost"] + found["missing at a desk"] + found["refused for no reason"],
        "doubled": found["settled twice"] + found["doubled at a desk"],
        "wrong_desk": found["at a wrong desk"],
        "out_of_order": found["out of order"],
        "other": found["not on the intake topic"] + found["ledger and deliveries differ"],
        "ledger_sound": outcome.ledger is not None and outcome.ledger.sound,
        "examples": outcome.found.examples,
        "recovery_s": spread([each.recovered_s for each in outcome.recoveries]),
        "left_out": outcome.absent,
        "workers_revived": outcome.revived,
        "seconds": round(outcome.seconds),
    }


def together(schedules: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """The sums of all schedules."""
    names = ("faults", "published", "sent_again", "deliveries", "workers_revived", *ZEROS)
    return Counter({name: sum(int(schedule[name]) for schedule in schedules) for name in names})


def by_kind(faults: Iterable[Mapping[str, Any]]) -> dict[str, list[float]]:
    """The seconds of each kind that struck, in order, from the lines of a run."""
    found: dict[str, list[float]] = {}
    for fault in faults:
        found.setdefault(fault["kind"], []).append(fault["recovered_s"])
    return {kind: sorted(found[kind]) for kind in KINDS if kind in found}


def spread(values: Sequence[float]) -> dict[str, float]:
    """The distribution of some values: the nearest ranks."""
    ordered = sorted(values)
    if not ordered:
        return {}
    ranks = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "worst": 1.0}
    return {name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for name, share in ranks.items()}
