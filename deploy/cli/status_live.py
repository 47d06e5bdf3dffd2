"""``sambus status --watch``: what the watch tells, as a live view for a terminal of 80 by 24 and up."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from consumers.bus import BusUnreachableError
from consumers.health import Reason
from consumers.watch.snapshot import FRESH, Snapshot, snapshots
from deploy.cli.asking import local_time
from deploy.cli.watched import IN_SECONDS, lines, seconds_told
from schemas.alarms import ALARMS, AlarmCode, Severity

#: Seconds until the bus is tried again when it does not answer.
_AGAIN: Final = 2.0
_PER_SECOND: Final = 2
#: So many alarms are shown on any screen.
_FEWEST_ALARMS: Final = 3
_WORDS: Final = {
    "sv": {
        "well": "Bussen mår bra",
        "unwell": "Bussen mår inte bra",
        "none": "Ingen bevakning har setts: starta `sambus watch`",
        "away": "Bussen svarar inte",
        "waiting": "Väntar på bevakningen",
        "ago": "s sedan",
        "more": "till",
        "heads": ("agent", "ämne", "olästa", "efter", "per s"),
        "workers": "Arbetare",
        "quarantined": "I karantän senaste timmen",
        "duties": "Plikter: {open} öppna, {near} nära, {late} sena",
    },
    "en": {
        "well": "The bus is well",
        "unwell": "The bus is not well",
        "none": "Nobody watches: start `sambus watch`",
        "away": "The bus does not answer",
        "waiting": "Waiting for the watch",
        "ago": "s ago",
        "more": "more",
        "heads": ("agent", "topic", "unread", "behind", "per s"),
        "workers": "Workers",
        "quarantined": "Quarantined in the last hour",
        "duties": "Obligations: {open} open, {near} near, {late} late",
    },
}


async def watch_live(options: Mapping[str, Any], out: Console, lang: str) -> None:
    """Show what the watch tells until Ctrl-C; a bus that goes away is told, and shown again when it is back.

    Errors: ``BusUnreachableError`` when no broker answers at first.
    """
    latest: Snapshot | None = None
    reached = False
    with Live(console=out, screen=out.is_terminal, auto_refresh=False, transient=False) as live:
        while True:
            try:
                async for found in snapshots(options):
                    reached, latest = True, found or latest
                    live.update(view(latest, datetime.now(UTC), (out.width, out.height), lang), refresh=True)
            except BusUnreachableError:
                if not reached:
                    raise
            live.update(view(latest, datetime.now(UTC), (out.width, out.height), lang, away=True), refresh=True)
            await asyncio.sleep(_AGAIN)


def view(snapshot: Snapshot | None, now: datetime, size: tuple[int, int], lang: str, *, away: bool = False) -> Group:
    """One screen: alarms on top, then lags and rates, then a line for each part.

    Shape: ``size`` is columns and rows; nothing is wider or, with few alarms, longer. Colour is never the only sign.
    """
    width, height = size
    words: Mapping[str, Any] = _WORDS[lang]
    if snapshot is None:
        return Group(Text(words["away"] if away else words["none"], style="bold red"))
    health = snapshot.health or {}
    sources = health.get("sources", ())
    told = [f"{words['workers']} {len(health.get('workers', ()))} ({health.get('group_state', '–')})"]
    refused = ", ".join(f"{code} {count}" for code, count in (health.get("quarantined") or {}).items())
    told.append(f"{words['quarantined']}: {refused or '–'}")
    if duties := snapshot.parts.get("duties"):
        told.append(words["duties"].format(**{name: duties.get(name, 0) for name in ("open", "near", "late")}))
    told += lines(snapshot.parts, lang)
    # Beside alarms there are the head, the number of those that have no room, the table with its heads, and the parts.
    room = max(_FEWEST_ALARMS, height - 3 - len(sources) - len(told))
    shown: list[Any] = [_head(snapshot, now, words, away=away)]
    shown += [_line(_alarm(reason, lang), width, _style(reason)) for reason in snapshot.reasons[:room]]
    if len(snapshot.reasons) > room:
        shown.append(Text(f"  + {len(snapshot.reasons) - room} {words['more']}", style="red"))
    return Group(*shown, _sources(sources, words), *(_line(text, width) for text in told))


def _head(snapshot: Snapshot, now: datetime, words: Mapping[str, Any], *, away: bool) -> Text:
    """The verdict, how old it is, and when it was made."""
    age = snapshot.age(now)
    if away:
        verdict, style = f"✗ {words['away']}", "bold red"
    elif age > FRESH.total_seconds():
        verdict, style = f"✗ {AlarmCode.NOT_WATCHED}: {words['waiting']}", "bold red"
    elif snapshot.healthy:
        verdict, style = f"✓ {words['well']}", "bold green"
    else:
        verdict, style = f"✗ {words['unwell']} ({len(snapshot.reasons)})", "bold red"
    return Text.assemble((verdict, style), (f"   {local_time(snapshot.at)}, {age:.0f} {words['ago']}", "dim"))


def _alarm(reason: Reason, lang: str) -> str:
    alarm = ALARMS[reason.code]
    sign = "!!" if alarm.severity is Severity.PAGE else " !"
    value = f" {seconds_told(reason.value)}" if reason.code in IN_SECONDS else ""
    return f"{sign} {reason.code} {reason.where}{value}: {alarm.remedy_sv if lang == 'sv' else alarm.remedy_en}"


def _style(reason: Reason) -> str:
    return "red" if ALARMS[reason.code].severity is Severity.PAGE else "yellow"


def _line(text: str, width: int, style: str = "") -> Text:
    """One line, cut where the screen ends."""
    line = Text(text, style=style, no_wrap=True, overflow="ellipsis")
    line.truncate(width, overflow="ellipsis")
    return line


def _sources(sources: Any, words: Mapping[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for number, head in enumerate(words["heads"]):
        table.add_column(head, justify="left" if number < 2 else "right", no_wrap=True)  # noqa: PLR2004 - two of names
    for source in sources:
        unread = f"{'' if source['exact'] else '≤ '}{source['unread']}"
        lag = seconds_told(source["lag_seconds"])
        table.add_row(source["stage"], source["topic"], unread, lag, f"{source['per_second']:g}")
    return table
