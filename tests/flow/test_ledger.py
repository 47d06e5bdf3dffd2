"""The ledger on a real Kafka: its chains outlive kill -9 and a change of owner, and tampering is told by place."""

import asyncio
import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from consumers.audit import chain_header, heads_of
from consumers.bus import topics_of
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, publish_raw
from schemas.chain import CHAIN_HEADER, Head, digest, link_header, read_link
from schemas.topics import DECISIONS
from tests.bus import Bus, committed
from tests.deploy.cli_bus import sambus
from tests.load import load

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]
PARTITIONS = 4


class Stored(NamedTuple):
    """A ledger line as it stands on its partition."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def number(self) -> tuple[int, int]:
        """Lane and number."""
        link = read_link(dict(self.headers)[CHAIN_HEADER])
        assert link is not None
        return link.lane, link.number


Lines = list[list[Stored]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: its ledger is going to be tampered with."""
    with LocalCluster(tmp_path_factory.mktemp("ledger"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
def lines(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """What lanes wrote while one worker was killed, came back, and was killed for good."""
    return asyncio.run(_written(cluster, tmp_path_factory.mktemp("bus")))


async def _written(cluster: str, home: Path) -> Lines:
    async with Bus(cluster, home, workers=2, partitions=PARTITIONS) as bus:
        published = 0
        for strike in ("none", "again", "gone"):
            published += await _publish(bus, seed=published)
            if strike != "none":
                bus.workers[0].kill()  # in mid-stream
            if strike == "again":
                bus.workers[0].start()
        await bus.settled(published, within=90)
        books, verdict = await bus.verified()  # what the bus goes on to tell of them has lines of its own
        assert sum(books.sources.values()) == published
        assert (verdict.breaks, verdict.lines, len(verdict.heads)) == ((), books.lines, PARTITIONS)
        assert books.lines >= published
        assert verdict.heads == await heads_of(bus.options)
    return await _read(cluster)


async def _publish(bus: Bus, seed: int) -> int:
    return await publish_raw(bus.options, GATEWAY_TOPIC, [made.record for made in load(250, seed=seed)])


async def _read(cluster: str) -> Lines:
    found: Lines = [[] for _ in range(PARTITIONS)]
    async for record in committed({"bootstrap_servers": cluster}, (DECISIONS,)):
        found[record.partition].append(Stored(record.key, record.value, tuple(record.headers)))
    return found


async def _replace(cluster: str, lines: Lines) -> None:
    """Let the ledger hold these lines and no others, as one who may write Kafka's files could."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster)
    await admin.start()
    try:
        await admin.delete_topics([DECISIONS])
        while DECISIONS in await topics_of(admin):
            await asyncio.sleep(0.05)
        await admin.create_topics([NewTopic(DECISIONS, PARTITIONS, 1)])
        while len((await topics_of(admin)).get(DECISIONS, ())) < PARTITIONS:
            await asyncio.sleep(0.05)
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=cluster)
    await producer.start()
    try:
        for partition, records in enumerate(lines):
            for stored in records:
                await producer.send(
                    DECISIONS, stored.value, key=stored.key, headers=list(stored.headers), partition=partition
                )
        await producer.flush()
    finally:
        await producer.stop()


def altered(lines: Lines) -> tuple[str, int]:
    """Three bytes of a decision in the middle of partition 1."""
    offset = len(lines[1]) // 2
    stored = lines[1][offset]
    value = bytearray(stored.value or b"")
    value[-3:] = b"xyz"
    lines[1][offset] = stored._replace(value=bytes(value))
    return "ALTERED", offset


def missing(lines: Lines) -> tuple[str, int]:
    """A line of partition 1 that has one of its lane behind it there; the first line after the hole is told."""
    offset = next(o for o in range(5, len(lines[1]) - 1) if _next(lines[1][o]) == lines[1][o + 1].number)
    del lines[1][offset]
    return "MISSING", offset


def _next(stored: Stored) -> tuple[int, int]:
    lane, number = stored.number
    return lane, number + 1


def swapped(lines: Lines) -> tuple[str, int]:
    """Two lines of one lane on partition 1."""
    first = 7
    lane = lines[1][first].number[0]
    second = next(o for o in range(first + 1, len(lines[1])) if lines[1][o].number[0] == lane)
    lines[1][first], lines[1][second] = lines[1][second], lines[1][first]
    return "SWAPPED", second


def added(lines: Lines) -> tuple[str, int]:
    """A line by somebody who knows nothing of chains."""
    lines[1].append(Stored(b"key", b"a decision nobody made", ()))
    return "ADDED", len(lines[1]) - 1


def forged(lines: Lines) -> tuple[str, int]:
    """A line linked by somebody who knows all about chains: it stands beyond the lane's head."""
    last = max((stored for stored in chain(*lines) if stored.number[0] == 2), key=lambda stored: stored.number)
    header = dict(last.headers)[CHAIN_HEADER]
    head = Head(last.number[1], digest(header, last.key or b"", last.value or b""))
    lines[1].append(
        Stored(b"key", b"a decision nobody made", ((CHAIN_HEADER, link_header(head.digest, 2, head.number + 1)),))
    )
    return "ADDED", len(lines[1]) - 1


@pytest.mark.parametrize("tamper", [altered, missing, swapped, added, forged])
def test_tampering_is_told_by_partition_and_offset(
    cluster: str, lines: Lines, tamper: Callable[[Lines], tuple[str, int]]
) -> None:
    """Exit code 1, the fault and its place, in words and in JSON."""
    changed = [list(records) for records in lines]
    fault, offset = tamper(changed)
    asyncio.run(_replace(cluster, changed))
    result = sambus(cluster, "ledger", "verify", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [(found["fault"], found["place"]) for found in told["breaks"]] == [
        (fault, {"partition": 1, "offset": offset})
    ]


def test_tampering_is_told_in_words(cluster: str, lines: Lines) -> None:
    """The verdict first, then code, place and what it means."""
    changed = [list(records) for records in lines]
    fault, offset = altered(changed)
    asyncio.run(_replace(cluster, changed))
    said = sambus(cluster, "ledger", "verify")
    assert said.exit_code == 1
    verdict, broken, *_ = said.stdout.splitlines()
    assert verdict == "The ledger is not whole."
    assert broken.startswith(f"  {fault} 1:{offset} lane ")


def test_an_untouched_ledger_is_whole_also_against_kept_heads(cluster: str, lines: Lines, tmp_path: Path) -> None:
    """Exit code 0; a copy of every line is as good as the original; heads that were kept must fit too."""
    asyncio.run(_replace(cluster, lines))
    heads = sambus(cluster, "ledger", "heads")
    kept = tmp_path / "heads.txt"
    kept.write_text(heads.stdout)
    result = sambus(cluster, "ledger", "verify", "--heads", str(kept))
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        f"The ledger is whole: {sum(map(len, lines))} lines in {PARTITIONS} lanes.",
    )
    lane, number, _ = heads.stdout.splitlines()[0].replace(":", " ").split()
    kept.write_text(f"{lane} {number}:{'0' * 64}\n")
    assert sambus(cluster, "ledger", "verify", "--heads", str(kept)).exit_code == 1
    kept.write_text("not a head\n")
    assert sambus(cluster, "ledger", "verify", "--heads", str(kept)).exit_code == 2


def test_a_line_has_one_link(lines: Lines) -> None:
    """What the audit reads is what lanes write."""
    stored = lines[0][0]
    assert [name for name, _ in stored.headers] == [CHAIN_HEADER]

    class Twice:
        headers = (*stored.headers, *stored.headers)

    assert chain_header(Twice()) is None
