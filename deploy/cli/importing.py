"""``sambus import``: a table of a unit's own as events, by a mapping file; what cannot be taken is a report to mend."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO

import click

from deploy.cli.asking import AskError, console, desk_option, json_option, lang_option, print_json, run
from deploy.cli.carrying import Record, Settled, Tally, Telling, carry, problem_values, progress
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, BusUnreachableError, Connection, connection_options
from deploy.cli.spooling import Spooling, drained, not_taken, spool_options, tell_spool
from producers.client import GATEWAY_TOPIC, BusUnreachable, Publisher
from producers.importing import Import, ImportedRow
from producers.mapping import EventMapping, MappingError
from producers.mapping_loading import load_mapping
from producers.position import Position, PositionFile, identity_of
from producers.rejects import CsvReport, JsonReport, Report
from producers.rows import TABLES, Table, TableError, format_of
from producers.spool import SpoolError
from producers.spool_keys import SpoolKeysError, read_keys
from producers.spool_refusal import SpoolRefusedError

HASH_KEY_VARIABLE = "SAMBUS_HASH_KEY_FILE"
_SAVE_EVERY_S = 1.0
#: So many rejected rows are shown; the report has all of them.
_SHOWN = 20


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@desk_option(help_text="The desk that publishes: unit/function.")
@click.option(
    "--mapping",
    "mapping_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="How columns become fields: see docs/publishing.md.",
)
@click.option("--format", "form", type=click.Choice(list(TABLES)), help="Default: by the file's name.")
@click.option("--rejected", type=click.Path(dir_okay=False, path_type=Path), help="Default: beside the file.")
@click.option("--again", is_flag=True, help="Begin anew, also where an earlier import stopped or was done.")
@click.option("--topic", default=GATEWAY_TOPIC, show_default=True, help="Or in.<unit>, for own Kafka access.")
@spool_options
@json_option
@lang_option
@connection_options
def import_command(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Path,
    desk: str,
    mapping_file: Path,
    form: str | None,
    rejected: Path | None,
    again: bool,
    topic: str,
    spooling: Spooling,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """Import the rows of a CSV, JSON Lines, Avro or Parquet file as events of one type.

    Interrupted, the same command goes on where it stopped. Rows that cannot be taken are in a report beside the file,
    to be mended and imported in the same way. A row that was taken before is no second event.

    Exit codes: 0 all were taken, 1 some were rejected, 2 wrong use, 3 the bus cannot be reached.
    """
    found = form or format_of(file)
    if found is None:
        raise click.UsageError("The name does not say the format. Use --format csv, jsonl, avro or parquet.")
    mapping = _mapping(mapping_file)
    publisher = spooling.publisher(connection.aiokafka(), desk, topic)
    with file.open("rb") as raw:
        work = _Work(_table(raw, found, mapping), mapping, raw, file, rejected, lang)
        identity = identity_of(file, mapping_file.read_bytes(), desk.encode(), topic.encode())
        if work.begin(identity, desk, again=again):
            _told(work, as_json=as_json)
            sys.exit(EXIT_NOT_WELL if work.importing.position.rejected else EXIT_DONE)
        try:
            with progress(work) as advance:
                run(work.do(publisher, spooling.wait, advance, as_json=as_json))
        except BusUnreachable as problem:
            _told(work, as_json=as_json)
            raise BusUnreachableError(f"{problem} Run the same command again: it goes on here.") from problem
        except (SpoolError, SpoolRefusedError) as problem:
            _told(work, as_json=as_json)
            raise not_taken(problem, lang) from problem
    _told(work, as_json=as_json)
    tell_spool(publisher, work.left, lang)
    position = work.importing.position
    sys.exit(EXIT_DONE if position.complete and not position.rejected else EXIT_NOT_WELL)


def _mapping(path: Path) -> EventMapping:
    """The mapping of a file. Errors: ``click.UsageError`` with every problem."""
    key_file = os.environ.get(HASH_KEY_VARIABLE)
    try:
        return load_mapping(path, None if key_file is None else read_keys(Path(key_file)).current)
    except (MappingError, SpoolKeysError) as problem:
        raise click.UsageError(str(problem)) from None


def _table(raw: IO[bytes], form: str, mapping: EventMapping) -> Table:
    """A file's rows, with the columns that the mapping needs. Errors: ``click.UsageError``."""
    try:
        table = TABLES[form](raw, mapping.file)
        if table.columns is not None:
            mapping.check_columns(table.columns)
    except (MappingError, TableError) as problem:
        raise click.UsageError(str(problem)) from None
    return table


