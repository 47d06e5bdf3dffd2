"""The archiver on a real Kafka: what was committed is archived once, from where the archive stands."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from consumers.archive.archive import Archive
from consumers.archive.archived import Archived
from consumers.archive.archiver import ArchiveSignal, archive_to_the_end, run_archiver
from consumers.archive.condition import condition
from consumers.archive.writer import Batch, Move, Place, TakenOverError
from consumers.bus import BusUnreachableError, TopicMissingError
from schemas.figures import Figure
from tests.consumers.archive.made import DESK, OTHER, Came, order, report
from tests.consumers.made import Sent, write

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


@pytest.fixture
def address(tmp_path: Path) -> str:
    """SQLite does: what PostgreSQL does under an archiver, ``tests/faults/test_archive.py`` shows."""
    return f"sqlite:///{tmp_path / 'archive.db'}"


class Told:
    """What an archiver told."""

    def __init__(self) -> None:
        self.signals: list[tuple[ArchiveSignal, dict[str, object]]] = []

    def __call__(self, signal: ArchiveSignal, /, **fields: object) -> None:
        """Take a signal."""
        self.signals.append((signal, fields))

    def of(self, signal: ArchiveSignal) -> list[dict[str, object]]:
        """What was told with this signal."""
        return [fields for told, fields in self.signals if told is signal]


@pytest.fixture
async def topic(kafka: str, topic_prefix: str) -> str:
    """A delivery topic of the test's own, with two partitions."""
    name = f"{topic_prefix}deliver"
    async with admin(kafka) as client:
        await client.create_topics([NewTopic(name, 2, 1)])
    return name


@asynccontextmanager
async def admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client."""
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def send(kafka: str, topic: str, made: Iterable[Came], *, commit: bool = True) -> None:
    """Deliver, in one transaction."""
    await write(kafka, [Sent(topic, each.item.meta.desk, each.value) for each in made], commit=commit)


def options(kafka: str) -> dict[str, Any]:
    """What an archiver needs to reach the cluster."""
    return {"bootstrap_servers": kafka}


def figures(counted: Archived) -> list[tuple[str, tuple[str, ...], float]]:
    """What an archiver tells of itself."""
    return [(each.metric.name, each.labels, each.value) for each in counted.figures() if isinstance(each, Figure)]


def archived(archive: Archive) -> list[str]:
    """Every event in the archive, in the order of its rows."""
    from consumers.archive.tables import rows

    with archive.database.reading() as connection:
        return [row.event_id for row in connection.execute(rows.select().order_by(rows.c.row_id))]


async def test_what_is_committed_is_archived_once(kafka: str, topic: str, archive: Archive) -> None:
    """Again and again from where it stands; what was aborted never comes, and markers are passed."""
    first, aborted, second = ([report(f"ord {number}") for number in range(5)] for _ in range(3))
    await send(kafka, topic, first)
    await send(kafka, topic, aborted, commit=False)
    assert await archive_to_the_end(options(kafka), archive, [topic]) == 5
    assert await archive_to_the_end(options(kafka), archive, [topic]) == 0
    await send(kafka, topic, second)
    assert await archive_to_the_end(options(kafka), archive, [topic]) == 5
    assert archived(archive) == [each.event_id for each in first + second]


async def test_read_again_from_the_beginning_nothing_is_twice(kafka: str, topic: str, archive: Archive) -> None:
    """Without its positions (an old backup), the archive still takes each delivery once."""
    from consumers.archive.tables import positions

    made = [report("ord", desk=desk) for desk in (DESK, OTHER) for _ in range(4)]
    await send(kafka, topic, made)
    assert await archive_to_the_end(options(kafka), archive, [topic]) == 8
    with archive.database.begin() as connection:
        connection.execute(positions.delete())
    assert await archive_to_the_end(options(kafka), archive, [topic]) == 0
    assert len(archived(archive)) == 8


async def test_a_recall_on_the_bus_hides_the_row(kafka: str, topic: str, archive: Archive) -> None:
    """The order's delivery is on the same partition: it hides what came before it."""
    one = report("ord")
    await send(kafka, topic, [one])
    await send(kafka, topic, [order(one.event_id)])
    assert await archive_to_the_end(options(kafka), archive, [topic]) == 2
    assert condition(archive.database, 0).hidden == 1


