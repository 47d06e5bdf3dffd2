"""``sambus quarantine mend|retry|drop``: working on what is in quarantine, one by one or many at once."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from consumers.causes import cause_of
from consumers.ledger import OPERATIONS
from consumers.marks import who_drops, who_retries
from consumers.patching import patched
from consumers.quarantine import Entry, shown
from consumers.resending import resend, write_marks
from consumers.retry import Again, Judge, as_it_came, body_of, judge_of, mended
from deploy.cli.asking import AskError, console, desk_option, lang_option, run
from deploy.cli.connection import Connection, connection_options
from deploy.cli.quarantine_choice import Many, chosen_entries, many_options, one_entry, still_waiting, who_option
from deploy.cli.quarantine_words import problem_line
from deploy.cli.sealing import sealing_codec
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.problems import Problem, RejectCode
from schemas.records import QuarantineDrop
from schemas.substances import load_substances

_LONGEST_REASON = 200
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Corrections:
    """What is to be corrected: single fields, or the whole event in a file."""

    put: Mapping[str, Any]
    taken: Sequence[str]
    path: Path | None


def _correction_options(command: Any) -> Any:
    """The options ``--set``, ``--remove`` and ``--file``; the command receives ``corrections``."""

    @functools.wraps(command)
    def gathered(*args: Any, put: Sequence[str], taken: Sequence[str], path: Path | None, **options: Any) -> Any:
        if (path is None) is not bool(put or taken):
            raise click.UsageError("Say what to correct with --set and --remove, or give the whole event with --file.")
        corrections = Corrections(dict(_change(text) for text in put), taken, path)
        return command(*args, corrections=corrections, **options)

    help_set = "Set a field; the value is JSON or text."
    put = click.option("--set", "put", multiple=True, metavar="/POINTER=VALUE", help=help_set)
    taken = click.option("--remove", "taken", multiple=True, metavar="/POINTER", help="Take a field away.")
    path = click.option("--file", "path", type=_FILE, help="The whole corrected event, JSON.")
    return put(taken(path(gathered)))


@click.command("mend")
@click.argument("record")
@desk_option(help_text="The desk that published it.")
@_correction_options
@click.option("--dry-run", is_flag=True, help="Only tell whether it would be right.")
@lang_option
@connection_options
def mend_command(
    record: str, desk: str, corrections: Corrections, dry_run: bool, lang: str, connection: Connection
) -> None:
    """Publish a record of your own again with corrections. It is checked first, and the event keeps its id.

    Exit codes: 0 published again, 1 still not right (or not there), 2 wrong use, 3 the bus cannot be reached.
    """
    codec = sealing_codec()
    entry = _own(connection, codec, record, desk)
    body = _patched(entry, codec, corrections, lang) if corrections.path is None else _body(corrections.path)
    again = _right(mended(entry, body, codec, _judge()), lang)
    if dry_run:
        console().print("Rätt; inget är publicerat." if lang == "sv" else "Right; nothing was published.")
    else:
        _tell_sent(run(resend(connection.aiokafka(), codec, [(entry, again)], desk, mended=True)), lang)


@click.command("retry")
@click.argument("record", required=False)
@who_option("The desk that published it; operations may send again as it came.")
@click.option("--mend", "path", type=_FILE, help="The corrected event, JSON.")
@many_options
@lang_option
@connection_options
def retry_command(
    record: str | None, who: str, path: Path | None, many: Many | None, lang: str, connection: Connection
) -> None:
    """Publish a record of your own again, as it came or with a corrected body. The event keeps its id.

    With --all: those that --cause, --origin, --type and --since mean, the oldest first, after a preview. It can be
    stopped and called again: what was published again waits no more.
    Exit codes: 0 published again, 1 still not right (or not there), 2 wrong use, 3 the bus cannot be reached.
    """
    codec, options = sealing_codec(), connection.aiokafka()
    if many is not None:
        if path is not None:
            raise click.UsageError("--mend corrects one record.")
        meant = [e for e in chosen_entries(connection, codec, many.selection) if who in who_retries(e.record.origin)]
        if _agreed(meant, codec, lang, yes=many.yes):
            run(resend(options, codec, [(entry, as_it_came(entry)) for entry in meant], who, mended=False))
            _tell(len(meant), "publicerade igen", "published again", lang)
        return
    entry = one_entry(connection, codec, str(record))
    if who not in who_retries(entry.record.origin) or (path is not None and who == OPERATIONS):
        raise AskError("Only the desk that published a record can retry it.")
    still_waiting(entry)
    again = as_it_came(entry) if path is None else _right(mended(entry, _body(path), codec, _judge()), lang)
    _tell_sent(run(resend(options, codec, [(entry, again)], who, mended=path is not None)), lang)


def _reason(_: click.Context, __: click.Parameter, value: str) -> str:
    text = " ".join(value.split())
    if not 1 <= len(text) <= _LONGEST_REASON:
        raise click.UsageError(f"--reason is a sentence of at most {_LONGEST_REASON} letters.")
    return text


@click.command("drop")
@click.argument("record", required=False)
@who_option(f"The desk that published it; {OPERATIONS} for what no desk was proven to have published.")
@click.option("--reason", required=True, callback=_reason, help="Why, in a sentence that names nobody. It is kept.")
@many_options
@lang_option
@connection_options
def drop_command(
    record: str | None, who: str, reason: str, many: Many | None, lang: str, connection: Connection
) -> None:
    """Drop a record that nobody will mend: who, when and why are kept, and it is no longer listed or retried.

    The record stays in quarantine for its time and counts there, so the books still balance. With --all: those that
    --cause, --origin, --type and --since mean, after a preview.
    Exit codes: 0 dropped, 1 not there, not yours or dropped before, 2 wrong use, 3 the bus cannot be reached.
    """
    codec, options = sealing_codec(), connection.aiokafka()
    if many is not None:
        meant = [e for e in chosen_entries(connection, codec, many.selection) if who == who_drops(e.record.origin)]
        if _agreed(meant, codec, lang, yes=many.yes):
            run(write_marks(options, codec, [(_drop(entry, who, reason), entry.record.origin) for entry in meant]))
            _tell(len(meant), "avskrivna", "dropped", lang)
        return
    entry = one_entry(connection, codec, str(record))
    if who_drops(entry.record.origin) != who:
        raise AskError(
            "Only the desk that published a record can drop it."
            if entry.record.origin
            else f"No desk was proven to have published it: only {OPERATIONS} can drop it."
        )
    still_waiting(entry)
    run(write_marks(options, codec, [(_drop(entry, who, reason), entry.record.origin)]))
    console().print(f"{'Avskriven' if lang == 'sv' else 'Dropped'}: {entry.place}")


def _agreed(meant: Sequence[Entry], codec: Codec, lang: str, *, yes: bool) -> bool:
    """Show what would be done and to how many, and ask whether to go on."""
    swedish = lang == "sv"
    causes = Counter(
        cause for entry in meant for cause in {cause_of(each) for each in shown(entry, None, codec).problems}
    )
    out = console(stderr=True)
    out.print(f"{len(meant)} {'poster' if swedish else 'records'}", style="bold")
    for cause, count in causes.most_common():
        out.print(f"  {count} {cause}")
    return bool(meant) and (yes or click.confirm("Gå vidare?" if swedish else "Go on?", err=True))


def _tell(count: int, sv: str, en: str, lang: str) -> None:
    console().print(f"{count} {sv if lang == 'sv' else en}")


def _own(connection: Connection, codec: Codec, record: str, desk: str) -> Entry:
    entry = one_entry(connection, codec, record)
    if entry.record.origin != desk:
        raise AskError("Only the desk that published a record can mend it.")
    still_waiting(entry)
    return entry


def _tell_sent(sent: Sequence[str] | None, lang: str) -> None:
    for at in sent or ():
        console().print(f"{'Publicerad igen' if lang == 'sv' else 'Published again'}: {at}")


def _drop(entry: Entry, who: str, reason: str) -> QuarantineDrop:
    place, event_id = entry.place, entry.record.event_id
    return QuarantineDrop(partition=place.partition, offset=place.offset, event_id=event_id, by=who, reason=reason)


def _judge() -> Judge:
    """What intake will ask, asked before anything is sent."""
    return judge_of(load_gazetteer(), load_substances(), lambda: datetime.now(UTC))


def _right(again: Again | tuple[Problem, ...], lang: str) -> Again:
    """Errors: ``AskError`` after what is still wrong was told."""
    if isinstance(again, Again):
        return again
    for problem in again:
        console(stderr=True).print(problem_line(problem, lang))
    raise AskError("The corrected event is still not right; nothing was published.")


def _patched(entry: Entry, codec: Codec, corrections: Corrections, lang: str) -> Mapping[str, Any]:
    held = body_of(entry, codec)
    unreadable = (Problem(RejectCode.UNREADABLE),)
    made = unreadable if held is None else patched(held, corrections.put, corrections.taken)
    if isinstance(made, tuple):
        for problem in made:
            console(stderr=True).print(problem_line(problem, lang))
        raise AskError("There is nothing at such a pointer, or the record cannot be read; nothing was published.")
    return made


def _change(text: str) -> tuple[str, Any]:
    """A pointer and its value, as ``--set`` takes them."""
    pointer, equals, value = text.partition("=")
    if not equals or not pointer.startswith("/"):
        raise click.UsageError("--set takes /POINTER=VALUE, as in /payload/count=3.")
    try:
        return pointer, orjson.loads(value)
    except orjson.JSONDecodeError:
        return pointer, value


def _body(path: Path) -> dict[str, Any]:
    try:
        body = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as problem:
        raise click.UsageError(f"{path.name} is not JSON: line {problem.lineno}, column {problem.colno}.") from None
    if not isinstance(body, dict):
        raise click.UsageError(f"{path.name} does not hold one event as a JSON object.")
    return body
