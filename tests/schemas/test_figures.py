"""What a process counts of itself, and what of it may be told."""

import pytest

from schemas.figures import Histogram
from schemas.low_counts import by_area, coarse
from schemas.signals import LATE_AFTER_S, METRICS, STREAM_S, Kind, Metric
from schemas.suppression import SMALLEST


def test_an_observation_is_in_the_bucket_that_prometheus_means() -> None:
    """A value at a bound is within it; one beyond them all is in the last."""
    counted = Histogram(STREAM_S)
    for value in (0.01, 0.011, 60.0, 61.0):
        counted.observe(value)
    (spread,) = counted.spreads()
    assert (spread.counts[0], spread.counts[1], spread.counts[-2], spread.counts[-1]) == (1, 1, 1, 1)
    assert sum(spread.counts) == 4
    assert spread.total == pytest.approx(121.021)


def test_what_has_no_labels_in_common_is_counted_apart() -> None:
    """Each set of labels has counts of its own, in the order in which they came."""
    counted = Histogram(STREAM_S)
    counted.observe(1.0, "2")
    counted.observe(1.0, "1")
    counted.observe(2.0, "2")
    assert [(spread.labels, sum(spread.counts)) for spread in counted.spreads()] == [(("2",), 2), (("1",), 1)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_asks(metric: Metric) -> None:
    """A name says the unit; a counter ends in ``_total``; a histogram has bounds that rise; labels are words."""
    assert metric.name.startswith("sambus_")
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert metric.unit
    assert metric.meaning
    assert ("_seconds" in metric.name) == metric.unit.startswith("seconds")
    assert all(label.isidentifier() and label != "le" for label in metric.labels)


def test_every_metric_is_declared_once() -> None:
    """No two have one name, and the text says the limit that the code has."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert LATE_AFTER_S == 15 * 60


@pytest.mark.parametrize(("count", "told"), [(0, 0), (4, 0), (5, 5), (9, 5), (10, 10)])
def test_a_count_goes_in_steps(count: int, told: int) -> None:
    """No two looks at a figure tell of a single event."""
    assert coarse(count) == told


def test_a_small_count_is_left_out_with_another_that_hides_it() -> None:
    """The sum over all areas is known: one hidden number alone would follow from it."""
    assert by_area({("stockholm", "R"): 17, ("syd", "R"): 3, ("mitt", "R"): 8}) == {("stockholm", "R"): 15}


def test_where_nothing_is_small_all_is_told() -> None:
    """Nothing is hidden without need, and an area without any is not told of."""
    counts = {("stockholm", "R"): 17, ("syd", "R"): 5, ("vast", "R"): 0}
    assert by_area(counts) == {("stockholm", "R"): 15, ("syd", "R"): 5}


def test_no_shown_count_is_small() -> None:
    """Whatever is counted, what is shown is nothing or at least the smallest number that may be."""
    for syd in range(12):
        for mitt in range(12):
            told = by_area({("syd", "R"): syd, ("mitt", "R"): mitt, ("syd", "C"): mitt, ("nord", "C"): 7})
            assert all(count >= SMALLEST and count % SMALLEST == 0 for count in told.values())
            assert ("syd", "R") not in told or syd >= SMALLEST
