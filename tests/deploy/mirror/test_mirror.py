"""Two secured clusters with MirrorMaker 2 between them, killed in the middle: by id nothing is lost or there twice."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord
from click.testing import CliRunner

from consumers.bus import administrator, committed_reader, topics_of
from deploy import acls
from deploy.access import ADMIN, users, wanted
from deploy.cli.main import main
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.cluster.secured import Secured
from deploy.mirror.settings import SOURCE_PASSWORD, TARGET_PASSWORD, user_of
from deploy.topics import apply
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue
from streams.engine.settings import GROUP
from tests.consumers.made import delivery, new_id
from tests.deploy.cluster_helpers import Command

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(600),
    # aiokafka lets go of its first connection without waiting for TLS to say goodbye; a loop that ends then is early.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

AREA = "syd"
DESKS = ("se.syd/intelligence", "se.syd.malmo/intelligence", "se.syd/surveillance")
#: Eight partitions of the flow are two of the area's deliveries.
TOPICS = [topic for topic in catalogue(load_gazetteer(), 8) if topic.name in {"deliver.syd", "alert.flash.syd"}]
NAMES = tuple(topic.name for topic in TOPICS)
PLACES = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
#: Deliveries of one transaction, as a worker's cycle makes them.
CYCLE = 20
PATIENCE_S = 180.0


class Ends(NamedTuple):
    """The bus's own cluster and the area's."""

    source: Secured
    target: Secured


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    """Two secured clusters of one broker, with the area's topics and the bus's own users and rights on both."""
    lines = wanted(TOPICS, GROUP)
    homes = [tmp_path_factory.mktemp(name) for name in ("country", AREA)]
    source, target = (Secured(home, [*users(lines), user_of(AREA)]) for home in homes)
    with (
        LocalCluster(homes[0], port=free_port(), secured=source),
        LocalCluster(homes[1], port=free_port(), secured=target),
    ):
        for secured in (source, target):
            asyncio.run(apply(secured.options(ADMIN), TOPICS))
            asyncio.run(acls.apply(secured.options(ADMIN), lines))
        yield Ends(source, target)


def said(secured: Secured, *arguments: str, user: str = ADMIN) -> str:
    """What a command says as a user of one of the clusters."""
    done = CliRunner().invoke(main, arguments, env=secured.environment(user))
    assert done.exit_code == 0, done.output
    return done.stdout


class Deliveries:
    """What a worker delivers at the source: transactions of real deliveries, each with an id of its own."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer, self._codec = producer, Codec()
        self.ids: dict[bytes, str] = {}

    async def make(self, count: int, *, committed: bool = True) -> None:
        """Deliver so many, every tenth of them on the flash lane too; or write them and take them back."""
        for begin in range(0, count, CYCLE):
            await self._producer.begin_transaction()
            for number in range(begin, min(count, begin + CYCLE)):
                desk, event_id = DESKS[number % len(DESKS)], new_id()
                value = delivery(self._codec, desk, event_id)
                for topic in NAMES if number % 10 == 0 else ("deliver.syd",):
                    await self._producer.send(topic, value, desk.encode(), headers=[("ce_id", event_id.encode())])
                self.ids[value] = event_id
            await (self._producer.commit_transaction() if committed else self._producer.abort_transaction())


