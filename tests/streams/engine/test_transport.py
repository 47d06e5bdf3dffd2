"""The transport when partitions change hands while it goes back to what is committed."""

from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from streams.engine.transport import BatchThread

STAYS, GOES = TopicPartition("events.accepted", 0), TopicPartition("duties", 0)


class Rebalanced:
    """A consumer that loses a partition while its committed offsets are asked for."""

    def __init__(self) -> None:
        self.sought: dict[TopicPartition, int] = {}

    def assignment(self) -> list[TopicPartition]:
        """What it had when it was asked."""
        return [GOES, STAYS]

    async def committed(self, tp: TopicPartition) -> int:  # noqa: ARG002
        """What is committed."""
        return 7

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """As aiokafka's own."""
        if tp == GOES:
            raise IllegalStateError(f"No current assignment for partition {tp}")
        self.sought[tp] = offset


async def test_a_partition_that_goes_while_seeking_ends_nothing() -> None:
    """The others are sought. Found by the fault suite: the worker crashed, and cost its group a rebalance more."""
    consumer = Rebalanced()
    thread: Any = SimpleNamespace(_ensure_consumer=lambda: consumer, _reached={GOES: 9, STAYS: 9})
    assert await BatchThread._seek_to_committed(thread) == {STAYS: 7}
    assert consumer.sought == {STAYS: 7}
    assert thread._reached == {}
