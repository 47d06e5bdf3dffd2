"""What desks owe, for ``sambus status``: counts for whoever runs the bus, the list itself for the desk that owes."""

from typing import Any

from rich.console import Console
from rich.table import Table

from consumers.duties import Duties
from deploy.cli.asking import local_time
from schemas.duties import Duty, DutyState

_HEADS = {"sv": ("plikt", "öppna", "sena", "först senast"), "en": ("obligation", "open", "late", "first due")}


def duties_json(owed: Duties | None, desk: str | None) -> dict[str, Any] | None:
    """The same for programs. ``own`` is there when a desk asks."""
    if owed is None:
        return None
    told: dict[str, Any] = {
        "open": sum(kind.open for kind in owed.by_obligation),
        "late": sum(kind.late for kind in owed.by_obligation),
        "ended": dict(owed.ended),
        "by_obligation": [
            {"obligation": kind.obligation, "open": kind.open, "late": kind.late, "first_due": kind.first_due}
            for kind in owed.by_obligation
        ],
    }
    return told if desk is None else told | {"own": [duty.model_dump(mode="json") for duty in owed.of(desk)]}


def show_duties(out: Console, owed: Duties | None, desk: str | None, lang: str) -> None:
    """One line with the counts, then by obligation, or what one desk owes, each with its delivery."""
    if owed is None:
        return
    opened = sum(kind.open for kind in owed.by_obligation)
    late = sum(kind.late for kind in owed.by_obligation)
    said = f"Plikter: {opened} öppna, {late} sena" if lang == "sv" else f"Obligations: {opened} open, {late} late"
    out.print(said, style="yellow" if late else None)
    if desk is not None:
        for duty in owed.of(desk):
            out.print(_own(duty, lang), soft_wrap=True)  # a delivery's id is there to be copied
    elif owed.owed:
        out.print(_table(owed, lang))


def _table(owed: Duties, lang: str) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=True)
    for number, head in enumerate(_HEADS[lang]):
        table.add_column(head, justify="right" if number else "left")
    for kind in owed.by_obligation:
        table.add_row(kind.obligation, str(kind.open), str(kind.late), local_time(kind.first_due))
    return table


def _own(duty: Duty, lang: str) -> str:
    late = ("SEN " if lang == "sv" else "LATE ") if duty.duty_state is DutyState.LATE else ""
    due = "senast" if lang == "sv" else "due"
    return f"  {late}{duty.obligation}, {due} {local_time(duty.due_at)}: {duty.delivery_id}"
