"""``sambus quarantine``: what intake could not accept, why, how to mend it, sending it again, and dropping it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from consumers.drops import Drop, who_drops, write_drop
from consumers.ledger import OPERATIONS
from consumers.quarantine import Entry, Shown, entries, find, shown, summary
from consumers.retry import as_it_came, mended, send
from deploy.cli.asking import (
    AskError,
    console,
    desk_option,
    desk_problem,
    json_option,
    lang_option,
    local_time,
    print_json,
    printable,
    run,
)
from deploy.cli.connection import Connection, connection_options
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.problems import Problem
from schemas.records import QuarantinedProblem, QuarantineDrop

_LONGEST_REASON = 200


@click.group("quarantine")
def quarantine() -> None:
    """Look at what could not be accepted; mend and retry what is your own, or drop it.

    A record is named by its place, PARTITION:OFFSET, or by its event id.
    """


@quarantine.command("list")
@desk_option(required=False, help_text="Only what this desk published.")
@click.option("--dropped", is_flag=True, help="What was dropped, instead of what waits.")
@json_option
@lang_option
@connection_options
def list_command(desk: str | None, dropped: bool, as_json: bool, lang: str, connection: Connection) -> None:
    """List what is in quarantine, oldest first, and count it by code and by origin.

    What was dropped is counted, and listed with --dropped alone.
    """
    codec = Codec()
    found = run(entries(connection.aiokafka(), codec, origin=desk)) or []
    listed = [entry for entry in found if (entry.dropped is not None) is dropped]
    if as_json:
        for entry in listed:
            print_json(_as_json(shown(entry, None, codec)))
        return
    _print_list(console(), listed, codec, lang, dropped=dropped)
    if not dropped and len(listed) < len(found):
        count = len(found) - len(listed)
        console().print(
            f"{count} är avskrivna, se --dropped" if lang == "sv" else f"{count} dropped, see --dropped", style="dim"
        )


@quarantine.command("show")
@click.argument("record")
@desk_option(required=False, help_text="The desk you ask for; content is shown to the publisher's own desk only.")
@json_option
@lang_option
@connection_options
def show_command(record: str, desk: str | None, as_json: bool, lang: str, connection: Connection) -> None:
    """Show one record: what is wrong, where, and how to mend it."""
    codec = Codec()
    view = shown(_one(connection, codec, record), desk, codec)
    if as_json:
        print_json(_as_json(view))
    else:
        _print_one(console(), view, lang)


@quarantine.command("retry")
@click.argument("record")
@desk_option(help_text="The desk that published it.")
@click.option("--mend", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The corrected event, JSON.")
@lang_option
@connection_options
def retry_command(record: str, desk: str, mend: Path | None, lang: str, connection: Connection) -> None:
    """Publish a record of your own again, as it came or with a corrected body. The event keeps its id.

    Exit codes: 0 published again, 1 still not right (or not there), 3 the bus cannot be reached.
    """
    codec = Codec()
    entry = _one(connection, codec, record)
    if entry.record.origin != desk:
        raise AskError("Only the desk that published a record can retry it.")
    _not_dropped(entry)
    again = as_it_came(entry) if mend is None else mended(entry, _body(mend), codec)
    if isinstance(again, tuple):
        out = console(stderr=True)
        for problem in again:
            out.print(_problem(problem, lang))
        raise AskError("The corrected event is still not right; nothing was published.")
    sent = run(send(connection.aiokafka(), again))
    if sent is not None:
        said = "Publicerad igen" if lang == "sv" else "Published again"
        console().print(f"{said}: {again.topic}:{sent[0]}:{sent[1]}")


def _who(_: click.Context, __: click.Parameter, value: str) -> str:
    if value != OPERATIONS and (problem := desk_problem(value, load_gazetteer())) is not None:
        raise click.UsageError(problem)
    return value


def _reason(_: click.Context, __: click.Parameter, value: str) -> str:
    text = " ".join(value.split())
    if not 1 <= len(text) <= _LONGEST_REASON:
        raise click.UsageError(f"--reason is a sentence of at most {_LONGEST_REASON} letters.")
    return text


@quarantine.command("drop")
@click.argument("record")
@click.option(
    "--as",
    "who",
    metavar=f"UNIT/FUNCTION|{OPERATIONS}",
    required=True,
    callback=_who,
    help=f"The desk that published it; {OPERATIONS} for what no desk was proven to have published.",
)
@click.option("--reason", required=True, callback=_reason, help="Why, in a sentence that names nobody. It is kept.")
@lang_option
@connection_options
def drop_command(record: str, who: str, reason: str, lang: str, connection: Connection) -> None:
    """Drop a record that nobody will mend: who, when and why are kept, and it is no longer listed or retried.

    The record stays in quarantine for its time and counts there, so the books still balance.
    Exit codes: 0 dropped, 1 not there, not yours or dropped before, 2 wrong use, 3 the bus cannot be reached.
    """
    codec = Codec()
    entry = _one(connection, codec, record)
    if who_drops(entry.record) != who:
        raise AskError(
            "Only the desk that published a record can drop it."
            if entry.record.origin
            else f"No desk was proven to have published it: only {OPERATIONS} can drop it."
        )
    _not_dropped(entry)
    place = entry.place
    drop = QuarantineDrop(
        partition=place.partition, offset=place.offset, event_id=entry.record.event_id, by=who, reason=reason
    )
    run(write_drop(connection.aiokafka(), drop, entry.record.origin, codec))
    console().print(f"{'Avskriven' if lang == 'sv' else 'Dropped'}: {place}")


def _not_dropped(entry: Entry) -> None:
    if (drop := entry.dropped) is not None:
        raise AskError(f"It was dropped {local_time(drop.at)} by {drop.by}: {printable(drop.reason)}")


def _one(connection: Connection, codec: Codec, name: str) -> Entry:
    found = find(run(entries(connection.aiokafka(), codec)) or [], name)
    if found is None:
        raise AskError("There is no such record in quarantine. See `sambus quarantine list`.")
    return found


def _body(path: Path) -> dict[str, Any]:
    try:
        body = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as problem:
        raise click.UsageError(f"{path.name} is not JSON: line {problem.lineno}, column {problem.colno}.") from None
    if not isinstance(body, dict):
        raise click.UsageError(f"{path.name} does not hold one event as a JSON object.")
    return body


def _as_json(view: Shown) -> dict[str, Any]:
    fields = asdict(view) | {"place": str(view.place)}
    fields["problems"] = [problem.model_dump() for problem in view.problems]
    return {name: value for name, value in fields.items() if value is not None}


def _print_list(out: Console, found: list[Entry], codec: Codec, lang: str, *, dropped: bool) -> None:
    swedish = lang == "sv"
    if not found and dropped:
        out.print("Inget är avskrivet." if swedish else "Nothing was dropped.")
        return
    if not found:
        out.print("Karantänen är tom." if swedish else "Quarantine is empty.")
        return
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    columns = (
        ("plats", "tid", "avsändare", "händelsetyp", "fel")
        if swedish
        else ("place", "time", "origin", "type", "problems")
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    for entry in found:
        view = shown(entry, None, codec)
        wrong = "\n".join(f"{problem.code} {problem.pointer}".strip() for problem in view.problems)
        if (drop := view.dropped) is not None:
            wrong += f"\n{_drop(drop, lang)}"
        table.add_row(str(view.place), local_time(view.at), view.origin or "?", view.event_type or "?", wrong)
    out.print(table)
    counted = summary(found)
    words = ("avskrivna", "dropped") if dropped else ("i karantän", "in quarantine")
    out.print(f"{counted.count} {words[0] if swedish else words[1]}", style="bold")
    out.print("  " + ", ".join(f"{code} {count}" for code, count in counted.by_code.items()))
    out.print("  " + ", ".join(f"{origin} {count}" for origin, count in counted.by_origin.items()))


def _print_one(out: Console, view: Shown, lang: str) -> None:
    swedish = lang == "sv"
    head = f"{view.place}  {local_time(view.at)}  {view.event_type or '?'}  {view.event_id or '?'}"
    out.print(printable(head), style="bold")
    origin = view.origin or ("ej styrkt" if swedish else "not proven")
    out.print(
        f"  {'från' if swedish else 'from'} {origin}, {view.source}, {view.size} B, {', '.join(view.header_names)}"
    )
    for problem in view.problems:
        out.print(f"  {_problem(problem, lang)}")
    if view.dropped is not None:
        out.print(f"  {_drop(view.dropped, lang)}")
    if view.content is None:
        out.print(
            "  Innehållet visas bara för avsändarens egen funktion (--as)."
            if swedish
            else "  The content is shown to the publisher's own desk only (--as).",
            style="dim",
        )
    elif isinstance(view.content, str):
        out.print(f"  hex: {view.content}")
    else:
        out.print(printable(orjson.dumps(view.content, default=str, option=orjson.OPT_INDENT_2).decode()))
    if view.content is not None:
        for name, value in (view.headers or {}).items():
            out.print(printable(f"  {name}: {value}"), style="dim")


def _drop(drop: Drop, lang: str) -> str:
    said = "avskriven" if lang == "sv" else "dropped"
    return printable(f"{said} {local_time(drop.at)}, {drop.by}: {drop.reason}")


def _problem(problem: Problem | QuarantinedProblem, lang: str) -> str:
    remedy = problem.remedy_sv if lang == "sv" else problem.remedy_en
    return f"{problem.code} {problem.pointer or '/'}: {remedy}"
