"""``sambus publish``: events from a file or a pipe onto the bus, with a report line for each that is rejected.

It stands in for the intake gateway: it writes ``in.gateway`` and proves the origin with its header, so only a
principal that may write that topic can use it.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import click
import orjson

from deploy.cli.asking import console, desk_option, json_option, lang_option, print_json, run
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, BusUnreachableError, Connection, connection_options
from deploy.cli.registry import registry_ids, registry_option
from producers.client import GATEWAY_TOPIC, IN_FLIGHT, BusUnreachable, Producer, Receipt, Submission
from producers.files import READERS, FileFault, FileRecord, read_ahead, unpacked
from producers.polisen import UNKNOWN_AREA, Notices
from schemas.gazetteer import load_gazetteer
from schemas.problems import Problem

_PROGRESS_EVERY_S = 0.1
_POLISEN = "polisen"
_UNKNOWN_PLACE = f"{UNKNOWN_AREA}."


class _Record(Protocol):
    """What a reader yields, whatever the format: a number, a body or faults."""

    @property
    def number(self) -> int: ...
    @property
    def body(self) -> dict[str, Any] | None: ...
    @property
    def faults(self) -> tuple[Problem | FileFault, ...]: ...


class _Outcome(NamedTuple):
    """One record on its way to its report: refused already, or submitted."""

    number: int
    faults: tuple[Problem | FileFault, ...]
    submission: Submission | None = None


@dataclass
class Tally:
    """How it went so far. ``confirmed_to`` is the last line whose fate is known."""

    taken: int = 0
    rejected: int = 0
    unknown_places: int = 0
    confirmed_to: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def read(self) -> int:
        """Records that are settled."""
        return self.taken + self.rejected

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return max(time.monotonic() - self.started, 1e-6)

    def as_json(self) -> dict[str, Any]:
        """The summary line of ``--json``."""
        return {
            "summary": {
                "read": self.read,
                "taken": self.taken,
                "rejected": self.rejected,
                "unknown_places": self.unknown_places,
                "seconds": round(self.seconds, 3),
            }
        }


@click.command("publish")
@click.argument("file", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@desk_option(help_text="The desk that publishes: unit/function.")
@click.option(
    "--format",
    "form",
    type=click.Choice([*READERS, _POLISEN]),
    help="JSON Lines, an Avro object container, or the police's open notices. Default: by name, else jsonl.",
)
@click.option(
    "--topic", default=GATEWAY_TOPIC, show_default=True, help="Or in.<unit>, for a unit with its own Kafka access."
)
@registry_option
@json_option
@lang_option
@connection_options
def publish(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Path,
    desk: str,
    form: str | None,
    topic: str,
    registry: str | None,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """Publish the events of a file (also .gz), or of standard input with -.

    Each rejected event has a report line: its line, what is wrong, where, and what would be right.
    Running it again with the same file is safe: the bus drops what it already has.

    Exit codes: 0 all were taken, 1 some were rejected, 2 wrong use, 3 the bus cannot be reached.
    """
    tally = Tally()
    report = _json_report if as_json else _line_report(lang)
    source = _Source(file, form or _form_of(file))
    ids = registry_ids(registry, connection)
    producer = Producer(connection.aiokafka(), origin=desk, topic=topic, ids=ids)
    try:
        with _progress(source) as advance:
            run(_publish(source, producer, tally, _Telling(report, advance)))
    except BusUnreachable as problem:
        if tally.read:
            _summary(tally, lang, as_json=as_json)
        raise BusUnreachableError(_resume(problem, tally)) from problem
    _summary(tally, lang, as_json=as_json)
    sys.exit(EXIT_NOT_WELL if tally.rejected or source.interrupted else EXIT_DONE)


class _Telling(NamedTuple):
    report: Callable[[int, Receipt | tuple[Problem | FileFault, ...]], None]
    advance: Callable[[Tally], None]


class _Source:
    """The input: a file or standard input, opened in the thread that reads it."""

    def __init__(self, path: Path, form: str) -> None:
        self._path = path
        self._form = form
        self._raw: IO[bytes] | None = None
        self.interrupted = True  # until the last record is settled
        self.size = path.stat().st_size if str(path) != "-" else None

    @property
    def position(self) -> int:
        """Bytes read of the file as it lies on disk, packed or not."""
        return self._raw.tell() if self._raw is not None and not self._raw.closed and self.size is not None else 0

    def records(self) -> Iterator[_Record]:
        """The records, lazily; the file is closed after the last."""
        if self.size is None:
            yield from self._read(_standard_input())
            return
        with self._path.open("rb") as raw:
            self._raw = raw
            yield from self._read(raw)

    def _read(self, raw: IO[bytes]) -> Iterator[_Record]:
        file = unpacked(raw)
        if self._form == _POLISEN:
            yield from Notices(load_gazetteer()).read(READERS["jsonl"](file))
            return
        for record in READERS[self._form](file):
            yield _Plain(record.number, record.body, _faults(record))


class _Plain(NamedTuple):
    number: int
    body: dict[str, Any] | None
    faults: tuple[Problem | FileFault, ...]


def _standard_input() -> IO[bytes]:
    """Standard input in a buffer of our own: Python cannot end while a thread waits inside that of ``sys.stdin``."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # standard input is no file: a test's, or an embedding program's
        return sys.stdin.buffer


def _faults(record: FileRecord) -> tuple[FileFault, ...]:
    return (record.fault,) if record.fault is not None else ()


def _form_of(file: Path) -> str:
    return "avro" if ".avro" in file.suffixes else "jsonl"


