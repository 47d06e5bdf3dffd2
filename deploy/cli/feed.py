"""``sambus feed``: a desk's deliveries, as cards for people or as one JSON object a line."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from consumers.feed import Delivery, Feed, Since, Unreadable, WrongStartError
from deploy.cli.asking import (
    console,
    desk_option,
    json_option,
    lang_option,
    print_json,
    run,
    since_option,
)
from deploy.cli.connection import Connection, connection_options
from schemas.gazetteer import load_gazetteer


@dataclass
class Told:
    """What was shown, for the last line."""

    deliveries: int = 0
    unreadable: int = 0


@click.command("feed")
@desk_option(help_text="The desk whose feed it is: unit/function.")
@click.option(
    "--since", metavar="AGO|OFFSET|TIME", help="1h, 2d, an offset, or an ISO time. Default: 24h; now with --follow."
)
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only this event type. May be given again.")
@click.option("--follow", is_flag=True, help="Stay and show what comes, until Ctrl-C.")
@click.option("--own-topic", is_flag=True, help="Read the desk's own topic (a desk with its own Kafka access).")
@json_option
@lang_option
@connection_options
def feed(  # noqa: PLR0913, PLR0917 - one parameter an option
    desk: str,
    since: str | None,
    types: tuple[str, ...],
    follow: bool,
    own_topic: bool,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """Show the deliveries made for a desk, in the order in which they came.

    Exit codes: 0 done, also after Ctrl-C; 2 an unknown desk or type; 3 the bus cannot be reached.
    """
    _check_types(types)
    start: Since = since_option(since) if since else None if follow else since_option("24h")
    reading = Feed(connection.aiokafka(), desk, types=types or None, since=start, follow=follow, own_topic=own_topic)
    told = Told()
    show = _json_line if as_json else _card_printer(lang)
    try:
        run(_show(reading, show, told))
    except WrongStartError as problem:
        raise click.UsageError(str(problem)) from problem
    except BrokenPipeError:
        _close_quietly()
    _last_line(reading, told, lang)


def _check_types(types: tuple[str, ...]) -> None:
    from rapidfuzz import process

    from schemas.catalogue import EVENT_TYPES

    for name in types:
        if name not in EVENT_TYPES:
            near = [match for match, *_ in process.extract(name, list(EVENT_TYPES), limit=3)]
            raise click.UsageError(f"There is no event type {name!r}. Did you mean {', '.join(near)}?")


async def _show(reading: Feed, show: Callable[[Delivery | Unreadable], None], told: Told) -> None:
    async with reading as items:
        async for item in items:
            show(item)
            if isinstance(item, Unreadable):
                told.unreadable += 1
            else:
                told.deliveries += 1


def _json_line(item: Delivery | Unreadable) -> None:
    position = {"partition": item.position.partition, "offset": item.position.offset}
    if isinstance(item, Unreadable):
        print_json({"unreadable": item.code, "size": item.size, "position": position})
    else:
        print_json({"position": position, "meta": item.meta.model_dump(mode="json"), "event": item.event})


def _card_printer(lang: str) -> Callable[[Delivery | Unreadable], None]:
    from deploy.cli.card import CardMaker
    from schemas.substances import load_substances

    maker, out = CardMaker(lang, load_gazetteer(), load_substances()), console()
    return lambda item: maker.print(out, item)


def _last_line(reading: Feed, told: Told, lang: str) -> None:
    """How much was shown, and what was not: on stderr, so that a pipe holds deliveries only."""
    count: Any = told.deliveries
    words = {
        "sv": (f"{count} leveranser till {reading.desk}", "oläsbara", "förskjutningar före start är gallrade"),
        "en": (
            f"{count} deliveries for {reading.desk}",
            "unreadable",
            "offsets before the start are gone by retention",
        ),
    }[lang]
    line = words[0]
    if told.unreadable:
        line += f", {told.unreadable} {words[1]}"
    if reading.passed_over:
        line += f", {reading.passed_over} {words[2]}"
    console(stderr=True).print(line, style="dim")


def _close_quietly() -> None:
    """The reader of our pipe went away; nothing is left to be said to it, not even at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
