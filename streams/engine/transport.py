"""Faust's Kafka transport, in batches: one Faust message for each fetched partition batch.

Faust pays two tasks and a wait for every message. Handing an agent a whole partition batch as one message pays that
once a batch, and takes Faust's own offset bookkeeping out of the way: lanes commit offsets in their transactions
(docs/adr/0002). It also removes, by construction, Faust's commit past an unfinished message.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiokafka
from aiokafka.errors import IllegalStateError, for_code
from faust.transport.drivers import aiokafka as driver
from faust.types import ConsumerMessage
from mode.utils.futures import notify

from schemas.offsets_told import heed_refusals
from streams.engine.records import Batch
from streams.engine.settings import LOOKS_ANEW_MS

#: Kafka's word for a time that a producer gave; nobody asks a batch for it.
_CREATED = 0


class BatchThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread: fetches with positions, over a consumer with our own options."""

    def __post_init__(self) -> None:
        """Start with no partition fetched from yet."""
        super().__post_init__()
        self._reached: dict[Any, int] = {}

    def _create_worker_consumer(self, transport: "BatchTransport") -> aiokafka.AIOKafkaConsumer:
        """Build the consumer as Faust does, but read committed and with the options of the connection."""
        self._assignor = self.app.assignor
        conf = self.app.conf
        consumer = aiokafka.AIOKafkaConsumer(
            **transport.kafka,
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            metadata_max_age_ms=LOOKS_ANEW_MS,
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            # An intake topic takes records larger than the bus accepts, so that they end in quarantine, not in a stall.
            max_partition_fetch_bytes=4 * 1024 * 1024,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
        )
        heed_refusals(consumer, for_code)
        return consumer

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Any,
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> Mapping[Any, Any]:
        """Fetch, and chain each partition's batches: each begins where the one fetched before it ended."""
        records = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        generation = self.app.consumer_generation_id
        batches = {}
        for tp, fetched in records.items():
            if fetched:
                end = max(fetched[-1].offset + 1, position_of(consumer, tp) or 0)
                batches[tp] = Batch(tp.topic, tp.partition, self._reached.get(tp), end, generation, fetched)
                self._reached[tp] = end
        return batches

    async def seek_to_committed(self) -> Mapping[Any, Any]:
        """Go back to what lanes have committed; each partition's chain of batches begins anew."""
        offsets: Mapping[Any, Any] = await self.call_thread(self._seek_to_committed)
        return offsets

    async def _seek_to_committed(self) -> Mapping[Any, Any]:
        consumer = self._ensure_consumer()
        offsets = {}
        for tp in consumer.assignment():
            offsets[tp] = await consumer.committed(tp)
            try:
                if offsets[tp] is None:
                    await consumer.seek_to_beginning(tp)
                else:
                    consumer.seek(tp, offsets[tp])
            except IllegalStateError:
                del offsets[tp]  # a rebalance took it meanwhile; whoever has it next seeks anew
            self._reached.pop(tp, None)
        return offsets


def position_of(consumer: Any, tp: Any) -> int | None:
    """The offset that the consumer reads next, or None while it does not know; without a round trip."""
    subscription = consumer._subscription.subscription  # noqa: SLF001 - aiokafka's own position() is a coroutine
    state = subscription.assignment.state_value(tp) if subscription and subscription.assignment else None
    return state.position if state is not None and state.has_valid_position else None


class BatchConsumer(driver.Consumer):
    """Yields one message for each fetched partition batch: value = the batch, offset = its last record's."""

    def on_init(self) -> None:
        """Start with the gate closed: nothing is fetched before lanes are open."""
        super().on_init()
        self.gate = asyncio.Event()
        self.room = asyncio.Event()

    def position(self, tp: Any) -> int | None:
        """The offset that is fetched next from a partition; None while it is not known."""
        consumer = getattr(self._thread, "_consumer", None)
        return None if consumer is None else position_of(consumer, tp)

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:  # noqa: ASYNC109 - Faust's signature
        """Hand out what was fetched, once lanes are there to take it."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        active = frozenset(self._get_active_partitions())
        if not active:
            # Every partition is paused for its lane's backlog: wait for room, not for a clock.
            self.room.clear()
            await self.wait_first(self.room.wait(), self.suspend_flow.wait(), timeout=timeout)
            return
        batches = await self._getmany(active_partitions=active, timeout=timeout)
        if not batches or self.should_stop:
            return
        # Behind the fetch, not before it: a rebalance can begin and end while a fetch waits for records.
        await self.wait_first(self.gate.wait(), self.suspend_flow.wait())
        if not self.flow_active or not self.gate.is_set():
            await self.perform_seek()
            return
        for tp, batch in batches.items():
            if self.app.consumer_generation_id != batch.generation or not self.flow_active:
                return  # a rebalance: every partition is sought back to what is committed
            last = batch.records[-1]
            self._read_offset[tp] = last.offset - 1
            yield tp, _message(tp, last, batch)

    def resume_partitions(self, tps: Any) -> None:
        """Fetch again from partitions whose lanes have room."""
        super().resume_partitions(tps)
        self.room.set()

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002
        """Commit nothing here: lanes commit offsets, in their transactions."""
        return True

    def ack(self, message: Any) -> bool:
        """Mark a batch as handed over; its offsets are the lane's business."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)
        return True


def _message(tp: Any, last: Any, batch: Batch) -> ConsumerMessage:
    """A batch as Faust's message: it stands where its last record does."""
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        last.offset,
        last.timestamp / 1000,
        _CREATED,
        headers=None,
        key=None,
        value=batch,
        checksum=None,
        tp=tp,
        generation_id=batch.generation,
    )


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with the batching consumer. ``kafka`` holds the connection's aiokafka options."""

    Consumer = BatchConsumer
    kafka: Mapping[str, Any]