async def _publish(source: _Source, producer: Producer, tally: Tally, telling: _Telling) -> None:
    """Submit as records are read, and settle in their order beside it: a slow pipe delays no report."""
    under_way: asyncio.Queue[_Outcome | None] = asyncio.Queue(IN_FLIGHT)
    async with producer:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_submit(source, producer, under_way, tally))
                tasks.create_task(_settle(producer, under_way, tally, telling))
        except ExceptionGroup as group:
            raise _the_one(group) from None
    source.interrupted = False


def _the_one(group: ExceptionGroup[Exception]) -> Exception:
    """What ended both tasks, out of its group: an unreachable bus if that is among it."""
    unreachable = group.subgroup(BusUnreachable)
    first = (unreachable or group).exceptions[0]
    return _the_one(first) if isinstance(first, ExceptionGroup) else first


async def _submit(
    source: _Source, producer: Producer, under_way: "asyncio.Queue[_Outcome | None]", tally: Tally
) -> None:
    async for record in read_ahead(source.records()):
        if record.body is None:
            await under_way.put(_Outcome(record.number, record.faults))
            continue
        tally.unknown_places += _is_unknown_place(record.body)
        await under_way.put(_Outcome(record.number, (), await producer.submit(record.body)))
    await under_way.put(None)


async def _settle(
    producer: Producer, under_way: "asyncio.Queue[_Outcome | None]", tally: Tally, telling: _Telling
) -> None:
    while (outcome := await under_way.get()) is not None:
        if outcome.submission is None:
            tally.rejected += 1
            telling.report(outcome.number, outcome.faults)
        else:
            receipt = await producer.settle(outcome.submission)
            tally.taken += receipt.status == "taken"
            tally.rejected += receipt.status == "rejected"
            telling.report(outcome.number, receipt)
        tally.confirmed_to = outcome.number
        telling.advance(tally)


def _is_unknown_place(body: Mapping[str, Any]) -> bool:
    areas = body.get("areas")
    return isinstance(areas, list) and any(isinstance(area, str) and area.startswith(_UNKNOWN_PLACE) for area in areas)


# What people and programs are told


def _json_report(number: int, result: Receipt | tuple[Problem | FileFault, ...]) -> None:
    """One JSON object for each event, taken or not."""
    if isinstance(result, Receipt) and result.status == "taken":
        position = {"topic": result.topic, "partition": result.partition, "offset": result.offset}
        line = orjson.dumps({"line": number, "event_id": result.event_id, "status": "taken", **position})
        sys.stdout.write(line.decode() + "\n")  # flushed with the progress: a flush for each would halve the rate
        return
    event_id, problems = (result.event_id, result.problems) if isinstance(result, Receipt) else (None, result)
    told = [
        {"code": p.code, "pointer": p.pointer, "remedy_sv": p.remedy_sv, "remedy_en": p.remedy_en} for p in problems
    ]
    print_json({"line": number, "event_id": event_id, "status": "rejected", "problems": told})


def _line_report(lang: str) -> Callable[[int, Receipt | tuple[Problem | FileFault, ...]], None]:
    out = console()
    word = "rad" if lang == "sv" else "line"

    def report(number: int, result: Receipt | tuple[Problem | FileFault, ...]) -> None:
        for problem in result.problems if isinstance(result, Receipt) else result:
            remedy = problem.remedy_sv if lang == "sv" else problem.remedy_en
            where = f" {problem.pointer}" if problem.pointer else ""
            out.print(f"{word} {number}: {problem.code}{where}: {remedy}", soft_wrap=True)

    return report


@contextmanager
def _progress(source: _Source) -> Iterator[Callable[[Tally], None]]:
    """A progress bar on stderr, if a person watches: by bytes of a file, by count of a pipe."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    err = console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.fields[taken]} ✓ {task.fields[rejected]} ✗"), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        bar = progress.add_task("", total=source.size or None, taken=0, rejected=0)
        told_at = 0.0

        def advance(tally: Tally) -> None:
            nonlocal told_at
            now = time.monotonic()
            if now - told_at >= _PROGRESS_EVERY_S:
                told_at = now
                sys.stdout.flush()
                progress.update(bar, completed=source.position, taken=tally.taken, rejected=tally.rejected)

        yield advance


def _summary(tally: Tally, lang: str, *, as_json: bool) -> None:
    if as_json:
        print_json(tally.as_json())
        return
    rate = f"{tally.read / tally.seconds:,.0f}/s"
    text = {
        "sv": f"{tally.read} lästa, {tally.taken} mottagna, {tally.rejected} avvisade, {tally.seconds:.1f} s ({rate})",
        "en": f"{tally.read} read, {tally.taken} taken, {tally.rejected} rejected, {tally.seconds:.1f} s ({rate})",
    }[lang]
    err = console(stderr=True)
    err.print(text, soft_wrap=True)
    if tally.unknown_places:
        unknown = {
            "sv": f"{tally.unknown_places} gäller en okänd plats och går till karantän (AREA_UNKNOWN).",
            "en": f"{tally.unknown_places} name an unknown place and go to quarantine (AREA_UNKNOWN).",
        }[lang]
        err.print(unknown, soft_wrap=True)


def _resume(problem: BusUnreachable, tally: Tally) -> str:
    """The error text, in English like every error of the command line, with how far it came."""
    if not tally.confirmed_to:
        return str(problem)
    return f"{problem} Done up to line {tally.confirmed_to}; run the same command again: the bus drops what it has."
