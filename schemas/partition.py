"""Where a key's records stand: Kafka's default partitioner, fast and the same for every room that writes or looks.

aiokafka's own takes the key byte by byte; this one takes four bytes at a time, in less than half the time.
"""

import struct

_SEED, _M, _R = 0x9747B28C, 0x5BD1E995, 24
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit murmur2 hash as the Java client computes it, unsigned."""
    length = len(data)
    words = length // 4
    h = _SEED ^ length
    for k in struct.unpack_from(f"<{words}I", data):
        k = k * _M & _MASK  # noqa: PLW2901 - the algorithm's own step
        h = (h * _M ^ (k ^ k >> _R) * _M) & _MASK
    rest = data[words * 4 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


def partition_number(key: bytes, count: int) -> int:
    """The partition, of so many, that a key's records are on."""
    return (murmur2(key) & 0x7FFFFFFF) % count
