"""The bus's whole core in other engines: ``python -m tests.bench.whole ENGINE BOOTSTRAP``; it runs until it is stopped.

The same steps with the same states, on the same topics of one partition each, exactly once. What differs is how records
come, how outputs and changelogs go, and how a transaction is closed. The ledger's chain is left out, to their favour.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from schemas.topics import catalogue
from streams.core.reference import load_reference
from streams.engine.outbox import Outbox, Output
from streams.engine.settings import GROUP, Settings
from streams.engine.state import State
from streams.engine.work import Work
from streams.engine.worker import agents, tune, use_quick_loop
from tests.streams.core.made import KEYS
from tests.streams.engine.lanes import Held

PARTITIONS = 1


class Core:
    """Every agent's step with its state, in one lane."""

    def __init__(self) -> None:
        settings = Settings(kafka={})
        self.topics = {t.name: t.partitions for t in catalogue(load_reference().gazetteer, partitions=PARTITIONS)}
        states: dict[str, State] = {}
        steps = agents(settings, KEYS)
        works = {step: Work(step, 0, states, settings) for step in steps}
        self._works = {topic: works[step] for step, topics in steps.items() for topic in topics}
        for work in works.values():
            for _ in work.opening():
                pass

    @property
    def sources(self) -> Sequence[str]:
        """The topics that are read."""
        return tuple(self._works)

    def decide(self, records: Iterable[Any]) -> list[Output]:
        """What comes of some records of one topic, changes of state included."""
        out, last = Outbox(self.topics), None
        for record in records:
            self._works[record.topic].apply(record, out)
            last = record
        if last is not None:
            self._works[last.topic].remember(out, int(last.timestamp))
        out.seal()
        return out.outputs


def quix(bootstrap: str) -> None:
    """Quix Streams: a record at a time, an expanded apply for each topic that is read, a sink that picks the topic."""
    from quixstreams import Application, message_context
    from quixstreams.models import Serializer

    class AsWritten(Serializer):  # type: ignore[misc]
        def __call__(self, value: Output, ctx: Any) -> bytes | None:  # noqa: ARG002
            return value.value

    core = Core()
    app = Application(
        broker_address=bootstrap,
        consumer_group=GROUP,
        processing_guarantee="exactly-once",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        commit_interval=0.5,
        loglevel="ERROR",
        state_dir=tempfile.mkdtemp(),
    )
    outputs = {name: app.topic(name, key_serializer="bytes", value_serializer=AsWritten()) for name in core.topics}

    def decide(value: Any, key: Any, timestamp: int, headers: Any) -> Iterator[Output]:
        place = message_context()
        record = Held(place.topic, place.partition, place.offset, timestamp, key, value, headers or [])
        yield from core.decide([record])

    for name in core.sources:
        source = app.topic(name, key_deserializer="bytes", value_deserializer="bytes")
        decided = app.dataframe(source).apply(decide, expand=True, metadata=True)
        decided = decided.set_headers(lambda row, *_: row.headers)
        decided.to_topic(lambda row, *_: outputs[row.topic], key=lambda row: row.key)
    tune()
    app.run()


def aiokafka_loop(bootstrap: str) -> None:
    """A hand-written loop on aiokafka, as its documentation shows it: what a fetch gives is one transaction."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    core = Core()

    async def loop() -> None:
        consumer = AIOKafkaConsumer(
            *core.sources,
            bootstrap_servers=bootstrap,
            group_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, transactional_id="whole", linger_ms=5, max_request_size=4 * 1024 * 1024
        )
        await consumer.start()
        await producer.start()
        while True:
            fetched = await consumer.getmany(timeout_ms=100, max_records=2000)
            if not fetched:
                continue
            async with producer.transaction():
                for output in chain.from_iterable(core.decide(records) for records in fetched.values()):
                    topic, key, value, at_ms, headers, partition = output
                    await producer.send(topic, value, key, partition, at_ms, headers)
                offsets = {tp: batch[-1].offset + 1 for tp, batch in fetched.items()}
                await producer.send_offsets_to_transaction(offsets, GROUP)

    use_quick_loop()
    tune()
    asyncio.run(loop())


ENGINES: dict[str, Callable[[str], None]] = {"quix": quix, "aiokafka": aiokafka_loop}

if __name__ == "__main__":
    ENGINES[sys.argv[1]](sys.argv[2])