class _Work:
    """One run of the command, as the source of what is carried."""

    def __init__(
        self, table: Table, mapping: EventMapping, raw: IO[bytes], file: Path, rejected: Path | None, lang: str
    ) -> None:
        self.lang = lang
        self.left = 0
        self.size: int | None = file.stat().st_size
        self.importing: Import
        self._table, self._mapping, self._raw, self._file = table, mapping, raw, file
        self._rejected = rejected
        self._shown = 0
        self._saved_at = time.monotonic()

    @property
    def position(self) -> int:
        """How many bytes of the file are read."""
        return 0 if self._raw.closed else self._raw.tell()

    def records(self) -> Iterator[Record]:
        """The rows that are not settled."""
        yield from self.importing.rows()

    def begin(self, identity: str, desk: str, *, again: bool) -> bool:
        """Find where to go on; true when all is done already."""
        kept = PositionFile(self._file.with_name(f"{self._file.name}.sambus.json"), identity)
        if again:
            kept.forget()
        position = kept.load()
        if kept.changed:
            _say(self.lang, "Filen eller mappningen är ändrad: importen börjar om.", "It has changed: it begins anew.")
        elif position.complete:
            _say(self.lang, "Redan importerad; --again gör om det.", "Imported already; --again does it anew.")
        elif position.done:
            _say(self.lang, f"Fortsätter efter {position.done} rader.", f"Goes on after {position.done} rows.")
        try:
            report = self._report(position)
        except OSError as problem:
            raise AskError(f"The report cannot be written: {problem.strerror}. See --rejected.") from None
        self.importing = Import(self._table, self._mapping, desk, file=kept, position=position, report=report)
        return position.complete

    async def do(self, publisher: Publisher, wait: float, advance: Callable[[Tally], None], *, as_json: bool) -> None:
        """Import. Errors: ``BusUnreachable``, ``SpoolError``, ``SpoolRefusedError``; what is settled is remembered."""
        tally = Tally()
        report = self._json if as_json else self._lines
        try:
            async with AsyncExitStack() as closing:
                await closing.enter_async_context(publisher)
                await carry(self, publisher, tally, Telling(lambda settled: self._settle(settled, report), advance))
                self.left = await drained(publisher, wait)
        finally:
            self.importing.save(complete=tally.whole)
            self.importing.report.close()

    def _settle(self, settled: Settled, report: Callable[[Settled], None]) -> None:
        row = settled.record
        if not isinstance(row, ImportedRow):
            raise TypeError("only rows of this import are carried here")
        self.importing.settle(row, settled.problems)
        if settled.rejected:
            report(settled)
        if time.monotonic() - self._saved_at >= _SAVE_EVERY_S:
            self.importing.save()
            self._saved_at = time.monotonic()

    def _report(self, position: Position) -> Report:
        name = self._file.name.removesuffix(".gz")
        ending = ".csv" if self._table.delimiter is not None else ".jsonl"
        path = self._rejected or self._file.with_name(f"{Path(name).stem}.rejected{ending}")
        if self._table.delimiter is None or self._table.columns is None:
            return JsonReport(path, self.lang, position.report_bytes)
        return CsvReport(path, self.lang, self._table.columns, self._table.delimiter, position.report_bytes)

    @staticmethod
    def _json(settled: Settled) -> None:
        print_json({"line": settled.record.number, "status": "rejected", "problems": problem_values(settled.problems)})

    def _lines(self, settled: Settled) -> None:
        self._shown += 1
        if self._shown > _SHOWN:
            return
        word = "rad" if self.lang == "sv" else "line"
        for problem in settled.problems:
            remedy = problem.remedy_sv if self.lang == "sv" else problem.remedy_en
            where = f" {problem.pointer}" if problem.pointer else ""
            console().print(f"{word} {settled.record.number}: {problem.code}{where}: {remedy}", soft_wrap=True)


def _told(work: _Work, *, as_json: bool) -> None:
    """The summary: how many rows, of this run and the runs before it together."""
    position, report = work.importing.position, work.importing.report.path
    if as_json:
        said = {"rows": position.done, "taken": position.taken, "rejected": position.rejected}
        said |= {"complete": position.complete, "in_spool": work.left}
        print_json({"summary": said | {"report": str(report) if position.rejected else None}})
        return
    done, taken, rejected = position[:3]
    _say(
        work.lang,
        f"{done} rader, {taken} mottagna, {rejected} avvisade",
        f"{done} rows, {taken} taken, {rejected} rejected",
    )
    if position.rejected:
        _say(
            work.lang,
            f"Rätta raderna i {report} och importera den filen på samma sätt.",
            f"Mend the rows in {report} and import that file in the same way.",
        )


def _say(lang: str, swedish: str, english: str) -> None:
    console(stderr=True).print(swedish if lang == "sv" else english, soft_wrap=True)
