"""``sambus feed``: a desk's deliveries with the cards that they belong to, for people or as one JSON object a line."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from consumers.cards import SAYING
from consumers.client_feed import GatewayFeed
from consumers.desk_cards import KEPT
from consumers.feed import Delivery, Feed, Since, Unreadable, WrongStartError
from consumers.folding import Cards, about
from deploy.cli.asking import (
    ago_option,
    console,
    desk_option,
    json_option,
    lang_option,
    print_json,
    run,
    since_option,
)
from deploy.cli.by_gateway import ByGateway, gateway_options, gateway_told
from deploy.cli.connection import Connection, connection_options
from deploy.cli.registry import registry_ids, registry_option
from deploy.cli.tracing import tracer_of
from schemas.gazetteer import load_gazetteer

#: A reader that stays lets go of what is older than what the bus keeps, now and then.
_LET_GO_EVERY = 10_000

Reading = Feed | GatewayFeed
#: Shows an item with its cards; gives whether it is one of those that were asked for.
Show = Callable[[Delivery | Unreadable, Cards], bool]


@dataclass
class Told:
    """What was shown, for the last line, and the cards by now."""

    deliveries: int = 0
    unreadable: int = 0
    cards: Cards = field(default_factory=Cards)

    def fold(self, item: Delivery) -> None:
        """Let the cards know of a delivery."""
        self.cards.add(item)
        if not len(self.cards) % _LET_GO_EVERY:
            self.cards = self.cards.since(datetime.now(UTC) - KEPT)


@click.command("feed")
@desk_option(help_text="The desk whose feed it is: unit/function.")
@click.option(
    "--since", metavar="AGO|OFFSET|TIME", help="1h, 2d, an offset, or an ISO time. Default: 24h; now with --follow."
)
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only this event type. May be given again.")
@click.option("--follow", is_flag=True, help="Stay and show what comes, until Ctrl-C.")
@click.option(
    "--look-back",
    metavar="AGO",
    default="24h",
    show_default=True,
    callback=ago_option,
    help="Read so long before the start, unshown, to know which cards the rest belongs to.",
)
@click.option("--own-topic", is_flag=True, help="Read the desk's own topic (a desk with its own Kafka access).")
@registry_option
@gateway_options
@json_option
@lang_option
@connection_options
def feed(  # noqa: PLR0913, PLR0917 - one parameter an option
    desk: str,
    since: str | None,
    types: tuple[str, ...],
    follow: bool,
    look_back: timedelta,
    own_topic: bool,
    registry: str | None,
    by_gateway: ByGateway | None,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """Show the deliveries made for a desk, in the order in which they came, each with the card that it belongs to.

    Reports of the same real event are one card, each with its own grading; a join, a split, a link or a recall is told
    when it comes. Straight from Kafka, or with --gateway by way of a gateway, as whoever the token is of.

    Exit codes: 0 done, also after Ctrl-C; 1 the gateway refuses; 2 an unknown desk or type; 3 the bus or the gateway
    cannot be reached.
    """
    _check_types(types)
    start: Since = since_option(since) if since else None if follow else since_option("24h")
    options: dict[str, Any] = {"since": start, "follow": follow, "look_back": look_back}
    told = Told()
    show = _json_line(frozenset(types)) if as_json else _card_printer(lang, desk, frozenset(types))
    reading: Reading
    if by_gateway is None:
        ids = registry_ids(registry, connection)
        reading = Feed(connection.aiokafka(), desk, own_topic=own_topic, ids=ids, tracer=tracer_of("feed"), **options)
    else:
        reading = by_gateway.feed(desk, types, **options)
    try:
        with gateway_told():
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


async def _show(reading: Reading, show: Show, told: Told) -> None:
    async with reading as items:
        async for item in items:
            if isinstance(item, Delivery):
                told.fold(item)
            if not reading.before_start(item):
                told.unreadable += isinstance(item, Unreadable)
                told.deliveries += show(item, told.cards)


def _json_line(types: frozenset[str]) -> Show:
    from deploy.cli.card_json import card_json

    def show(item: Delivery | Unreadable, cards: Cards) -> bool:
        position = {"partition": item.position.partition, "offset": item.position.offset}
        if isinstance(item, Unreadable):
            print_json({"unreadable": item.code, "size": item.size, "position": position})
            return False
        if types and item.meta.event_type not in types:
            return False
        found = {card.card_id: card for card in map(cards.card, about(item)) if card.reports}
        line = {"position": position, "meta": item.meta.model_dump(mode="json"), "event": item.event}
        print_json(line | {"cards": [card_json(found[card_id]) for card_id in sorted(found)]})
        return True

    return show


def _card_printer(lang: str, desk: str, types: frozenset[str]) -> Show:
    from deploy.cli.card import CardMaker
    from deploy.cli.card_group import GroupTeller
    from schemas.substances import load_substances

    maker, out = CardMaker(lang, load_gazetteer(), load_substances()), console()
    teller = GroupTeller(lang, desk, maker.desk_name)

    def show(item: Delivery | Unreadable, cards: Cards) -> bool:
        if isinstance(item, Unreadable):
            maker.print(out, item)
            return False
        if types and not types & {item.meta.event_type, *_types_on(item, cards)}:
            return False
        maker.print(out, item, teller.beside(item, cards))
        return True

    return show


def _types_on(item: Delivery, cards: Cards) -> set[str]:
    """The types of the reports that a link, an order or a pointer is about."""
    reports = map(cards.report, about(item)) if item.meta.event_type in SAYING else ()
    return {report.event_type for report in reports if report is not None}


def _last_line(reading: Reading, told: Told, lang: str) -> None:
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
