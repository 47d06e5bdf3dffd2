"""``sambus reads``: is the read log whole, where do its chains end, and who has read an event."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from consumers.reads import verify_reads, who_read
from deploy.cli.asking import console, json_option, lang_option, local_time, print_json, run
from deploy.cli.connection import EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.ledger import as_dict, kept_heads, show
from schemas.chain import write_head
from schemas.codec import Codec

_READ_LOG = ("Läsloggen", "The read log")
_HEADS = {
    "sv": ("person", "funktion", "för", "sätt", "först", "borttagen"),
    "en": ("person", "desk", "purpose", "way", "first", "gone"),
}


@click.group("reads")
def reads() -> None:
    """Audit the read log: who read what, when and for what. It holds ids, and no content."""


@reads.command("verify")
@click.option(
    "--heads",
    "kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads kept from `sambus reads heads`: the chains must hold them too.",
)
@json_option
@lang_option
@connection_options
def verify_command(kept: Path | None, as_json: bool, lang: str, connection: Connection) -> None:
    """Read every line of the read log, and tell the first broken place of each gateway's chain.

    Exit codes: 0 whole, 1 broken, 2 a file without heads, 3 the bus cannot be reached.
    """
    verdict = run(verify_reads(connection.aiokafka(), [] if kept is None else kept_heads(kept)))
    if verdict is None:
        sys.exit(EXIT_NOT_WELL)
    if as_json:
        print_json(as_dict(verdict))
    else:
        show(console(), verdict, lang, _READ_LOG)
    sys.exit(0 if verdict.sound else EXIT_NOT_WELL)


@reads.command("heads")
@connection_options
def heads_command(connection: Connection) -> None:
    """Tell where each chain ends: WRITER NUMBER:HASH. Keep it out of the bus's reach, to verify against later.

    Exit codes: 0 told, 3 the bus cannot be reached.
    """
    verdict = run(verify_reads(connection.aiokafka()))
    for writer, head in ({} if verdict is None else verdict.heads).items():
        click.echo(f"{writer} {write_head(head).decode()}")


@reads.command("who")
@click.argument("event_id")
@json_option
@lang_option
@connection_options
def who_command(event_id: str, as_json: bool, lang: str, connection: Connection) -> None:
    """Tell who has read EVENT_ID, and from whom it is gone since it was recalled.

    Exit codes: 0 told, 1 nobody has, 3 the bus cannot be reached.
    """
    found = run(who_read(connection.aiokafka(), event_id.lower(), Codec())) or []
    if as_json:
        for seen in found:
            print_json(asdict(seen))
    elif found:
        table = Table(box=None, padding=(0, 2), pad_edge=True)
        for head in _HEADS[lang]:
            table.add_column(head)
        for seen in found:
            gone = "" if seen.gone_at is None else local_time(seen.gone_at)
            first = local_time(seen.first_at)
            table.add_row(seen.subject, seen.desk, seen.purpose, seen.channel, first, gone)
        console().print(table)
    else:
        console().print("Ingen har läst den." if lang == "sv" else "Nobody has read it.")
    sys.exit(0 if found else EXIT_NOT_WELL)