async def test_what_cannot_be_read_is_on_record(kafka: str, topic: str, archive: Archive) -> None:
    """Junk, and a record under another desk's key: counted by code, told by place, and the rest is archived."""
    theirs, mine, told = report("ord", desk=OTHER), report("ord"), Told()
    await write(kafka, [Sent(topic, DESK, b"junk"), Sent(topic, DESK, theirs.value), Sent(topic, DESK, mine.value)])
    stop, counted = asyncio.Event(), Archived()
    running = asyncio.create_task(run_archiver(options(kafka), archive, [topic], stop=stop, tell=told, counted=counted))
    async with asyncio.timeout(60):
        while not (counted.rows["new"] and ("sambus_archive_behind_positions", (topic,), 0) in figures(counted)):
            await asyncio.sleep(0.05)
    stop.set()
    await running
    assert archived(archive) == [mine.event_id]
    assert {name: value for name, labels, value in figures(counted) if labels == ("new",)} == {
        "sambus_archived_rows_total": 1
    }
    assert sum(value for name, _, value in figures(counted) if name == "sambus_archive_faults_total") == 2
    assert sum(condition(archive.database, 0).faults.values()) == 2
    assert {each["topic"] for each in told.of(ArchiveSignal.UNREADABLE)} == {topic}
    assert mine.event_id not in repr(told.signals)


async def test_a_second_archiver_takes_over_and_the_first_ends(kafka: str, topic: str, archive: Archive) -> None:
    """Positions are moved from where one left them, or nothing is written at all."""
    await send(kafka, topic, [report("ord")])
    told, stop = Told(), asyncio.Event()
    running = asyncio.create_task(run_archiver(options(kafka), archive, [topic], stop=stop, tell=told))
    async with asyncio.timeout(30):
        while not archived(archive):
            await asyncio.sleep(0.05)
    for place, stood in archive.positions([Place(topic, 0), Place(topic, 1)]).items():
        if stood is not None:
            archive.write(Batch(moves={place: Move(stood, stood + 100)}))
    await send(kafka, topic, [report("ord")])
    with pytest.raises(TakenOverError):
        await asyncio.wait_for(running, 30)
    assert len(archived(archive)) == 1
    assert told.of(ArchiveSignal.TAKEN_OVER)


async def test_what_retention_removed_is_on_record(kafka: str, topic: str, archive: Archive) -> None:
    """Records that were gone before they were archived are counted, and reading goes on behind them."""
    await send(kafka, topic, [report("ord")])
    await archive_to_the_end(options(kafka), archive, [topic])
    await send(kafka, topic, [report("ord") for _ in range(3)])
    await send(kafka, topic, [last := report("ord")])
    (place,) = [place for place, at in archive.positions([Place(topic, 0), Place(topic, 1)]).items() if at]
    async with admin(kafka) as client:
        await client.delete_records({TopicPartition(*place): RecordsToDelete(before_offset=6)})
    assert await archive_to_the_end(options(kafka), archive, [topic]) == 1
    assert archived(archive)[-1] == last.event_id
    assert condition(archive.database, 0).faults == {"EXPIRED": 4}


async def test_a_missing_topic_is_told(kafka: str, archive: Archive) -> None:
    """Waiting for a topic that nobody made would be a hang."""
    with pytest.raises(TopicMissingError, match="topics apply"):
        await archive_to_the_end(options(kafka), archive, ["deliver.nowhere"])


async def test_a_bus_that_is_away_is_waited_for(kafka: str, topic: str, archive: Archive) -> None:
    """It says so and tries again, until told to stop."""
    told, stop = Told(), asyncio.Event()
    away = {"bootstrap_servers": "127.0.0.1:1"}
    running = asyncio.create_task(run_archiver(away, archive, [topic], stop=stop, tell=told))
    async with asyncio.timeout(30):
        while len(told.of(ArchiveSignal.AWAY)) < 2:
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(running, 30)
    assert {each["problem"] for each in told.of(ArchiveSignal.AWAY)} == {BusUnreachableError.__name__}
    assert kafka
