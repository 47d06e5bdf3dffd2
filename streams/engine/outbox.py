"""What a cycle will write: gathered as values, then packed into one aiokafka batch for each output partition."""

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from schemas.partition import murmur2

Header = tuple[str, bytes]
#: aiokafka takes headers only as a list; this one is never changed.
NO_HEADERS: list[Header] = []


class Output(NamedTuple):
    """One record to write. ``partition`` None means: by the key, as every Kafka client would."""

    topic: str
    key: bytes
    value: bytes | None
    at_ms: int
    headers: list[Header] = NO_HEADERS
    partition: int | None = None


@lru_cache(maxsize=65536)
def _hash(key: bytes) -> int:
    """Kafka's default hash of a key (murmur2, positive); desks recur, so it is remembered."""
    return murmur2(key) & 0x7FFFFFFF


class Outbox:
    """The outputs of one cycle, in order."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self._partitions = partitions
        self._outputs: list[Output] = []
        #: How many of the outputs the ledger's chain has gone through.
        self.linked = 0

    def __len__(self) -> int:
        """How many records it holds."""
        return len(self._outputs)

    @property
    def outputs(self) -> list[Output]:
        """What it holds, in order."""
        return self._outputs

    def add(self, output: Output) -> None:
        """Write this record when the cycle commits."""
        self._outputs.append(output)

    def add_everywhere(self, output: Output) -> None:
        """Write this record to every partition of its topic, so that every lane meets it (docs/adr/0010)."""
        for partition in range(self._partitions[output.topic]):
            self._outputs.append(output._replace(partition=partition))

    def keep(self, count: int) -> None:
        """Forget everything after the first ``count`` outputs: a step failed half-way."""
        del self._outputs[count:]

    def partition_of(self, output: Output) -> int:
        """The output partition: given, or by the key's hash."""
        if output.partition is not None:
            return output.partition
        return _hash(output.key) % self._partitions[output.topic]

    async def send(self, producer: Any) -> list["asyncio.Future[Any]"]:
        """Submit everything as batches; the futures are done when the broker has them."""
        futures: list[asyncio.Future[Any]] = []
        builders: dict[tuple[str, int], Any] = {}
        for output in self._outputs:
            target = (output.topic, self.partition_of(output))
            builder = builders.get(target)
            if builder is None:
                builder = builders[target] = producer.create_batch()
            if _append(builder, output) is None:
                futures.append(await producer.send_batch(builder, target[0], partition=target[1]))
                builder = builders[target] = producer.create_batch()
                _append(builder, output)
        for (topic, partition), builder in builders.items():
            futures.append(await producer.send_batch(builder, topic, partition=partition))
        return futures


def _append(builder: Any, output: Output) -> Any:
    append: Callable[..., Any] = builder.append
    return append(timestamp=output.at_ms, key=output.key, value=output.value, headers=output.headers)
