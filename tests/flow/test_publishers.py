"""What a publisher is told on a real bus: what became of each event, who answered in numbers, and feedback on it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from click.testing import Result

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.builders import feedback_note
from producers.client import GATEWAY_TOPIC, Producer, publish_raw
from producers.receipts import Feedback, News, Receipts
from producers.spool_keys import SpoolKeys
from producers.spooled import SpooledProducer
from producers.sync import SyncReceipts
from schemas.envelope import Grading, Provenance
from schemas.events.control import FeedbackKind, FeedbackNote
from schemas.receipts import Fate, ReceiptLine
from schemas.vocabulary import CommonBasis, InfoGrade, LegalOrigin, SourceGrade
from tests.bus import Bus
from tests.deploy.cli_bus import sambus
from tests.flow.test_duties import pack
from tests.orders import HYLLIE, JARVA, NORD, Body, published, seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

PUBLISHER = f"{JARVA}/investigation"
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("publishers"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module."""
    rules = pack(tmp_path_factory.mktemp("pack"))  # with a seizure that two desks must acknowledge
    async with Bus(cluster, tmp_path_factory.mktemp("bus"), arguments=["--rules", str(rules)]) as running:
        await publish_raw(running.options, GATEWAY_TOPIC, [published(seizure("se.syd"), "se.syd/investigation")])
        await running.settled(1, within=90)  # no time limit runs while the worker starts
        yield running


async def command(bus: Bus, *words: str) -> Result:
    """A command, as a person calls it."""
    return await asyncio.to_thread(sambus, bus.bootstrap, *words)


async def told_of(bus: Bus, desk: str, event_id: str) -> list[ReceiptLine | Feedback]:
    """What a desk has been told of one event by now."""
    async with Receipts(bus.options, desk, since=timedelta(hours=1)) as receipts:
        return [news.told async for news in receipts if news.told.event_id == event_id]


async def until_told(bus: Bus, desk: str, event_id: str, fate: Fate) -> ReceiptLine:
    """Wait until a desk has been told of such an end of one event."""
    async with Receipts(bus.options, desk, since=timedelta(hours=1), follow=True) as receipts, asyncio.timeout(60):
        async for news in receipts:
            told = news.told
            if isinstance(told, ReceiptLine) and told.event_id == event_id and told.fate is fate:
                return told
    raise AssertionError("unreachable")


async def test_the_client_learns_what_became_of_each_event(bus: Bus) -> None:
    """Accepted, in quarantine with its reason, known already: whichever way it was published."""
    good, bad = seizure(JARVA), seizure("se.atlantis")
    async with Receipts(bus.options, PUBLISHER, follow=True) as receipts:
        async with Producer(bus.options, origin=PUBLISHER) as producer:
            await producer.publish_many([good, bad])
        found = await receipts.settled([good["event_id"], bad["event_id"]], within=60)
        assert {event_id: line.fate for event_id, line in found.items()} == {
            good["event_id"]: Fate.ACCEPTED,
            bad["event_id"]: Fate.QUARANTINED,
        }
        assert found[good["event_id"]].desks > 3
        assert [(p.code, p.pointer) for p in found[bad["event_id"]].problems] == [("AREA_UNKNOWN", "/areas/0")]
        async with Producer(bus.options, origin=PUBLISHER) as producer:
            await producer.publish(good)
        again = await receipts.settled([good["event_id"]], within=60)
    assert again[good["event_id"]].fate is Fate.DUPLICATE
    assert receipts.unreadable == 0


async def test_another_desk_is_told_nothing_of_it(bus: Bus) -> None:
    """Receipts are the publisher's own."""
    event = seizure(JARVA)
    async with Producer(bus.options, origin=PUBLISHER) as producer:
        await producer.publish(event)
    await until_told(bus, PUBLISHER, event["event_id"], Fate.ACCEPTED)
    assert await told_of(bus, f"{NORD}/intelligence", event["event_id"]) == []


async def test_feedback_comes_back_to_who_reported(bus: Bus) -> None:
    """A note about the report reaches its publisher's receipts; who wrote it gets none of its own words back."""
    report, writer = seizure(HYLLIE), f"{NORD}/investigation"
    publisher = f"{HYLLIE}/investigation"
    async with Producer(bus.options, origin=publisher) as producer:
        await producer.publish(report)
    note = feedback_note(
        FeedbackNote(about_id=report["event_id"], kind=FeedbackKind.USED),
        occurred_from=datetime.now(UTC),
        legal_origin=LegalOrigin.OWN_OBSERVATION,
        grading=Grading(source=SourceGrade.B, info=InfoGrade(2), by="made-up", at=datetime.now(UTC)),
        provenance=Provenance(root_ids=[report["event_id"]], derived_from=[report["event_id"]]),
        areas=[HYLLIE],
        common_basis=CommonBasis.P1A,
        synthetic=True,
    )
    async with Receipts(bus.options, publisher, since=timedelta(hours=1), follow=True) as receipts:
        async with Producer(bus.options, origin=writer) as producer:
            assert (await producer.publish(note)).status == "taken"
        async with asyncio.timeout(60):
            feedback = await anext(_feedback(receipts))
    assert (feedback.event_id, feedback.kind, feedback.by) == (report["event_id"], "used", writer)
    assert feedback.note_id == note.event_id
    shown = await command(bus, "receipts", "--as", publisher, "--event", report["event_id"])
    assert "feedback: used" in shown.stdout


