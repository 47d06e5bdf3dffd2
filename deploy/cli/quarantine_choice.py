"""Which records a command on quarantine means: one by name, or many by what they have in common."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from consumers.causes import Selection
from consumers.ledger import OPERATIONS
from consumers.marks import UNPROVEN
from consumers.quarantine import Entry, entries, find, shown
from deploy.cli.asking import AskError, desk_problem, local_time, printable, run, since_option
from deploy.cli.connection import Connection
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer

F = TypeVar("F", bound=Callable[..., Any])

_NAMES = ("cause", "origin", "event_type", "since")


def selection_options(command: F) -> F:
    """The options ``--cause``, ``--origin``, ``--type`` and ``--since``; the command receives ``selection``."""

    @functools.wraps(command)
    def gathered(*args: Any, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in _NAMES}
        return command(*args, selection=Selection(**chosen), **options)

    options = [
        click.option("--cause", metavar="CODE[ POINTER]", help="Only with this fault, as `list --by cause` writes it."),
        click.option("--origin", metavar=f"UNIT/FUNCTION|{UNPROVEN}", help="Only what this desk published."),
        click.option("--type", "event_type", metavar="TYPE", help="Only events of this type."),
        click.option("--since", callback=_since, metavar="TIME", help="Only from then on: 1h, 2d, or an ISO time."),
    ]
    made: Any = gathered
    for option in reversed(options):
        made = option(made)
    return made  # type: ignore[no-any-return]


def many_options(command: F) -> F:
    """A selection with ``--all`` and ``--yes``; the command receives ``many``, None without ``--all``.

    Errors: ``click.UsageError`` when it is not plain whether one RECORD is meant or many.
    """

    @selection_options
    @functools.wraps(command)
    def gathered(*args: Any, record: str | None, every: bool, yes: bool, selection: Selection, **options: Any) -> Any:
        if every is (record is not None):
            raise click.UsageError(
                "Name one RECORD, or say --all and which ones with --cause, --origin, --type and --since."
            )
        return command(*args, record=record, many=Many(selection, yes) if every else None, **options)

    every = click.option("--all", "every", is_flag=True, help="All that the other options mean, instead of one record.")
    yes = click.option("--yes", is_flag=True, help="Do not ask whether to go on.")
    made: Any = every(yes(gathered))
    return made  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Many:
    """Many records: which, and whether to go on without asking."""

    selection: Selection
    yes: bool


def who_option(help_text: str) -> Callable[[F], F]:
    """The option ``--as``: a desk, or operations; the command receives ``who``."""
    metavar = f"UNIT/FUNCTION|{OPERATIONS}"
    return click.option("--as", "who", metavar=metavar, required=True, callback=_who, help=help_text)


def one_entry(connection: Connection, codec: Codec, name: str) -> Entry:
    """The record that a person names. Errors: ``AskError`` when there is none."""
    found = find(run(entries(connection.aiokafka(), codec)) or [], name)
    if found is None:
        raise AskError("There is no such record in quarantine. See `sambus quarantine list`.")
    return found


def chosen_entries(connection: Connection, codec: Codec, selection: Selection) -> list[Entry]:
    """The records that a selection means, oldest first."""
    found = run(entries(connection.aiokafka(), codec)) or []
    return [entry for entry in found if selection.takes(shown(entry, None, codec))]


def still_waiting(entry: Entry) -> None:
    """Errors: ``AskError`` for a record with which something was done already."""
    if (drop := entry.dropped) is not None:
        raise AskError(f"It was dropped {local_time(drop.at)} by {drop.by}: {printable(drop.reason)}")
    if (again := entry.retried) is not None:
        raise AskError(f"It was published again {local_time(again.at)} by {again.by}: {printable(again.sent)}")


def _since(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    found = since_option(text)
    if isinstance(found, int):
        raise click.UsageError("--since takes a time here, no offset.")
    return datetime.now(UTC) - found if isinstance(found, timedelta) else found


def _who(_: click.Context, __: click.Parameter, value: str) -> str:
    if value != OPERATIONS and (problem := desk_problem(value, load_gazetteer())) is not None:
        raise click.UsageError(problem)
    return value
