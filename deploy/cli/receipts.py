"""``sambus receipts``: what became of the events that a desk has published."""

import sys

import click

from deploy.cli.asking import console, desk_option, json_option, lang_option, local_time, print_json, run, since_option
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, BusUnreachableError, Connection, connection_options
from deploy.cli.fates import fate_json, fate_words
from producers.client import BusUnreachable
from producers.receipts import News, Receipts, Since
from schemas.receipts import Fate, ReceiptLine


@click.command("receipts")
@desk_option(help_text="The desk that published: unit/function.")
@click.option("--since", metavar="AGO|TIME", help="1h, 2d, or an ISO time. Default: 24h; now with --follow.")
@click.option("--event", "event_id", metavar="EVENT_ID", help="Only of this event.")
@click.option("--follow", is_flag=True, help="Stay and show what comes, until Ctrl-C.")
@click.option("--own-topic", is_flag=True, help="Read the desk's own topics (a desk with its own Kafka access).")
@json_option
@lang_option
@connection_options
def receipts(  # noqa: PLR0913, PLR0917 - one parameter an option
    desk: str,
    since: str | None,
    event_id: str | None,
    follow: bool,
    own_topic: bool,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """Show what became of this desk's events.

    Accepted, known already or in quarantine; how many desks got them and have answered, never which; what others say
    of them.

    Exit codes: 0 shown, 1 some are in quarantine, 2 wrong use, 3 the bus cannot be reached.
    """
    start: Since = _start(since) if since else None if follow else _start("24h")
    reading = Receipts(connection.aiokafka(), desk, since=start, follow=follow, own_topic=own_topic)
    shown = _Showing(event_id, lang, as_json=as_json)
    try:
        run(_show(reading, shown))
    except BusUnreachable as problem:
        raise BusUnreachableError(str(problem)) from problem
    if reading.unreadable:
        console(stderr=True).print(_UNREADABLE[lang].format(count=reading.unreadable), soft_wrap=True)
    sys.exit(EXIT_NOT_WELL if shown.quarantined else EXIT_DONE)


_UNREADABLE = {
    "sv": "{count} kvitton kunde inte läsas av den här versionen.",
    "en": "{count} receipts could not be read by this version.",
}


class _Showing:
    """Shows news as they come, and remembers whether an event is in quarantine."""

    def __init__(self, event_id: str | None, lang: str, *, as_json: bool) -> None:
        self.quarantined = False
        self._event_id = event_id.lower() if event_id else None
        self._lang = lang
        self._as_json = as_json
        self._out = console()

    def __call__(self, news: News) -> None:
        told = news.told
        if self._event_id not in (None, told.event_id):
            return
        self.quarantined |= isinstance(told, ReceiptLine) and told.fate is Fate.QUARANTINED
        if self._as_json:
            print_json(fate_json(news))
            return
        first, *rest = fate_words(told, self._lang)
        where = told.event_id or (told.accepted_from if isinstance(told, ReceiptLine) else "")
        self._out.print(f"{local_time(told.at)} {where} {first}", soft_wrap=True)
        for line in rest:
            self._out.print(f"  {line}", soft_wrap=True)


async def _show(reading: Receipts, shown: _Showing) -> None:
    async with reading:
        async for news in reading:
            shown(news)


def _start(text: str) -> Since:
    found = since_option(text)
    if isinstance(found, int):
        raise click.UsageError("--since takes a time ago (1h) or a moment here: receipts stand on two topics.")
    return found
