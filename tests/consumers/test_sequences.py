"""Publishers' numbers: what was promised and never came shows, whatever order it comes in, and nothing else does."""

import random
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.sequences import OVER, WHOLE, Stream, Streams
from schemas.sequence import Numbered, Numbering, read_sequence

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
DESK, PLACE = "se.syd/intelligence", ("in.gateway", 0)
SETTLE = timedelta(minutes=2)


def came(numbers: list[int], promised: int) -> Stream:
    """A stream of which these numbers came."""
    stream = Stream()
    for number in numbers:
        stream.take(Numbered("s", number, min(promised, number)), AT)
    return stream


@given(st.sets(st.integers(1, 60), min_size=1), st.randoms(use_true_random=False))
def test_what_is_missing_is_what_did_not_come(numbers: set[int], rng: random.Random) -> None:
    """In any order, with any of them twice; it is held against a plain set."""
    order = sorted(numbers) * 2
    rng.shuffle(order)
    stream = came(order, 60)
    highest = max(numbers)
    assert stream.missing == len(set(range(1, highest)) - numbers)
    assert stream.doubles == len(numbers)
    assert stream.came == len(numbers)
    assert stream.ranges == sorted(stream.ranges)


def test_what_nobody_promised_is_no_gap() -> None:
    """A record that was never confirmed may be lost: its publisher knows."""
    stream = Stream()
    for number in (1, 2, 5):
        stream.take(Numbered("s", number, min(number, 3)), AT)
    assert (stream.missing, stream.gap_since) == (0, None)
    stream.take(Numbered("s", 6, 6), AT)
    assert (stream.missing, stream.gap_since) == (2, AT)


def test_a_gap_is_told_after_a_while_and_ends_when_it_is_filled() -> None:
    """Urgent records overtake; what comes late was not lost."""
    streams = Streams()
    for offset, number in enumerate((1, 3, 4)):
        streams.take(PLACE, offset, DESK, Numbered("s", number, number), AT)
    assert streams.gaps(AT + SETTLE - timedelta(seconds=1), SETTLE) == []
    (gap,) = streams.gaps(AT + SETTLE, SETTLE)
    assert (gap.desk, gap.stream, gap.missing, gap.since) == (DESK, "s", 1, AT)
    streams.take(PLACE, 3, DESK, Numbered("s", 2, 1), AT + SETTLE)
    assert streams.gaps(AT + 10 * SETTLE, SETTLE) == []


def test_reading_again_after_a_restart_changes_nothing() -> None:
    """What was kept is taken back as it was; records that were read before count once."""
    streams = Streams()
    records = [(offset, number) for offset, number in enumerate((1, 2, 4, 4, 7))]
    for offset, number in records:
        streams.take(PLACE, offset, DESK, Numbered("s", number, number), AT)
    again = Streams.restored(orjson.loads(orjson.dumps(streams.state())))
    for offset, number in records:
        again.take(PLACE, offset, DESK, Numbered("s", number, number), AT)
    assert again.state() == streams.state()
    assert again.doubles == 1
    again.take(PLACE, 5, DESK, Numbered("s", 8, 8), AT)
    (gap,) = again.gaps(AT + SETTLE, SETTLE)
    assert gap.missing == 3


def test_streams_that_are_over_are_let_go() -> None:
    """A whole one soon; one with a gap as long as it could still be filled."""
    streams = Streams()
    streams.take(PLACE, 0, DESK, Numbered("whole", 1, 1), AT)
    streams.take(PLACE, 1, DESK, Numbered("gap", 2, 2), AT)
    streams.forget(AT + WHOLE)
    assert [stream for stream, _ in streams.of(DESK)] == ["gap"]
    streams.forget(AT + OVER)
    assert len(streams) == 0


def test_another_desks_stream_of_the_same_name_is_another_stream() -> None:
    """Nobody fills or makes a gap for somebody else."""
    streams = Streams()
    streams.take(PLACE, 0, DESK, Numbered("s", 1, 1), AT)
    streams.take(PLACE, 1, "se.vast/intelligence", Numbered("s", 3, 3), AT)
    assert [gap.desk for gap in streams.gaps(AT + SETTLE, SETTLE)] == ["se.vast/intelligence"]
    streams.take(PLACE, 2, DESK, None, AT)
    streams.take(PLACE, 3, None, Numbered("s", 3, 3), AT)
    assert len(streams) == 2


def test_a_numbering_promises_what_is_taken_and_no_more() -> None:
    """One that is lost ends the stream, so that it is nobody's gap."""
    numbering = Numbering()
    (header, first), (_, second), (_, third) = (numbering.next() for _ in range(3))
    assert read_sequence(header) == first == Numbered(first.stream, 1, 1)
    assert third.promised == 1
    numbering.taken(second)
    numbering.taken(first)
    assert numbering.next()[1].promised == 3
    numbering.lost(third)
    _, fresh = numbering.next()
    assert (fresh.number, fresh.promised) == (1, 1)
    assert fresh.stream != first.stream
    numbering.lost(second)  # of the stream before: the new one goes on
    assert numbering.next()[1].stream == fresh.stream


@pytest.mark.parametrize(
    "header", [b"", b"s", b"s:1", b"s:1:2", b"s:0:0", b":1:1", b"s:x:1", b"s:1:x", b"s:-1:1", b"\xff:1:1", b"s" * 99]
)
def test_a_header_that_is_none_is_none(header: bytes) -> None:
    """Whatever a unit's own software writes there."""
    assert read_sequence(header) is None


@given(st.binary(max_size=70))
def test_no_header_makes_it_fail(header: bytes) -> None:
    """It is a place or none."""
    found = read_sequence(header)
    assert found is None or found.promised <= found.number
