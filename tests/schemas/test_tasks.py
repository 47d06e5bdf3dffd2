"""Tasks that work with Kafka end when they are told to, also when aiokafka has swallowed it."""

import asyncio
import contextlib

import pytest

from schemas import tasks
from schemas.tasks import end, end_or_raise, stopped, within


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_cancellation_that_was_swallowed_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``AIOKafkaClient.close`` swallows it."""
    monkeypatch.setattr(tasks, "_AGAIN_S", 0.01)
    swallowed = asyncio.Event()

    async def deaf() -> None:
        try:
            await _for_ever()
        except asyncio.CancelledError:
            swallowed.set()
        await _for_ever()

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)  # it has begun
    async with asyncio.timeout(30):
        assert await end(task) == []
    assert swallowed.is_set()
    assert task.cancelled()


async def test_a_client_that_does_not_close_is_cut_short_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """``asyncio.wait_for`` would wait for ever after the first time; a lane that closed so kept its partition."""
    monkeypatch.setattr(tasks, "_AGAIN_S", 0.01)
    heard = 0

    async def stop() -> None:
        nonlocal heard
        while heard < 3:
            with contextlib.suppress(asyncio.CancelledError):
                await _for_ever()
            heard += 1

    async with asyncio.timeout(30):
        assert await stopped(stop(), 0.01) is False
    assert heard == 3


async def test_whoever_is_cancelled_while_a_client_closes_is_cancelled_when_it_has_closed() -> None:
    """Nothing is left behind that still closes."""
    begun, over = asyncio.Event(), asyncio.Event()

    async def stop() -> None:
        begun.set()
        try:
            await _for_ever()
        finally:
            over.set()

    stopping = asyncio.create_task(stopped(stop(), 60))
    await begun.wait()
    assert await end(stopping) == []
    assert stopping.cancelled()
    assert over.is_set()


async def test_a_client_that_closes_in_time_tells_what_it_failed_with() -> None:
    """And that it did."""
    problem = ValueError("made up")

    async def failing() -> None:
        raise problem

    assert await stopped(asyncio.sleep(0), 30) is True
    with pytest.raises(ValueError, match="made up"):
        await stopped(failing(), 30)


async def test_what_a_task_failed_with_is_told() -> None:
    """And nothing of one that was done, or never began."""
    problem = ValueError("made up")

    async def failing() -> None:
        raise problem

    failed, done, new = (asyncio.create_task(work) for work in (failing(), asyncio.sleep(0), _for_ever()))
    await asyncio.wait([failed, done])
    assert await end(failed, done, new) == [problem]
    assert await end() == []
    with pytest.raises(ValueError, match="made up"):
        await end_or_raise(failed, new)


async def test_work_that_does_not_end_in_time_is_left_behind() -> None:
    """Also when it does not hear that it should: whoever watches others must not stand still with them."""
    let_go = asyncio.Event()

    async def deaf() -> None:
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()

    async with asyncio.timeout(30):
        with pytest.raises(TimeoutError):
            await within(deaf(), 0.01)
    let_go.set()
    assert await within(asyncio.sleep(0, "done"), 30) == "done"
