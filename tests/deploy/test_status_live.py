"""``sambus status --watch``: one screen of 80 by 24 that tells the worst first, and itself when it is old."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from consumers.health import Reason
from consumers.watch.snapshot import Snapshot, write_snapshot
from deploy.cli.status_live import view
from deploy.cli.watched import with_watched
from schemas.alarms import AlarmCode
from schemas.topics import HEALTH
from tests.consumers.made import Sent
from tests.deploy.cli_bus import prepare, sambus

NOW = datetime(2026, 7, 8, 12, tzinfo=UTC)
STAGES = ("intake", "assess", "share", "rules", "duties", "link", "picture")
HEALTHY = {
    "sources": [
        {"stage": s, "topic": f"topic.{s}", "unread": 12, "exact": False, "lag_seconds": 130.0, "per_second": 2.5}
        for s in STAGES
    ],
    "workers": [{"name": "w", "host": "h"}],
    "group_state": "Stable",
    "quarantined": {"AREA_UNKNOWN": 3},
}
PARTS: dict[str, dict[str, Any]] = {
    "duties": {"open": 4, "near": 1, "late": 2},
    "publishers": {
        "known": 2,
        "publishers": [
            {"origin": "se.syd/intelligence", "silent": True, "skewed": False, "skew_seconds": None},
            {"origin": "se.vast/intelligence", "silent": False, "skewed": True, "skew_seconds": 600.0},
        ],
    },
    "canaries": {"rules": [{"rule": "B04", "direction": "never", "last": "leaked"}, {"rule": "S01", "last": "ok"}]},
    "gateways": {"gateways": [{"url": "http://g", "ready": False}]},
    "disks": {"disks": [{"path": "/var", "used": 0.91}]},
}


def screen(snapshot: Snapshot | None, now: datetime = NOW, lang: str = "en", size: tuple[int, int] = (80, 24)) -> str:
    """What stands on a terminal of this size."""
    out = Console(file=io.StringIO(), width=size[0], height=size[1], record=True)
    out.print(view(snapshot, now, size, lang))
    return out.export_text()


def snapshot_of(reasons: Sequence[Reason] = ()) -> Snapshot:
    """A snapshot with everything in it."""
    return Snapshot(NOW, tuple(reasons), HEALTHY, PARTS)


@pytest.mark.parametrize("lang", ["sv", "en"])
@pytest.mark.parametrize("alarms", [0, 3, 40])
def test_it_fits_a_terminal_of_80_by_24_however_many_alarms_there_are(lang: str, alarms: int) -> None:
    """Those that do not fit are counted."""
    reasons = [Reason(AlarmCode.PUBLISHER_SILENT, f"se.syd.malmo.number-{n}/intelligence", 600) for n in range(alarms)]
    lines = screen(snapshot_of(reasons), lang=lang).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert any("topic.picture" in line for line in lines)
    assert sum("PUBLISHER_SILENT" in line for line in lines) == min(alarms, 7)
    assert any("+ 33" in line for line in lines) == (alarms == 40)


def test_it_tells_what_is_wrong_first_and_then_how_everything_stands() -> None:
    """Alarms in their order, marked by how grave they are; then each part."""
    told = screen(snapshot_of([Reason(AlarmCode.CANARY_LEAKED, "B04", 1)]), size=(140, 40))
    lines = told.splitlines()
    assert lines[0].startswith("✗ The bus is not well (1)")
    assert lines[1].startswith("!! CANARY_LEAKED B04: Roll the rule pack back")
    for said in ("≤ 12", "0:02:10", "AREA_UNKNOWN 3", "4 open, 1 near, 2 late", "silent: se.syd/intelligence"):
        assert said in told
    for said in ("clock wrong: se.vast/intelligence +600 s", "wrong: B04 leaked", "not ready: http://g", "/var 91%"):
        assert said in told


def test_it_says_itself_when_nobody_has_watched_or_the_watch_is_silent() -> None:
    """What is old is not shown as if it were of now."""
    assert "start `sambus watch`" in screen(None)
    assert screen(snapshot_of()).startswith("✓ The bus is well")
    old = screen(snapshot_of(), NOW + timedelta(seconds=16))
    assert old.startswith("✗ NOT_WATCHED")
    assert "16 s ago" in old


def test_status_takes_the_word_of_a_fresh_watch_for_what_it_does_not_measure_itself() -> None:
    """A watch that has fallen silent is a reason; one that was never there is none."""
    own = (Reason(AlarmCode.LATE, "in.gateway", 30.0),)
    leaked, late = Reason(AlarmCode.CANARY_LEAKED, "B04", 1), Reason(AlarmCode.LATE, "duties", 99.0)
    watched = snapshot_of([late, leaked])
    assert with_watched(own, watched, NOW) == (*own, leaked)
    assert [r.code for r in with_watched(own, watched, NOW + timedelta(seconds=20))] == ["NOT_WATCHED", "LATE"]
    assert with_watched(own, None, NOW) == own


@pytest.mark.kafka
def test_status_shows_what_the_watch_found(kafka: str) -> None:
    """Its reasons and its parts, as text and as JSON."""
    told = Snapshot(
        datetime.now(UTC) + timedelta(seconds=60), (Reason(AlarmCode.CANARY_LEAKED, "B04", 1),), None, PARTS
    )
    prepare(kafka, [Sent(HEALTH, "watch", write_snapshot(told))])
    said = sambus(kafka, "status", "--group", "nobody").stdout
    assert "CANARY_LEAKED B04" in said
    assert "silent: se.syd/intelligence" in said
    assert '"CANARY_LEAKED"' in sambus(kafka, "status", "--group", "nobody", "--json").stdout
    assert sambus(kafka, "status", "--watch", "--json").exit_code == 2


@pytest.mark.kafka
def test_it_runs_in_a_terminal_and_ends_with_ctrl_c(kafka: str) -> None:
    """In a real one, as over ssh: exit code 0."""
    prepare(kafka, [Sent(HEALTH, "watch", write_snapshot(Snapshot(datetime.now(UTC), (), HEALTHY, PARTS)))])
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "deploy.cli", "status", "--watch", "--lang", "en", "--bootstrap", kafka]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    said, deadline = b"", time.monotonic() + 60
    try:
        while b"topic.picture" not in said and time.monotonic() < deadline:
            if select.select([master], [], [], 0.5)[0]:
                said += os.read(master, 65_536)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        os.close(master)
    assert b"topic.picture" in said
