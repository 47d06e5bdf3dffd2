"""Kafka's default partitioner in the form that aiokafka takes."""

import random
from collections.abc import Sequence

from schemas.partition import partition_number


def partition_of(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """The partition for a key, in the form that aiokafka takes; any that is available when there is no key."""
    if key is None:
        return random.choice(available or partitions)  # noqa: S311 - spreads load, guards nothing  # nosec B311
    return partitions[partition_number(key, len(partitions))]
