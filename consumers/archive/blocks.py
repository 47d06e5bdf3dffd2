"""The blocks of a desk's deliveries: which of them a search must look into, and in which steps.

Deliveries of a desk are numbered in the order of its feed, so a block holds a stretch of time. A search for a span
passes over blocks that lie outside it, and asks nothing of time of those that lie inside.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from consumers.archive.lexemes import BLOCK_BITS
from consumers.archive.query import Clock, Query
from consumers.archive.rows import Numbered
from consumers.archive.sql import insert_new, parts
from consumers.archive.tables import blocks

#: Blocks that one statement looks into: one at first, twice as many each time, up to this.
_MOST_BLOCKS: Final = 16
_FROM, _TO = ("occurred_from_ms", "published_from_ms"), ("occurred_to_ms", "published_to_ms")


class Block(NamedTuple):
    """One block to look into; ``whole`` if every time in it lies in the span that is asked for."""

    number: int
    whole: bool


def widen(connection: Connection, fresh: Sequence[Numbered]) -> None:
    """Let the blocks of new rows reach over their times."""
    times: dict[int, dict[str, Any]] = {}
    for each in fresh:
        block = times.setdefault(each.row_id >> BLOCK_BITS, {})
        occurred, published = each.row.columns["occurred_ms"], each.row.columns["published_ms"]
        _reach(block, (occurred, published), (occurred, published))
    known = {}
    for part in parts(sorted(times)):
        for row in connection.execute(select(blocks).where(blocks.c.block.in_(part)).with_for_update()).mappings():
            known[row["block"]] = row
    insert_new(
        connection, blocks, [{"block": number} | block for number, block in times.items() if number not in known]
    )
    for number, row in known.items():
        block = times[number]
        _reach(block, tuple(row[name] for name in _FROM), tuple(row[name] for name in _TO))
        if any(block[name] != row[name] for name in (*_FROM, *_TO)):
            connection.execute(blocks.update().where(blocks.c.block == number).values(block))


def _reach(block: dict[str, Any], first: Sequence[int | None], last: Sequence[int | None]) -> None:
    for names, values, choose in ((_FROM, first, min), (_TO, last, max)):
        for name, value in zip(names, values, strict=True):
            given = [each for each in (block.get(name), value) if each is not None]
            block[name] = choose(given) if given else None


def to_look_into(connection: Connection, first: int, end: int, query: Query) -> Iterator[Block]:
    """The blocks of a span of rows that may hold what is asked for, the newest first."""
    low, high = first >> BLOCK_BITS, (end - 1) >> BLOCK_BITS
    if query.since is None and query.until is None:
        yield from (Block(number, whole=True) for number in range(high, low - 1, -1))
        return
    begins, ends = ("occurred_from_ms", "occurred_to_ms")
    if query.clock is Clock.PUBLISHED:
        begins, ends = ("published_from_ms", "published_to_ms")
    since = None if query.since is None else int(query.since.timestamp() * 1000)
    until = None if query.until is None else int(query.until.timestamp() * 1000)
    question = select(blocks).where(blocks.c.block.between(low, high)).order_by(blocks.c.block.desc())
    for row in connection.execute(question).mappings().all():
        begin, last = row[begins], row[ends]
        if begin is None or (since is not None and last < since) or (until is not None and begin >= until):
            continue
        yield Block(row["block"], (since is None or begin >= since) and (until is None or last < until))


def in_steps(found: Iterable[Block]) -> Iterator[list[Block]]:
    """Blocks in groups of 1, 2, 4 … up to the most that one statement looks into."""
    left, size = iter(found), 1
    while group := list(islice(left, size)):
        yield group
        size = min(size * 2, _MOST_BLOCKS)
