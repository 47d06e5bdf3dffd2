"""Restores a backup into a cluster that has nothing of the bus yet, and shows that it is as it was."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition

from consumers.audit import verify
from deploy import topics as deployed
from deploy.backup import cluster
from deploy.backup.archive import ArchiveFiles
from deploy.backup.cluster import BackupError
from deploy.backup.laying import lay
from deploy.backup.manifest import Manifest
from producers.spool_keys import SpoolKeys
from schemas.gazetteer import load_gazetteer
from schemas.topics import Topic, catalogue

Told = Callable[[str], None]


async def restore(
    options: Mapping[str, Any],
    folder: Path,
    held: Manifest,
    keys: SpoolKeys | None,
    archive: ArchiveFiles | None,
    told: Told = lambda _: None,
) -> None:
    """Make the topics, write every record at its old offset, set the groups, restore the archive, verify the ledger.

    Errors: ``BackupError`` when there is something already, or what was restored is not what was taken;
    ``BusUnreachableError``, ``SealedError``, ``TopicsError``.
    """
    topics = topics_of(held)
    if archive is not None:
        archive.require_empty()
    await _require_empty(options, topics, held)
    # Times are those of the backup until it is done, and nothing may expire while it is written.
    await deployed.apply(options, [topic._replace(bus_time=False, retention_ms=None) for topic in topics])
    compacted = frozenset(topic.name for topic in topics if topic.cleanup == "compact")
    starts = await lay(options, folder, held.parts, compacted, keys)
    await cluster.forget_before(options, starts)
    told(f"{sum(part.records for part in held.parts)} records written")
    await _require_same_offsets(options, held, compacted)
    for group, places in held.groups.items():
        await cluster.set_offsets(options, group, places)
    await deployed.apply(options, topics)
    if archive is not None:
        await asyncio.to_thread(archive.load, folder, held.archive, keys)
        told("archive restored")
    verdict = await verify(options)
    heads = {str(lane): f"{head.number}:{head.digest.hex()}" for lane, head in verdict.heads.items()}
    if (verdict.lines, heads, verdict.sound) != (held.ledger_lines, held.heads, held.sound):
        raise BackupError("the ledger that was restored is not the one that was taken: do not start workers on it")
    told(f"ledger: {verdict.lines} lines, {'whole' if verdict.sound else 'BROKEN, as it was taken'}")


def topics_of(held: Manifest) -> tuple[Topic, ...]:
    """The catalogue with which a backup was taken, as this version has it. Errors: ``BackupError``."""
    units = [name for name in held.own_access if "/" not in name]
    desks = [name for name in held.own_access if "/" in name]
    try:
        topics = catalogue(load_gazetteer(), held.partitions, units, desks)
    except ValueError as problem:
        raise BackupError(f"this version does not know what the backup has: {problem}") from None
    if gone := sorted({part.topic for part in held.parts} - {topic.name for topic in topics}):
        raise BackupError(f"this version has no topic {gone[0]}: restore with version {held.version}")
    return topics


async def _require_empty(options: Mapping[str, Any], topics: Sequence[Topic], held: Manifest) -> None:
    await cluster.require_nobody_reads(options, held.groups)
    wanted = {topic.name: topic.partitions for topic in topics}
    places = await cluster.partitions_of(options, list(wanted))
    _, end = await cluster.ranges(options, places)
    if full := sorted({place.topic for place, at in end.items() if at}):
        raise BackupError(f"{full[0]} has records already. A backup is restored where nothing of the bus is yet")
    for topic, count in wanted.items():
        there = len([place for place in places if place.topic == topic])
        if there not in {0, count}:
            raise BackupError(f"{topic} has {there} partitions and the backup {count}: make the cluster anew")


async def _require_same_offsets(options: Mapping[str, Any], held: Manifest, compacted: frozenset[str]) -> None:
    parts = {TopicPartition(part.topic, part.partition): part for part in held.parts if part.topic not in compacted}
    _, end = await cluster.ranges(options, list(parts))
    if wrong := sorted(place.topic for place, part in parts.items() if end[place] != part.end):
        raise BackupError(f"{wrong[0]} does not end where it ended: do not start workers on it")
