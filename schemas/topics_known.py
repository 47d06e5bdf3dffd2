"""How clients of aiokafka's find the brokers that lead what they read."""

from collections.abc import Iterable
from typing import Any, Final

#: A worker looks anew so often who leads what it reads. By itself aiokafka asks a broker that leads no more where a
#: partition begins, again and again, until the next look: after five minutes by default, and meanwhile it fetches
#: nothing from that broker.
LOOKS_ANEW_MS: Final = 2_000


def make_known(consumer: Any, places: Iterable[Any]) -> None:
    """Have a consumer ask who leads these partitions before it asks anything of them.

    Left alone it finds out about one topic that it does not know, waits a tenth of a second, and goes on to the next:
    the offsets of ten topics take a second. What it asks next waits for the answer.

    Shape: an ``AIOKafkaConsumer`` and its ``TopicPartition``s; no room that has them is open to all who need this.
    """
    for topic in {place.topic for place in places}:
        consumer._client.add_topic(topic)  # noqa: SLF001 - there is no other way to name more than one
