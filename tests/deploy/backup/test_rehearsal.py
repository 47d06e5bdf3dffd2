"""A backup rehearsed: a bus with a history is taken, is gone, and comes back in a new Kafka as if nothing had been."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.audit import Verdict, verify
from deploy.backup import cluster as asked
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import publish_raw
from producers.spool_keys import make_keys
from schemas.gazetteer import load_gazetteer
from schemas.topics import GATEWAY_IN, catalogue
from streams.engine.settings import GROUP
from tests.bus import Bus, committed
from tests.load import Made, load

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1200)]

PARTITIONS = 2
TOPICS = catalogue(load_gazetteer(), PARTITIONS)
NAMES = [topic.name for topic in TOPICS]
COMPACTED = {topic.name for topic in TOPICS if topic.cleanup == "compact"}


class Seen(NamedTuple):
    """All that is on a bus: records of kept topics with places and times, the latest of each key, groups, ends."""

    records: dict[tuple[str, int, int], tuple[Any, ...]]
    latest: dict[tuple[str, bytes | None], bytes | None]
    groups: dict[str, list[tuple[str, int, int]]]
    ends: dict[TopicPartition, int]


class Rehearsal:
    """The folders of one rehearsal, and commands in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backup = folder / "backup"
        self.keys = folder / "backup.keys"
        make_keys(self.keys)

    def run(self, bootstrap: str, home: str, *words: str, expect: int = 0) -> str:
        """A command on a bus, with its archive in a folder of that bus; what it said."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SAMBUS_")}
        told = {"SAMBUS_BOOTSTRAP": bootstrap, "SAMBUS_HOME": str(self.folder / home)}
        line = [sys.executable, "-m", "deploy.cli", *words]
        done = subprocess.run(line, env={**kept, **told}, capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr


def value_of(record: ConsumerRecord[bytes, bytes]) -> tuple[Any, ...]:
    """A record without its place."""
    return record.timestamp, record.key, record.value, tuple(record.headers)


async def seen(options: dict[str, Any]) -> Seen:
    """Read all of a bus."""
    records: dict[tuple[str, int, int], tuple[Any, ...]] = {}
    latest: dict[tuple[str, bytes | None], bytes | None] = {}
    async for record in committed(options, NAMES):
        if record.topic in COMPACTED:
            latest[record.topic, record.key] = record.value
        else:
            records[record.topic, record.partition, record.offset] = value_of(record)
    places = await asked.partitions_of(options, [name for name in NAMES if name not in COMPACTED])
    _, ends = await asked.ranges(options, places)
    return Seen(records, latest, await asked.offsets_of_groups(options, NAMES), ends)


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    """Folders for two buses, one after the other."""
    return Rehearsal(tmp_path)


class Filled(NamedTuple):
    """What was on the first bus, and what two commands answered."""

    before: Seen
    verdict: Verdict
    asks: tuple[tuple[str, ...], ...]
    answers: list[str]
    digest: str


async def filled(rehearsal: Rehearsal, made: Sequence[Made]) -> Filled:
    """A bus with a history, taken while it stands still, and gone."""
    with LocalCluster(rehearsal.folder / "one", port=free_port()) as one:
        options = {"bootstrap_servers": one.bootstrap}
        line = ("backup", str(rehearsal.backup), "--key-file", str(rehearsal.keys), "--without-archive")
        async with Bus(one.bootstrap, rehearsal.folder, partitions=PARTITIONS) as bus:
            for part in (made[:50], made[50:]):
                await publish_raw(options, GATEWAY_IN, [each.record for each in part])
            await bus.settled(len(made), within=240)
            books = await bus.quiet(within=240)
            assert "stop all workers first" in rehearsal.run(one.bootstrap, "one", *line, expect=1)
            assert not rehearsal.backup.exists()
        before, verdict = await seen(options), await verify(options)
        event, desks = max(books.receivers.items(), key=lambda found: len(found[1]))
        asks = (
            ("feed", "--as", min(desks), "--since", "0", "--json"),
            ("explain", event, "--as", "operations", "--json"),
        )
        answers = [rehearsal.run(one.bootstrap, "one", *words) for words in asks]
        digest = rehearsal.run(one.bootstrap, "one", *line).partition("elsewhere: ")[2].split()[0]
    return Filled(before, verdict, asks, answers, digest)


async def restored(rehearsal: Rehearsal, bootstrap: str, was: Filled) -> None:
    """The backup in a new Kafka: every record, place, time, group, and answer as it was."""
    options = {"bootstrap_servers": bootstrap}
    line = ("restore", str(rehearsal.backup), "--key-file", str(rehearsal.keys), "--digest")
    assert "another digest" in rehearsal.run(bootstrap, "two", *line, "00", expect=1)
    assert "Restored." in rehearsal.run(bootstrap, "two", *line, was.digest)
    assert "has records already" in rehearsal.run(bootstrap, "two", *line, was.digest, expect=1)
    after = await seen(options)
    assert after.records == was.before.records
    assert after.latest == was.before.latest
    assert after.groups == was.before.groups
    assert GROUP in after.groups
    assert after.ends == was.before.ends
    assert await verify(options) == was.verdict
    assert was.verdict.sound
    assert [rehearsal.run(bootstrap, "two", *words) for words in was.asks] == was.answers
    told = rehearsal.run(bootstrap, "two", "topics", "plan", "--partitions", str(PARTITIONS))
    assert told.startswith("Every topic")


async def test_a_bus_comes_back_as_it_was_and_doubles_nothing(rehearsal: Rehearsal) -> None:
    """Taken, gone, restored; then work goes on: what was published before is known, and what is new is delivered."""
    made, later = list(load(120, bad_share=0.1)), list(load(20, seed=2))
    good, bad = {each.event_id for each in made if each.good}, {each.event_id for each in made if not each.good}
    was = await filled(rehearsal, made)
    assert not [path for path in rehearsal.backup.glob("*.sbk") if b"se.stockholm" in path.read_bytes()]
    with LocalCluster(rehearsal.folder / "two", port=free_port()) as two:
        await restored(rehearsal, two.bootstrap, was)
        options = {"bootstrap_servers": two.bootstrap}
        ids = good | {each.event_id for each in later}
        async with Bus(two.bootstrap, rehearsal.folder, partitions=PARTITIONS) as bus:
            at_first = await bus.quiet(within=240)
            assert set(at_first.decided) == good
            again = [*(each.record for each in made if each.good), *(each.record for each in later)]
            await publish_raw(options, GATEWAY_IN, again)
            await bus.settled(len(made) + len(again), within=240)
            done = await bus.quiet(within=240)
        faults = done.faults(ids, bad)
        assert faults | {"dropped": 0} == dict.fromkeys(faults, 0)
        assert done.dropped == dict.fromkeys(good, 1)  # each known from before
        assert (await verify(options)).sound
