"""The corpus is hard: too loose a threshold joins lookalikes, too strict a one misses what noise lies over."""

from functools import cache, lru_cache
from typing import Any

import pytest

from streams.core.link.thresholds import Thresholds, load_thresholds
from tests.quality.labels import Corpus
from tests.quality.making import made
from tests.quality.matching import through
from tests.quality.scoring import Score, scored


@lru_cache(maxsize=1)
def month() -> Corpus:
    """A corpus with enough of every type."""
    return made(5000, 99)


@cache
def released(event_type: str) -> Score:
    """The scores of one type's joins by the released thresholds."""
    return joins(event_type, load_thresholds())


def joins(event_type: str, thresholds: Thresholds) -> Score:
    """The scores of one type's joins by other thresholds."""
    corpus = month()
    tellings = tuple(telling for telling in corpus.tellings if telling.body["event_type"] == event_type)
    ours = {telling.matter for telling in tellings}
    pairs = {ends: pair for ends, pair in corpus.pairs.items() if ends <= ours}
    part = corpus._replace(tellings=tellings, pairs=pairs)
    return scored(part, through(tellings, thresholds=thresholds).pairs).joins[""]


def changed(event_type: str, **numbers: Any) -> Thresholds:
    """The released thresholds with some numbers of one type changed."""
    now = load_thresholds()
    return now.model_copy(update={event_type: getattr(now, event_type).model_copy(update=numbers)})


LOOSE = [
    ("violence_incident", {"metres": 1500}),
    ("violence_incident", {"minutes": 300}),
    ("open_drug_scene", {"metres": 500}),
    ("intelligence_report", {"text": 0.5, "text_of_both": 0.5}),
    ("substance_alert", {"days": 40}),
    ("financial_intelligence", {"amount": 0.2}),
    ("financial_intelligence", {"days": 10}),
    ("public_notice", {"minutes": 600, "text": 0.5, "text_at_once": 0.5}),
]
STRICT = [
    ("violence_incident", {"metres": 30}),
    ("violence_incident", {"minutes": 3}),
    ("open_drug_scene", {"metres": 1}),
    ("intelligence_report", {"text": 0.99, "text_of_both": 0.99}),
    ("substance_alert", {"days": 3}),
    ("financial_intelligence", {"amount": 0.002}),
    ("financial_intelligence", {"days": 1}),
    ("public_notice", {"text": 0.99, "text_at_once": 0.99, "text_across": 0.99}),
]


@pytest.mark.parametrize(("event_type", "numbers"), LOOSE, ids=str)
def test_too_loose_a_threshold_joins_lookalikes(event_type: str, numbers: dict[str, Any]) -> None:
    """More false joins than the released one makes, and too many."""
    loose = joins(event_type, changed(event_type, **numbers))
    assert loose.false > released(event_type).false
    assert loose.precision < 0.99


@pytest.mark.parametrize(("event_type", "numbers"), STRICT, ids=str)
def test_too_strict_a_threshold_misses_noisy_reports(event_type: str, numbers: dict[str, Any]) -> None:
    """Fewer of the true pairs than the released one finds, and too few."""
    strict = joins(event_type, changed(event_type, **numbers))
    assert strict.right < released(event_type).right
    assert strict.recall < 0.97
