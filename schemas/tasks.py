"""Ends tasks that work with Kafka."""

import asyncio
from typing import Any, Final

#: Longer than a client needs to close, so that a second word does not cut short what the first one began.
_AGAIN_S: Final = 5.0


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


async def end_or_raise(*tasks: "asyncio.Task[Any]") -> None:
    """End tasks. Errors: whatever the first of them failed with that did fail."""
    for problem in await end(*tasks):
        raise problem
