"""``sambus spool``: what waits on the disk, sending it, and the keys it is encrypted with."""

import sys
from pathlib import Path
from typing import Any

import click

from deploy.cli.asking import console, json_option, lang_option, print_json, run
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.spooling import keys, not_taken, tell_kept
from producers.sender import Sender
from producers.spool import Spool, SpoolError
from producers.spool_keys import SpoolKeys, SpoolKeysError, make_keys, rotate_keys

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group("spool")
def spool() -> None:
    """Look at what waits in a spool, send it, make its keys. Only one process at a time can have a spool."""


@spool.command()
@_FOLDER
@json_option
@lang_option
def show(folder: Path, as_json: bool, lang: str) -> None:
    """Show how many events wait, by urgency, and what cannot be sent. No content.

    Exit codes: 0 nothing is wrong, 1 some files cannot be sent or another process has the spool, 2 wrong use.
    """
    with _opened(folder, lang) as found:
        _tell(found, lang, as_json=as_json)
        kept = bool(found.kept)
    sys.exit(EXIT_NOT_WELL if kept else EXIT_DONE)


@spool.command()
@_FOLDER
@click.option("--wait", type=click.FloatRange(0), default=60.0, show_default=True, help="Seconds, at most.")
@json_option
@lang_option
@connection_options
def send(folder: Path, wait: float, as_json: bool, lang: str, connection: Connection) -> None:
    """Send what waits, the most urgent and oldest first.

    Exit codes: 0 the bus has all of it, 1 some is left, 2 wrong use.
    """
    with _opened(folder, lang) as found:
        sender = Sender(connection.aiokafka(), found)
        run(_send(sender, wait))
        if sender.trouble is not None and len(found):
            console(stderr=True).print(sender.trouble, soft_wrap=True)
        _tell(found, lang, as_json=as_json, sent=sender.sent)
        left = bool(len(found) or found.kept)
    sys.exit(EXIT_NOT_WELL if left else EXIT_DONE)


async def _send(sender: Sender, wait: float) -> None:
    import asyncio

    from schemas.tasks import end_or_raise

    sending = asyncio.create_task(sender.run())
    await sender.empty(wait)
    await end_or_raise(sending)


@spool.group("key")
def key() -> None:
    """Keys of spools. Name the file in SAMBUS_SPOOL_KEY_FILE; keep it where the spool is not."""


@key.command()
@_FILE
def make(file: Path) -> None:
    """Make a key in a new FILE, which only its owner can read."""
    try:
        _tell_keys(make_keys(file))
    except FileExistsError:
        raise click.UsageError("The file exists. Use `sambus spool key rotate`: what waits needs its key.") from None
    except OSError as problem:
        raise click.UsageError(f"The file cannot be written: {problem.strerror}.") from None


@key.command()
@_FILE
def rotate(file: Path) -> None:
    """Let a new key take over in FILE. The former ones still read what waits.

    When `sambus spool show` is empty, their lines may be taken out of the file.
    """
    try:
        _tell_keys(rotate_keys(file))
    except SpoolKeysError as problem:
        raise click.UsageError(f"{problem}.") from None
    except OSError as problem:
        raise click.UsageError(f"The file cannot be written: {problem.strerror}.") from None


def _tell_keys(found: SpoolKeys) -> None:
    current, *former = found.names
    click.echo(f"In use: {current}.")
    if former:
        click.echo(f"Former: {', '.join(former)}.")


def _opened(folder: Path, lang: str) -> Spool:
    if not folder.exists():
        raise click.UsageError(f"There is no spool {folder}.")
    try:
        return Spool(folder, keys())
    except SpoolError as problem:
        raise not_taken(problem, lang) from problem


def _tell(found: Spool, lang: str, *, as_json: bool, **more: Any) -> None:
    waiting = found.waiting()
    if as_json:
        kept = [{"file": str(each.path), "bytes": each.size, "key": each.key or None} for each in found.kept]
        by_urgency = {str(each): count for each, count in waiting.items()}
        print_json({**more, "waiting": len(found), "by_urgency": by_urgency, "bytes": found.size, "kept": kept})
        return
    out = console()
    said = "{count} väntar, {kib} KiB på disken." if lang == "sv" else "{count} wait, {kib} KiB on the disk."
    out.print(said.format(count=len(found), kib=-(-found.size // 1024)))
    for urgency, count in waiting.items():
        out.print(f"  {_urgency(urgency, lang)}: {count}")
    tell_kept(found, lang)


def _urgency(urgency: int, lang: str) -> str:
    if urgency:
        return f"prioritet {urgency}" if lang == "sv" else f"priority {urgency}"
    return "fara för liv" if lang == "sv" else "danger to life"
