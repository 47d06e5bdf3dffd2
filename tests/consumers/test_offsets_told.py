"""A broker that refuses to tell a group's offsets is asked again; its refusal is not taken for "nothing committed"."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupLoadInProgressError, NotCoordinatorForGroupError
from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchResponse_v3
from aiokafka.structs import OffsetAndMetadata

from consumers.bus import administrator, settled
from deploy.backup.cluster import offsets_of_groups
from streams.engine.lane import Lane
from streams.engine.settings import Settings

pytestmark = pytest.mark.kafka

#: What brokers refuse with while a group moves from one to another.
REFUSALS = pytest.mark.parametrize("refusal", [GroupLoadInProgressError, NotCoordinatorForGroupError])
AT = 7


class Refusing:
    """The broker's side of a coordinator that moves: it refuses the first question about offsets, as Kafka does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        self.questions = 0
        send = AIOKafkaClient.send

        async def sent(client: AIOKafkaClient, node: int, request: Any, **named: Any) -> Any:
            if isinstance(request, OffsetFetchRequest):
                self.questions += 1
                if self.questions == 1:
                    return OffsetFetchResponse_v3(0, [], code)
            return await send(client, node, request, **named)

        monkeypatch.setattr(AIOKafkaClient, "send", sent)


@pytest.fixture
async def place(kafka: str, topic_prefix: str) -> TopicPartition:
    """A partition of which a group of the same name has read a part."""
    topic = f"{topic_prefix}told"
    async with administrator({"bootstrap_servers": kafka}) as admin:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    found = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=topic, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([found])
        await consumer.commit({found: OffsetAndMetadata(AT, "")})
    finally:
        await consumer.stop()
    return found


@REFUSALS
async def test_a_lane_that_opens_meanwhile_goes_on_where_its_group_was(
    kafka: str, place: TopicPartition, monkeypatch: pytest.MonkeyPatch, refusal: Any
) -> None:
    """It began anew at the oldest record; random faults found it, by thousands of events that came a second time."""
    refusing = Refusing(monkeypatch, refusal.errno)
    settings = Settings(kafka={"bootstrap_servers": kafka}, group=place.topic)
    async with Lane._reader(cast("Lane", SimpleNamespace(_settings=settings)), [place]) as reader:
        assert await reader.committed(place) == AT
    assert refusing.questions > 1


async def test_the_client_library_alone_takes_a_refusal_for_nothing_committed(
    kafka: str, place: TopicPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When this fails after an upgrade of aiokafka, ``schemas/offsets_told.py`` has done its work and can go."""
    Refusing(monkeypatch, GroupLoadInProgressError.errno)
    alone = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=place.topic, enable_auto_commit=False)
    await alone.start()
    try:
        assert await alone.committed(place) is None
    finally:
        await alone.stop()


@REFUSALS
async def test_who_looks_at_a_group_meanwhile_sees_how_far_it_is(
    kafka: str, place: TopicPartition, monkeypatch: pytest.MonkeyPatch, refusal: Any
) -> None:
    """Its lag would be all that is kept."""
    refusing = Refusing(monkeypatch, refusal.errno)
    async with administrator({"bootstrap_servers": kafka}) as admin:
        found = await settled(lambda: admin.list_consumer_group_offsets(place.topic))
    assert found[place].offset == AT
    assert refusing.questions > 1


async def test_a_backup_that_is_taken_meanwhile_has_the_offsets(
    kafka: str, place: TopicPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bus restored without them would begin anew."""
    Refusing(monkeypatch, GroupLoadInProgressError.errno)
    found = await offsets_of_groups({"bootstrap_servers": kafka}, [place.topic])
    assert found == {place.topic: [(place.topic, 0, AT)]}
