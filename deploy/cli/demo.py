"""``sambus demo``: a realistic day through a bus of its own, told as it happens, with the books at the end."""

import asyncio
import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from consumers.bus import BusUnreachableError, TopicMissingError
from deploy.cli.asking import LOCAL, console, print_json
from deploy.cli.connection import EXIT_NOT_WELL, EXIT_UNREACHABLE
from deploy.cluster.errors import ClusterError

#: Columns of a plain log.
PLAIN_WIDTH = 120


@click.command()
@click.option("--lang", type=click.Choice(["sv", "en"]), default="en", show_default=True, help="Language of the story.")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(min=0.1), help="Faster reading: 2, 3 …")
@click.option("--fast", is_flag=True, help="No pauses for reading, for tests and CI.")
@click.option("--secure", is_flag=True, help="On a secured Kafka: TLS, a user for each part, ACLs.")
@click.option("--json", "as_json", is_flag=True, help="The books as one JSON object on stdout; the story on stderr.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep data and logs in this new folder.")
def demo(lang: str, speed: float, fast: bool, secure: bool, as_json: bool, keep: Path | None) -> None:
    """Tell a realistic day: events of every type between units of several regions, and what three people see.

    It has a Kafka of its own in a throw-away folder and touches no other data. Everything in it is made up, every
    number is counted on the bus. Exit code 0 when the books balance, 1 when they do not, 3 when the bus cannot be
    brought up.
    """
    sys.exit(_told(lang, 0.0 if fast else speed, secure=secure, as_json=as_json, keep=keep))


def _told(lang: str, speed: float, *, secure: bool, as_json: bool, keep: Path | None) -> int:
    from deploy.cluster.supervisor import StopAsked, stop_signals

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it would say is said below, with the remedy
    try:
        with stop_signals():
            return _run(lang, speed, secure=secure, as_json=as_json, keep=keep)
    except StopAsked:
        click.echo("Stopped. Nothing is left running.", err=True)
        return EXIT_NOT_WELL
    except ClusterError as problem:
        click.echo(f"Error: {problem}", err=True)
        return problem.exit_code


def _console(*, stderr: bool) -> Console:
    """Where the story is read; wide enough for its table also where no terminal says how wide it is."""
    out = console(stderr=stderr)
    if not out.is_terminal and "COLUMNS" not in os.environ:
        out.width = PLAIN_WIDTH
    return out


def _run(lang: str, speed: float, *, secure: bool, as_json: bool, keep: Path | None) -> int:
    from deploy.demo.bus import DemoBus
    from deploy.demo.run import run_day
    from deploy.demo.screen import screen_for
    from deploy.demo.telling import Teller
    from deploy.demo.watch import StalledError
    from producers.client import BusUnreachable
    from schemas.gazetteer import load_gazetteer

    out = _console(stderr=as_json)
    teller = Teller(lang, load_gazetteer())
    day = datetime.now(UTC).astimezone(LOCAL).date() - timedelta(days=1)
    bus = DemoBus(keep, secure=secure)
    out.print(teller.say("title"), style="bold")
    out.print(teller.say("made_up", day=day.isoformat()), style="dim")
    out.print(teller.say("starting", home=bus.home), style="dim")
    with bus:
        try:
            report = asyncio.run(run_day(bus, day, screen_for(out, lang), teller, speed))
        except StalledError as problem:
            out.print(teller.say("stalled", problem=problem), style="bold red")
            out.print(bus.said())
            return EXIT_NOT_WELL
        except (BusUnreachable, BusUnreachableError, TopicMissingError, TimeoutError) as problem:
            click.echo(f"Error: {str(problem) or 'The bus stopped answering.'}\n{bus.said()}", err=True)
            return EXIT_UNREACHABLE
    out.print(report.shown(teller, load_gazetteer()))
    if keep is not None:
        out.print(teller.say("kept", home=bus.home))
    if as_json:
        print_json(report.as_json(load_gazetteer()))
    return report.exit_code