async def _feedback(receipts: AsyncIterator[News]) -> AsyncIterator[Feedback]:
    async for news in receipts:
        if isinstance(news.told, Feedback):
            yield news.told


async def test_the_publisher_sees_how_many_have_answered(bus: Bus) -> None:
    """A number for each kind of answer, and no desk's name."""
    event = seizure(JARVA, danger_to_life=True, danger_reason="Påhittad fara", priority=1)
    async with Producer(bus.options, origin=PUBLISHER) as producer:
        await producer.publish(event)
    await until_told(bus, PUBLISHER, event["event_id"], Fate.ACCEPTED)
    desk = f"{NORD}/intelligence"
    delivery = f"{event['event_id']}:1:{desk}:main"
    answered = await command(bus, "ack", delivery, "--as", desk, "--synthetic")
    assert answered.exit_code == 0, answered.output
    line = await until_told(bus, PUBLISHER, event["event_id"], Fate.ANSWERED)
    assert [(each.kind, each.desks) for each in line.answers] == [("acknowledged", 1)]


async def test_the_command_shows_what_became_of_events(bus: Bus) -> None:
    """For people and for programs; exit code 1 tells that something is in quarantine."""
    good, bad = seizure(JARVA), seizure("se.atlantis")
    async with Producer(bus.options, origin=PUBLISHER) as producer:
        await producer.publish_many([good, bad])
    await until_told(bus, PUBLISHER, bad["event_id"], Fate.QUARANTINED)
    await until_told(bus, PUBLISHER, good["event_id"], Fate.ACCEPTED)
    shown = await command(bus, "receipts", "--as", PUBLISHER)
    assert shown.exit_code == 1, shown.output
    assert f"{good['event_id']} Drug seizure: shared with " in shown.stdout
    assert f"{bad['event_id']} Drug seizure: in quarantine\n  AREA_UNKNOWN /areas/0: " in shown.stdout
    one = await command(bus, "receipts", "--as", PUBLISHER, "--event", good["event_id"], "--json")
    assert one.exit_code == 0
    (said,) = [orjson.loads(line) for line in one.stdout.splitlines()]
    assert (said["fate"], said["outcome"], said["event_type"]) == ("accepted", "shared", "drug_seizure")
    assert said["desks"] == sum(each["desks"] for each in said["reached"])


def jsonl(path: Path, *bodies: Body) -> Path:
    """A file of events."""
    path.write_bytes(b"".join(orjson.dumps(body) + b"\n" for body in bodies))
    return path


async def test_publishing_can_follow_its_events_to_their_end(bus: Bus, tmp_path: Path) -> None:
    """Quarantined ones are told with their remedy, and the exit code says so."""
    file = jsonl(tmp_path / "events.jsonl", seizure(JARVA), bad := seizure("se.atlantis"))
    done = await command(bus, "publish", str(file), "--as", PUBLISHER, "--follow", "--wait", "60")
    assert done.exit_code == 1, done.output
    assert f"{bad['event_id']}: AREA_UNKNOWN /areas/0: The area code is not in the gazetteer." in done.stdout
    assert "1 accepted, 0 known already, 1 in quarantine, 0 unknown yet" in done.stderr
    again = await command(bus, "publish", str(file), "--as", PUBLISHER, "--follow", "--wait", "60", "--json")
    *_, summary = map(orjson.loads, again.stdout.splitlines())
    assert {name: summary["summary"][name] for name in ("taken", "duplicate", "quarantined", "unknown")} == {
        "taken": 2,
        "duplicate": 1,
        "quarantined": 1,
        "unknown": 0,
    }


async def test_a_spooled_event_is_followed_like_any_other(bus: Bus, tmp_path: Path) -> None:
    """Taken on the disk, sent, accepted; with a program that has no loop, too."""
    event = seizure(JARVA)
    client = SpooledProducer(bus.options, origin=PUBLISHER, spool=tmp_path / "spool", keys=SpoolKeys([KEY]))
    async with client, Receipts(bus.options, PUBLISHER, follow=True) as receipts:
        assert (await client.publish(event)).kept == "spool"
        found = await receipts.settled([event["event_id"]], within=60)
    assert found[event["event_id"]].fate is Fate.ACCEPTED
    known = await asyncio.to_thread(_read_without_a_loop, bus)
    assert event["event_id"] in known


def _read_without_a_loop(bus: Bus) -> set[str | None]:
    with SyncReceipts(Receipts(bus.options, PUBLISHER, since=timedelta(hours=1))) as receipts:
        return {news.told.event_id for news in receipts}


async def test_a_desk_without_receipts_has_none_and_an_outsider_of_the_gazetteer_is_refused(bus: Bus) -> None:
    """Nothing to show is no fault; a misspelt desk is wrong use."""
    nothing = await command(bus, "receipts", "--as", "se.nord.jamtland/prevention")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert (await command(bus, "receipts", "--as", "se.nowhere/prevention")).exit_code == 2
    assert (await command(bus, "receipts", "--as", PUBLISHER, "--since", "15")).exit_code == 2
