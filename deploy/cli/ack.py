"""``sambus ack``: a desk's receipt for one of its deliveries."""

import re
import sys
from collections.abc import Mapping
from typing import Any

import click

from consumers.saying import receipt as receipt_event
from deploy.cli.asking import console, desk_option, json_option, lang_option, print_json, run
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, BusUnreachableError, Connection, connection_options
from producers.client import GATEWAY_TOPIC, BusUnreachable, Producer, Receipt
from schemas.events.duties import ReceiptKind
from schemas.records import DELIVERY_ID

_SAID_SV = {
    ReceiptKind.ACKNOWLEDGED: "Mottagandet är bekräftat.",
    ReceiptKind.ACCEPTED: "Uppgiften är antagen.",
    ReceiptKind.DECLINED: "Uppgiften är avböjd.",
    ReceiptKind.CONFIRMED: "Åtgärden är bekräftad.",
    ReceiptKind.DONE: "Plikten är redovisad som utförd.",
}


@click.command("ack")
@click.argument("delivery_id")
@desk_option(help_text="The desk that got the delivery: unit/function.")
@click.option("--accept", "kind", flag_value=ReceiptKind.ACCEPTED.value, help="Take the task.")
@click.option("--decline", "kind", flag_value=ReceiptKind.DECLINED.value, help="Do not take it; needs --reason.")
@click.option("--confirm", "kind", flag_value=ReceiptKind.CONFIRMED.value, help="What was ordered is done: a recall.")
@click.option("--done", "obligation", metavar="OBLIGATION", help="This obligation is met.")
@click.option("--reason", help="Why; no personal data.")
@click.option("--topic", default=GATEWAY_TOPIC, show_default=True, hidden=True)
@click.option("--synthetic", is_flag=True, hidden=True, help="About a made-up event.")
@json_option
@lang_option
@connection_options
def ack(delivery_id: str, desk: str, as_json: bool, lang: str, connection: Connection, **said: Any) -> None:
    """Acknowledge a delivery, or take, decline, confirm or report done what it asks.

    The delivery's id stands in `sambus status --as DESK` and in `sambus feed --json`. The same receipt twice counts
    once.

    Exit codes: 0 the bus has it, 1 it was rejected, 2 wrong use, 3 the bus cannot be reached.
    """
    payload = _payload(delivery_id, desk, said)
    producer = Producer(connection.aiokafka(), origin=desk, topic=said["topic"])
    try:
        receipt = run(_publish(producer, receipt_event(**payload, synthetic=said["synthetic"])))
    except BusUnreachable as problem:
        raise BusUnreachableError(str(problem)) from problem
    if receipt is None:
        sys.exit(EXIT_NOT_WELL)
    _tell(receipt, payload["kind"], lang, as_json=as_json)
    sys.exit(EXIT_DONE if receipt.status == "taken" else EXIT_NOT_WELL)


def _payload(delivery_id: str, desk: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the receipt says. Errors: ``click.UsageError`` for what no desk can say of this delivery."""
    if not re.match(DELIVERY_ID, delivery_id):
        raise click.UsageError("That is no delivery id: <event id>:<revision>:<unit/function>:<view group>.")
    if delivery_id.split(":", 3)[2] != desk:
        raise click.UsageError("The delivery is another desk's; a desk answers for its own.")
    kind, obligation, reason = _chosen(said["kind"], said["obligation"]), said["obligation"], said["reason"]
    if kind is ReceiptKind.DECLINED and not reason:
        raise click.UsageError("--decline needs --reason.")
    return {"delivery_id": delivery_id, "kind": kind, "obligation": obligation, "reason": reason}


def _chosen(kind: str | None, obligation: str | None) -> ReceiptKind:
    if kind is not None and obligation is not None:
        raise click.UsageError("Choose one of --accept, --decline, --confirm and --done.")
    if obligation is not None:
        return ReceiptKind.DONE
    return ReceiptKind.ACKNOWLEDGED if kind is None else ReceiptKind(kind)


async def _publish(producer: Producer, event: dict[str, Any]) -> Receipt:
    async with producer:
        return await producer.publish(event)


def _tell(receipt: Receipt, kind: ReceiptKind, lang: str, *, as_json: bool) -> None:
    if as_json:
        problems = [{"code": p.code, "pointer": p.pointer, "remedy_en": p.remedy_en} for p in receipt.problems]
        print_json({"event_id": receipt.event_id, "status": receipt.status, "kind": kind, "problems": problems})
        return
    out = console()
    for problem in receipt.problems:
        remedy = problem.remedy_sv if lang == "sv" else problem.remedy_en
        out.print(f"{problem.code} {problem.pointer}: {remedy}", soft_wrap=True)
    if receipt.status == "taken":
        out.print(_SAID_SV[kind] if lang == "sv" else f"The bus has it: {kind}.")
