"""``sambus link confirm|split``: a desk's word on whether two of its reports tell of the same real event."""

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from consumers.cards import Report, Tie
from consumers.desk_cards import cards_of
from consumers.folding import Cards
from consumers.judging import last_of_bus
from deploy.cli.asking import AskError, console, desk_option, json_option, lang_option, print_json, run
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, BusUnreachableError, Connection, connection_options
from producers.client import GATEWAY_TOPIC, BusUnreachable, Producer, Receipt, new_event_id
from schemas.events.control import LinkRelation, LinkStatus

F = TypeVar("F", bound=Callable[..., Any])

#: Of what was delivered too long ago the sensitivity is not known here: the bus raises it if the ends need more.
_SENSITIVITY_UNSEEN = 3
_BY_HAND = ("judgement",)
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


def link_event(
    status: LinkStatus,
    ends: tuple[str, str],
    cards: Cards,
    *,
    desk: str,
    reason: str,
    by: str | None = None,
    relation: str | None = None,
) -> dict[str, Any]:
    """A desk's word on two events, as it publishes it now.

    Shape: what was suggested of the two, its features and flags, is what is decided on. It names no person, so its
    purpose needs no legal ground; the bus gives it whatever binds the ends.
    Errors: ``UsageError`` for one report twice, ``AskError`` when the desk has not both and no relation is named.
    """
    reports = [report for end in ends if (report := cards.report(end)) is not None]
    if ends[0] == ends[1] or (len(reports) == len(ends) and reports[0] == reports[1]):
        raise click.UsageError("A and B are one report, or revisions of one.")
    if len(reports) < len(ends) and relation is None:
        raise AskError(_NOT_SEEN)
    tie = _tie_between(cards, ends)
    event_id, now = new_event_id(), datetime.now(UTC).isoformat()
    views = [view.meta for report in reports for view in report.views]
    seen = len(reports) == len(ends)
    return {
        "event_id": event_id,
        "event_type": "link_suggestion",
        "occurred_from": now,
        "reported_at": now,
        "purpose": "PN",
        "sensitivity": max((meta.sensitivity for meta in views), default=0) if seen else _SENSITIVITY_UNSEEN,
        "legal_origin": "own_observation",
        "provenance": {"root_ids": sorted(ends)},
        "synthetic": bool(views) and all(meta.synthetic for meta in views),
        "payload": _payload(status, ends, tie, relation) | {"decided_by": by or desk, "reason": reason},
    }


def _payload(status: LinkStatus, ends: tuple[str, str], tie: Tie | None, relation: str | None) -> dict[str, Any]:
    score = 0.0 if status is LinkStatus.REJECTED else 1.0
    payload: dict[str, Any] = {"a_id": min(ends), "b_id": max(ends), "features": list(_BY_HAND), "status": status}
    if tie is not None:
        word = (last_of_bus(tie.words) or [tie.word])[0]
        payload |= {"a_id": word.a_id, "b_id": word.b_id, "features": list(word.features)}
        payload |= {"relation": word.relation, "same_origin": tie.same_origin, "independent": tie.independent}
    relation = relation or payload.get("relation") or LinkRelation.DUPLICATE
    return payload | {"relation": relation, "score": score}


def _tie_between(cards: Cards, ends: tuple[str, str]) -> Tie | None:
    reports = [cards.report(end) for end in ends]
    names = {report.event_id if isinstance(report, Report) else end for report, end in zip(reports, ends, strict=True)}
    card = cards.card(ends[0])
    return next((tie for tie in (*card.joins, *card.links) if {tie.one, tie.other} == names), None)


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
