"""Reading the read log: is it as it was written, and who has read an event. For audit; the gateway never reads it."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from consumers.audit import Verdict, as_line, between
from consumers.bus import answered, committed_reader, partitions
from consumers.chain import Around, Break, Fault, Walk
from schemas.chain import Head
from schemas.codec import Codec, UndecodableError
from schemas.reads import ReadKind, ReadLine
from schemas.topics import READS

_FETCH_BYTES: Final = 1024 * 1024
_BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One reading of an event: who, when first, which way, and whether it is gone from there since a recall."""

    reading: str
    desk: str
    subject: str | None
    subscription: str | None
    purpose: str | None
    channel: str | None
    first_at: datetime
    gone_at: datetime | None = None


async def verify_reads(
    options: Mapping[str, Any],
    kept: Collection[tuple[int, Head]] = (),
    told: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Read the whole log and tell the first broken place of each writer's chain.

    Shape: as ``consumers.audit.verify``, with writers for lanes. A chain's last line is held to nothing but the heads
    that were kept. A line whose writing failed may be missing: nothing of it was shown.
    Errors: ``BusUnreachableError``, ``TopicMissingError``.
    """
    walk = Walk(kept)
    async for record in _every(options):
        walk.take(*as_line(record))
        if walk.lines % _BATCH == 0:
            told(walk.lines)
    for lane in walk.lanes.values():
        if lane.head.number < lane.highest:
            lane.suspects(lane.head.number + 1)
    heads = {number: Head(lane.highest, lane.head.digest) for number, lane in walk.lanes.items()}
    suspects = walk.suspects(heads)
    breaks: list[Break] = []
    if suspects:
        around = Around(suspects)
        async for record in _every(options):
            around.take(*as_line(record))
        breaks = around.breaks(heads, walk.marks)
    strangers = [Break(Fault.ADDED, None, None, place) for place in sorted(walk.unlinked)]
    followed = {number: lane.head for number, lane in sorted(walk.lanes.items())}
    return Verdict(walk.lines, followed, (*breaks, *strangers), walk.unlinked_count)


async def who_read(options: Mapping[str, Any], event_id: str, codec: Codec) -> list[Seen]:
    """Every reading to which a delivery of an event was shown, the earliest first.

    Errors: ``BusUnreachableError``, ``TopicMissingError``. A line that cannot be read is passed over.
    """
    opened: dict[str, ReadLine] = {}
    found: dict[str, Seen] = {}
    async for record in _every(options):
        line = _line(codec, record.value or b"")
        if line is None:
            continue
        if line.kind is ReadKind.OPENED:
            opened[line.readings[0]] = line
        if any(each.event_id == event_id for each in line.deliveries):
            for reading in line.readings:
                found.setdefault(reading, _seen(reading, line, opened.get(reading, line)))
        if event_id in line.gone:
            for reading in line.readings:
                if reading in found and found[reading].gone_at is None:
                    found[reading] = replace(found[reading], gone_at=line.at)
    return sorted(found.values(), key=lambda seen: (seen.first_at, seen.reading))


def _seen(reading: str, line: ReadLine, opening: ReadLine) -> Seen:
    return Seen(
        reading=reading,
        desk=line.desk,
        subject=opening.subject,
        subscription=opening.subscription,
        purpose=opening.purpose,
        channel=line.channel,
        first_at=line.at,
    )


async def _every(options: Mapping[str, Any]) -> AsyncIterator[ConsumerRecord]:
    places = await partitions(options, READS)
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        start = await answered(reader.beginning_offsets(list(places)))
        end = await answered(reader.end_offsets(list(places)))
        async for record in between(reader, start, end):
            yield record


def _line(codec: Codec, value: bytes) -> ReadLine | None:
    try:
        decoded = codec.decode(value)
        return ReadLine.model_validate(decoded.value) if decoded.name == "read_line" else None
    except (UndecodableError, ValidationError):
        return None
