"""Ends tasks that work with Kafka."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Final, TypeVar

#: Longer than a client needs to close, so that a second word does not cut short what the first one began.
_AGAIN_S: Final = 5.0

T = TypeVar("T")


async def end(*tasks: "asyncio.Task[Any]") -> list[BaseException]:
    """Cancel tasks, again until all have ended.

    One word may be lost: aiokafka keeps a cancellation to itself that meets it while it closes, and so does
    ``asyncio.wait_for`` of Python 3.11 one that meets the answer that it waits for.

    Shape: what they failed with; nothing for those that were cancelled or done.
    """
    going = {task for task in tasks if not task.done()}
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=_AGAIN_S)
    return [problem for task in tasks if not task.cancelled() and (problem := task.exception()) is not None]


async def stopped(stopping: Coroutine[Any, Any, None], within_s: float) -> bool:
    """Let a client close; one that takes longer is cut short, again until it has ended.

    ``asyncio.wait_for`` cuts short once and then waits for as long as it takes, which may be for ever: aiokafka's
    closing waits for tasks that keep their cancellation to themselves.

    Shape: whether it closed in time. Errors: what it failed with in time.
    """
    task = asyncio.ensure_future(stopping)
    try:
        done, _ = await asyncio.wait({task}, timeout=within_s)
    finally:
        problems = await end(task)
    if done and problems:
        raise problems[0]
    return bool(done)


async def end_or_raise(*tasks: "asyncio.Task[Any]") -> None:
    """End tasks. Errors: whatever the first of them failed with that did fail."""
    for problem in await end(*tasks):
        raise problem


async def within(work: Awaitable[T], seconds: float) -> T:
    """Wait for work so long and no longer: what does not end when it is cancelled is left behind.

    Errors: ``TimeoutError``, and those of the work.
    """
    task: asyncio.Task[T] = asyncio.ensure_future(_as_coroutine(work))
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_forget)
    if not task.done():
        raise TimeoutError
    return task.result()


async def _as_coroutine(work: Awaitable[T]) -> T:
    return await work


def _forget(task: "asyncio.Task[Any]") -> None:
    """Take what a task that was left behind ends with, so that nobody complains that nobody did."""
    if not task.cancelled():
        task.exception()
