"""How ``sambus quarantine`` tells people what is there: lists, groups, one record. Swedish and English."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from consumers.causes import By, Group
from consumers.marks import Drop, Retried
from consumers.quarantine import Entry, Shown, State, shown, summary
from deploy.cli.asking import local_time, printable
from schemas.codec import Codec
from schemas.problems import Problem
from schemas.records import QuarantinedProblem

#: What is listed, and what is said when there is nothing, by language.
_COUNTED = {
    State.WAITING: ("i karantän", "in quarantine"),
    State.RETRIED: ("publicerade igen", "published again"),
    State.DROPPED: ("avskrivna", "dropped"),
}
_NOTHING = {
    State.WAITING: ("Karantänen är tom.", "Quarantine is empty."),
    State.RETRIED: ("Inget är publicerat igen.", "Nothing was published again."),
    State.DROPPED: ("Inget är avskrivet.", "Nothing was dropped."),
}


def print_list(out: Console, found: list[Entry], codec: Codec, lang: str, state: State) -> None:
    """Every record in a line, and how many there are."""
    swedish = lang == "sv"
    if not found:
        out.print(_NOTHING[state][0 if swedish else 1])
        return
    table = _table(
        ("plats", "tid", "avsändare", "händelsetyp", "fel")
        if swedish
        else ("place", "time", "origin", "type", "problems")
    )
    for entry in found:
        view = shown(entry, None, codec)
        wrong = "\n".join(f"{problem.code} {problem.pointer}".strip() for problem in view.problems)
        if (drop := view.dropped) is not None:
            wrong += f"\n{drop_line(drop, lang)}"
        if (again := view.retried) is not None:
            wrong += f"\n{retried_line(again, lang)}"
        table.add_row(str(view.place), local_time(view.at), view.origin or "?", view.event_type or "?", wrong)
    out.print(table)
    counted = summary(found)
    out.print(f"{counted.count} {_COUNTED[state][0 if swedish else 1]}", style="bold")
    out.print("  " + ", ".join(f"{code} {count}" for code, count in counted.by_code.items()))
    out.print("  " + ", ".join(f"{origin} {count}" for origin, count in counted.by_origin.items()))


def print_groups(out: Console, found: list[Group], by: By, lang: str) -> None:
    """Every group in a line, the largest first; what would be right stands below a cause."""
    swedish = lang == "sv"
    if not found:
        out.print(_NOTHING[State.WAITING][0 if swedish else 1])
        return
    what = {By.CAUSE: ("orsak", "cause"), By.ORIGIN: ("avsändare", "origin"), By.TYPE: ("händelsetyp", "type")}
    columns = ("antal", what[by][0], "första", "sista", "avsändare", "till exempel")
    table = _table(columns if swedish else ("count", what[by][1], "first", "last", "origins", "for example"))
    for group in found:
        problem = group.problem
        remedy = "" if problem is None else f"\n  {problem.remedy_sv if swedish else problem.remedy_en}"
        table.add_row(
            str(group.count),
            f"{group.key}{remedy}",
            local_time(group.first),
            local_time(group.last),
            str(group.origins),
            ", ".join(map(str, group.examples)),
        )
    out.print(table)


def print_one(out: Console, view: Shown, lang: str) -> None:
    """One record, with its content if the asker may see it."""
    swedish = lang == "sv"
    head = f"{view.place}  {local_time(view.at)}  {view.event_type or '?'}  {view.event_id or '?'}"
    out.print(printable(head), style="bold")
    origin = view.origin or ("ej styrkt" if swedish else "not proven")
    out.print(
        f"  {'från' if swedish else 'from'} {origin}, {view.source}, {view.size} B, {', '.join(view.header_names)}"
    )
    for problem in view.problems:
        out.print(f"  {problem_line(problem, lang)}")
    if view.dropped is not None:
        out.print(f"  {drop_line(view.dropped, lang)}")
    if view.retried is not None:
        out.print(f"  {retried_line(view.retried, lang)}")
    if view.again_of is not None:
        said = "var förut i karantän på" if swedish else "was in quarantine before at"
        out.print(f"  {said} {view.again_of}")
    if view.content is None:
        out.print(
            "  Innehållet visas bara för avsändarens egen funktion (--as)."
            if swedish
            else "  The content is shown to the publisher's own desk only (--as).",
            style="dim",
        )
    elif isinstance(view.content, str):
        out.print(f"  hex: {view.content}")
    else:
        out.print(printable(orjson.dumps(view.content, default=str, option=orjson.OPT_INDENT_2).decode()))
    if view.content is not None:
        for name, value in (view.headers or {}).items():
            out.print(printable(f"  {name}: {value}"), style="dim")


def besides(count: int, state: State, option: str, lang: str) -> str:
    """That more is there than what is listed."""
    words = _COUNTED[state]
    return f"{count} {words[0]}, se {option}" if lang == "sv" else f"{count} {words[1]}, see {option}"


def told_json(view: Shown) -> dict[str, Any]:
    """A record as one JSON object."""
    told: dict[str, Any] = {
        "place": str(view.place),
        "at": view.at,
        "origin": view.origin,
        "event_id": view.event_id,
        "event_type": view.event_type,
        "problems": [problem.model_dump() for problem in view.problems],
        "source": view.source,
        "size": view.size,
        "header_names": view.header_names,
        "state": view.state,
        "content": view.content,
        "headers": view.headers,
        "dropped": None if view.dropped is None else _given(asdict(view.dropped)),
        "retried": None if view.retried is None else _given(asdict(view.retried)),
        "again_of": None if view.again_of is None else str(view.again_of),
    }
    return _given(told)


def group_json(group: Group) -> dict[str, Any]:
    """A group as one JSON object."""
    told = asdict(group) | {"examples": [str(place) for place in group.examples]}
    return _given(told | {"problem": None if group.problem is None else group.problem.model_dump()})


def drop_line(drop: Drop, lang: str) -> str:
    """That a record was dropped."""
    said = "avskriven" if lang == "sv" else "dropped"
    return printable(f"{said} {local_time(drop.at)}, {drop.by}: {drop.reason}")


def retried_line(again: Retried, lang: str) -> str:
    """That a record was published again."""
    said = ("publicerad igen", "rättad") if lang == "sv" else ("published again", "mended")
    return printable(
        f"{said[0]}{f', {said[1]}' if again.mended else ''} {local_time(again.at)}, {again.by}: {again.sent}"
    )


def problem_line(problem: Problem | QuarantinedProblem, lang: str) -> str:
    """One thing that is wrong, with what would be right."""
    remedy = problem.remedy_sv if lang == "sv" else problem.remedy_en
    return f"{problem.code} {problem.pointer or '/'}: {remedy}"


def _table(columns: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
