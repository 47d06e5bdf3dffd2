"""``sambus export``: takes a desk's events out as a file, on record, and confirms what orders ask of it later."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from consumers.archive.archive import Archive
from consumers.archive.asker import Somebody
from consumers.archive.refusals import REMEDIES, RefusedError
from consumers.exports.making import Export, ExportRefusedError, Format, make_export, read_request
from consumers.exports.register import confirm, disclosures, to_confirm
from consumers.saying import receipt as receipt_of
from deploy.cli.archive_place import archive_options, opened, refuse, subject_of, user_option
from deploy.cli.asking import AskError, console, desk_option, json_option, lang_option, local_time, print_json, run
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from producers.client import Producer
from schemas.events.duties import ReceiptKind

Place = tuple[str, Path | None]


@click.command("export")
@click.argument("event_ids", nargs=-1)
@desk_option(help_text="The desk whose view is taken out: unit/function.")
@click.option("--text", help="What a search for these words finds, instead of event ids.")
@click.option("--format", "fmt", type=click.Choice([each.value for each in Format]), help="How it is written.")
@click.option("--to", "receiver", metavar="UNIT|PARTNER", help="For whom: a unit, or partner.NAME.")
@click.option("--ground", help="The legal ground of the disclosure, as in OSL 10:15 a.")
@click.option("--purpose", metavar="P1…PX", help="The purpose.")
@click.option("--case", "case_ref", metavar="NUMBER", help="The case.")
@click.option("--out", type=click.Path(path_type=Path), help="The file. [default: sambus-<export id>.<ending>]")
@click.option("--list", "listed", is_flag=True, help="Show the desk's exports instead.")
@click.option("--orders", is_flag=True, help="Show orders on what the desk took out, to be confirmed.")
@click.option("--confirm", "confirmed", metavar="EXPORT_ID", help="Its receiver was told, and the file is dealt with.")
@click.option("--synthetic", is_flag=True, hidden=True, help="The receipt is about a made-up event.")
@user_option
@json_option
@lang_option
@archive_options
@connection_options
def export(desk: str, subject: str | None, lang: str, place: Place, connection: Connection, **given: Any) -> None:
    """Take events out of the archive, as the desk may see them, for a receiver and on a legal ground.

    What the handling code, an open case or a closed circle forbids is refused, with the reason for each event. Every
    export is on record. Exit codes: 0 done, 1 refused, or something is to be confirmed, 2 wrong use.
    """
    who = Somebody(subject_of(subject), desk)
    with opened(place) as kept:
        try:
            if given["listed"] or given["orders"]:
                sys.exit(_show(kept, desk, lang, listed=given["listed"], as_json=given["as_json"]))
            if given["confirmed"]:
                _confirm(kept, who, given["confirmed"], connection, synthetic=given["synthetic"])
            else:
                _make(kept, who, lang, given)
        except ExportRefusedError as problem:
            _refuse(problem, lang)
        except RefusedError as problem:
            refuse(problem, lang)


def _make(kept: Archive, who: Somebody, lang: str, given: dict[str, Any]) -> None:
    missing = [name for name, key in _NEEDED.items() if not given[key]]
    if missing or not (given["event_ids"] or given["text"]):
        raise click.UsageError(f"An export needs event ids or --text, and {', '.join(missing or _NEEDED)}.")
    fields = {
        "event_ids": list(given["event_ids"]),
        "query": {"text": given["text"], "purpose": given["purpose"]} if given["text"] else None,
        "format": given["fmt"],
        "receiver": given["receiver"],
        "ground": given["ground"],
        "purpose": given["purpose"],
        "case_ref": given["case_ref"],
        "lang": lang,
    }
    made = make_export(kept, who, read_request(fields))
    path = given["out"] or Path(made.name)
    path.write_bytes(made.data)
    _told(made, path, lang, as_json=given["as_json"])


_NEEDED = {"--format": "fmt", "--to": "receiver", "--ground": "ground", "--purpose": "purpose"}


def _told(made: Export, path: Path, lang: str, *, as_json: bool) -> None:
    told = made.disclosure
    if as_json:
        print_json(asdict(told) | {"file": str(path)})
        return
    words = ("händelser", "mottagare", "uttag") if lang == "sv" else ("events", "receiver", "export")
    console().print(
        f"{path}: {len(told.events)} {words[0]}, TLP:{told.tlp}, {told.handling.value}, {words[1]} {told.receiver}, "
        f"{words[2]} {told.export_id}, SHA-256 {told.sha256}",
        soft_wrap=True,
    )


def _show(kept: Archive, desk: str, lang: str, *, listed: bool, as_json: bool) -> int:
    """The register, or what is to be confirmed; the exit code."""
    now = datetime.now(UTC)
    if listed:
        for line in disclosures(kept.database, desk):
            if as_json:
                print_json(asdict(line))
            else:
                when = local_time(line.made_at)
                console().print(
                    f"{when}  {line.export_id}  {line.format}  {line.receiver}  {line.ground}", soft_wrap=True
                )
        return EXIT_DONE
    found = to_confirm(kept.database, desk)
    late = "FÖRSENAD" if lang == "sv" else "LATE"
    for each in found:
        if as_json:
            print_json(asdict(each) | {"late": each.late(now)})
        else:
            mark = f"{late} " if each.late(now) else ""
            told = f"{each.action} {each.event_id} {each.export_id} {each.receiver} {local_time(each.confirm_by)}"
            console().print(f"{mark}{told}", soft_wrap=True)
    return EXIT_NOT_WELL if found else EXIT_DONE


def _confirm(kept: Archive, who: Somebody, export_id: str, connection: Connection, *, synthetic: bool) -> None:
    """Note the confirmation; when it was the last one for an order, the desk's receipt goes out."""
    done = confirm(kept.database, who.desk, who.subject, export_id, int(datetime.now(UTC).timestamp() * 1000))
    if done:
        run(_receipts(connection, who.desk, done, synthetic=synthetic))
    for delivery_id in done:
        console().print(delivery_id, soft_wrap=True)


async def _receipts(connection: Connection, desk: str, done: tuple[str, ...], *, synthetic: bool) -> None:
    async with Producer(connection.aiokafka(), origin=desk) as producer:
        for delivery_id in done:
            body = receipt_of(delivery_id, ReceiptKind.CONFIRMED, synthetic=synthetic)
            receipt = await producer.publish(body)
            if receipt.status != "taken":
                raise AskError("The receipt was not taken; see `sambus ack --confirm`.")


def _refuse(problem: ExportRefusedError, lang: str) -> NoReturn:
    """Say why, for each event of the desk's that stands against it."""
    told = (
        f"{event_id} {code}: {REMEDIES[code][0 if lang == 'sv' else 1]}" for event_id, code in problem.events.items()
    )
    raise AskError("\n".join(told)) from None
