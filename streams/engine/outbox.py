"""What a cycle will write: gathered as values, then packed into one aiokafka batch for each output partition."""

import asyncio
import struct
from collections.abc import Callable, ItemsView, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from schemas.partition import murmur2
from schemas.traces import Span
from streams.engine.quick_records import OutputBatch
from streams.engine.tally import SharedEvent

Header = tuple[str, bytes]
Mark = tuple[int, int, int, int, int]
#: aiokafka takes headers only as a list; this one is never changed.
NO_HEADERS: list[Header] = []


#: Entries for one lane travel together, so that a record is paid for once a cycle and not once an entry.
_SIZE = struct.Struct(">I")
_MAX_PARCEL = 512 * 1024


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


class Parcel(NamedTuple):
    """Where entries for another lane go: topic, partition, and the header that says what they are."""

    topic: str
    partition: int
    kind: str


class Bundle(NamedTuple):
    """What goes as one record of a cycle under one key: where, for whom, and how its entries make a record."""

    topic: str
    key: str
    join: Callable[[str, Sequence[bytes]], bytes]


def unpacked(value: bytes) -> Iterator[bytes]:
    """The entries of a record that ``Outbox.pack`` made, in order."""
    start = 0
    while start < len(value):
        (size,) = _SIZE.unpack_from(value, start)
        start += _SIZE.size
        yield value[start : start + size]
        start += size


class Outbox:
    """The outputs of one cycle, in order."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self._partitions = partitions
        self._outputs: list[Output] = []
        self._packed: list[tuple[Parcel, bytes, int]] = []
        self._bundled: list[tuple[Bundle, bytes, int]] = []
        #: Changes of states, by changelog partition, each key once in the order of its last change.
        self.changes: dict[TopicPartition, dict[bytes, bytes | None]] = {}
        self._sent: dict[tuple[str, int], tuple[asyncio.Future[Any], int]] = {}
        #: How many of the outputs the ledger's chain has gone through.
        self.linked = 0
        #: The events that the cycle shares, to be counted when it is committed.
        self.shared: list[SharedEvent] = []
        #: The spans that end when it is committed.
        self.spans: list[Span] = []

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

    def partitions(self, topic: str) -> int:
        """How many partitions an output topic has."""
        return self._partitions[topic]

    def change(self, changelog: TopicPartition, changes: ItemsView[bytes, bytes | None], at_ms: int) -> None:
        """Write changes of a state to its changelog."""
        topic, partition = changelog
        self._outputs += [Output(topic, key, value, at_ms, NO_HEADERS, partition) for key, value in changes]
        known = self.changes.get(changelog)
        if known is None:
            self.changes[changelog] = dict(changes)
            return
        for key, value in changes:
            known.pop(key, None)
            known[key] = value

    def add_everywhere(self, output: Output) -> None:
        """Write this record to every partition of its topic, so that every lane meets it (docs/adr/0010)."""
        for partition in range(self._partitions[output.topic]):
            self._outputs.append(output._replace(partition=partition))

    def pack(self, parcel: Parcel, entry: bytes, at_ms: int) -> None:
        """Let an entry travel with all others of this cycle for the same lane; ``unpacked`` reads them."""
        self._packed.append((parcel, entry, at_ms))

    def bundle(self, bundle: Bundle, entry: bytes, at_ms: int) -> None:
        """Let an entry be part of the record that this cycle writes under the bundle's key."""
        self._bundled.append((bundle, entry, at_ms))

    def mark(self) -> Mark:
        """How far it is filled, for ``keep``."""
        return len(self._outputs), len(self._packed), len(self._bundled), len(self.shared), len(self.spans)

    def keep(self, mark: Mark) -> None:
        """Forget everything after a mark: a step failed half-way."""
        outputs, packed, bundled, shared, spans = mark
        for span in self.spans[spans:]:
            span.end("INTERNAL")
        del self.spans[spans:]
        del self.shared[shared:]
        del self._outputs[outputs:]
        del self._packed[packed:]
        del self._bundled[bundled:]

    def seal(self) -> None:
        """Make records of what was packed."""
        parcels: dict[Parcel, tuple[bytearray, int]] = {}
        for parcel, entry, at_ms in self._packed:
            data, latest = parcels.get(parcel) or (bytearray(), 0)
            if data and len(data) + len(entry) > _MAX_PARCEL:
                self._send_parcel(parcel, data, latest)
                data, latest = bytearray(), 0
            data += _SIZE.pack(len(entry)) + entry
            parcels[parcel] = data, max(latest, at_ms)
        for parcel, (data, latest) in parcels.items():
            self._send_parcel(parcel, data, latest)
        self._packed.clear()
        self._seal_bundles()

    def _seal_bundles(self) -> None:
        bundles: dict[str, tuple[Bundle, list[bytes], int]] = {}  # by key: one has one topic
        sizes: dict[str, int] = {}
        for bundle, entry, at_ms in self._bundled:
            key = bundle.key
            size = sizes.get(key, 0) + len(entry)
            known = bundles.get(key)
            if known is not None and size > _MAX_PARCEL:
                self._send_bundle(*known)
                known, size = None, len(entry)
            if known is None:
                bundles[key] = bundle, [entry], at_ms
            else:
                known[1].append(entry)
            sizes[key] = size
        for entries in bundles.values():
            self._send_bundle(*entries)
        self._bundled.clear()

    def _send_bundle(self, bundle: Bundle, entries: Sequence[bytes], at_ms: int) -> None:
        self.add(Output(bundle.topic, bundle.key.encode(), bundle.join(bundle.key, entries), at_ms))

    def _send_parcel(self, parcel: Parcel, data: bytearray, at_ms: int) -> None:
        key = str(parcel.partition).encode()
        self.add(Output(parcel.topic, key, bytes(data), at_ms, [(parcel.kind, b"1")], parcel.partition))

    def partition_of(self, output: Output) -> int:
        """The output partition: given, or by the key's hash."""
        if output.partition is not None:
            return output.partition
        return _hash(output.key) % self._partitions[output.topic]

    async def send(self, producer: Any) -> list["asyncio.Future[Any]"]:
        """Submit everything as batches; the futures are done when the broker has them."""
        self.seal()
        futures: list[asyncio.Future[Any]] = []
        batches: dict[tuple[str, int], OutputBatch] = {}
        counts = self._partitions
        for topic, key, value, at_ms, headers, partition in self._outputs:
            # As ``partition_of`` says, written out: a call for each record costs more than the hash.
            target = (topic, _hash(key) % counts[topic] if partition is None else partition)
            batch = batches.get(target)
            if batch is None:
                batch = batches[target] = OutputBatch()
            if not batch.take(at_ms, key, value, headers):
                futures.append(await self._send(producer, batch, target))
                batch = batches[target] = OutputBatch()
                batch.take(at_ms, key, value, headers)
        for target, batch in batches.items():
            futures.append(await self._send(producer, batch, target))
        return futures

    def last_offset(self, place: TopicPartition) -> int:
        """The offset of the last record that was written to a partition; it is known once the broker has it."""
        done, count = self._sent[place]
        return int(done.result().offset) + count - 1

    async def _send(self, producer: Any, batch: OutputBatch, target: tuple[str, int]) -> "asyncio.Future[Any]":
        count = batch.record_count()
        done: asyncio.Future[Any] = await producer.send_batch(batch, target[0], partition=target[1])
        self._sent[target] = done, count
        return done
