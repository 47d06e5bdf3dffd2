"""What a lane does with a step that fails: a bug is contained, want of memory ends the lane."""

from collections.abc import Sequence
from typing import Any

import pytest

from streams.engine.outbox import Outbox, Output
from streams.engine.records import Record
from streams.engine.settings import Settings
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.work import Work
from tests.streams.engine.lanes import Held


class Failing:
    """A step that writes half of what it would write, and fails."""

    name = "failing"
    outputs: Sequence[str] = ("somewhere", "quarantine")

    def __init__(self, problem: Exception) -> None:
        self._problem = problem

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:  # noqa: ARG002
        """Fail in the middle."""
        out.add(Output("somewhere", b"key", b"half", 0))
        raise self._problem

    def contain(self, record: Record, out: Outbox) -> None:  # noqa: ARG002
        """Say that it failed."""
        out.add(Output("quarantine", b"key", b"contained", 0))


def taken(problem: Exception) -> Outbox:
    """What stands in the outbox when a step has failed on a record."""
    work, out = Work(Failing(problem), 0, {}, Settings(kafka={})), Outbox({"somewhere": 1, "quarantine": 1})
    record: Any = Held("in.gateway", 0, 0, 0, b"key", b"value")
    work.apply(record, out)
    return out


def test_a_bug_is_contained() -> None:
    """What the step had written is taken back, and the record goes to quarantine."""
    assert len(taken(ValueError())) == 1


def test_want_of_memory_is_not_the_events_fault() -> None:
    """A good event would end in quarantine. Found by the fault suite: a worker that gets no more memory."""
    with pytest.raises(MemoryError):
        taken(MemoryError())
