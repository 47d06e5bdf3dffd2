"""``sambus link confirm|split``: a desk's word on whether two of its reports tell of the same real event."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from consumers.desk_cards import cards_of
from consumers.folding import Cards
from consumers.saying import UnsayableError
from consumers.saying import link as word_on
from deploy.cli.asking import AskError, console, desk_option, json_option, lang_option, print_json, run
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, BusUnreachableError, Connection, connection_options
from producers.client import GATEWAY_TOPIC, BusUnreachable, Producer, Receipt
from schemas.events.control import LinkRelation, LinkStatus

F = TypeVar("F", bound=Callable[..., Any])

_NOT_SEEN = (
    "The deliveries of the last 7 days to this desk do not hold both events. If it got one of them earlier, say with "
    "--relation how they belong together; the bus tells of it only whoever has both."
)
_SAID_SV = {
    LinkStatus.CONFIRMED: "Bekräftat: bussen säger det till alla som har båda.",
    LinkStatus.REJECTED: "Isär: bussen säger det till alla som har båda.",
}
_SAID_EN = {
    LinkStatus.CONFIRMED: "Confirmed: the bus tells all who have both.",
    LinkStatus.REJECTED: "Parted: the bus tells all who have both.",
}


@click.group("link")
def link() -> None:
    """Confirm that two reports belong together, or part them. It can always be taken back by the other word."""


def _deciding(command: F) -> F:
    """Which two, who says so, and why."""
    options = [
        click.argument("one", metavar="A"),
        click.argument("other", metavar="B"),
        desk_option(help_text="The desk that decides; it must have both events."),
        click.option("--reason", required=True, help="Why, for all who have both; no personal data."),
        click.option("--by", metavar="NAME", help="Who decided: a role's or an officer's id. Default: the desk."),
        click.option(
            "--relation",
            type=click.Choice([each.value for each in LinkRelation]),
            help="How they belong together. Default: as was suggested; duplicate if nothing was.",
        ),
        click.option("--own-topic", is_flag=True, help="Read the desk's own topic (a desk with its own Kafka access)."),
        click.option("--topic", default=GATEWAY_TOPIC, hidden=True),
        json_option,
        lang_option,
        connection_options,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@link.command("confirm")
@_deciding
def confirm(**asked: Any) -> None:
    """Confirm that A and B tell of one real event, or what --relation says.

    A joint seizure counts once from then on. No report is changed, and no grading.

    Exit codes: 0 the bus has it, 1 it was rejected or this desk has not both, 2 wrong use, 3 the bus cannot be reached.
    """
    _decide(LinkStatus.CONFIRMED, **asked)


@link.command("split")
@_deciding
def split(**asked: Any) -> None:
    """Say that A and B are not the same: every card that this joined is parted, exactly.

    It holds against what the bus found, until somebody confirms it again.

    Exit codes: 0 the bus has it, 1 it was rejected or this desk has not both, 2 wrong use, 3 the bus cannot be reached.
    """
    _decide(LinkStatus.REJECTED, **asked)


def _decide(status: LinkStatus, connection: Connection, lang: str, *, as_json: bool, **asked: Any) -> None:
    """Read what the desk has of the two, and publish its word."""
    options, desk = connection.aiokafka(), asked["desk"]
    ends = asked["one"].lower(), asked["other"].lower()
    cards = run(cards_of(options, desk, own_topic=asked["own_topic"])) or Cards()
    body = link_event(status, ends, cards, desk=desk, **{name: asked[name] for name in ("reason", "by", "relation")})
    producer = Producer(options, origin=desk, topic=asked["topic"])
    try:
        receipt = run(_publish(producer, body))
    except BusUnreachable as problem:
        raise BusUnreachableError(str(problem)) from problem
    if receipt is None:
        sys.exit(EXIT_NOT_WELL)
    _tell(receipt, body["payload"], lang, as_json=as_json)
    sys.exit(EXIT_DONE if receipt.status == "taken" else EXIT_NOT_WELL)


async def _publish(producer: Producer, event: dict[str, Any]) -> Receipt:
    async with producer:
        return await producer.publish(event)


def link_event(status: LinkStatus, ends: tuple[str, str], cards: Cards, **said: Any) -> dict[str, Any]:
    """A desk's word on two events, as ``consumers.saying.link`` makes it.

    Errors: ``UsageError`` for one report twice, ``AskError`` when the desk has not both and no relation is named.
    """
    try:
        return word_on(status, ends, cards, **said)
    except UnsayableError as problem:
        if problem.code == UnsayableError.ONE_REPORT:
            raise click.UsageError("A and B are one report, or revisions of one.") from None
        raise AskError(_NOT_SEEN) from None


def _tell(receipt: Receipt, payload: Mapping[str, Any], lang: str, *, as_json: bool) -> None:
    if as_json:
        problems = [{"code": p.code, "pointer": p.pointer, "remedy_en": p.remedy_en} for p in receipt.problems]
        said = {name: payload[name] for name in ("a_id", "b_id", "relation", "status")}
        print_json({"event_id": receipt.event_id, "status": receipt.status, "link": said, "problems": problems})
        return
    out = console()
    for problem in receipt.problems:
        remedy = problem.remedy_sv if lang == "sv" else problem.remedy_en
        out.print(f"{problem.code} {problem.pointer}: {remedy}", soft_wrap=True)
    if receipt.status == "taken":
        out.print((_SAID_SV if lang == "sv" else _SAID_EN)[payload["status"]])
        out.print(str(receipt.event_id), style="dim")
