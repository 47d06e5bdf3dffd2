"""Readers let go of the broker, whatever they were doing."""

import asyncio
import time

import pytest
from aiokafka import TopicPartition

from consumers.bus import _stop, cancelled, committed_reader, start_of

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


async def test_a_task_that_did_not_hear_is_asked_again() -> None:
    """A cancellation that was lost on its way does not keep a gateway from ending."""
    begun = asyncio.Event()
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while heard < 2:
            try:
                begun.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heard += 1
        raise asyncio.CancelledError

    task = asyncio.create_task(deaf())
    await begun.wait()
    async with asyncio.timeout(10):
        await cancelled(task, patience=0.01)
    assert task.cancelled()
