"""The scores as a page: what was found by type, by the noise between two reports, and what was fooled by what."""

import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import psutil

from streams.core.link.thresholds import load_thresholds
from tests.docs.tables import table
from tests.quality.labels import Corpus, Ends
from tests.quality.scoring import Report, Score


class Run(NamedTuple):
    """One corpus and its scores."""

    seed: int
    corpus: Corpus
    report: Report


def page(runs: Sequence[Run], command: str) -> str:
    """All runs together."""
    events = sum(run.report.events for run in runs)
    joins, links = (_added(getattr(run.report, name) for run in runs) for name in ("joins", "links"))
    joined, linked = joins[""], links[""]
    both = Score(*(a + b for a, b in zip(joined, linked, strict=True)))
    echoes = sum(run.report.echoes for run in runs)
    unmarked = sum(run.report.unmarked_echoes for run in runs)
    confirming = sum(run.report.independent_echoes for run in runs)
    return f"""# How well the bus tells one real event from another

Scores on a made-up month of reports with the noise of real life and with lookalikes (`tests/quality/making.py`).
The generator shares no code with the matcher. A pair counts as joined when both ends are on one card, whatever chain
of joins led there. A pair that the rules only let be linked counts as false when it is joined.

- {events:,} events in {len(runs)} corpora ({_seeds(runs)}), thresholds `{load_thresholds().version}`.
- **Joins: precision {joined.precision:.4f}, recall {joined.recall:.4f}.**
- **False joins: {1000 * joined.false / events:.2f} for each 1,000 events.**
- Links: precision {linked.precision:.4f}, recall {linked.recall:.4f}. A link joins nothing; a person looks at it.
- Joins and links together: precision {both.precision:.4f}, recall {both.recall:.4f}.
- Echoes found: {echoes:,}; without the mark SAME ORIGIN: {unmarked}; said to confirm what they retell: {confirming}.
- {_machine()}, {datetime.now(UTC).date().isoformat()}, `{command}`.

## How to read it

The thresholds were chosen with this generator at hand, so real reports will do worse. The only
real texts tried are the [police's open notices](quality-notices.md). Some true pairs no rule lets be found, and they
count as missed all the same: a place too vague or too far off to join by, one command's two numbers for one incident,
a report typed in anew without its persons. Like seizures by two authorities at one line are suggested as joint though
they are not; a person decides.

## Joins by type

{_scores(joins)}
## Links by type

{_scores(links)}
## What lies between two reports of one event

How many of the pairs were found, on one card or as a link, as it should be.

{_noises(runs)}
## What fooled it

False joins and false links by the scenes of the generator that they come from.

{_fooled(runs)}
"""


def _seeds(runs: Sequence[Run]) -> str:
    return "seeds " + ", ".join(str(run.seed) for run in runs)


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _added(scores: Iterable[dict[str, Score]]) -> dict[str, Score]:
    total: dict[str, Score] = {}
    for each in scores:
        for name, score in each.items():
            former = total.get(name, Score(0, 0, 0))
            total[name] = Score(*(a + b for a, b in zip(former, score, strict=True)))
    return total


def _scores(scores: dict[str, Score]) -> str:
    names = [*sorted(name for name in scores if name), ""]
    heads = ("type", "true pairs", "found", "false", "precision", "recall")
    rows = ((f"`{name}`" if "_" in name else name or "all", *_numbers(scores[name])) for name in names)
    return table(heads, rows)


def _numbers(score: Score) -> tuple[str, ...]:
    return f"{score.true:,}", f"{score.found:,}", str(score.false), f"{score.precision:.4f}", f"{score.recall:.4f}"


def _noises(runs: Sequence[Run]) -> str:
    true: Counter[tuple[str, str, str]] = Counter()
    missed: Counter[tuple[str, str, str]] = Counter()
    for run in runs:
        lost = run.report.missed | run.report.missed_links
        for ends, pair in run.corpus.pairs.items():
            key = (_types(run.corpus, ends), str(pair.truth), pair.noise)
            true[key] += 1
            missed[key] += ends in lost
    rows = ((*key, f"{true[key]:,}", f"{1 - missed[key] / true[key]:.3f}") for key in sorted(true))
    return table(("type", "truth", "what lies between", "pairs", "found"), rows)


def _types(corpus: Corpus, ends: Ends) -> str:
    return " and ".join(f"`{name}`" for name in sorted({corpus.types[matter] for matter in ends}))


def _fooled(runs: Sequence[Run]) -> str:
    joins = Counter(why for run in runs for why in run.report.wrong.values())
    links = Counter(why for run in runs for why in run.report.wrong_links.values())
    rows = [(why, str(joins[why]), str(links[why])) for why in sorted({*joins, *links})]
    return table(("scenes", "false joins", "false links"), rows) if rows else "Nothing."
