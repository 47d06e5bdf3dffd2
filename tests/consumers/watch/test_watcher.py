"""The watch goes on whatever a part does, tells what it cannot see, and never lets an alarm end by looking away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from consumers.bus import BusUnreachableError
from consumers.health import Reason
from consumers.watch.findings import Figure, Findings, Part
from consumers.watch.snapshot import Snapshot, read_snapshot, write_snapshot
from consumers.watch.watcher import Seen, Watcher, WatchSignal, together
from schemas.alarms import AlarmCode
from schemas.signals import ALARM, WATCHED_AT, WORKERS
from tests.consumers.watch.fakes import Acting, Hanging, Kept

NOW = datetime(2026, 7, 8, 12, tzinfo=UTC)
LATE = Reason(AlarmCode.LATE, "in.gateway", 31.0)
LEAKED = Reason(AlarmCode.CANARY_LEAKED, "B04", 1)
SOON = 30.0


@asynccontextmanager
async def watching(
    parts: Sequence[Part], board: Kept, tell: Callable[..., None] = lambda *_, **__: None
) -> AsyncIterator[Watcher]:
    """A watch that looks often."""
    watcher = Watcher(parts, board.tell, tell, every=0.01, deadline=0.05)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0.005)


def codes(watcher: Watcher) -> list[tuple[str, str]]:
    """What is told now."""
    return [(reason.code.value, reason.where) for reason in watcher.latest.snapshot.reasons]


def raising(problem: Exception) -> Callable[[], Findings]:
    """A look that fails."""

    def look() -> Findings:
        raise problem

    return look


async def test_what_all_parts_found_is_told_together_in_the_order_of_alarms() -> None:
    """Leaks before disks, whoever told of them first; the bus's own ground apart from what parts show."""
    bus = Acting("bus", lambda: Findings((LATE,), (Figure(WORKERS, (), 2),), {"workers": []}))
    canaries = Acting("canaries", lambda: Findings((LEAKED,), (), {"sent": 3}))
    board = Kept()
    async with watching([canaries, bus], board):
        await until(lambda: board.told)
    told = board.told[0]
    assert told.reasons == (LATE, LEAKED)
    assert (told.health, told.parts) == ({"workers": []}, {"canaries": {"sent": 3}})
    assert not told.healthy


@pytest.mark.parametrize("bad", ["raises", "hangs"])
async def test_a_part_that_fails_becomes_a_reason_and_the_others_go_on(bad: str) -> None:
    """It is started anew, again and again."""
    broken = Acting("broken", raising(ValueError("x"))) if bad == "raises" else Hanging("broken", Findings)
    good = Acting("good", Findings)
    async with watching([broken, good], Kept()) as watcher:
        await until(lambda: ("NOT_WATCHED", "broken") in codes(watcher))
        before = good.looks
        await until(lambda: good.looks > before + 3 and broken.starts > 1)


async def test_an_alarm_stays_while_its_part_cannot_look_and_ends_when_it_can() -> None:
    """A leak that nobody can check any longer is still a leak."""
    part = Acting("canaries", lambda: Findings((LEAKED,)))
    async with watching([part], Kept()) as watcher:
        await until(lambda: codes(watcher) == [("CANARY_LEAKED", "B04")])
        part.act = raising(RuntimeError())
        await until(lambda: codes(watcher) == [("NOT_WATCHED", "canaries"), ("CANARY_LEAKED", "B04")])
        part.act = Findings
        await until(lambda: codes(watcher) == [])


async def test_no_broker_is_one_alarm_however_many_parts_miss_it() -> None:
    """And it is there to be scraped although nothing can be published."""
    parts = [Acting(name, raising(BusUnreachableError("x:1"))) for name in ("bus", "publishers")]
    board = Kept()
    board.away = True
    async with watching(parts, board) as watcher:
        await until(lambda: codes(watcher) == [("BUS_UNREACHABLE", "kafka")])
        assert board.told == []
        board.away = False
        await until(lambda: board.told)


async def test_begin_and_end_of_an_alarm_are_told_once_each() -> None:
    """With its code and place, and the type of a failure; never its text."""
    said: list[tuple[WatchSignal, dict[str, Any]]] = []
    found = [Findings((LATE,))]

    def tell(signal: WatchSignal, /, **fields: Any) -> None:
        said.append((signal, fields))

    async with watching([Acting("bus", lambda: found[0])], Kept(), tell):
        await until(lambda: any(signal is WatchSignal.RAISED for signal, _ in said))
        found[0] = Findings((Reason(AlarmCode.LATE, "in.gateway", 40.0),))
        await asyncio.sleep(0.1)
        found[0] = Findings()
        await until(lambda: any(signal is WatchSignal.ENDED for signal, _ in said))
    alarms = [each for each in said if each[0] in {WatchSignal.RAISED, WatchSignal.ENDED}]
    assert alarms == [
        (WatchSignal.RAISED, {"code": "LATE", "where": "in.gateway", "value": 31.0}),
        (WatchSignal.ENDED, {"code": "LATE", "where": "in.gateway"}),
    ]


async def test_the_first_snapshot_waits_for_everybodys_first_look() -> None:
    """So that nobody takes a bus for well that was not looked at."""
    slow = asyncio.Event()

    class Slow(Acting):
        async def start(self) -> None:
            await slow.wait()

    board, quick = Kept(), Acting("quick", Findings)
    async with watching([quick, Slow("slow", lambda: Findings((LATE,)))], board):
        await until(lambda: quick.looks > 3)
        assert board.told == []
        slow.set()
        await until(lambda: board.told)
    assert board.told[0].reasons == (LATE,)


def test_a_snapshot_comes_back_as_it_was_written() -> None:
    """With everything in it; what is no snapshot is none."""
    snapshot = Snapshot(NOW, (LATE,), {"group_state": "Stable"}, {"disks": {"disks": []}})
    assert read_snapshot(write_snapshot(snapshot)) == snapshot
    for bad in (None, b"", b"junk", b"{}", b'{"at":"2026-07-08T12:00:00"}', b"\xff"):
        assert read_snapshot(bad) is None


def test_every_alarm_is_a_figure_beside_those_of_the_parts_and_when_the_bus_was_measured() -> None:
    """So that a scrape tells how old it is."""
    figure = Figure(WORKERS, (), 2)
    told = together({"bus": Seen(Findings((LATE,), (figure,)), NOW)}, NOW)
    alarm = Figure(ALARM, ("LATE", "in.gateway"), 1)
    assert set(told.figures) == {figure, alarm, Figure(WATCHED_AT, (), NOW.timestamp())}
