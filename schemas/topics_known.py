"""Lets a client of aiokafka's find many topics at once."""

from collections.abc import Iterable
from typing import Any


def make_known(consumer: Any, places: Iterable[Any]) -> None:
    """Have a consumer ask who leads these partitions before it asks anything of them.

    Left alone it finds out about one topic that it does not know, waits a tenth of a second, and goes on to the next:
    the offsets of ten topics take a second. What it asks next waits for the answer.

    Shape: an ``AIOKafkaConsumer`` and its ``TopicPartition``s; no room that has them is open to all who need this.
    """
    for topic in {place.topic for place in places}:
        consumer._client.add_topic(topic)  # noqa: SLF001 - there is no other way to name more than one
