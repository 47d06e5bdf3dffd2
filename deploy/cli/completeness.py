"""``sambus completeness``: a desk's feed against the lanes' counts for it, and what became of what it published."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from consumers.completeness import FeedProof, PublishedProof, feed_proof, published_proof
from consumers.statements import holds, signing_key, statement
from deploy.cli.asking import AskError, console, desk_option, json_option, lang_option, print_json, run, since_option
from deploy.cli.connection import EXIT_NOT_WELL, Connection, connection_options
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer

_KEY = click.Path(dir_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _since(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    found = since_option(text)
    if isinstance(found, int):
        raise click.UsageError("--since takes a time here, no offset.")
    return datetime.now(UTC) - found if isinstance(found, timedelta) else found


def _verify(context: click.Context, _: click.Parameter, value: tuple[Path, str] | None) -> None:
    """Tell whether a signed statement is as it was signed, and end."""
    if value is None:
        return
    path, public = value
    try:
        told = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        raise AskError("The file holds no statement.") from None
    if not isinstance(told, dict) or not holds(told, public):
        raise AskError("The statement is not as it was signed, or somebody else signed it.")
    console().print("ok")
    context.exit(0)


@click.command("completeness")
@click.option(
    "--verify",
    type=(_FILE, str),
    metavar="FILE KEY",
    is_eager=True,
    expose_value=False,
    callback=_verify,
    help="Only tell whether a signed statement is as it was signed, by this public key.",
)
@desk_option(help_text="The desk whose feed and events are proven.")
@click.option("--since", callback=_since, metavar="TIME", help="Only from then on: 1h, 2d, or an ISO time.")
@click.option("--own-topic", is_flag=True, help="The desk has Kafka access of its own.")
@click.option("--sign", "key", type=_KEY, help="Sign what is told with the key in this file, made if it is not there.")
@json_option
@lang_option
@connection_options
def completeness(
    desk: str,
    since: datetime | None,
    own_topic: bool,
    key: Path | None,
    as_json: bool,
    lang: str,
    connection: Connection,
) -> None:
    """Prove that all arrived: every delivery that was made for DESK is in its feed, once, and no other.

    And what became of what it published: accepted, known already, in quarantine; from how many desks a rule kept its
    own events; and whether a number of its streams is missing.
    Exit codes: 0 all is there, 1 something is missing, doubled or added, 2 wrong use, 3 the bus cannot be reached.
    """
    found = run(_proofs(connection, desk, since, own_topic=own_topic))
    if found is None:
        sys.exit(EXIT_NOT_WELL)
    feed, published = found
    told: dict[str, Any] = statement(datetime.now(UTC), desk, feed, published)
    if as_json or key is not None:
        print_json(told if key is None else signing_key(key).signed(told))
    else:
        _print(console(), feed, published, lang)
    sys.exit(0 if feed.whole and published.whole else EXIT_NOT_WELL)


async def _proofs(
    connection: Connection, desk: str, since: datetime | None, *, own_topic: bool
) -> tuple[FeedProof, PublishedProof]:
    options = connection.aiokafka()
    return await asyncio.gather(
        feed_proof(options, desk, load_gazetteer(), own_topic=own_topic, since=since),
        published_proof(options, desk, Codec(), own_topic=own_topic, since=since),
    )


def _print(out: Console, feed: FeedProof, published: PublishedProof, lang: str) -> None:
    swedish = lang == "sv"
    came, missing = sum(lane.came for lane in feed.lanes), sum(lane.missing for lane in feed.lanes)
    doubled, added = sum(lane.doubled for lane in feed.lanes), sum(lane.added for lane in feed.lanes)
    if feed.whole:
        out.print(
            f"Allt har kommit fram: {came} leveranser" if swedish else f"All arrived: {came} deliveries",
            style="bold green",
        )
    else:
        words = (
            f"Flödet är inte helt: {missing} saknas, {doubled} är dubbla, {added} är tillagda"
            if swedish
            else f"The feed is not whole: {missing} missing, {doubled} doubled, {added} added"
        )
        out.print(words, style="bold red")
        for lane in feed.lanes:
            if lane.missing:
                numbers = ", ".join(map(str, lane.examples))
                out.print(f"  {'fil' if swedish else 'lane'} {lane.lane}: {numbers}")
    sent = published
    out.print(
        f"Publicerat: {sent.accepted} mottagna, {sent.dropped} redan kända, {sent.quarantined} i karantän; "
        f"egna händelser undanhållna {sent.kept_from} gånger"
        if swedish
        else f"Published: {sent.accepted} accepted, {sent.dropped} known already, {sent.quarantined} in quarantine; "
        f"own events withheld {sent.kept_from} times"
    )
    if not sent.known:
        out.print("Ingen har följt numreringen." if swedish else "Nobody has followed the numbers.", style="dim")
    elif not sent.whole:
        words = (
            f"{sent.missing} numrerade poster kom aldrig" if swedish else f"{sent.missing} numbered records never came"
        )
        out.print(words, style="bold red")
