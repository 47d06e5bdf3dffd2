"""A lane's sources: what is new in a batch, what is old, and what is missing."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.engine.records import Batch
from streams.engine.settings import Settings
from streams.engine.state import State
from streams.engine.work import GapError, Source, Work


def batch(start: int | None, end: int, *offsets: int) -> Batch:
    """A batch of records at these offsets; between them stand markers."""
    return Batch("in.gateway", 0, start, end, 1, [SimpleNamespace(offset=offset) for offset in offsets])


def source(expected: int | None) -> Source:
    """A source that expects this offset next."""
    made = Source(TopicPartition("in.gateway", 0), work=SimpleNamespace())  # type: ignore[arg-type]
    made.expected = expected
    return made


def offsets(records: Any) -> list[int]:
    """The offsets of some records."""
    return [record.offset for record in records]


def test_everything_is_new_to_a_group_that_has_committed_nothing() -> None:
    """Whatever offset the topic begins at by now."""
    assert offsets(source(None).new_in(batch(None, 12, 7, 9))) == [7, 9]


def test_what_an_earlier_owner_did_is_passed_by() -> None:
    """A seek goes back to what was committed when it was asked; the fence may have come later."""
    assert offsets(source(9).new_in(batch(None, 12, 7, 8, 9, 11))) == [9, 11]


def test_markers_are_no_gap() -> None:
    """The offset that is expected may hold a marker, and the chain says that nothing was left out."""
    assert offsets(source(9).new_in(batch(9, 14, 13))) == [13]


def test_a_batch_that_was_fetched_and_not_handed_over_is_a_gap() -> None:
    """The batch before this one ended at 12, and the lane never saw it."""
    with pytest.raises(GapError):
        source(9).new_in(batch(12, 14, 12, 13))


def test_batches_are_taken_oldest_first_up_to_the_bound() -> None:
    """Whole batches, at least one, and the backlog is what is left."""
    queue = source(0)
    for start in (0, 2, 4):
        queue.put(batch(start, start + 2, start, start + 1))
    assert [taken.start for taken in queue.take(3)] == [0, 2]
    assert queue.backlog == 2
    assert [taken.start for taken in queue.take(1)] == [4]
    assert queue.take(1) == []


def test_a_step_takes_nothing_before_its_state_is_worked_out() -> None:
    """It may take long, so it is done in steps, and others work in between."""

    class Slow:
        name, later, outputs = "slow", True, ()

        def open(self, state: State) -> Iterator[None]:
            for number in range(3):
                yield
                state.derived = number

    work = Work(Slow(), 0, {}, Settings(kafka={}))  # type: ignore[arg-type]
    steps = work.opening()
    for _ in range(3):
        next(steps)
        assert not work.ready
    assert list(steps) == []
    assert work.ready
    assert work.state.derived == 2
