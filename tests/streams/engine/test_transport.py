"""The transport when partitions change hands while it goes back to what is committed."""

from types import SimpleNamespace
from typing import Any, cast

import aiokafka
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import GroupLoadInProgressError, IllegalStateError
from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchResponse_v3

from streams.engine.app import build_app
from streams.engine.settings import LOOKS_ANEW_MS, Settings
from streams.engine.transport import BatchThread

STAYS, GOES = TopicPartition("events.accepted", 0), TopicPartition("duties", 0)


class Rebalanced:
    """A consumer that loses a partition while its committed offsets are asked for."""

    def __init__(self) -> None:
        self.sought: dict[TopicPartition, int] = {}

    def assignment(self) -> list[TopicPartition]:
        """What it had when it was asked."""
        return [GOES, STAYS]

    async def committed(self, tp: TopicPartition) -> int:  # noqa: ARG002
        """What is committed."""
        return 7

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """As aiokafka's own."""
        if tp == GOES:
            raise IllegalStateError(f"No current assignment for partition {tp}")
        self.sought[tp] = offset


async def test_a_partition_that_goes_while_seeking_ends_nothing() -> None:
    """The others are sought. Found by the fault suite: the worker crashed, and cost its group a rebalance more."""
    consumer = Rebalanced()
    thread: Any = SimpleNamespace(_ensure_consumer=lambda: consumer, _reached={GOES: 9, STAYS: 9})
    assert await BatchThread._seek_to_committed(thread) == {STAYS: 7}
    assert consumer.sought == {STAYS: 7}
    assert thread._reached == {}


async def test_the_workers_consumer_looks_anew_who_leads_and_heeds_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fetched nothing for a minute after a leader had moved; and it took a refusal for an answer without offsets."""
    options: dict[str, Any] = {}

    def made(**given: Any) -> SimpleNamespace:
        options.update(given)
        return SimpleNamespace(_client=SimpleNamespace(send=refused))

    async def refused(node: int, request: object) -> OffsetFetchResponse_v3:  # noqa: ARG001 - aiokafka's names
        return OffsetFetchResponse_v3(0, [], GroupLoadInProgressError.errno)

    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", made)
    app, _ = build_app({}, Settings(kafka={"bootstrap_servers": "127.0.0.1:1"}))
    consumer = BatchThread._create_worker_consumer(cast("BatchThread", SimpleNamespace(app=app)), app.transport)
    assert options["metadata_max_age_ms"] == LOOKS_ANEW_MS
    assert options["isolation_level"] == "read_committed"
    with pytest.raises(GroupLoadInProgressError):
        await consumer._client.send(1, OffsetFetchRequest("sambus", []))
