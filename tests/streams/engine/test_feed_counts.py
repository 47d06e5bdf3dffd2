"""A lane's numbers of deliveries: one after the other for each desk, kept in the same cycle, and of nobody else."""

import pytest

from schemas.feed_counts import COUNT_HEADER, Counted, read_count
from schemas.topics import DECISIONS, FEED_COUNTS
from streams.engine.feed_counts import FeedCounts
from streams.engine.outbox import Outbox, Output

A, B = b"se.syd/intelligence", b"se.vast/intelligence"
PARTITIONS = {"deliver.syd": 1, "desk.se.vast.intelligence": 1, "alert.flash.syd": 1, DECISIONS: 4, FEED_COUNTS: 4}


def cycle(counts: FeedCounts, *outputs: tuple[str, bytes]) -> Outbox:
    """One cycle's outputs, numbered."""
    outbox = Outbox(PARTITIONS)
    for topic, key in outputs:
        outbox.add(Output(topic, key, b"value", 1_000, [("ce_id", b"1")]))
    counts.number(outbox)
    return outbox


def numbers(outbox: Outbox, desk: bytes) -> list[Counted | None]:
    """The numbers of a desk's deliveries, in order."""
    own = [each for each in outbox.outputs if each.key == desk and each.topic != FEED_COUNTS]
    return [read_count(dict(each.headers).get(COUNT_HEADER, b"")) for each in own]


def kept(outbox: Outbox) -> dict[bytes, bytes | None]:
    """The counts that the cycle writes, each once, in the lane's own partition."""
    written = [output for output in outbox.outputs if output.topic == FEED_COUNTS]
    assert {output.partition for output in written} <= {3}
    assert len({output.key for output in written}) == len(written)
    return {output.key: output.value for output in written}


def test_each_desk_has_its_numbers_over_all_topics_and_cycles() -> None:
    """The way of a delivery does not matter; other records have none, and headers that were there stay."""
    counts = FeedCounts(3)
    first = cycle(counts, ("deliver.syd", A), ("desk.se.vast.intelligence", B), ("alert.flash.syd", A), (DECISIONS, A))
    assert numbers(first, A) == [Counted(3, 1), Counted(3, 2), None]
    assert numbers(first, B) == [Counted(3, 1)]
    assert all(("ce_id", b"1") in output.headers for output in first.outputs if output.topic != FEED_COUNTS)
    assert kept(first) == {b"3:" + A: b"2", b"3:" + B: b"1"}
    second = cycle(counts, ("deliver.syd", A))
    assert numbers(second, A) == [Counted(3, 3)]
    assert kept(second) == {b"3:" + A: b"3"}


def test_a_cycle_without_deliveries_writes_nothing() -> None:
    """It costs no record."""
    assert kept(cycle(FeedCounts(3), (DECISIONS, A))) == {}


@pytest.mark.parametrize("hidden", [0, 1, 5])
def test_a_desk_sees_no_difference_when_others_get_something(hidden: int) -> None:
    """Whatever a hidden match gives to others: this desk's records, numbers and counts are the same to the byte."""
    counts = FeedCounts(3)
    outboxes = [cycle(counts, ("deliver.syd", A), *[("deliver.syd", B)] * hidden) for _ in range(3)]
    own = [output for outbox in outboxes for output in outbox.outputs if output.key.endswith(A)]
    alone = FeedCounts(3)
    undisturbed = [output for _ in range(3) for output in cycle(alone, ("deliver.syd", A)).outputs]
    assert own == undisturbed
