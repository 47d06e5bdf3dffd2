"""Readers ask quickly, and let go of the broker, whatever they were doing."""

import asyncio
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import NodeNotReadyError, NotLeaderForPartitionError

from consumers.bus import BusUnreachableError, _stop, administrator, committed_reader, start_of, topics_of
from streams.engine.settings import LOOKS_ANEW_MS

pytestmark = pytest.mark.kafka


@pytest.mark.asyncio(loop_scope="function")  # the clients of other tests have tasks of their own
@pytest.mark.parametrize("turns", range(6))
async def test_a_reader_stops_right_after_its_assignment_changed(bus: str, turns: int) -> None:
    """The client library alone waits for ever at one of these turns: it swallows what should end its fetching."""
    before = asyncio.all_tasks()
    places = [TopicPartition("deliver.mitt", number) for number in (0, 1)]
    began = time.monotonic()
    async with asyncio.timeout(10), committed_reader({"bootstrap_servers": bus}, fetch_max_wait_ms=500) as reader:
        reader.assign(places[:1])
        await start_of(reader, places[0])
        reader.assign(places[1:])
        for _ in range(turns):
            await asyncio.sleep(0)
    assert time.monotonic() - began < 5
    assert asyncio.all_tasks() <= before


@pytest.mark.parametrize("asked", ["beginning_offsets", "end_offsets"])
async def test_where_many_topics_begin_and_end_is_one_question(bus: str, asked: str) -> None:
    """The client library alone looks for each topic that it does not know by itself, and waits in between."""
    async with administrator({"bootstrap_servers": bus}) as admin:
        places = [place for found in (await topics_of(admin)).values() for place in found]
    assert len({place.topic for place in places}) > 20
    async with asyncio.timeout(30), committed_reader({"bootstrap_servers": bus}, retry_backoff_ms=60_000) as reader:
        found = await getattr(reader, asked)(places)
        moments = await reader.offsets_for_times(dict.fromkeys(places, 0))
    assert found.keys() == moments.keys() == set(places)


async def test_with_the_workers_setting_a_reader_looks_anew_who_leads_what_it_reads(
    bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client library alone goes on to ask a broker that leads no more, for five minutes; random faults found it."""
    ask, look = Fetcher._proc_offset_request, AIOKafkaClient._metadata_update
    looked = [0]
    moved: list[int] = []

    async def looking(client: AIOKafkaClient, *arguments: object) -> bool:
        looked[0] += 1
        known: bool = await look(client, *arguments)
        return known

    async def asked(fetcher: Fetcher, *arguments: object) -> object:
        moved.append(looked[0])
        if looked[0] == moved[0]:
            raise NotLeaderForPartitionError
        return await ask(fetcher, *arguments)

    options = {"bootstrap_servers": bus, "metadata_max_age_ms": LOOKS_ANEW_MS}
    async with asyncio.timeout(60), committed_reader(options) as reader:
        place = TopicPartition("deliver.mitt", 0)
        reader.assign([place])
        await reader.position(place)
        monkeypatch.setattr(AIOKafkaClient, "_metadata_update", looking)
        monkeypatch.setattr(Fetcher, "_proc_offset_request", asked)
        await reader.seek_to_beginning(place)
        assert await reader.position(place) >= 0
    assert len(moved) > 1


class Leaking:
    """A consumer whose own cancellation comes out when it is stopped, as aiokafka's does behind a silent broker."""

    async def stop(self) -> None:
        """Stop."""
        raise asyncio.CancelledError


async def test_the_librarys_own_cancellation_ends_nobody() -> None:
    """Whoever stops a reader goes on; whoever is cancelled while stopping one is cancelled."""
    await _stop(Leaking())

    async def cancelled() -> None:
        me = asyncio.current_task()
        assert me is not None
        me.cancel()
        await _stop(Leaking())

    (outcome,) = await asyncio.gather(cancelled(), return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)


async def test_a_cluster_that_knows_of_no_broker_is_out_of_reach(bus: str) -> None:
    """A broker that stood still is fenced, and tells of no broker at first: that is no fault of ours."""
    with pytest.raises(BusUnreachableError):
        async with administrator({"bootstrap_servers": bus}):
            raise NodeNotReadyError
