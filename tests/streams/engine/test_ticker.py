"""The ticker: it wakes its lane, strikes once until it is asked, and falls silent when stopped."""

import asyncio

from streams.engine.ticker import Ticker


async def test_it_wakes_whoever_waits_and_strikes_once_until_asked() -> None:
    """A lane that is slow to ask has missed nothing but time."""
    rung = asyncio.Event()
    ticker = Ticker(rung.set)
    assert not ticker.struck()
    ticker.start(after_s=0)
    await asyncio.wait_for(rung.wait(), 5)
    assert ticker.struck()
    assert not ticker.struck()
    ticker.stop()


async def test_asking_begins_the_next_second_and_stopping_ends_it() -> None:
    """No timer outlives its lane."""
    rung = asyncio.Event()
    ticker = Ticker(rung.set)
    ticker.start(after_s=0)
    await asyncio.wait_for(rung.wait(), 5)
    rung.clear()
    assert ticker.struck()
    await asyncio.wait_for(rung.wait(), 5)
    rung.clear()
    assert ticker.struck()
    ticker.stop()
    loop = asyncio.get_running_loop()
    assert [handle for handle in loop._scheduled if not handle.cancelled() and "Ticker" in repr(handle)] == []  # type: ignore[attr-defined]
