"""The archive through kill -9 of the archiver and of the database, under load: nothing lost, nothing doubled."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from consumers.archive.archive import Archive, open_archive
from consumers.archive.asker import Somebody
from consumers.archive.digests import key_file
from consumers.archive.query import read_query
from consumers.archive.tables import positions, rows
from tests.consumers.archive.made import report
from tests.consumers.made import create_topics
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]

AREA, DESK = "bergslagen", "se.bergslagen/intelligence"
TOPIC = f"deliver.{AREA}"
BATCH = 25


class ArchiverProcess:
    """One ``sambus archive run`` as a process."""

    def __init__(self, bootstrap: str, url: str, key: Path, log: Path) -> None:
        named = ("--bootstrap", bootstrap, "--archive", url, "--archive-key", str(key), "--area", AREA)
        self._command = [sys.executable, "-m", "deploy.cli", "archive", "run", *named]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it anew."""
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(self._command, stdout=out, stderr=out, start_new_session=True)

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    def end(self, number: int = signal.SIGKILL) -> None:
        """Kill -9, or ask it to stop; wait until it is gone."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self._process.wait(30)

    def words(self) -> str:
        """Its last words."""
        return self._log.read_text("utf-8")[-2000:]


async def deliver(bootstrap: str, count: int, done: list[str]) -> None:
    """Deliver so many events, some at a time, a transaction each."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"load-{os.urandom(4).hex()}")
    await producer.start()
    try:
        for start in range(0, count, BATCH):
            made = [report(f"ord {start + number}", desk=DESK) for number in range(BATCH)]
            async with producer.transaction():
                for each in made:
                    await producer.send(TOPIC, each.value, key=DESK.encode())
            done += [each.event_id for each in made]
            await asyncio.sleep(0.02)  # a load, not a wait: so that faults hit its midst
    finally:
        await producer.stop()


def archived(archive: Archive) -> Counter[str]:
    """How often each event is in the archive; nothing while the database is away."""
    try:
        with archive.database.reading() as connection:
            return Counter(connection.execute(select(rows.c.event_id)).scalars())
    except SQLAlchemyError:
        return Counter()


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer | None]:
    """A PostgreSQL of its own, which syncs its files; None for SQLite, whose process is the archiver's."""
    if request.param == "sqlite":
        yield None
        return
    with PostgresServer() as started:
        yield started


async def through_faults(kafka: str, home: Path, server: PostgresServer | None, count: int, faults: int) -> None:
    """Deliver under faults, and hold the archive against what was delivered."""
    await create_topics(kafka)
    url = f"sqlite:///{home / 'archive.db'}" if server is None else server.url
    key = home / "archive.key"
    archiver = ArchiverProcess(kafka, url, key, home / "archiver.log")
    sent: list[str] = []
    with open_archive(url, key_file(key)) as archive:
        archiver.start()
        load = asyncio.create_task(deliver(kafka, count, sent))
        try:
            for fault in range(faults):
                await reaches(archive, archiver, (fault + 1) * count // (faults + 2))
                if fault % 2 or server is None:
                    archiver.end()
                    archiver.start()
                else:
                    server.kill()
                    server.start()
            await load
            await reaches(archive, archiver, count)
        finally:
            load.cancel()
            archiver.end(signal.SIGTERM)
        check(archive, sent)


async def reaches(archive: Archive, archiver: ArchiverProcess, wanted: int) -> None:
    """Wait until so many events are in the archive; an archiver that ended is started anew, as a supervisor does."""
    async with asyncio.timeout(180):
        while (there := len(archived(archive))) < wanted:
            if not archiver.running():
                archiver.start()
            await asyncio.sleep(0.05)
    assert there >= wanted, archiver.words()


def check(archive: Archive, sent: list[str]) -> None:
    """Every event once in the rows, once in the index of terms, and the position behind the last."""
    there = archived(archive)
    assert {event_id: there[event_id] for event_id in sent} == dict.fromkeys(sent, 1)
    found: list[str] = []
    cursor = None
    who = Somebody("test", DESK)
    while True:
        query = read_query({"text": "ord", "purpose": "P1", "limit": 200, "cursor": cursor})
        page = archive.searcher.search(who, query)
        found += [hit.delivery.meta.event_id for hit in page.hits]
        if (cursor := page.cursor) is None:
            break
    assert sorted(found) == sorted(there.elements())
    with archive.database.reading() as connection:
        stood = sum(connection.execute(select(positions.c.next_offset).where(positions.c.topic == TOPIC)).scalars())
    assert stood > len(sent)


async def test_kill_9_of_archiver_and_database(kafka: str, tmp_path: Path, server: PostgresServer | None) -> None:
    """The short form: four faults in the midst of a load."""
    await through_faults(kafka, tmp_path, server, count=1_000, faults=4)


@pytest.mark.slow
async def test_kill_9_many_times(kafka: str, tmp_path: Path, server: PostgresServer | None) -> None:
    """The long form: twenty faults."""
    await through_faults(kafka, tmp_path, server, count=10_000, faults=20)
