"""Takes a backup of topics: every committed record up to one moment, at which nobody worked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from consumers.audit import between, verify
from consumers.bus import committed_reader
from deploy.backup import cluster, manifest
from deploy.backup.archive import ArchiveFiles
from deploy.backup.cluster import BackupError, Offsets
from deploy.backup.manifest import Manifest, Part
from deploy.backup.records import Record, pack
from deploy.backup.sealed import SealedWriter
from producers.spool_keys import SpoolKeys
from schemas.topics import GATEWAY_IN, Topic
from streams.engine.settings import GROUP

_FRAME_BYTES: Final = 1 << 20
_FETCH_BYTES: Final = 1 << 20
_OF_A_RECORD: Final = 64  # what a record takes beside key and value, about

Told = Callable[[str], None]


async def take(
    options: Mapping[str, Any],
    folder: Path,
    topics: Sequence[Topic],
    own_access: Sequence[str],
    keys: SpoolKeys | None,
    archive: ArchiveFiles | None,
    told: Told = lambda _: None,
) -> tuple[Manifest, str]:
    """Write a backup into a new folder; returns what it holds, and the digest of that.

    Shape: ``topics`` are the catalogue's, ``own_access`` what it was made with. The folder counts as a backup when
    ``manifest.json`` is in it, which is written last.
    Errors: ``BackupError`` while workers are at work, ``BusUnreachableError``, ``OSError``.
    """
    await cluster.require_nobody_reads(options, [GROUP])
    verdict = await verify(options)
    told(f"ledger: {verdict.lines} lines, {'whole' if verdict.sound else 'BROKEN'}")
    names = {topic.name for topic in topics}
    places = await cluster.partitions_of(options, [topic.name for topic in topics])
    begin, end = await cluster.ranges(options, places)
    groups = await cluster.offsets_of_groups(options, names)
    folder.mkdir(mode=0o700, parents=True)  # noqa: ASYNC240 - nothing else runs in this loop
    parts: list[Part] = []
    for topic in topics:
        own = [place for place in places if place.topic == topic.name]
        taken = await _topic(options, folder, own, (begin, end), keys)
        parts += taken
        told(f"{topic.name}: {sum(part.records for part in taken)} records")
    saved = await asyncio.to_thread(archive.save, folder, keys) if archive is not None else {}
    await _require_nothing_came(options, topics, places, end)
    await cluster.require_nobody_reads(options, [GROUP])
    made = Manifest(
        at=datetime.now(UTC).isoformat(),
        version=version("sambus"),
        partitions=next(
            len([p for p in places if p.topic == topic.name]) for topic in topics if topic.name == GATEWAY_IN
        ),
        own_access=tuple(own_access),
        parts=tuple(parts),
        groups=groups,
        ledger_lines=verdict.lines,
        heads={str(lane): f"{head.number}:{head.digest.hex()}" for lane, head in verdict.heads.items()},
        sound=verdict.sound,
        archive=saved,
        archive_kind=archive.kind if archive is not None and saved else None,
    )
    return made, manifest.write(folder, made, keys)


async def _topic(
    options: Mapping[str, Any],
    folder: Path,
    places: Sequence[TopicPartition],
    bounds: tuple[Offsets, Offsets],
    keys: SpoolKeys | None,
) -> list[Part]:
    """Read a topic's partitions into a file each."""
    begin, end = bounds
    if not places:
        return []
    with ExitStack() as stack:
        files = {
            place: _Partition(stack.enter_context(SealedWriter(folder / f"{place.topic}-{place.partition}.sbk", keys)))
            for place in places
        }
        async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
            whole = {place: end[place] for place in places}
            async for record in between(reader, {place: begin[place] for place in places}, whole):
                files[TopicPartition(record.topic, record.partition)].add(record)
        return [
            Part(
                place.topic, place.partition, begin[place], end[place], file.count, file.writer.path.name, file.close()
            )
            for place, file in files.items()
        ]


class _Partition:
    """The file of one partition, a frame for each mebibyte or so."""

    def __init__(self, writer: SealedWriter) -> None:
        self.writer = writer
        self.count = 0
        self._records: list[Record] = []
        self._bytes = 0

    def add(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Take a record."""
        headers = tuple((name, value) for name, value in record.headers)
        self._records.append(Record(record.offset, record.timestamp, record.key, record.value, headers))
        self._bytes += len(record.key or b"") + len(record.value or b"") + _OF_A_RECORD
        self.count += 1
        if self._bytes >= _FRAME_BYTES:
            self._flush()

    def close(self) -> str:
        """The file's digest, when all is in it."""
        self._flush()
        return self.writer.close()

    def _flush(self) -> None:
        self.writer.frame(pack(self._records))
        self._records, self._bytes = [], 0


async def _require_nothing_came(
    options: Mapping[str, Any], topics: Sequence[Topic], places: Sequence[TopicPartition], end: Offsets
) -> None:
    """What workers write must stand as it stood: else one topic may hold what another lacks."""
    _, now = await cluster.ranges(options, places)
    theirs = {topic.name for topic in topics if "worker" in topic.writers}
    if moved := sorted({place.topic for place in places if place.topic in theirs and now[place] != end[place]}):
        raise BackupError(f"a worker wrote to {moved[0]} meanwhile; stop all workers, and take it again")
