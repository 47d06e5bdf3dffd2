"""The small parts of the watch: partitions that stand still, probes, disks, what is owed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from consumers.health import PartitionLag
from consumers.watch import probes
from consumers.watch.archiver import ArchiverPart
from consumers.watch.disks import DisksPart, Room, measured
from consumers.watch.duties import Owed, found
from consumers.watch.probes import GatewaysPart, RegistryPart
from consumers.watch.progress import Progress
from schemas.alarms import AlarmCode

NOW = datetime(2026, 7, 8, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
URL = "http://gateway.test"


def lag(begin: int, unread: int = 1) -> PartitionLag:
    """A partition whose agent stands at an offset."""
    return PartitionLag("events.accepted", 2, unread, exact=True, oldest=NOW, begin=begin)


def test_a_partition_is_stuck_when_something_waits_and_its_agent_stands_still() -> None:
    """For ten seconds; an agent that moves, or has nothing to do, is not."""
    progress = Progress()
    assert list(progress.stuck([lag(5)], NOW)) == []
    assert list(progress.stuck([lag(5)], NOW + 9 * SECOND)) == []
    (reason,) = progress.stuck([lag(5)], NOW + 10 * SECOND)
    assert (reason.code, reason.where, reason.value) == (AlarmCode.PARTITION_STUCK, "events.accepted:2", 10.0)
    assert list(progress.stuck([lag(6)], NOW + 11 * SECOND)) == []
    assert list(progress.stuck([lag(6, unread=0)], NOW + 30 * SECOND)) == []
    assert list(progress.stuck([lag(6)], NOW + 31 * SECOND)) == []


def answering(handle: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    """A client whose requests are answered here."""
    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


async def test_a_gateway_that_cannot_work_or_does_not_answer_is_gone_at_the_second_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the parts that cannot work; and well at the first answer that says so."""
    monkeypatch.setattr(probes, "STARTING", 0)
    now: list[Callable[[], httpx.Response]] = [lambda: httpx.Response(503, json={"parts": {"feeds": False}})]
    part = GatewaysPart([f"{URL}/"], answering(lambda _: now[0]()))
    await part.start()
    assert (await part.look(NOW)).reasons == ()
    told = await part.look(NOW)
    assert [(reason.code, reason.where) for reason in told.reasons] == [(AlarmCode.GATEWAY_GONE, URL)]
    (shown,) = told.shown["gateways"]
    assert (shown["ready"], shown["parts"]) == (False, {"feeds": False})

    def refuse() -> httpx.Response:
        raise httpx.ConnectError("no")

    now[0] = refuse
    told = await part.look(NOW)
    assert len(told.reasons) == 1
    assert told.shown["gateways"][0]["ms"] is None
    now[0] = lambda: httpx.Response(200, json={"parts": {"feeds": True}})
    assert (await part.look(NOW)).reasons == ()
    await part.stop()


async def test_a_gateway_that_is_starting_with_the_watch_is_waited_for() -> None:
    """One that has answered once is not."""
    status = [503]
    part = GatewaysPart([URL], answering(lambda _: httpx.Response(status[0], text="")))
    await part.start()
    for _ in range(3):
        assert (await part.look(NOW)).reasons == ()
    status[0] = 200
    await part.look(NOW)
    status[0] = 503
    await part.look(NOW)
    assert len((await part.look(NOW)).reasons) == 1


async def test_a_registry_that_asks_who_is_there_is_there_and_its_password_is_not_told() -> None:
    """Only silence and faults of its own are an alarm, after two looks."""
    status = [401]
    part = RegistryPart("http://me:secret@registry.test", answering(lambda _: httpx.Response(status[0])))
    await part.start()
    assert (await part.look(NOW)).shown == {"url": "http://registry.test", "answers": True}
    status[0] = 500
    await part.look(NOW)
    (reason,) = (await part.look(NOW)).reasons
    assert (reason.code, "secret" in reason.where) == (AlarmCode.REGISTRY_GONE, False)


async def test_an_archiver_that_does_not_catch_up_or_does_not_answer_is_told() -> None:
    """One that has caught up in between works in batches; the alarm says for how long it has not."""
    behind: list[int | None] = [5]

    def metrics(_: httpx.Request) -> httpx.Response:
        if behind[0] is None:
            return httpx.Response(200, text="something_else 1")
        return httpx.Response(200, text=f'sambus_archive_behind_positions{{topic="deliver.syd"}} {behind[0]}\n')

    part = ArchiverPart("http://archiver.test/", answering(metrics))
    await part.start()
    assert (await part.look(NOW)).reasons == ()
    behind[0] = 0
    assert (await part.look(NOW + 50 * SECOND)).reasons == ()
    behind[0] = 7
    assert (await part.look(NOW + 60 * SECOND)).reasons == ()
    assert (await part.look(NOW + 120 * SECOND)).reasons == ()
    told = await part.look(NOW + 121 * SECOND)
    assert [(r.code, r.where, r.value) for r in told.reasons] == [
        (AlarmCode.ARCHIVE_BEHIND, "http://archiver.test", 61.0)
    ]
    assert told.shown["behind_positions"] == 7
    behind[0] = None
    assert (await part.look(NOW + 122 * SECOND)).reasons == ()
    told = await part.look(NOW + 123 * SECOND)
    assert [r.code for r in told.reasons] == [AlarmCode.ARCHIVE_BEHIND]
    assert told.shown["answers"] is False


async def test_a_disk_alarm_ends_only_when_there_is_clearly_room_again(tmp_path: Path) -> None:
    """Not at every file that is written and deleted."""
    used = [0.5]
    part = DisksPart([tmp_path, tmp_path], lambda _: Room(used[0], 10))
    said = []
    for used[0] in (0.5, 0.9, 0.89, 0.86, 0.849, 0.88, 0.91):
        said.append([reason.code for reason in (await part.look(NOW)).reasons])
    full = [AlarmCode.DISK_NEARLY_FULL]
    assert said == [[], full, full, full, [], [], full]
    assert 0 <= measured(tmp_path).used <= 1


def owed(desk: str, opened: timedelta, due: timedelta, *, flash: bool = False) -> Owed:
    """An obligation that was opened and is due so long from now."""
    return Owed(desk, "acknowledge" if flash else "feedback", NOW + opened, NOW + due, flash)


def test_a_flash_past_its_time_is_an_alarm_for_each_desk_and_the_rest_is_counted() -> None:
    """With the longest wait of the desk; what is near and late of everything."""
    minute = timedelta(minutes=1)
    told = found(
        [
            owed("se.syd/intelligence", -20 * minute, -5 * minute, flash=True),
            owed("se.syd/intelligence", -16 * minute, -minute, flash=True),
            owed("se.vast/intelligence", -5 * minute, 10 * minute, flash=True),
            owed("se.ost/intelligence", -5 * minute, 30 * minute),
            owed("se.ost/intelligence", -5 * minute, 300 * minute),
            owed("se.ost/intelligence", -500 * minute, -minute),
        ],
        NOW,
    )
    assert [(r.code, r.where, r.value) for r in told.reasons] == [
        (AlarmCode.FLASH_UNACKNOWLEDGED, "se.syd/intelligence", 1200.0)
    ]
    shown = told.shown
    assert (shown["open"], shown["near"], shown["late"], shown["oldest_flash_seconds"]) == (6, 2, 3, 1200.0)
    assert {each["obligation"]: each["open"] for each in shown["by_obligation"]} == {"acknowledge": 3, "feedback": 3}
    assert found([], NOW).reasons == ()
