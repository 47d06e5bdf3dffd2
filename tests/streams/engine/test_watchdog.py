"""What stands still is noticed, what is only busy is not; systemd is told as it wants to be."""

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from streams.engine.progress import Fetching, Patience, Place, Progress
from streams.engine.watchdog import LoopWatch, Notify, Stuck

PATIENCE = Patience(lane_s=60, commit_s=30)


async def test_a_blocked_loop_is_noticed_from_outside_it_with_its_line() -> None:
    """By a thread, which the blocked loop cannot stop."""
    told: list[str] = []
    blocked = threading.Event()

    def notice(where: str) -> None:
        told.append(where)
        blocked.set()

    watch = LoopWatch(0.3, notice, every_s=0.05)
    watch.start()
    assert blocked.wait(30), "nobody noticed"  # this wait is what blocks the loop
    watch.stop()
    (where,) = told
    assert where.startswith("threading.py:")


async def test_a_loop_that_turns_is_left_alone() -> None:
    """Also when it works in long pieces, each shorter than the bound."""
    told: list[str] = []
    watch = LoopWatch(20.0, told.append, every_s=0.01)
    watch.start()
    for _ in range(5):
        _work(0.2)
        await asyncio.sleep(0)
    watch.stop()
    assert told == []


def _work(seconds: float) -> None:
    """Hold the loop."""
    threading.Event().wait(seconds)


async def test_systemd_hears_that_the_worker_reads_and_that_its_loop_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the socket that it names."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(path)
        line.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        watch = LoopWatch(20.0, lambda _: None, every_s=0.05)
        watch.ready()
        watch.start()
        assert line.recv(64) == b"READY=1"
        assert await asyncio.to_thread(line.recv, 64) == b"WATCHDOG=1"
        watch.stop()


def test_without_systemd_nothing_is_told() -> None:
    """Neither with a socket that is gone."""
    Notify(None).tell("READY=1")
    Notify("/nowhere/at/all").tell("READY=1")


def test_a_lane_with_nothing_to_do_does_not_hang() -> None:
    """Time passes over an idle lane; from the first record on it counts."""
    progress = Progress()
    assert progress.stuck(1_000, PATIENCE) is None
    progress.arrived(1_000)
    assert progress.stuck(1_060, PATIENCE) is None
    assert progress.stuck(1_061, PATIENCE) == (Stuck.LANE_HUNG, 61)
    progress.moved(1_061, left=3)
    assert progress.stuck(1_121, PATIENCE) is None
    assert progress.stuck(1_122, PATIENCE) == (Stuck.LANE_HUNG, 61)
    progress.moved(1_122, left=0)
    assert progress.stuck(9_999, PATIENCE) is None


def test_a_commit_has_a_bound_of_its_own() -> None:
    """While it is under way the lane is not blamed for it."""
    progress = Progress()
    progress.arrived(0)
    progress.commits(50)
    assert progress.stuck(80, PATIENCE) is None
    assert progress.stuck(81, PATIENCE) == (Stuck.COMMIT_HUNG, 31)
    progress.committed(82)
    assert progress.stuck(142, PATIENCE) is None


def test_a_fetch_stalls_when_records_stand_behind_a_position_that_does_not_move() -> None:
    """Not while the lane is what it waits for, and not at the end."""
    fetching = Fetching()
    assert fetching.stalled_for(Place(5, 9, idle=True), 0) == 0
    assert fetching.stalled_for(Place(5, 12, idle=True), 30) == 30
    assert fetching.stalled_for(Place(6, 12, idle=True), 40) == 0
    assert fetching.stalled_for(Place(6, 12, idle=False), 90) == 0
    assert fetching.stalled_for(Place(6, 12, idle=True), 100) == 10
    assert fetching.stalled_for(Place(12, 12, idle=True), 110) == 0
    assert fetching.stalled_for(Place(12, 12, idle=True), 500) == 0


def test_a_lag_that_only_grows_is_told_once_for_each_stretch() -> None:
    """A lag that is large and falls is a backlog being worked through."""
    fetching = Fetching()
    grown = [fetching.growing(Place(0, 10_000 * look, idle=True)) for look in range(1, 13)]
    assert [look for look, told in enumerate(grown, start=1) if told] == [6, 12]
    falling = Fetching()
    assert not any(falling.growing(Place(10_000 * look, 500_000, idle=True)) for look in range(12))
