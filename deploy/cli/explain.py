"""``sambus explain``: why an event went where it went, as far as the asking desk may know."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from consumers.explanation import Explanation, OwnLine, PublisherPart, Reach, Rejection
from consumers.ledger import Search, search
from deploy.cli.asking import console, desk_option, json_option, lang_option, local_time, print_json, run
from deploy.cli.connection import EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.names import LEVELS_SV, function_name, rule_titles, title_of
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer

#: Said to everybody who may know nothing, word for word, whether the event exists or not.
NOTHING = {
    "sv": "Det finns inget att förklara för den här funktionen: ingen sådan händelse är känd för den. "
    "Hela den sparade liggaren är genomsökt.",
    "en": "There is nothing to explain to this desk: no such event is known to it. The whole kept ledger was searched.",
}


@click.command("explain")
@click.argument("event_id")
@desk_option()
@json_option
@lang_option
@connection_options
def explain(event_id: str, desk: str, as_json: bool, lang: str, connection: Connection) -> None:
    """Tell why EVENT_ID went where it went.

    The publishing desk learns the rules and how many desks each one reached; a receiver learns its own line.
    Exit codes: 0 explained, 1 nothing that this desk may know, 2 an unknown desk, 3 the bus cannot be reached.
    """
    found = run(search(connection.aiokafka(), event_id.lower(), desk, load_gazetteer(), Codec()))
    if not found or not found.answer:
        _nothing(as_json, lang)
    elif as_json:
        _print_json(found)
    else:
        _print(found, lang)


def _nothing(as_json: bool, lang: str) -> None:
    if as_json:
        print_json({"known": False})
    else:
        console().print(NOTHING[lang])
    sys.exit(EXIT_NOT_WELL)


def _print_json(found: Search) -> None:
    print_json({"known": True, "searched_from": found.searched_from, **asdict(found.answer)})


def _print(found: Search, lang: str) -> None:
    out = console()
    for decision in found.answer.decisions:
        _decision(out, decision, lang)
    for rejection in found.answer.rejections:
        _rejection(out, rejection, lang)
    if found.searched_from is not None:
        said = "Liggaren lästes tillbaka till" if lang == "sv" else "The ledger was read back to"
        out.print(f"{said} {local_time(found.searched_from)}.", style="dim")


def _decision(out: Console, decision: Explanation, lang: str) -> None:
    swedish = lang == "sv"
    revision = f", {'ändring' if swedish else 'revision'} {decision.revision}"
    pack = f", {'regelpaket' if swedish else 'rule pack'} {decision.pack_version}" if decision.pack_version else ""
    published = f"{'publicerad' if swedish else 'published'} {local_time(decision.published_at)}"
    out.print(f"{title_of(decision.event_type, lang)}{revision}, {published}{pack}", style="bold")
    if decision.publisher is not None:
        _publisher(out, decision.publisher, rule_titles(decision.pack_version), lang)
    for line in decision.own:
        _own(out, line, rule_titles(decision.pack_version), lang)
    out.print()


def _publisher(out: Console, part: PublisherPart, titles: Mapping[str, str], lang: str) -> None:
    out.print(f"  {_outcome(part, lang)}")
    if part.shared:
        out.print(_table("Delad" if lang == "sv" else "Shared", part.shared, titles, lang))
    if part.withheld:
        out.print(_table("Undanhållen" if lang == "sv" else "Withheld", part.withheld, titles, lang))


def _outcome(part: PublisherPart, lang: str) -> str:
    told = {
        "sv": {
            "shared": f"Delad med {part.desks} andra funktioner, undanhållen från {part.kept_from}.",
            "origin_only": f"Stannade hos er: ingen regel delade den vidare, undanhållen från {part.kept_from}.",
        },
        "en": {
            "shared": f"Shared with {part.desks} other desks, withheld from {part.kept_from}.",
            "origin_only": f"Stayed with you: no rule shared it further, withheld from {part.kept_from}.",
        },
    }[lang]
    dropped = "Togs emot men gick inte vidare" if lang == "sv" else "Taken but went no further"
    return told.get(part.outcome, f"{dropped}: {part.outcome}.")


def _table(title: str, reach: Iterable[Reach], titles: Mapping[str, str], lang: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2), pad_edge=True)
    columns = ("regel", "", "nivå", "funktion", "antal") if lang == "sv" else ("rule", "", "level", "function", "desks")
    for column in columns:
        table.add_column(column, justify="right" if column in {"antal", "desks"} else "left")
    for line in reach:
        level = LEVELS_SV.get(line.level, line.level) if lang == "sv" else line.level.replace("_", " ")
        table.add_row(line.rule, titles.get(line.rule, ""), level, function_name(line.function, lang), str(line.desks))
    return table


def _own(out: Console, line: OwnLine, titles: Mapping[str, str], lang: str) -> None:
    swedish = lang == "sv"
    rules = ", ".join(f"{rule} {titles.get(rule, '')}".strip() for rule in line.rules) or "–"
    facts = [
        ("Ni fick den genom regel" if swedish else "You got it by rule", rules),
        ("prioritet" if swedish else "priority", f"{line.priority}: {line.priority_reason}"),
        ("vy" if swedish else "view", ", ".join(line.view) or "–"),
        ("plikter" if swedish else "duties", ", ".join(line.obligations) or "–"),
        ("flöde" if swedish else "feed", line.feed),
    ]
    for name, value in facts:
        out.print(f"  {name}: {value}")


def _rejection(out: Console, rejection: Rejection, lang: str) -> None:
    said = "Ligger i karantän" if lang == "sv" else "In quarantine"
    out.print(f"{said}, {local_time(rejection.at)}, {rejection.where}", style="bold yellow")
    remedies = rejection.remedies_sv if lang == "sv" else rejection.remedies_en
    for code, pointer, remedy in zip(rejection.codes, rejection.pointers, remedies, strict=True):
        out.print(f"  {code} {pointer or '/'}: {remedy}")
    out.print()
