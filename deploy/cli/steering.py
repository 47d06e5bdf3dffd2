"""``sambus steering``: what of the strategy's parts flowed, was read in time, used, fed back, and led to."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from consumers.steering.areas import COUNTRY, reportable
from consumers.steering.owed import owed
from consumers.steering.parts import Standing, by_type, load_parts
from consumers.steering.reading import Progress, Source, counted, duties
from consumers.steering.report import About, Report, report, told
from deploy.cli.asking import LOCAL, console, json_option, lang_option, print_json, run
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.rules_asking import history_of
from deploy.cli.rules_life import first_option
from deploy.steering.period import Days, days_of
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer, load_gazetteer

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_FILE: Final = click.Path(dir_okay=False, writable=True, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a report is asked about, and by which rules the workers began."""

    days: Days
    area: str
    synthetic: bool
    first_pack: Path


@dataclass(frozen=True, slots=True)
class _Made:
    """A report, the packs that decided and are not known, and how much was read for it."""

    report: Report
    unknown_packs: tuple[str, ...]
    progress: Progress


@click.command("steering")
@click.option("--from", "begin", type=_DAY, help="First day. [default: of the last calendar month that has ended]")
@click.option("--to", "end", type=_DAY, help="Last day, included. [default: the last of the first day's month]")
@click.option("--area", default=COUNTRY, show_default=True, help="Unit code: the country, a region or a police area.")
@click.option("--synthetic", is_flag=True, help="What is made up (demo, exercise) instead of what is real.")
@click.option("--html", "html_file", type=_FILE, help="Write the report as a page that prints well.")
@click.option("--csv", "csv_file", type=_FILE, help="Write every number as a table.")
@json_option
@lang_option
@first_option
@connection_options
def steering(area: str, lang: str, connection: Connection, *, as_json: bool, **asked: Any) -> None:
    """Tell for each part of the strategy what flowed, was read in time, used, fed back and led to.

    It rewards what others used, never the number of reports. Numbers under five are left out, and so is whatever they
    could be worked out from. It reads the ledger, the read log and the books of obligations: on a secured bus it is for
    the user `operations`.

    Exit codes: 0 done, 1 nothing was shared in that time, 2 wrong use, 3 the bus cannot be reached.
    """
    gazetteer = load_gazetteer()
    if not reportable(area, gazetteer):
        near = ", ".join(hit.code for hit in gazetteer.search(area, 3))
        raise click.UsageError(f"{area!r} is neither the country, a region nor a police area. Near: {near or 'none'}.")
    wanted = _Wanted(_days(asked["begin"], asked["end"]), area, asked["synthetic"], asked["first"])
    made = _made(wanted, connection, gazetteer)
    if made is None:
        sys.exit(EXIT_NOT_WELL)
    _tell(made, lang, gazetteer, as_json=as_json, html=asked["html_file"], csv=asked["csv_file"])
    sys.exit(EXIT_DONE if made.report.standing(Standing.TRAFFIC) else EXIT_NOT_WELL)


def _days(begin: datetime | None, end: datetime | None) -> Days:
    try:
        return days_of(begin and begin.date(), end and end.date(), datetime.now(LOCAL).date())
    except ValueError as problem:
        raise click.UsageError(f"--to must not be before --from: {problem}.") from None


def _made(wanted: _Wanted, connection: Connection, gazetteer: Gazetteer) -> _Made | None:
    """Read and count. Errors: exit codes 1 and 3; None when it was interrupted."""
    from deploy.steering.packs import rules_of

    rules = rules_of(history_of(connection, wanted.first_pack), gazetteer)
    parts, days = load_parts(), wanted.days
    out = console(stderr=True)
    progress = Progress(told=lambda each: out.print(f"{each.lines:,} ledger lines, {each.reads:,} readings"))
    as_of = datetime.now(UTC)
    source = Source(
        options=connection.aiokafka(),
        period=days.period,
        synthetic=wanted.synthetic,
        served=rules.served,
        by_type=by_type(parts),
        progress=progress,
    )
    found = run(counted(source, gazetteer))
    standings = run(duties(connection.aiokafka(), Codec()))
    if found is None or standings is None:
        return None
    counts, unlogged = found
    about = About(
        start=days.start,
        end=days.end,
        as_of=as_of.astimezone(LOCAL),
        area=wanted.area,
        synthetic=wanted.synthetic,
        whole_months=days.whole_months,
        packs=tuple(sorted(rules.served)),
        unlogged=len(unlogged),
    )
    met = owed(standings, days.start, days.end, synthetic=wanted.synthetic)
    made = report(about, counts, parts, rules.carried, met, gazetteer)
    return _Made(made, tuple(sorted(counts.unknown_packs)), progress)


def _tell(made: _Made, lang: str, gazetteer: Gazetteer, *, as_json: bool, html: Path | None, csv: Path | None) -> None:
    """Write what files were asked for; on stdout JSON, or a table for people when no file was."""
    from deploy.steering.page import page
    from deploy.steering.sheet import sheet
    from deploy.steering.terminal import show
    from deploy.steering.words import Words

    words = Words(lang, gazetteer)
    if html is not None:
        html.write_text(page(made.report, words, made.unknown_packs), "utf-8")
    if csv is not None:
        csv.write_text(sheet(made.report), "utf-8")
    if as_json:
        read = {"ledger_lines": made.progress.lines, "read_log_lines": made.progress.reads}
        print_json(told(made.report) | {"unknown_packs": made.unknown_packs, "read": read})
    elif html is None and csv is None:
        show(console(), made.report, words)
