"""Where records stood is where they come to stand: held against a model of how Kafka numbers what is written."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup import segments as planned
from deploy.backup.records import Record, pack, unpack
from deploy.backup.segments import Segment, segments


def record(offset: int) -> Record:
    """One made-up record."""
    return Record(offset, 1_700_000_000_000 + offset, b"k%d" % offset, b"v%d" % offset, ())


def numbered(plan: Iterable[Segment], first: int) -> tuple[list[tuple[int, int]], int]:
    """How Kafka would number it: (new offset, old offset) of each record, and the partition's end.

    An end of a transaction takes an offset; so does each filler of one that is aborted.
    """
    at, found = first, []
    for each in plan:
        for one in each.records:
            found.append((at, one.offset))
            at += 1
        if each.unseen == 1:
            assert each.records, "a transaction without a record leaves no end"
            at += 1
        elif each.unseen:
            fillers = each.unseen - 1
            assert fillers >= 1
            at += fillers + 1
    return found, at


@given(
    first=st.integers(0, 10_000),
    steps=st.lists(st.integers(1, 6), min_size=1, max_size=60),
    lead=st.integers(0, 3),
    trail=st.integers(0, 5),
)
def test_every_record_comes_to_its_old_offset(first: int, steps: list[int], lead: int, trail: int) -> None:
    """Whatever gaps there were; but for a single offset at the very beginning, which is written and deleted."""
    offsets = [first + lead]
    for step in steps:
        offsets.append(offsets[-1] + step)
    end = offsets[-1] + 1 + trail
    plan = list(segments(map(record, offsets), first, end))
    if plan[0] == Segment([], 1):
        plan, first = plan[1:], first + 1
    found, at = numbered(plan, first)
    assert found == [(offset, offset) for offset in offsets]
    assert at == end


def test_an_empty_partition_has_its_end_too() -> None:
    """All of it was deleted or aborted; who committed an offset there goes on from it."""
    assert list(segments([], 7, 7)) == []
    assert list(segments([], 7, 10)) == [Segment([], 3)]


def test_long_runs_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, and parts have no gap between them."""
    monkeypatch.setattr(planned, "MOST_RECORDS", 10)
    plan = list(segments(map(record, range(25)), 0, 26))
    assert [(len(each.records), each.unseen) for each in plan] == [(10, 0), (10, 0), (5, 1)]


def test_a_compacted_topic_keeps_order_and_no_offsets() -> None:
    """The latest of each key is all that counts there."""
    plan = list(segments([record(3), record(9)], 0, 20, compacted=True))
    assert plan == [Segment([record(3), record(9)], 0)]


@given(
    st.lists(
        st.builds(
            Record,
            st.integers(0, 2**62),
            st.integers(-1, 2**61),
            st.none() | st.binary(max_size=20),
            st.none() | st.binary(max_size=200),
            st.lists(st.tuples(st.text(max_size=8), st.none() | st.binary(max_size=8)), max_size=3).map(tuple),
        ),
        max_size=8,
    )
)
def test_a_record_is_read_as_it_was_written(records: list[Record]) -> None:
    """Nothing and empty are not the same; headers may stand twice and in any order."""
    assert list(unpack(pack(records))) == records
