"""How records come to their old offsets again: Kafka numbers what is written, so what is missing is written unseen.

A transaction's end takes an offset in each partition that it wrote to, and so does what an aborted one wrote. So a run
of records, followed by as many offsets that no reader saw, is written like this:

- none: as it is;
- one: in a transaction, whose end takes it;
- more: as it is, and behind it a transaction of fillers that is aborted: all but one are fillers, the last is its end.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from deploy.backup.records import Record

#: A longer run is written in parts, to bound memory.
MOST_RECORDS: Final = 5_000


class Segment(NamedTuple):
    """Records at offsets in a row, and how many offsets behind them no reader sees."""

    records: list[Record]
    unseen: int


def segments(records: Iterable[Record], first: int, end: int, *, compacted: bool = False) -> Iterator[Segment]:
    """What to write into an empty partition whose next offset is ``first``, so that its end is ``end``.

    Shape: a compacted topic keeps no offsets: who reads it wants the latest of each key.
    """
    run: list[Record] = []
    at = first
    for record in records:
        gap = 0 if compacted else record.offset - at
        if gap or len(run) == MOST_RECORDS:
            yield Segment(run, gap)
            run = []
        run.append(record)
        at = record.offset + 1
    gap = 0 if compacted else end - at
    if run or gap:
        yield Segment(run, gap)
