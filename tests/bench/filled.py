"""States as very many events leave them, made in seconds: what some real events left, again under other ids."""

import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from typing import Any, Final

import aiokafka

from producers.client import DEFAULTS
from schemas.topics import GATEWAY_IN, catalogue
from streams.core.link.entry import pack, unpack
from streams.core.reference import load_reference
from streams.engine.outbox import Outbox, Output
from streams.engine.settings import Settings
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.worker import agents
from tests.load import load
from tests.streams.core.made import KEYS
from tests.streams.engine.lanes import YEAR_MS, Held, now_ms

_ID: Final = 16
_AT: Final = 8
#: Entries of the assess agent that stand once for many events.
_SHARED: Final = b"\0r"

Entries = list[tuple[bytes, bytes]]


def sample(events: int, lanes: int) -> list[dict[str, Entries]]:
    """What each agent's state holds in each lane, as in its changelog, after so many real events."""
    topics = {topic.name: topic.partitions for topic in catalogue(load_reference().gazetteer, partitions=lanes)}
    steps = {topic: step for step, read in agents(Settings(kafka={}), KEYS).items() for topic in read}
    names = {getattr(step, "memory", step.name) for step in steps.values()}
    states = [{name: State(YEAR_MS) for name in names} for _ in range(lanes)]
    for step, lane in product(steps.values(), states):
        if hasattr(step, "open"):
            deque(step.open(lane[getattr(step, "memory", step.name)]) or (), maxlen=0)
    at_ms, counters, offset = now_ms(), Counters(), 0
    for made in load(events, seed=5):
        record = made.record
        waiting = deque([Output(GATEWAY_IN, record.key or b"", record.value, at_ms, list(record.headers))])
        while waiting:
            output, out, offset = waiting.popleft(), Outbox(topics), offset + 1
            partition = out.partition_of(output)
            step = steps[output.topic]
            state = states[partition][getattr(step, "memory", step.name)]
            held: Any = Held(output.topic, partition, offset, at_ms, output.key, output.value, output.headers)
            step(held, state, out, counters)
            if hasattr(step, "finish"):
                step.finish(state, out, at_ms)
            out.seal()
            waiting.extend(each for each in out.outputs if each.topic in steps)
    if counters.rejected:
        raise RuntimeError(f"the load has events that are rejected: {dict(counters.rejected)}")
    return [{name: _changelog(state) for name, state in lane.items()} for lane in states]


def _changelog(state: State) -> Entries:
    return [(key, entry) for key, entry in state.take_changes() if entry is not None]


def again(agent: str, entries: Sequence[tuple[bytes, bytes]], rounds: int, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """The entries so many times, each time those of other events."""
    rng = random.Random(seed)  # noqa: S311 - made-up load
    yield from entries
    for _ in range(1, rounds):
        for key, entry in entries:
            found = _other(agent, key, entry, rng)
            if found is not None:
                yield found


def _other(agent: str, key: bytes, entry: bytes, rng: random.Random) -> tuple[bytes, bytes] | None:
    """An entry as another event would have left it: the same but for its names."""
    fresh = rng.randbytes(_ID)
    if agent in {"intake", "duties"}:
        text = fresh.hex()
        name = b"%b-7%b-8%b-%b" % (key[:13], text[:3].encode(), text[3:6].encode(), text[6:18].encode())
        return name, entry.replace(key, name)
    if agent == "assess" and key[0]:
        return b"%064x" % rng.getrandbits(256) + key[64:], entry
    if key.startswith(_SHARED):
        return None
    if agent == "link" and key[:1] == b"s":
        return key[:1] + fresh, _other_blocks(entry, rng).replace(key[1:], fresh)
    return key[:-_ID] + fresh, entry.replace(key[-_ID:], fresh)


def _other_blocks(entry: bytes, rng: random.Random) -> bytes:
    """An entry of the index in other places and times: nothing that comes meets it."""
    kept = unpack(entry[_AT:])
    blocks = [block[:1] + rng.randbytes(len(block) - 1) for block in kept.blocks]
    return entry[:_AT] + pack(kept.due_ms, kept.group, blocks, kept.partners, kept.data)


async def fill(options: Mapping[str, Any], sampled: Sequence[Mapping[str, Entries]], rounds: int) -> int:
    """Write changelogs as so many rounds of the sample leave them; returns the records."""
    producer = aiokafka.AIOKafkaProducer(**(DEFAULTS | dict(options) | {"max_batch_size": 512 * 1024}))
    await producer.start()
    count = 0
    try:
        for lane, states in enumerate(sampled):
            for agent, entries in states.items():
                count += await _write(producer, f"state.{agent}", lane, again(agent, entries, rounds, seed=lane))
    finally:
        await producer.stop()
    return count


async def _write(producer: Any, topic: str, partition: int, entries: Iterable[tuple[bytes, bytes]]) -> int:
    batch, count = producer.create_batch(), 0
    for key, value in entries:
        while batch.append(timestamp=None, key=key, value=value) is None:
            await producer.send_batch(batch, topic, partition=partition)
            batch = producer.create_batch()
        count += 1
    await producer.send_batch(batch, topic, partition=partition)
    return count


def told(sampled: Sequence[Mapping[str, Entries]], events: int) -> dict[str, tuple[float, int]]:
    """Of each agent's state: entries an event in all lanes, and bytes an entry with its key."""
    found: dict[str, tuple[float, int]] = {}
    for agent in sampled[0]:
        entries = list(chain.from_iterable(lane[agent] for lane in sampled))
        size = sum(len(key) + len(entry) for key, entry in entries)
        found[agent] = len(entries) / events, round(size / max(1, len(entries)))
    return found
