"""The outbox: records go where every Kafka client would put them, and a half-done step leaves nothing."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import MIB
from streams.engine.outbox import Outbox, Output, Parcel, unpacked


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
    outbox.pack(Parcel("a", 0, "kind"), b"kept", 1)
    before = outbox.mark()
    outbox.add(Output("a", b"k", b"half", 0))
    outbox.pack(Parcel("a", 0, "kind"), b"half", 2)
    outbox.keep(before)
    outbox.seal()
    plain, parcel = outbox.outputs
    assert plain.value == b"kept"
    assert list(unpacked(parcel.value or b"")) == [b"kept"]


@given(st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=200_000)), max_size=12))
def test_what_is_packed_comes_out_in_order_in_its_partition(entries: list[tuple[int, bytes]]) -> None:
    """One record holds many entries, and none grows beyond what a topic takes."""
    outbox = Outbox({"a": 3})
    for at_ms, (partition, entry) in enumerate(entries):
        outbox.pack(Parcel("a", partition, "kind"), entry, at_ms)
    outbox.seal()
    for partition in range(3):
        records = [output for output in outbox.outputs if output.partition == partition]
        found = [entry for record in records for entry in unpacked(record.value or b"")]
        assert found == [entry for to, entry in entries if to == partition]
    assert all(len(output.value or b"") < MIB for output in outbox.outputs)
    assert all(output.headers == [("kind", b"1")] for output in outbox.outputs)
