"""What the console says of the bus follows from the watcher's snapshots and from how old the last one is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from consumers.console.routes import live
from consumers.console.watching import Watching
from consumers.watch.snapshot import MEMORY_KEY, WATCH_KEY, write_snapshot
from tests.consumers.console.snapshots import unwell, well

AT = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        """The time."""
        return self.now


def watching(clock: Clock) -> Watching:
    """What follows nobody: a test hands it its records."""
    return Watching({}, clock)


def test_without_a_snapshot_nobody_knows() -> None:
    """Not well, not silent about it, and with nothing made up."""
    told = watching(Clock()).told()
    assert (told["healthy"], told["fresh"], told["at"], told["age_seconds"]) == (False, False, None, None)
    assert [each["code"] for each in told["reasons"]] == ["NOT_WATCHED"]


def test_a_fresh_snapshot_is_told_with_its_age_and_since_when() -> None:
    """Each alarm with its severity and its beginning."""
    clock = Clock()
    seen = watching(clock)
    seen.take(WATCH_KEY, write_snapshot(well(AT)))
    assert seen.told()["healthy"]
    seen.take(WATCH_KEY, write_snapshot(unwell(AT + timedelta(seconds=3))))
    clock.now = AT + timedelta(seconds=5)
    told = seen.told()
    assert (told["healthy"], told["fresh"], told["age_seconds"]) == (False, True, 2.0)
    assert {each["since"] for each in told["reasons"]} == {AT + timedelta(seconds=3)}
    assert (told["reasons"][0]["code"], told["reasons"][0]["severity"]) == ("PARTITION_STUCK", "page")
    assert not any(each["last_known"] for each in told["reasons"])


def test_an_old_snapshot_says_that_nobody_watches_and_what_was_known_last() -> None:
    """More than 15 s: the first reason is that, and the others are marked."""
    clock = Clock()
    seen = watching(clock)
    seen.take(WATCH_KEY, write_snapshot(unwell(AT)))
    clock.now = AT + timedelta(seconds=15)
    assert seen.told()["fresh"]
    clock.now = AT + timedelta(seconds=15.1)
    told = seen.told()
    assert (told["healthy"], told["fresh"]) == (False, False)
    assert [each["code"] for each in told["reasons"]][:2] == ["NOT_WATCHED", "PARTITION_STUCK"]
    assert told["reasons"][0]["since"] == AT + timedelta(seconds=15)
    assert [each["last_known"] for each in told["reasons"]] == [False, *[True] * (len(told["reasons"]) - 1)]


def test_other_records_of_the_topic_change_nothing() -> None:
    """The watch's own memory, and what is no snapshot."""
    seen = watching(Clock())
    seen.take(MEMORY_KEY, write_snapshot(well(AT)))
    seen.take(WATCH_KEY, b"{}")
    seen.take(WATCH_KEY, None)
    assert seen.told()["at"] is None


async def test_a_stream_tells_each_snapshot_and_that_it_has_grown_old() -> None:
    """At once what is known, then each snapshot, then that nobody watches; it ends after its hour."""
    clock = Clock()
    seen = watching(clock)
    seen.take(WATCH_KEY, write_snapshot(well(AT)))
    events = live(seen, clock)
    assert _health(await anext(events))["healthy"]
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    seen.take(WATCH_KEY, write_snapshot(unwell(AT + timedelta(seconds=3))))
    assert not _health(await waiting)["healthy"]
    clock.now = AT + timedelta(seconds=30)
    async with asyncio.timeout(10):
        told = _health(await anext(events))
    assert told["reasons"][0]["code"] == "NOT_WATCHED"
    clock.now = AT + timedelta(hours=2)
    async with asyncio.timeout(10):
        assert [part async for part in events] == [b"event: ended\ndata: {}\n\n"]


def _health(event: bytes) -> dict[str, Any]:
    name, data, *_ = event.split(b"\n")
    assert name == b"event: health"
    told: dict[str, Any] = orjson.loads(data.removeprefix(b"data: "))
    return told
