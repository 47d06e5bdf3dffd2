"""``sambus quarantine``: what intake could not accept, why, how to mend it, and sending it again."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from consumers.quarantine import Entry, Shown, entries, find, shown, summary
from consumers.retry import as_it_came, mended, send
from deploy.cli.asking import (
    AskError,
    console,
    desk_option,
    json_option,
    lang_option,
    local_time,
    print_json,
    printable,
    run,
)
from deploy.cli.connection import Connection, connection_options
from schemas.codec import Codec
from schemas.problems import Problem
from schemas.records import QuarantinedProblem


@click.group("quarantine")
def quarantine() -> None:
    """Look at what could not be accepted; mend and retry what is your own.

    A record is named by its place, PARTITION:OFFSET, or by its event id.
    """


@quarantine.command("list")
@desk_option(required=False, help_text="Only what this desk published.")
@json_option
@lang_option
@connection_options
def list_command(desk: str | None, as_json: bool, lang: str, connection: Connection) -> None:
    """List what is in quarantine, oldest first, and count it by code and by origin."""
    codec = Codec()
    found = run(entries(connection.aiokafka(), codec, origin=desk)) or []
    if as_json:
        for entry in found:
            print_json(_as_json(shown(entry, None, codec)))
        return
    _print_list(console(), found, codec, lang)


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


def _print_list(out: Console, found: list[Entry], codec: Codec, lang: str) -> None:
    swedish = lang == "sv"
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
        table.add_row(str(view.place), local_time(view.at), view.origin or "?", view.event_type or "?", wrong)
    out.print(table)
    counted = summary(found)
    out.print(f"{counted.count} {'i karantän' if swedish else 'in quarantine'}", style="bold")
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


def _problem(problem: Problem | QuarantinedProblem, lang: str) -> str:
    remedy = problem.remedy_sv if lang == "sv" else problem.remedy_en
    return f"{problem.code} {problem.pointer or '/'}: {remedy}"
