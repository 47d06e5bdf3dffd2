"""Events in, and what is settled of them, both while the cluster breaks: librdkafka outlasts every fault.

The publisher is idempotent and waits ten minutes for an acknowledgement, so that each event stands on the intake topic
exactly once. The reader sees committed records alone, as a desk does.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from producers.client import GATEWAY_TOPIC
from schemas.codec import MAX_BUS_BYTES, ORIGIN_HEADER
from schemas.topics import DECISIONS
from tests.bus import CODEC
from tests.faults.checker import Sent
from tests.load import load

_BAD_SHARE = 0.02
_ACKNOWLEDGED_WITHIN_MS = 600_000
#: By default a client asks each five minutes who leads a partition that it did not know of at first.
_LOOKS_ANEW_MS = 1_000


class _Background:
    """Something that goes on in a thread of its own until it is stopped; its failure is told on stopping."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def start(self) -> None:
        """Let it begin."""
        self._thread.start()

    def going(self) -> bool:
        """Whether it is to go on."""
        return not self._stop.is_set()

    def _go(self) -> None:
        try:
            self._run()
        except BaseException as failure:  # noqa: BLE001 - told where it is waited for
            self._failure = failure

    def end(self, within: float) -> None:
        """Stop it, and wait for its end. Errors: what it failed with; ``TimeoutError``."""
        self._stop.set()
        self._thread.join(within)
        if self._failure is not None:
            raise self._failure
        if self._thread.is_alive():
            raise TimeoutError("it does not end")


class Publisher:
    """Publishes made events at a steady rate. ``sent`` are those that were handed over, in their order."""

    def __init__(self, bootstrap: str, seed: int, rate: float) -> None:
        self.sent: list[Sent] = []
        self.acknowledged = 0
        self._refused: list[str] = []
        self._seed, self._rate = seed, rate
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "message.timeout.ms": _ACKNOWLEDGED_WITHIN_MS,
                "linger.ms": 5,
                "partitioner": "murmur2_random",
                "topic.metadata.refresh.interval.ms": _LOOKS_ANEW_MS,
                "log_level": 0,  # its complaints of broken brokers are what this is about
            }
        )
        self._background = _Background(self._publish)
        self._background.start()

    def stop(self) -> None:
        """Publish no more; what is on its way may be given up."""
        self._background.end(60)

    def end(self) -> None:
        """Publish no more, and wait until everything is acknowledged. Errors: ``RuntimeError`` for what is not."""
        self.stop()
        left = self._producer.flush(_ACKNOWLEDGED_WITHIN_MS / 1000)
        if left or self._refused:
            raise RuntimeError(f"the cluster did not take {left} events, and refused {self._refused[:5]}")

    def _publish(self) -> None:
        started, batch = time.monotonic(), 0
        while True:
            for made in load(200, seed=self._seed * 1_000 + batch, bad_share=_BAD_SHARE):
                due = started + len(self.sent) / self._rate
                while self._background.going() and (ahead := due - time.monotonic()) > 0:
                    self._producer.poll(min(ahead, 0.2))
                if not self._background.going():
                    return
                key, value, headers = made.record[:3]
                desk = next(said for name, said in headers if name == ORIGIN_HEADER)
                self.sent.append(Sent(made.event_id, desk.decode(), made.good))
                self._producer.produce(GATEWAY_TOPIC, value, key, headers=list(headers), on_delivery=self._told)
            batch += 1

    def _told(self, error: Any, message: Any) -> None:
        if error is None:
            self.acknowledged += 1
        else:
            self._refused.append(f"{error.name()} for {(message.key() or b'').decode()}")


class Ends:
    """Follows ledger and quarantine: which of the published events have come to an end."""

    def __init__(self, bootstrap: str, topics: Sequence[str], partitions: int) -> None:
        self._settled: set[str] = set()
        self._passed = 0
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "fault-suite",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "topic.metadata.refresh.interval.ms": _LOOKS_ANEW_MS,
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for topic in topics for number in range(partitions)])
        self._background = _Background(self._follow)
        self._background.start()

    def settled_through(self, sent: Sequence[Sent]) -> int:
        """How many of the first events have all come to their end."""
        while self._passed < len(sent) and sent[self._passed].event_id in self._settled:
            self._settled.discard(sent[self._passed].event_id)
            self._passed += 1
        return self._passed

    def waits_for(self, sent: Sequence[Sent]) -> list[str]:
        """The first events that have not come to their end."""
        return [each.event_id for each in sent[self._passed :] if each.event_id not in self._settled][:5]

    def end(self) -> None:
        """Follow no more."""
        self._background.end(60)
        self._consumer.close()

    def _follow(self) -> None:
        while self._background.going():
            try:
                messages = self._consumer.consume(500, timeout=0.1)
            except KafkaException:
                continue
            for message in messages:
                if message.error() is None:
                    self._settled.add(_event_id(message))


def _event_id(message: Any) -> str:
    """Ledger lines are keyed by their event; quarantined records say it."""
    if message.topic() == DECISIONS:
        return (message.key() or b"").decode()
    return str(CODEC.decode(message.value() or b"", limit=MAX_BUS_BYTES).value["event_id"])
