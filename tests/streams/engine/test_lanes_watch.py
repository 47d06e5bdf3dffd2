"""The watch over lanes ends when the lanes do."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from schemas import tasks
from streams.engine import lanes_watch
from streams.engine.lane import Lane
from streams.engine.lanes_watch import LanesWatch
from streams.engine.progress import Patience

IDLE = SimpleNamespace(progress=SimpleNamespace(stuck=lambda *_: None), places=dict, partition=0)


async def test_a_look_that_does_not_hear_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker kept its partitions for a minute after they were revoked: what it closed first waited for a broker."""
    monkeypatch.setattr(lanes_watch, "_EVERY_S", 0.01)
    monkeypatch.setattr(tasks, "_AGAIN_S", 0.01)
    asked = asyncio.Event()
    heard = 0

    async def ends(places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        nonlocal heard
        assert not places
        asked.set()
        while heard < 2:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            heard += 1
        return {}

    def nowhere(_: TopicPartition) -> None:
        raise AssertionError

    watch = LanesWatch(Patience(look_s=0.0), ends, nowhere)
    watch.start([cast("Lane", cast("Any", IDLE))])
    await asyncio.wait_for(asked.wait(), 30)
    async with asyncio.timeout(30):
        await watch.stop()
    assert heard > 0
    await watch.stop()
