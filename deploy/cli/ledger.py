"""``sambus ledger``: is the ledger whole, where does each lane's chain end, and what stands at one place of it."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from consumers.audit import Verdict, heads_of, verify
from consumers.chain import Break, Fault
from deploy.cli.asking import console, json_option, lang_option, print_json, run
from deploy.cli.connection import EXIT_NOT_WELL, Connection, connection_options
from schemas.chain import Head, read_head, write_head

_FAULTS = {
    "sv": {
        Fault.ALTERED: "raden är ändrad, eller länken i raden efter den",
        Fault.MISSING: "{missing} rader saknas från nummer {number}",
        Fault.SWAPPED: "raden står inte på sin plats: den har bytt plats med en annan",
        Fault.ADDED: "raden är inte skriven av bussen",
        Fault.REWRITTEN: "kedjan är hel men inte den som sparades: den är skriven på nytt härifrån eller tidigare",
    },
    "en": {
        Fault.ALTERED: "the line was altered, or the link in the line after it",
        Fault.MISSING: "{missing} lines are missing from number {number} on",
        Fault.SWAPPED: "the line is out of its place: it changed places with another",
        Fault.ADDED: "the line was not written by the bus",
        Fault.REWRITTEN: "the chain is whole but not the one that was kept: written anew from here or earlier",
    },
}


@click.group("ledger")
def ledger() -> None:
    """Audit the ledger of decisions: every line is chained to the one before by hash."""


@ledger.command("verify")
@click.option(
    "--heads",
    "kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads kept from `sambus ledger heads`: the chains must hold them too.",
)
@json_option
@lang_option
@connection_options
def verify_command(kept: Path | None, as_json: bool, lang: str, connection: Connection) -> None:
    """Read every line of the ledger, and tell the first broken place of each lane.

    Exit codes: 0 whole, 1 broken, 2 a file without heads, 3 the bus cannot be reached.
    """
    before = [] if kept is None else kept_heads(kept)
    with console(stderr=True).status("") as status:
        verdict = run(verify(connection.aiokafka(), before, told=lambda lines: status.update(f"{lines}")))
    if verdict is None:
        sys.exit(EXIT_NOT_WELL)
    if as_json:
        print_json(as_dict(verdict))
    else:
        show(console(), verdict, lang)
    sys.exit(0 if verdict.sound else EXIT_NOT_WELL)


@ledger.command("heads")
@json_option
@connection_options
def heads_command(as_json: bool, connection: Connection) -> None:
    """Tell where each lane's chain ends: LANE NUMBER:HASH. Keep it out of the bus's reach, to verify against later.

    Exit codes: 0 told, 3 the bus cannot be reached.
    """
    for lane, head in (run(heads_of(connection.aiokafka())) or {}).items():
        if as_json:
            print_json({"lane": lane, "number": head.number, "hash": head.digest.hex()})
        else:
            click.echo(f"{lane} {write_head(head).decode()}")


#: What is verified, in Swedish and English.
LEDGER = ("Liggaren", "The ledger")


def show(out: Console, verdict: Verdict, lang: str, what: tuple[str, str] = LEDGER) -> None:
    """The verdict in one line, then each broken place, then the heads."""
    swedish = lang == "sv"
    lanes = len(verdict.heads)
    if verdict.sound:
        said = f"{what[0]} är hel: {verdict.lines} rader i {lanes} led." if swedish else None
        out.print(said or f"{what[1]} is whole: {verdict.lines} lines in {lanes} lanes.", style="bold green")
    else:
        said = f"{what[0]} är inte hel." if swedish else f"{what[1]} is not whole."
        out.print(said, style="bold red")
    for found in verdict.breaks:
        out.print(f"  {_told(found, lang)}")
    hidden = verdict.unlinked - sum(found.lane is None for found in verdict.breaks)
    if hidden:
        out.print(f"  + {hidden} {'rader utan länk' if swedish else 'lines without a link'}")
    for lane, head in verdict.heads.items():
        out.print(f"  {'led' if swedish else 'lane'} {lane}: {head.number} {head.digest.hex()}", style="dim")


def _told(found: Break, lang: str) -> str:
    """One broken place in words: code, where, what."""
    what = _FAULTS[lang][found.fault].format(missing=found.missing, number=found.number)
    lane = "" if found.lane is None else f" {'led' if lang == 'sv' else 'lane'} {found.lane}, nr {found.number}"
    words = {"sv": ("före", "efter"), "en": ("before", "after")}[lang]
    place = "" if found.place is None else f" {_place(found.place)}"
    if found.fault is Fault.MISSING:
        place = "" if found.place is None else f" {words[0]} {_place(found.place)}"
        place += "" if found.after is None else f" {words[1]} {_place(found.after)}"
    return f"{found.fault}{place}{lane}: {what}"


def _place(place: tuple[int, int]) -> str:
    return f"{place[0]}:{place[1]}"


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON has it; places as partition and offset."""

    def place(at: tuple[int, int] | None) -> dict[str, int] | None:
        return None if at is None else {"partition": at[0], "offset": at[1]}

    return {
        "sound": verdict.sound,
        "lines": verdict.lines,
        "breaks": [
            asdict(found) | {"place": place(found.place), "after": place(found.after)} for found in verdict.breaks
        ],
        "unlinked": verdict.unlinked,
        "heads": [
            {"lane": lane, "number": head.number, "hash": head.digest.hex()} for lane, head in verdict.heads.items()
        ],
    }


def kept_heads(file: Path) -> list[tuple[int, Head]]:
    """The heads in a file, as ``sambus ledger heads`` printed them. Errors: ``click.UsageError`` names the line."""
    found: list[tuple[int, Head]] = []
    for number, line in enumerate(file.read_text("utf-8", errors="replace").splitlines(), 1):
        lane, _, text = line.strip().partition(" ")
        if not lane:
            continue
        head = read_head(text.encode())
        if head is None or not (lane.isascii() and lane.isdigit()):
            raise click.UsageError(
                f"{file}, line {number}: a head is LANE NUMBER:HASH, as `sambus ledger heads` tells."
            )
        found.append((int(lane), head))
    return found
