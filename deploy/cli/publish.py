"""``sambus publish``: events from a file or a pipe onto the bus, with a report line for each that is rejected.

It stands in for the intake gateway: it writes ``in.gateway`` and proves the origin with its header, so only a
principal that may write that topic can use it.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple

import click
import orjson

from deploy.cli.asking import console, desk_option, json_option, lang_option, print_json, run
from deploy.cli.carrying import Faults, Record, Settled, Tally, Telling, carry, problem_values, progress
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, BusUnreachableError, Connection, connection_options
from deploy.cli.following import Following
from deploy.cli.registry import registry_ids, registry_option
from deploy.cli.spooling import Spooling, drained, not_taken, spool_options, tell_spool
from producers.client import GATEWAY_TOPIC, BusUnreachable, Publisher, Receipt
from producers.files import READERS, FileRecord, unpacked
from producers.polisen import UNKNOWN_AREA, Notices
from producers.spool import SpoolError
from producers.spool_refusal import SpoolRefusedError
from producers.spooled import SpooledProducer
from schemas.gazetteer import load_gazetteer

_POLISEN = "polisen"
_UNKNOWN_PLACE = f"{UNKNOWN_AREA}."


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
@click.option("--follow", is_flag=True, help="Wait for what becomes of each event, and tell it.")
@spool_options
@json_option
@lang_option
@connection_options
def publish(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Path,
    desk: str,
    form: str | None,
    topic: str,
    registry: str | None,
    follow: bool,
    spooling: Spooling,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """Publish the events of a file (also .gz), or of standard input with -.

    Each rejected event has a report line: its line, what is wrong, where, and what would be right.
    Running it again with the same file is safe: the bus drops what it already has.

    Exit codes: 0 all were taken, 1 some were rejected, 2 wrong use, 3 the bus cannot be reached. With a spool, taken
    means that it is on the disk. With --follow, 1 also when some are in quarantine, or unknown by then.
    """
    source = _Source(file, form or _form_of(file))
    publisher = spooling.publisher(connection.aiokafka(), desk, topic, ids=registry_ids(registry, connection))
    following = Following(connection.aiokafka(), desk, own_topic=topic != GATEWAY_TOPIC) if follow else None
    work = _Work(source, publisher, following, spooling.wait)
    report = _json_report if as_json else _line_report(lang)
    try:
        with progress(source) as advance:
            run(work.publish(Telling(work.heard(report), advance)))
    except BusUnreachable as problem:
        if work.tally.read:
            _summary(work, lang, as_json=as_json)
        raise BusUnreachableError(_resume(problem, work.tally)) from problem
    except (SpoolError, SpoolRefusedError) as problem:
        if work.tally.read:
            _summary(work, lang, as_json=as_json)
        raise not_taken(problem, lang) from problem
    _summary(work, lang, as_json=as_json)
    tell_spool(publisher, work.left, lang)
    sys.exit(EXIT_DONE if work.well else EXIT_NOT_WELL)


class _Work:
    """One run of the command: how far it came, what is left in the spool, what became of the events."""

    def __init__(self, source: "_Source", publisher: Publisher, following: Following | None, wait: float) -> None:
        self.source = source
        self.publisher = publisher
        self.following = following
        self.tally = Tally()
        self.left = 0
        self._wait = wait

    @property
    def spooled(self) -> bool:
        """Whether events go by way of the disk."""
        return isinstance(self.publisher, SpooledProducer)

    @property
    def well(self) -> bool:
        """Whether all was read, taken, and, where it was followed, accepted."""
        followed = self.following is None or self.following.well
        return self.tally.whole and not self.tally.rejected and followed

    def heard(self, report: Callable[[Settled], None]) -> Callable[[Settled], None]:
        """A report, with what was taken expected by whoever follows it."""
        following = self.following
        if following is None:
            return report

        def report_and_expect(settled: Settled) -> None:
            report(settled)
            if not settled.rejected and settled.event_id is not None:
                following.expect(settled.event_id)

        return report_and_expect

    async def publish(self, telling: Telling) -> None:
        """Do it all. Errors: ``BusUnreachable``, ``SpoolError``, ``SpoolRefusedError``."""
        async with AsyncExitStack() as closing:
            if self.following is not None:
                await closing.enter_async_context(self.following)
                if self.following.trouble is not None and not self.spooled:
                    raise BusUnreachable(self.following.trouble)
            await closing.enter_async_context(self.publisher)
            await carry(self.source, self.publisher, self.tally, telling)
            self.left = await drained(self.publisher, self._wait)
            if self.following is not None:
                await self.following.wait(self._wait)


class _Source:
    """The input: a file or standard input, opened in the thread that reads it."""

    def __init__(self, path: Path, form: str) -> None:
        self._path = path
        self._form = form
        self._raw: IO[bytes] | None = None
        self.unknown_places = 0
        self.size = path.stat().st_size if str(path) != "-" else None

    @property
    def position(self) -> int:
        """Bytes read of the file as it lies on disk, packed or not."""
        return self._raw.tell() if self._raw is not None and not self._raw.closed and self.size is not None else 0

    def records(self) -> Iterator[Record]:
        """The records, lazily; the file is closed after the last."""
        for record in self._records():
            self.unknown_places += record.body is not None and _is_unknown_place(record.body)
            yield record

    def _records(self) -> Iterator[Record]:
        if self.size is None:
            yield from self._read(_standard_input())
            return
        with self._path.open("rb") as raw:
            self._raw = raw
            yield from self._read(raw)

    def _read(self, raw: IO[bytes]) -> Iterator[Record]:
        file = unpacked(raw)
        if self._form == _POLISEN:
            yield from Notices(load_gazetteer()).read(READERS["jsonl"](file))
            return
        for record in READERS[self._form](file):
            yield _Plain(record.number, record.body, _faults(record))


class _Plain(NamedTuple):
    number: int
    body: dict[str, Any] | None
    faults: Faults


def _standard_input() -> IO[bytes]:
    """Standard input in a buffer of our own: Python cannot end while a thread waits inside that of ``sys.stdin``."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # standard input is no file: a test's, or an embedding program's
        return sys.stdin.buffer


