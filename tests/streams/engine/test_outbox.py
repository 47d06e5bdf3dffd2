"""The outbox: records go where every Kafka client would put them, and a half-done step leaves nothing."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.outbox import Outbox, Output


@given(st.binary(min_size=1, max_size=40), st.integers(1, 32))
def test_partition_is_that_of_the_default_partitioner(key: bytes, partitions: int) -> None:
    """A desk's deliveries stand where a reader who hashes the desk's key looks for them."""
    outbox = Outbox({"deliver.syd": partitions})
    everyone = list(range(partitions))
    assert outbox.partition_of(Output("deliver.syd", key, b"", 0)) == DefaultPartitioner()(key, everyone, everyone)


def test_a_given_partition_is_kept() -> None:
    """Changelog records stay in their lane's partition."""
    assert Outbox({"state.intake": 4}).partition_of(Output("state.intake", b"k", b"v", 0, partition=3)) == 3


def test_a_failed_steps_outputs_are_forgotten() -> None:
    """What a step wrote before it failed does not go out."""
    outbox = Outbox({"a": 1})
    outbox.add(Output("a", b"k", b"kept", 0))
    before = len(outbox)
    outbox.add(Output("a", b"k", b"half", 0))
    outbox.keep(before)
    assert len(outbox) == 1
