"""Carries the records of a file to the bus: submitted as they are read, settled in their order, told as they settle."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from deploy.cli.asking import console
from producers.client import IN_FLIGHT, BusUnreachable, Publisher, Receipt, Submission
from producers.files import read_ahead
from producers.importing import RowProblem
from producers.spool_refusal import SpoolRefusedError

PROGRESS_EVERY_S = 0.1

Faults = tuple[RowProblem, ...]


class Record(Protocol):
    """What a reader yields, whatever the format: a number, a body or faults."""

    @property
    def number(self) -> int:
        """Its line or place in the file, from 1."""

    @property
    def body(self) -> dict[str, Any] | None:
        """The event, in the wire's JSON form; none if it is no event."""

    @property
    def faults(self) -> Faults:
        """Why it is none."""


class Source(Protocol):
    """Where the records come from."""

    @property
    def size(self) -> int | None:
        """How much there is, for progress; None if nobody knows."""

    @property
    def position(self) -> int:
        """How much of it is read."""

    def records(self) -> Iterator[Record]:
        """The records, in order; read in a thread of their own."""


@dataclass
class Tally:
    """How it went so far: ``confirmed_to`` is the last line whose fate is known, ``whole`` whether that was the end."""

    taken: int = 0
    rejected: int = 0
    confirmed_to: int = 0
    whole: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def read(self) -> int:
        """Records that are settled."""
        return self.taken + self.rejected

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return max(time.monotonic() - self.started, 1e-6)


class Settled(NamedTuple):
    """One record and what came of it: a receipt, or what was wrong with it before it was an event."""

    record: Record
    result: Receipt | Faults

    @property
    def rejected(self) -> bool:
        """Whether it was not taken."""
        return not isinstance(self.result, Receipt) or self.result.status == "rejected"

    @property
    def event_id(self) -> str | None:
        """The event's id, as far as it is known."""
        return self.result.event_id if isinstance(self.result, Receipt) else None

    @property
    def problems(self) -> Faults:
        """What is wrong with it."""
        return self.result.problems if isinstance(self.result, Receipt) else self.result


class Telling(NamedTuple):
    """Who hears of each settled record, and of how far it is."""

    report: Callable[[Settled], None]
    advance: Callable[[Tally], None]


class _UnderWay(NamedTuple):
    record: Record
    submission: Submission | None


async def carry(source: Source, publisher: Publisher, tally: Tally, telling: Telling) -> None:
    """Publish what a source has: a slow pipe delays no report. The publisher is open already.

    Errors: ``BusUnreachable``, ``SpoolRefusedError``; the tally says how far it came.
    """
    under_way: asyncio.Queue[_UnderWay | None] = asyncio.Queue(IN_FLIGHT)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_submit(source, publisher, under_way))
            tasks.create_task(_settle(publisher, under_way, tally, telling))
    except ExceptionGroup as group:
        raise _the_one(group) from None
    tally.whole = True


def _the_one(group: ExceptionGroup[Exception]) -> Exception:
    """What ended both tasks, out of its group: that nothing could be taken, if that is among it."""
    ours = group.subgroup((BusUnreachable, SpoolRefusedError))
    first = (ours or group).exceptions[0]
    return _the_one(first) if isinstance(first, ExceptionGroup) else first


async def _submit(source: Source, publisher: Publisher, under_way: "asyncio.Queue[_UnderWay | None]") -> None:
    async for record in read_ahead(source.records()):
        submission = None if record.body is None else await publisher.submit(record.body)
        await under_way.put(_UnderWay(record, submission))
    await under_way.put(None)


async def _settle(
    publisher: Publisher, under_way: "asyncio.Queue[_UnderWay | None]", tally: Tally, telling: Telling
) -> None:
    while (next_one := await under_way.get()) is not None:
        record, submission = next_one
        settled = Settled(record, record.faults if submission is None else await publisher.settle(submission))
        tally.rejected += settled.rejected
        tally.taken += not settled.rejected
        tally.confirmed_to = record.number
        telling.report(settled)
        telling.advance(tally)


@contextmanager
def progress(source: Source) -> Iterator[Callable[[Tally], None]]:
    """A progress bar on stderr, if a person watches: by bytes of a file, by count of a pipe."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    err = console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.fields[taken]} ✓ {task.fields[rejected]} ✗"), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bars:
        bar = bars.add_task("", total=source.size or None, taken=0, rejected=0)
        told_at = 0.0

        def advance(tally: Tally) -> None:
            nonlocal told_at
            now = time.monotonic()
            if now - told_at >= PROGRESS_EVERY_S:
                told_at = now
                sys.stdout.flush()
                bars.update(bar, completed=source.position, taken=tally.taken, rejected=tally.rejected)

        yield advance


def problem_values(problems: Faults) -> list[dict[str, str]]:
    """Problems as ``--json`` shows them."""
    return [
        {"code": p.code, "pointer": p.pointer, "remedy_sv": p.remedy_sv, "remedy_en": p.remedy_en} for p in problems
    ]
