"""The fast partitioner agrees with the one that every other client uses."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from producers.partition import partition_of
from schemas.partition import murmur2

#: Hashes that Kafka's own Java tests state (UtilsTest.testMurmur2), as signed 32-bit numbers.
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("data", "signed"), JAVA.items())
def test_hashes_are_those_of_the_java_client(data: bytes, signed: int) -> None:
    """The numbers that Kafka's own tests hold to."""
    assert murmur2(data) == signed & 0xFFFFFFFF


@given(st.binary(max_size=80), st.integers(min_value=1, max_value=64))
def test_every_key_has_the_usual_partition(key: bytes, count: int) -> None:
    """Same key, same partition, whichever client writes."""
    partitions = list(range(count))
    assert partition_of(key, partitions, partitions) == DefaultPartitioner()(key, partitions, partitions)


def test_without_a_key_an_available_partition_is_taken() -> None:
    """A partition without a leader is passed over."""
    assert partition_of(None, [0, 1, 2], [1]) == 1
    assert partition_of(None, [5], []) == 5
