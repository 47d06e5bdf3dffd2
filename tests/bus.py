"""A running bus for tests: topics, workers as real processes, and what a committed reader sees of it all."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from consumers.audit import Verdict, between, verify
from consumers.bus import BusUnreachableError, administrator, committed_reader, topics_of
from consumers.measure import measure
from deploy.topics import apply
from schemas.codec import MAX_BUS_BYTES, Codec
from schemas.gazetteer import load_gazetteer
from schemas.records import BUS_UNIT, FOLLOWED
from schemas.sealing import Seals
from schemas.topics import DECISIONS, QUARANTINE, catalogue, delivery_areas
from streams.core.link.keys import written_keys
from streams.engine.match_keys import seal_keys
from streams.engine.settings import GROUP
from tests.streams.core.made import KEYS

#: It opens what the workers of these tests seal.
CODEC = Codec(seals=Seals(seal_keys(KEYS)))
DELIVERIES = tuple(f"deliver.{area}" for area in delivery_areas(load_gazetteer()))


#: From a report to the link that it leads to, and on to what that changes, so many agents read in turn.
_STAGES = 5
#: A lane acts on the time once a second.
_STILL_S = 2.5


class Worker:
    """One ``sambus worker`` as a process. Its log goes to a file, for the test's own message when something fails."""

    def __init__(self, bootstrap: str, log: Path, number: int = 0, arguments: Sequence[str] = ()) -> None:
        self.log = log
        keys = log.with_name("match-keys.json")
        if not keys.exists():
            keys.write_bytes(written_keys(KEYS))
        named = ("--bootstrap", bootstrap, "--match-keys", str(keys))
        self._command = [sys.executable, "-m", "deploy.cli", "worker", *named, *arguments]
        self._number = number
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it anew."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(self._command, stdout=out, stderr=out, start_new_session=True)

    def signal(self, number: int) -> None:
        """Send a signal to it, if it is there."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """Kill -9, at once, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self, within: float = 20.0) -> int | None:
        """Ask it to stop; returns its exit code."""
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.exit_code()

    def wait(self) -> None:
        """Wait until it is gone."""
        if self._process is not None:
            self._process.wait(30)

    def exit_code(self) -> int | None:
        """The exit code of a worker that ended."""
        return None if self._process is None else self._process.poll()


class Bus:
    """The topics of the catalogue on a cluster, with workers; an async context manager."""

    def __init__(
        self, bootstrap: str, home: Path, *, workers: int = 1, partitions: int = 4, arguments: Sequence[str] = ()
    ) -> None:
        self.bootstrap = bootstrap
        self.partitions = partitions
        self.workers = [
            Worker(bootstrap, home / f"worker-{number}.log", number, arguments) for number in range(workers)
        ]

    @property
    def options(self) -> dict[str, Any]:
        """The aiokafka options of the cluster."""
        return {"bootstrap_servers": self.bootstrap}

    async def make_topics(self) -> None:
        """Make the catalogue's topics."""
        await apply(self.options, catalogue(load_gazetteer(), partitions=self.partitions))

    async def __aenter__(self) -> Self:
        await self.make_topics()
        for worker in self.workers:
            worker.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in self.workers))

    async def settled(self, published: int, within: float = 90.0) -> "Books":
        """Wait until every published record is decided, dropped or quarantined; returns the books.

        Errors: ``TimeoutError`` with the counts and the workers' last words.
        """
        return await self.until(lambda books: books.settled >= published, f"{published} settled", within)

    async def until(self, done: Callable[["Books"], bool], wanted: str, within: float = 90.0) -> "Books":
        """Wait until a committed reader sees what is wanted; returns the books. Errors: as ``settled``.

        A broker that is just coming back is waited for too.
        """
        deadline, books = time.monotonic() + within, Books()
        while True:
            with contextlib.suppress(BusUnreachableError):
                books = await self.books()
                if done(books):
                    return books
            if time.monotonic() > deadline:
                words = "\n".join(worker.log.read_text()[-1500:] for worker in self.workers)
                counted = {"decided": books.decided, "dropped": books.dropped, "quarantined": books.quarantined}
                raise TimeoutError(f"{books.settled} settled, wanted {wanted}: {counted}\n{words}")
            await asyncio.sleep(0.2)

    async def quiet(self, within: float = 120.0) -> "Books":
        """Wait until every agent has read to the end, and moved no more for longer than two ticks of a lane; the books.

        The bus goes on by itself after all is settled: it finds what belongs together, and tells that as its own.
        """
        expected = [topic.name for topic in catalogue(load_gazetteer(), partitions=self.partitions)]
        stood: dict[tuple[str, int], int] | None = None
        still_since = time.monotonic()
        async with asyncio.timeout(within):
            while stood is None or time.monotonic() - still_since < _STILL_S:
                lags = (await measure(self.options, GROUP, expected, CODEC)).lags
                stand = {(lag.topic, lag.partition): lag.begin for lag in lags}
                if stand != stood or any(lag.unread for lag in lags):
                    stood, still_since = stand, time.monotonic()
                await asyncio.sleep(0.2)
        return await self.books()

    async def verified(self, within: float = 120.0) -> tuple["Books", Verdict]:
        """The books and the verified ledger of one moment: read again while the bus tells something in between.

        Errors: ``TimeoutError`` when they never come to as many lines.
        """
        async with asyncio.timeout(within):
            while True:
                books, verdict = await self.quiet(), await verify(self.options)
                if verdict.lines == books.lines:
                    return books, verdict

    async def caught_up(self, within: float = 120.0) -> None:
        """Wait until every agent has read what is there now, and what comes of that, through all stages.

        Unlike ``quiet`` it ends while the bus goes on to publish by itself: drafts of a million events take minutes.
        """
        expected = [topic.name for topic in catalogue(load_gazetteer(), partitions=self.partitions)]
        async with asyncio.timeout(within):
            for _ in range(_STAGES):
                waiting: set[tuple[str, int]] | None = None
                while waiting is None or waiting:
                    lags = (await measure(self.options, GROUP, expected, CODEC)).lags
                    behind = {(lag.topic, lag.partition) for lag in lags if lag.unread}
                    waiting = behind if waiting is None else waiting & behind
                    await asyncio.sleep(0.2)

    async def books(self) -> "Books":
        """Everything a committed reader sees now."""
        books = Books()
        async for record in committed(self.options, (DECISIONS, QUARANTINE, *DELIVERIES)):
            books.take(record)
        return books


