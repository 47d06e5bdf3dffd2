"""``sambus archive``: keeps what desks were given, finds it again, and erases it when its time is over."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from consumers.archive.archive import Archive
from consumers.archive.archived import Archived
from consumers.archive.archiver import ArchiveSignal, run_archiver
from consumers.archive.asker import Somebody
from consumers.archive.condition import Condition, condition
from consumers.archive.erasing import erase_due
from consumers.archive.query import Clock, read_query
from consumers.archive.refusals import RefusedError
from consumers.archive.search import Page
from consumers.archive.writer import TakenOverError
from deploy.cli.archive_place import archive_options, opened, refuse, subject_of, user_option
from deploy.cli.asking import (
    AskError,
    console,
    desk_option,
    json_option,
    lang_option,
    local_time,
    print_json,
    run,
    since_option,
)
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.home import told
from deploy.metrics import metrics_options, serve_figures
from schemas.gazetteer import load_gazetteer
from schemas.topics import delivery_areas, desk_topic

Place = tuple[str, Path | None]


@click.group()
def archive() -> None:
    """Keep deliveries in a database: SQLite on this machine, or PostgreSQL."""


@archive.command("run")
@click.option("--area", "areas", multiple=True, help="Only this area's delivery topic. [default: all]")
@click.option("--own-topic", "own", multiple=True, metavar="UNIT/FUNCTION", help="Also this desk's own topic.")
@archive_options
@metrics_options
@connection_options
@told
def run_(
    areas: tuple[str, ...],
    own: tuple[str, ...],
    place: Place,
    metrics_port: int,
    metrics_host: str,
    connection: Connection,
) -> None:
    """Archive what is delivered, until Ctrl-C or SIGTERM.

    One process for each area at most; a second one ends itself. Exit codes: 0 asked to stop, 1 the archive cannot be
    reached or another archiver has taken over, 3 the bus cannot be reached at first.
    """
    topics, counted = topics_of(areas, own), Archived()
    serve_figures(counted.figures, metrics_port, metrics_host)
    with opened(place) as kept:
        try:
            run(_until_told(connection.aiokafka(), kept, topics, counted))
        except TakenOverError as problem:
            raise AskError(f"{problem}; this one ends.") from None


def topics_of(areas: Sequence[str], own: Sequence[str]) -> list[str]:
    """The delivery topics of areas, all if none is named, and of desks. Errors: ``click.UsageError``."""
    known = delivery_areas(load_gazetteer())
    for area in areas:
        if area not in known:
            raise click.UsageError(f"There is no area {area!r}. Areas: {', '.join(known)}.")
    for desk in own:
        if not load_gazetteer().known_desk(desk):
            raise click.UsageError(f"There is no desk {desk!r}.")
    return [*(f"deliver.{area}" for area in areas or known), *(desk_topic(desk) for desk in own)]


async def _until_told(options: dict[str, Any], kept: Archive, topics: list[str], counted: Archived) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run_archiver(options, kept, topics, stop=stop, tell=_log, counted=counted)


def _log(told: ArchiveSignal, /, **fields: object) -> None:
    """One JSON line on stderr: names, counts, topics."""
    line = {"event": told.value, "at": datetime.now(UTC).isoformat(), **fields}
    sys.stderr.write(orjson.dumps(line).decode() + "\n")
    sys.stderr.flush()


@archive.command("search")
@click.argument("text", required=False)
@desk_option(help_text="The desk whose deliveries are searched: unit/function.")
@click.option("--purpose", required=True, metavar="P1…PX", help="The purpose of the search.")
@click.option("--case", "case_ref", metavar="NUMBER", help="The case; needed to search for a person.")
@click.option("--area", "areas", multiple=True, metavar="UNIT", help="In this area or below.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Of this event type.")
@click.option("--origin", "origins", multiple=True, metavar="UNIT", help="Published by this unit or below.")
@click.option("--priority", type=click.IntRange(1, 5), help="This urgent, or more.")
@click.option("--thing", "things", multiple=True, metavar="KIND:VALUE", help="vehicle:ABC123, phone:HASH …")
@click.option("--ref", "references", multiple=True, metavar="NUMBER", help="A case, seizure or other number.")
@click.option("--event", metavar="EVENT_ID", help="The event, and what says something of it.")
@click.option("--person", metavar="REF", help="A person's reference.")
@click.option("--since", metavar="AGO|TIME", help="Happened since then: 30d, or an ISO time.")
@click.option("--until", metavar="AGO|TIME", help="Happened before then.")
@click.option("--published", is_flag=True, help="--since and --until mean when it was published.")
@click.option("--history", is_flag=True, help="Also revisions that were replaced.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--cursor", help="Go on where the page before ended.")
@user_option
@json_option
@lang_option
@archive_options
def search(desk: str, subject: str | None, as_json: bool, lang: str, place: Place, **asked: Any) -> None:
    """Search what a desk was given: words, "phrases" and beginnings of words with *, the newest first.

    Every search is logged. Exit codes: 0 done, 1 it may not be asked or the archive cannot be reached, 2 wrong use.
    """
    published = asked.pop("published")
    fields: dict[str, Any] = {k: list(value) if isinstance(value, tuple) else value for k, value in asked.items()}
    fields["things"] = [_thing(each) for each in fields["things"]]
    fields |= {name: _time(fields[name]) for name in ("since", "until")}
    fields["clock"] = Clock.PUBLISHED if published else Clock.OCCURRED
    with opened(place) as kept:
        try:
            query = read_query({name: value for name, value in fields.items() if value is not None})
            page = kept.searcher.search(Somebody(subject_of(subject), desk), query)
        except RefusedError as problem:
            refuse(problem, lang)
    _show(page, lang, as_json=as_json)


def _thing(text: str) -> dict[str, str]:
    kind, colon, value = text.partition(":")
    if not colon or not value:
        raise click.UsageError(f"--thing {text!r} is not KIND:VALUE, as in vehicle:ABC123.")
    return {"kind": kind, "value": value}


def _time(text: str | None) -> datetime | None:
    """A time as people write it. Errors: ``click.UsageError`` for an offset, which an archive does not have."""
    if text is None:
        return None
    found = since_option(text)
    if isinstance(found, int):
        raise click.UsageError(f"{text!r} is neither a time ago (30d) nor an ISO time (2026-07-08T14:00).")
    return found if isinstance(found, datetime) else datetime.now(UTC) - found


def _show(page: Page, lang: str, *, as_json: bool) -> None:
    if as_json:
        for hit in page.hits:
            item = hit.delivery
            line = {"meta": item.meta.model_dump(mode="json"), "event": item.event, "superseded_by": hit.superseded_by}
            print_json(line)
    else:
        from deploy.cli.card import CardMaker
        from schemas.substances import load_substances

        maker, out = CardMaker(lang, load_gazetteer(), load_substances()), console()
        for hit in page.hits:
            maker.print(out, hit.delivery)
    words = ("träffar", "Fler finns: --cursor") if lang == "sv" else ("hits", "There are more: --cursor")
    more = f" {words[1]} {page.cursor}" if page.cursor else ""
    console(stderr=True).print(f"{len(page.hits)} {words[0]}.{more}", style="dim", soft_wrap=True)


@archive.command("status")
@json_option
@lang_option
@archive_options
def status(as_json: bool, lang: str, place: Place) -> None:
    """How the archive is, in numbers. Exit code 1 when something was not archived or a confirmation is late."""
    with opened(place) as kept:
        seen = condition(kept.database, _now_ms())
    if as_json:
        print_json(asdict(seen) | {"late": seen.late})
    else:
        _tell(seen, lang)
    sys.exit(EXIT_NOT_WELL if seen.late or seen.faults else EXIT_DONE)


def _tell(seen: Condition, lang: str) -> None:
    sv = lang == "sv"
    out = console()
    counts = {
        "rader" if sv else "rows": seen.rows,
        "dolda" if sv else "hidden": seen.hidden,
        "att gallra" if sv else "to be erased": seen.due,
        "rättelser" if sv else "orders": seen.orders,
        "uttag" if sv else "exports": seen.exports,
        "obekräftade" if sv else "unconfirmed": len(seen.unconfirmed),
        "försenade" if sv else "late": seen.late,
    }
    out.print(", ".join(f"{name} {count}" for name, count in counts.items()))
    if seen.moved_ms is not None:
        moved = local_time(datetime.fromtimestamp(seen.moved_ms / 1000, UTC))
        out.print(f"{'Senast läst' if sv else 'Last read'} {moved}")
    for code, offsets in seen.faults.items():
        out.print(f"{code}: {offsets}")
    for each in seen.unconfirmed:
        if each.late:
            out.print(f"{'FÖRSENAD' if sv else 'LATE'} {each.action} {each.event_id} {each.desk} {each.export_id}")


@archive.command("erase")
@lang_option
@archive_options
def erase(lang: str, place: Place) -> None:
    """Erase what must not be kept any longer, and no order holds. Run it daily."""
    with opened(place) as kept:
        gone = erase_due(kept.database, _now_ms())
    console().print(f"{gone} leveranser är gallrade." if lang == "sv" else f"{gone} deliveries are erased.")


@archive.command("reads")
@desk_option(help_text="The desk whose readings are shown.")
@json_option
@archive_options
def reads(desk: str, as_json: bool, place: Place) -> None:
    """Who read a desk's archive, when, for which purpose, and what kind of question it was; never its words."""
    with opened(place) as kept:
        found = list(kept.reads.of(desk))
    for each in found:
        if as_json:
            print_json(asdict(each))
        else:
            console().print(f"{local_time(each.at)}  {each.subject}  {each.purpose}  {each.kind}  {each.hits}")


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
