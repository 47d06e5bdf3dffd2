"""``sambus status``: is the bus well, and if not, what to do first."""

import sys
from dataclasses import asdict
from datetime import timedelta

import click
from rich.console import Console
from rich.table import Table

from consumers.duties import duties
from consumers.health import Health, LaneHead, Limits, Reason, SourceHealth, evaluate
from consumers.measure import measure
from deploy.cli.asking import console, desk_option, json_option, lang_option, local_time, print_json, run
from deploy.cli.connection import EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.owed import duties_json, show_duties
from schemas.alarms import ALARMS, AlarmCode
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue


@click.command("status")
@click.option("--group", default="sambus", show_default=True, help="Consumer group of the workers.")
@click.option(
    "--max-lag", type=click.FloatRange(min=0), default=20, show_default=True, help="Seconds that are too late."
)
@desk_option(required=False, help_text="List what this desk owes: unit/function.")
@json_option
@lang_option
@connection_options
def status(group: str, max_lag: float, desk: str | None, as_json: bool, lang: str, connection: Connection) -> None:
    """Tell whether the bus is well: lag, rates, workers, quarantine, missing topics; and what desks owe.

    On a secured bus it is for the user `monitor`. That a desk is late does not make the bus unwell.

    Exit codes: 0 well, 1 not well, 3 the bus cannot be reached.
    """
    expected = [topic.name for topic in catalogue(load_gazetteer())]
    measured = run(measure(connection.aiokafka(), group, expected, Codec()))
    if measured is None:
        sys.exit(EXIT_NOT_WELL)
    health = evaluate(measured, Limits(lag=timedelta(seconds=max_lag)))
    owed = run(duties(connection.aiokafka(), Codec()))
    if as_json:
        reasons = [asdict(reason) | {"remedy": ALARMS[reason.code].remedy_en} for reason in health.reasons]
        told = {**asdict(health), "reasons": reasons, "duties": duties_json(owed, desk)}
        print_json({"healthy": health.healthy, **told})
    else:
        show(console(), health, lang)
        show_duties(console(), owed, desk, lang)
    sys.exit(0 if health.healthy else EXIT_NOT_WELL)


def show(out: Console, health: Health, lang: str) -> None:
    """The verdict in one line, then what it rests on."""
    swedish = lang == "sv"
    if health.healthy:
        out.print("Bussen mår bra." if swedish else "The bus is well.", style="bold green")
    else:
        said = "Bussen mår inte bra" if swedish else "The bus is not well"
        out.print(f"{said}: {', '.join(dict.fromkeys(reason.code for reason in health.reasons))}.", style="bold red")
    for reason in health.reasons:
        out.print(f"  {_said(reason, lang)}")
    out.print(_sources(health.sources, lang))
    names = ", ".join(worker.name for worker in health.workers) or "–"
    out.print(f"{'Arbetare' if swedish else 'Workers'} {len(health.workers)} ({health.group_state}): {names}")
    refused = ", ".join(f"{code} {count}" for code, count in health.quarantined.items()) or "–"
    out.print(_ledger(health.heads, lang))
    out.print(f"{'I karantän senaste timmen' if swedish else 'Quarantined in the last hour'}: {refused}")
    out.print(f"{'Mätt' if swedish else 'Measured'} {local_time(health.at)}", style="dim")


def _ledger(heads: tuple[LaneHead, ...], lang: str) -> str:
    """How many lines the ledger's chains hold, and the end of each lane's, shortened."""
    lines, ends = sum(head.number for head in heads), ", ".join(f"{head.lane}: {head.hash[:12]}" for head in heads)
    said = (
        f"Liggaren {lines} rader, kedjornas huvuden" if lang == "sv" else f"Ledger {lines} lines, heads of its chains"
    )
    return f"{said}: {ends or '–'}"


def _said(reason: Reason, lang: str) -> str:
    alarm = ALARMS[reason.code]
    said = f"{alarm.meaning_sv} {alarm.remedy_sv}" if lang == "sv" else f"{alarm.meaning_en} {alarm.remedy_en}"
    value = f" {_seconds(reason.value)}" if reason.code in {AlarmCode.LATE, AlarmCode.TRANSACTION_STUCK} else ""
    return f"{reason.code} {reason.where}{value}: {said}"


def _sources(sources: tuple[SourceHealth, ...], lang: str) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=True)
    names = {
        "sv": ("agent", "ämne", "olästa", "efter", "per sekund"),
        "en": ("agent", "topic", "unread", "behind", "per second"),
    }[lang]
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number < 2 else "right")  # noqa: PLR2004 - two columns of names
    for source in sources:
        unread = f"{'' if source.exact else '≤ '}{source.unread}"
        table.add_row(source.stage, source.topic, unread, _seconds(source.lag_seconds), f"{source.per_second:g}")
    return table


def _seconds(seconds: float) -> str:
    """A duration for a glance."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.1f} s"
    return str(timedelta(seconds=round(seconds)))
