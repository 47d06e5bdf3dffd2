"""``sambus explain``: why an event went where it went, as far as the asker may know."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from consumers.explanation import Explanation, OperatorPart, OwnLine, PublisherPart, Reach, Rejection
from consumers.ledger import OPERATIONS, Search, search
from deploy.cli.asking import console, desk_problem, json_option, lang_option, local_time, print_json, printable, run
from deploy.cli.card import CardMaker
from deploy.cli.card_group import GroupTeller
from deploy.cli.card_json import card_json
from deploy.cli.card_words import SAYS
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.names import LEVELS_SV, function_name, rule_titles, title_of
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.substances import load_substances

#: Said to everybody who may know nothing, word for word, whether the event exists or not.
NOTHING = {
    "sv": "Det finns inget att förklara för den som frågar: ingen sådan händelse är känd för den. "
    "Hela den sparade liggaren är genomsökt.",
    "en": "There is nothing to explain to the one who asks: no such event is known to it. "
    "The whole kept ledger was searched.",
}


def _asker(_: click.Context, __: click.Parameter, value: str) -> str:
    if value != OPERATIONS and (problem := desk_problem(value, load_gazetteer())) is not None:
        raise click.UsageError(problem)
    return value


@click.command("explain")
@click.argument("event_id")
@click.option(
    "--as",
    "asker",
    metavar=f"UNIT/FUNCTION|{OPERATIONS}",
    required=True,
    callback=_asker,
    help=f"The desk you ask for, or {OPERATIONS}.",
)
@json_option
@lang_option
@connection_options
def explain(event_id: str, asker: str, as_json: bool, lang: str, connection: Connection) -> None:
    """Tell why EVENT_ID went where it went.

    The publishing desk learns the rules and how many desks each one reached or kept away; a receiver learns why it got
    its own delivery; operations learn numbers, versions and places. A desk that has both ends of a link is told what
    joined them, and what parted them.
    Exit codes: 0 explained, 1 nothing that this asker may know, 2 an unknown desk, 3 the bus cannot be reached.
    """
    event_id = event_id.lower()
    found = run(search(connection.aiokafka(), event_id, asker, load_gazetteer(), Codec()))
    sys.exit(tell(found, event_id, asker, as_json=as_json, lang=lang))


def tell(found: Search | None, event_id: str, asker: str, *, as_json: bool, lang: str) -> int:
    """Print what was found, and give the exit code: both depend on the answer alone, on nothing that was looked at."""
    if found is None or not found.answer:
        if as_json:
            print_json({"known": False})
        else:
            console().print(NOTHING[lang])
        return EXIT_NOT_WELL
    if as_json:
        _print_json(found, event_id)
    else:
        _print(found, event_id, asker, lang)
    return EXIT_DONE


def _print_json(found: Search, event_id: str) -> None:
    card = None if found.cards is None else found.cards.card(event_id)
    told = None if card is None or not card.reports else card_json(card)
    print_json({"known": True, "searched_from": found.searched_from, **asdict(found.answer), "card": told})


def _print(found: Search, event_id: str, asker: str, lang: str) -> None:
    out = console()
    if found.cards is not None:
        maker = CardMaker(lang, load_gazetteer(), load_substances())
        for line in GroupTeller(lang, asker, maker.desk_name).story(event_id, found.cards):
            line.plain = printable(line.plain)
            out.print(line, soft_wrap=True)
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
    if decision.concerns:
        said = "concerned" if len(decision.concerns) > 1 else "asked_about"
        out.print(f"  {SAYS[lang][said].format(one=decision.concerns[0], other=decision.concerns[-1])}")
    if decision.publisher is not None:
        _publisher(out, decision.publisher, rule_titles(decision.pack_version, lang), lang)
    if decision.operator is not None:
        _operator(out, decision, decision.operator, lang)
    for line in decision.own:
        _own(out, line, rule_titles(decision.pack_version, lang), lang)
    out.print()


def _publisher(out: Console, part: PublisherPart, titles: Mapping[str, str], lang: str) -> None:
    out.print(f"  {_outcome(part, lang)}")
    if part.shared:
        out.print(_table("Delad" if lang == "sv" else "Shared", part.shared, titles, lang))
    if part.withheld:
        out.print(_table("Undanhållen" if lang == "sv" else "Withheld", part.withheld, titles, lang))


def _operator(out: Console, decision: Explanation, part: OperatorPart, lang: str) -> None:
    _publisher(out, part.told, rule_titles(decision.pack_version, lang), lang)
    swedish = lang == "sv"
    chain = (
        "–"
        if part.lane is None
        else f"{'led' if swedish else 'lane'} {part.lane}, {'nr' if swedish else 'no'} {part.number}, {part.digest}"
    )
    facts = [
        ("plats i liggaren" if swedish else "place in the ledger", part.where),
        ("kedja" if swedish else "chain", chain),
        ("kom från" if swedish else "came from", part.told.accepted_from),
        ("underlagets hash" if swedish else "hash of the input", part.told.input_hash),
        ("geografisk förteckning" if swedish else "gazetteer", decision.gazetteer_version or "–"),
    ]
    for name, value in facts:
        out.print(f"  {name}: {value}")


def _outcome(part: PublisherPart, lang: str) -> str:
    told = {
        "sv": {
            "shared": f"Delad med {part.desks} andra funktioner, undanhållen från {part.kept_from}.",
            "origin_only": f"Stannade hos er: ingen regel delade den vidare, undanhållen från {part.kept_from}.",
            "recalled": f"Gick ut till {part.desks} funktioner som hade fått det som den gäller.",
            "released": f"Lämnades ut efter beslut till {part.desks} funktioner.",
            "linked": f"Gick till {part.desks} funktioner som har eller rapporterade det som den gäller.",
            "enriched": f"Gick till {part.desks} funktioner till, efter vad andra händelser lade till.",
            "noticed": "Bussens eget besked om en plikt.",
            "pointed": "Bussens egen pekare till ägaren: ett annat ärende har något gemensamt.",
        },
        "en": {
            "shared": f"Shared with {part.desks} other desks, withheld from {part.kept_from}.",
            "origin_only": f"Stayed with you: no rule shared it further, withheld from {part.kept_from}.",
            "recalled": f"Went out to {part.desks} desks that had got what it is about.",
            "released": f"Let out by decision to {part.desks} desks.",
            "linked": f"Went to {part.desks} desks that have or reported what it is about.",
            "enriched": f"Went to {part.desks} more desks, by what other events added.",
            "noticed": "The bus's own notice of an obligation.",
            "pointed": "The bus's own pointer to the owner: another matter has something in common.",
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
        ("märkning" if swedish else "marks", ", ".join(line.marks) or "–"),
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