class Books:
    """What became of every event, counted by id as a committed reader sees it."""

    def __init__(self) -> None:
        self.decided: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.followed: Counter[str] = Counter()
        self.quarantined: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.owed: Counter[str] = Counter()
        self.receivers: dict[str, set[str]] = {}
        self.sources: Counter[str] = Counter()
        self.lines = 0
        #: What the bus itself published: nobody waits for it to settle.
        self.made: Counter[str] = Counter()

    @property
    def settled(self) -> int:
        """How many published records have come to an end."""
        return sum(map(sum, (self.decided.values(), self.dropped.values(), self.quarantined.values())))

    def take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Count one record of the ledger, the quarantine or a delivery topic."""
        value = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        if record.topic == DECISIONS:
            self._decision(value)
        elif record.topic == QUARANTINE:
            self.quarantined[str(value["event_id"])] += 1
            self.codes[value["problems"][0]["code"]] += 1
        else:
            self.delivered[value["delivery_id"]] += 1

    def _decision(self, value: Mapping[str, Any]) -> None:
        self.lines += 1
        if value["outcome"] in FOLLOWED:
            self.followed[value["event_id"]] += 1
        elif value["origin"]["unit"] == BUS_UNIT:
            self.made[value["event_id"]] += value["outcome"] in {"shared", "origin_only"}
        else:
            self.sources[value["accepted_from"]] += 1
            if value["outcome"] not in {"shared", "origin_only"}:
                self.dropped[value["event_id"]] += 1
                return
            self.decided[value["event_id"]] += 1
        for receiver in value["receivers"]:
            self.receivers.setdefault(value["event_id"], set()).add(receiver["desk"])
            group = receiver["view_group"]
            self.owed[f"{value['event_id']}:{value['revision']}:{receiver['desk']}:{group}"] += 1

    def faults(self, good: Iterable[str], bad: Iterable[str]) -> dict[str, int]:
        """What is wrong with the books, by kind; all zero when every event came to its one end.

        Shape: the ids that intake must accept, and those it must reject, each published once.
        """
        good, bad = set(good), set(bad)
        return {
            "lost": len(good - set(self.decided)) + len(bad - set(self.quarantined)),
            "decided twice": sum(
                count - 1 for counts in (self.decided, self.made) for count in counts.values() if count
            ),
            "quarantined twice": sum(count - 1 for count in self.quarantined.values()),
            "delivered twice": sum(count - 1 for count in self.delivered.values()),
            "owed and not delivered": len(set(self.owed) - set(self.delivered)),
            "delivered and not owed": len(set(self.delivered) - set(self.owed)),
            "good in quarantine": len(good & set(self.quarantined)),
            "dropped": sum(self.dropped.values()),
        }


async def committed(
    options: Mapping[str, Any], topics: Iterable[str], *, at_rest: bool = False
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every committed record of some topics, from the beginning to the end as it is now.

    Shape: ``at_rest`` reads to ends that held for all partitions at one time, so that what was written in one
    transaction is seen whole. Errors: ``TimeoutError`` if something is written at every look for a minute.
    """
    async with administrator(options) as admin:
        known = await topics_of(admin)
    partitions = [tp for topic in topics for tp in known[topic]]
    async with committed_reader(options, max_partition_fetch_bytes=4 * 1024 * 1024) as consumer:
        consumer.assign(partitions)
        ends = await (_ends_at_rest(options, consumer, partitions) if at_rest else consumer.end_offsets(partitions))
        async for record in between(consumer, await consumer.beginning_offsets(partitions), ends):
            yield record


async def _ends_at_rest(
    options: Mapping[str, Any], committed: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    """Where partitions end, asked until nothing is written from one question to the next and no transaction is open.

    Brokers tell the ends of theirs one after the other, and what is committed behind an open transaction is not shown.
    """
    async with asyncio.timeout(60), committed_reader(options, isolation_level="read_uncommitted") as all_written:
        while True:
            ends: dict[TopicPartition, int] = await all_written.end_offsets(partitions)
            if ends == await committed.end_offsets(partitions) == await all_written.end_offsets(partitions):
                return ends
            await asyncio.sleep(0.05)