def _faults(record: FileRecord) -> Faults:
    return (record.fault,) if record.fault is not None else ()


def _form_of(file: Path) -> str:
    return "avro" if ".avro" in file.suffixes else "jsonl"


def _is_unknown_place(body: Mapping[str, Any]) -> bool:
    areas = body.get("areas")
    return isinstance(areas, list) and any(isinstance(area, str) and area.startswith(_UNKNOWN_PLACE) for area in areas)


# What people and programs are told


def _json_report(settled: Settled) -> None:
    """One JSON object for each event, taken or not."""
    number, result = settled.record.number, settled.result
    if isinstance(result, Receipt) and result.status == "taken":
        where: dict[str, Any] = {"topic": result.topic, "partition": result.partition, "offset": result.offset}
        if result.kept == "spool":
            where = {"kept": "spool"}
        line = orjson.dumps({"line": number, "event_id": result.event_id, "status": "taken", **where})
        sys.stdout.write(line.decode() + "\n")  # flushed with the progress: a flush for each would halve the rate
        return
    told = problem_values(settled.problems)
    print_json({"line": number, "event_id": settled.event_id, "status": "rejected", "problems": told})


def _line_report(lang: str) -> Callable[[Settled], None]:
    out = console()
    word = "rad" if lang == "sv" else "line"

    def report(settled: Settled) -> None:
        for problem in settled.problems:
            remedy = problem.remedy_sv if lang == "sv" else problem.remedy_en
            where = f" {problem.pointer}" if problem.pointer else ""
            out.print(f"{word} {settled.record.number}: {problem.code}{where}: {remedy}", soft_wrap=True)

    return report


def _summary(work: _Work, lang: str, *, as_json: bool) -> None:
    tally, unknown_places = work.tally, work.source.unknown_places
    if work.following is not None:
        work.following.tell(lang, as_json=as_json)
    if as_json:
        print_json({"summary": _summary_values(work)})
        return
    rate = f"{tally.read / tally.seconds:,.0f}/s"
    text = {
        "sv": f"{tally.read} lästa, {tally.taken} mottagna, {tally.rejected} avvisade, {tally.seconds:.1f} s ({rate})",
        "en": f"{tally.read} read, {tally.taken} taken, {tally.rejected} rejected, {tally.seconds:.1f} s ({rate})",
    }[lang]
    err = console(stderr=True)
    err.print(text, soft_wrap=True)
    if unknown_places:
        unknown = {
            "sv": f"{unknown_places} gäller en okänd plats och går till karantän (AREA_UNKNOWN).",
            "en": f"{unknown_places} name an unknown place and go to quarantine (AREA_UNKNOWN).",
        }[lang]
        err.print(unknown, soft_wrap=True)


def _summary_values(work: _Work) -> dict[str, Any]:
    tally = work.tally
    said: dict[str, Any] = {"read": tally.read, "taken": tally.taken, "rejected": tally.rejected}
    said |= {"unknown_places": work.source.unknown_places, "seconds": round(tally.seconds, 3)}
    if work.spooled:
        said["in_spool"] = work.left
    return said if work.following is None else said | work.following.counts


def _resume(problem: BusUnreachable, tally: Tally) -> str:
    """The error text, in English like every error of the command line, with how far it came."""
    if not tally.confirmed_to:
        return str(problem)
    return f"{problem} Done up to line {tally.confirmed_to}; run the same command again: the bus drops what it has."