class Copies:
    """What a reader of committed records has found so far on each partition of a cluster."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        consumer.assign(PLACES)
        self.found: dict[TopicPartition, list[ConsumerRecord]] = {place: [] for place in PLACES}

    def count(self) -> int:
        """How many records."""
        return sum(map(len, self.found.values()))

    async def until(self, count: int) -> None:
        """Read on until there are so many. Errors: ``TimeoutError``."""
        async with asyncio.timeout(PATIENCE_S):
            while self.count() < count:
                for place, records in (await self._consumer.getmany(timeout_ms=200)).items():
                    self.found[place] += records

    async def whole(self) -> None:
        """Read on to the end of what is there now."""
        async with asyncio.timeout(PATIENCE_S):
            ends = await self._consumer.end_offsets(PLACES)
            while any([await self._consumer.position(place) < ends[place] for place in PLACES]):
                for place, records in (await self._consumer.getmany(timeout_ms=200)).items():
                    self.found[place] += records

    def told(self) -> dict[TopicPartition, list[tuple[Any, ...]]]:
        """What a reader sees of each record, in its order."""
        return {
            place: [(one.key, one.value, one.headers, one.timestamp) for one in records]
            for place, records in self.found.items()
        }

    def ids(self) -> Counter[tuple[str, str]]:
        """How often each event stands on each topic."""
        return Counter(
            (place.topic, dict(one.headers)["ce_id"].decode()) for place in PLACES for one in self.found[place]
        )


async def test_a_killed_mirror_loses_nothing_and_copies_nothing_twice(ends: Ends, tmp_path: Path) -> None:
    """Publish, kill -9 in the middle of the copying, start again: source and target are the same, record by record."""
    await asyncio.to_thread(_allowed, ends)
    file = _settings(ends, tmp_path)
    async with AIOKafkaProducer(**ends.source.options("worker"), transactional_id=f"{GROUP}-0") as producer:
        made = Deliveries(producer)
        await made.make(400)
        await made.make(100, committed=False)
        async with committed_reader(ends.target.options("gateway.syd")) as consumer:
            copies = Copies(consumer)
            with _mirror(ends, file, tmp_path):
                await copies.until(1)
                more = asyncio.create_task(made.make(2_000))
                await copies.until(500)
            assert copies.count() < 2_640, "it was to be killed before all was copied"  # the block ends with kill -9
            await more
            with _mirror(ends, file, tmp_path) as mirror:
                await copies.until(2_640)
                await made.make(CYCLE)  # what would come twice comes before what comes last
                await copies.until(2_662)
                mirror.send(signal.SIGTERM)
                mirror.end()
            await copies.whole()
    originals = await _originals(ends)
    lost, doubled = originals.ids() - copies.ids(), copies.ids() - originals.ids()
    assert (lost, doubled) == (Counter(), Counter())
    assert copies.told() == originals.told()
    assert set(originals.ids().values()) == {1}
    await asyncio.to_thread(_a_desk_reads_its_own_at_home, ends, copies)
    await _it_writes_nothing_at_the_source_and_keeps_no_password(ends)


def test_settings_that_would_copy_what_was_taken_back_are_refused(ends: Ends, tmp_path: Path) -> None:
    """By MirrorMaker itself, because exactly once is required and not only asked for."""
    file = _settings(ends, tmp_path)
    file.write_text(file.read_text().replace("isolation.level=read_committed", "isolation.level=read_uncommitted"))
    with _mirror(ends, file, tmp_path) as mirror:
        mirror.hear("MirrorSourceConnector can only provide exactly-once guarantees when", within=PATIENCE_S)


def _allowed(ends: Ends) -> None:
    """Twice, and the second time nothing is new."""
    asked = ((ends.source, "source"), (ends.target, "target"), (ends.target, "target"))
    told = [said(secured, "mirror", "allow", AREA, "--at", end) for secured, end in asked]
    assert told == [
        "mirror.syd has 2 ACLs here, 2 of them new.\n",
        "mirror.syd has 17 ACLs here, 17 of them new.\n",
        "mirror.syd has 17 ACLs here, 0 of them new.\n",
    ]


def _settings(ends: Ends, folder: Path) -> Path:
    file = folder / "mirror.properties"
    addresses = [each.environment(ADMIN)["SAMBUS_BOOTSTRAP"] for each in ends]
    files = [str(each.authority) for each in ends]
    words = ("--from", addresses[0], "--to", addresses[1], "--from-ca", files[0], "--to-ca", files[1])
    file.write_text(said(ends.source, "mirror", "settings", AREA, *words, "--replicas", "1"))
    return file


def _mirror(ends: Ends, file: Path, folder: Path) -> Command:
    """``sambus mirror run``, killed with -9 at the end of its block unless it has ended."""
    secrets = {
        name: secured.environment(user_of(AREA))["SAMBUS_SASL_PASSWORD"]
        for name, secured in zip((SOURCE_PASSWORD, TARGET_PASSWORD), ends, strict=True)
    }
    return Command.sambus("mirror", "run", str(file), home=folder, **secrets)


async def _originals(ends: Ends) -> Copies:
    async with committed_reader(ends.source.options("gateway.syd")) as consumer:
        originals = Copies(consumer)
        await originals.whole()
        return originals


def _a_desk_reads_its_own_at_home(ends: Ends, copies: Copies) -> None:
    """``sambus feed`` of the area's own cluster has what was delivered to the desk."""
    lines = said(ends.target, "feed", "--as", DESKS[0], "--json", user="gateway.syd").splitlines()
    desk = DESKS[0].encode()
    records = (one for place in PLACES if place.topic == "deliver.syd" for one in copies.found[place])
    mine = [dict(one.headers)["ce_id"].decode() for one in records if one.key == desk]
    assert [json.loads(line)["meta"]["event_id"] for line in lines] == mine


async def _it_writes_nothing_at_the_source_and_keeps_no_password(ends: Ends) -> None:
    async with administrator(ends.source.options(ADMIN)) as admin:
        assert set(await topics_of(admin)) == set(NAMES)
    place = TopicPartition("mm2-configs.country.internal", 0)
    async with committed_reader(ends.target.options(ADMIN)) as consumer:
        consumer.assign([place])
        kept = [one for records in (await consumer.getmany(timeout_ms=10_000)).values() for one in records]
    passwords = [each.environment(user_of(AREA))["SAMBUS_SASL_PASSWORD"].encode() for each in ends]
    assert kept
    assert not [one for one in kept for password in passwords if password in (one.value or b"")]
