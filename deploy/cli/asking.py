"""What the commands that ask the bus share: who asks, in which language, and one way to end."""

import asyncio
import logging
import re
import sys
import unicodedata
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click
import orjson
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from rich.console import Console

from consumers.bus import BusUnreachableError as Unreachable
from consumers.bus import TopicMissingError
from deploy.cli.connection import EXIT_NOT_WELL, BusUnreachableError
from schemas.gazetteer import Gazetteer, load_gazetteer
from schemas.partners import PARTNERS
from schemas.schema_ids import RegistrySilentError
from schemas.vocabulary import Function

LOCAL = ZoneInfo("Europe/Stockholm")
NEAR_NAMES = 3

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

#: Control and format characters, and halves of surrogate pairs.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs"})
_AGO = re.compile(r"^([0-9]{1,6})\s*(s|m|h|d)$")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class AskError(click.ClickException):
    """What was asked about cannot be answered: exit code 1."""

    exit_code = EXIT_NOT_WELL


def desk_option(*, required: bool = True, help_text: str = "The desk you ask for: unit/function.") -> Callable[[F], F]:
    """The option ``--as UNIT/FUNCTION``; the command receives ``desk``."""
    return click.option("--as", "desk", metavar="UNIT/FUNCTION", required=required, callback=_desk, help=help_text)


def lang_option(command: F) -> F:
    """The option ``--lang``: Swedish unless told otherwise."""
    option = click.option(
        "--lang",
        type=click.Choice(["sv", "en"]),
        default="sv",
        envvar="SAMBUS_LANG",
        show_default=True,
        help="Language.",
    )
    return option(command)


def json_option(command: F) -> F:
    """The option ``--json``: one JSON object a line on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line, everything in it.")(command)


def _desk(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and (problem := desk_problem(value, load_gazetteer())) is not None:
        raise click.UsageError(problem)
    return value


def desk_problem(desk: str, gazetteer: Gazetteer) -> str | None:
    """What is wrong with a desk address and which ones are near; None when it is one."""
    unit, _, function = desk.partition("/")
    if gazetteer.known_desk(desk) or (unit in PARTNERS and function in set(Function)):
        return None
    if gazetteer.known(unit):
        return f"{unit} has no desk {function or '(none named)'!r}. Its desks: {', '.join(gazetteer.desks(unit))}."
    near = gazetteer.search(unit.rpartition(".")[2] or unit, NEAR_NAMES)
    names = [
        f"{gazetteer.desks(hit.code)[0].partition('/')[0]}/{function or 'intelligence'} ({hit.name})" for hit in near
    ]
    hint = f" Did you mean {', '.join(names)}?" if names else " Desks are named unit/function, as in the gazetteer."
    return f"There is no unit {unit!r}.{hint}"


def run(work: Coroutine[Any, Any, T], *, on_interrupt: T | None = None) -> T | None:
    """Run a command's work to its end, and turn what can go wrong with Kafka into the promised exit codes.

    Errors: ``ClickException`` with exit code 3 when the bus cannot be reached, 1 when a topic cannot be read.
    Ctrl-C gives ``on_interrupt``.
    """
    # The library reports each failed attempt; the person gets one answer instead.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return on_interrupt
    except Unreachable as problem:
        raise BusUnreachableError(str(problem)) from problem
    except RegistrySilentError as problem:
        raise BusUnreachableError(str(problem), kafka=False) from problem
    except TopicMissingError as problem:
        raise AskError(str(problem)) from problem
    except TimeoutError as problem:
        raise BusUnreachableError("The bus stopped answering. See `sambus status`.") from problem
    except TopicAuthorizationFailedError as problem:
        named = ", ".join(map(str, problem.args)) or "a topic"
        raise AskError(f"This user may not read {named}: ask for the right, see `sambus acls plan`.") from problem
    except KafkaError as problem:
        raise AskError(f"Kafka refused: {type(problem).__name__}.") from problem


def since_option(text: str) -> timedelta | datetime | int:
    """A start as people write it: ``1h``, ``30m``, ``2d``; an offset; an ISO time (local when it names no zone).

    Errors: ``click.UsageError``.
    """
    text = text.strip()
    if (ago := _AGO.match(text)) is not None:
        return timedelta(**{_UNIT[ago[2]]: int(ago[1])})
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"--since {text!r} is neither a time ago (90s, 30m, 1h, 2d), an offset (1500) nor an ISO time "
            "(2026-07-08T14:00)."
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=LOCAL)


def ago_option(_: click.Context, __: click.Parameter, text: str) -> timedelta:
    """A length of time as people write it: ``30m``, ``24h``, ``2d``. Errors: ``click.UsageError``."""
    found = since_option(text)
    if not isinstance(found, timedelta):
        raise click.UsageError(f"{text!r} is no length of time (90s, 30m, 24h, 2d).")
    return found


def local_time(moment: datetime) -> str:
    """A moment for people: Stockholm time, with the date only when it is not today's."""
    here = moment.astimezone(LOCAL)
    today = datetime.now(UTC).astimezone(LOCAL).date()
    return here.strftime("%H:%M:%S" if here.date() == today else "%Y-%m-%d %H:%M")


def print_json(value: Any) -> None:
    """One JSON object on one line of stdout, at once."""
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """A publisher's text made safe for a terminal: no escape sequences, no reversed reading direction.

    Shape: as long as it was; line breaks stay.
    """
    return "".join("\ufffd" if unicodedata.category(c) in _UNPRINTABLE and c != "\n" else c for c in text)


def console(*, stderr: bool = False) -> Console:
    """Where people read. Nothing is marked up or emphasised by guess: contents are shown as they are."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)
