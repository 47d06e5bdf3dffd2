"""Tasks that work with Kafka end when they are told to, also when aiokafka has swallowed it."""

import asyncio

import pytest

from schemas import tasks
from schemas.tasks import end, end_or_raise


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
