"""One engine as a process: ``python -m tests.bench.engines ENGINE BOOTSTRAP GROUP``; it runs until it is stopped."""

import asyncio
import itertools
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from schemas.topics import FEED_COUNTS, HEADS
from tests.bench import kafka_streams
from tests.bench.workload import CHANGELOG, ESCALATED, ROUTED, SOURCE, route


def lanes(bootstrap: str, group: str) -> None:
    """Our engine: Faust on the batching transport, fenced lanes."""
    import faust

    from streams.engine.app import build_app
    from streams.engine.outbox import Outbox, Output
    from streams.engine.settings import Settings
    from streams.engine.worker import tune, use_quick_loop

    class RouteStep:
        name = "route"
        outputs: Sequence[str] = (ROUTED, ESCALATED)

        def __call__(self, record: Any, state: Any, out: Outbox, counters: Any) -> None:  # noqa: ARG002
            for topic, key, value in route(record.value):
                out.add(Output(topic, key, value, record.timestamp))

        def contain(self, record: Any, out: Outbox) -> None:  # noqa: ARG002
            raise ValueError("the workload has no bad records")

    settings = Settings(kafka={"bootstrap_servers": bootstrap}, group=group, report_every_s=3600)
    use_quick_loop()
    app, _ = build_app({RouteStep(): (SOURCE,)}, settings)
    tune()
    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True).execute_from_commandline()


def quix(bootstrap: str, group: str) -> None:
    """Quix Streams, exactly once: its fastest form, one expanded apply and one sink that picks the topic."""
    from quixstreams import Application
    from quixstreams.models import Serializer

    class Routed(Serializer):  # type: ignore[misc]
        def __call__(self, value: tuple[str, bytes, bytes], ctx: Any) -> bytes:  # noqa: ARG002
            return value[2]

    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        processing_guarantee="exactly-once",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        commit_interval=0.5,
        loglevel="ERROR",
        state_dir=tempfile.mkdtemp(),
    )
    source = app.topic(SOURCE, key_deserializer="bytes", value_deserializer="bytes")
    by_name = {name: app.topic(name, key_serializer="bytes", value_serializer=Routed()) for name in (ROUTED, ESCALATED)}
    outputs = app.dataframe(source).apply(route, expand=True)
    outputs.to_topic(lambda row, *_: by_name[row[0]], key=lambda row: row[1])
    app.run()


def librdkafka(bootstrap: str, group: str) -> None:
    """A hand-written loop on librdkafka: one transactional producer, batches of what a poll gives."""
    from confluent_kafka import Consumer, Producer

    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": group, "linger.ms": 5})
    producer.init_transactions()
    consumer.subscribe([SOURCE])
    while True:
        messages = consumer.consume(2000, timeout=0.1)
        if not messages:
            continue
        producer.begin_transaction()
        for message in messages:
            for topic, key, value in route(message.value()):
                while True:
                    try:
                        producer.produce(topic, value, key)
                        break
                    except BufferError:
                        producer.poll(0.05)
            producer.poll(0)
        positions = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata())
        producer.commit_transaction()


def aiokafka_loop(bootstrap: str, group: str) -> None:
    """A hand-written loop on aiokafka, as its documentation shows it."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    async def loop() -> None:
        consumer = AIOKafkaConsumer(
            SOURCE,
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=group, linger_ms=5)
        await consumer.start()
        await producer.start()
        while True:
            fetched = await consumer.getmany(timeout_ms=100, max_records=2000)
            if not fetched:
                continue
            async with producer.transaction():
                for message in itertools.chain.from_iterable(fetched.values()):
                    for topic, key, value in route(message.value):
                        await producer.send(topic, value, key)
                offsets = {tp: batch[-1].offset + 1 for tp, batch in fetched.items()}
                await producer.send_offsets_to_transaction(offsets, group)

    asyncio.run(loop())


def faststream(bootstrap: str, group: str) -> None:
    """FastStream on aiokafka: a batch subscriber that confirms its outputs and then its offsets.

    At least once: its subscriber and publisher share no transaction. Its decoding and its validation are left out.
    """
    from faststream import AckPolicy, FastStream
    from faststream.kafka import KafkaBroker

    async def as_it_came(message: Any) -> Any:
        return message.body

    broker = KafkaBroker(bootstrap, linger_ms=5, acks="all", enable_idempotence=True, apply_types=False, logger=None)

    @broker.subscriber(  # type: ignore[untyped-decorator, unused-ignore]
        SOURCE,
        batch=True,
        group_id=group,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_records=2000,
        batch_timeout_ms=100,
        decoder=as_it_came,
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def take(values: list[bytes]) -> None:
        sent = [
            await broker.publish(out, topic, key=key, no_confirm=True)
            for value in values
            for topic, key, out in route(value)
        ]
        await asyncio.gather(*sent)

    asyncio.run(FastStream(broker, logger=None).run())


ENGINES: dict[str, Callable[[str, str], None]] = {
    "sambus": lanes,
    "quix": quix,
    "librdkafka": librdkafka,
    "aiokafka": aiokafka_loop,
    "faststream": faststream,
    "kafka-streams": kafka_streams.run,
}
#: The others are exactly once.
AT_LEAST_ONCE = frozenset({"faststream"})
#: What ours needs besides: the changelog of its state and the heads of its ledger chains.
COMPACTED = (CHANGELOG, HEADS, FEED_COUNTS)
TOPICS = (SOURCE, ROUTED, ESCALATED, *COMPACTED)

if __name__ == "__main__":
    ENGINES[sys.argv[1]](sys.argv[2], sys.argv[3])
