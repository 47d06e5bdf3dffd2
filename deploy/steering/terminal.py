"""The steering report in a terminal: the parts with traffic, how functions exchange, and the parts without."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.table import Table

from consumers.steering.numbers import Measure, Numbers
from consumers.steering.parts import Direction, Standing
from consumers.steering.report import Exchange, PartLine, Report, share
from deploy.steering.words import HIDDEN, Words

SHARES: Final = (Measure.IN_TIME, Measure.USED, Measure.FED_BACK, Measure.LED_TO, Measure.PROSECUTED)
#: How parts may stand that have no traffic, what is wrong first.
WITHOUT: Final = (Standing.NO_RULE, Standing.SILENT, Standing.ANSWERS, Standing.HELD_BACK, Standing.OTHERWISE)


def show(out: Console, found: Report, words: Words) -> None:
    """The report, as wide as the terminal lets it."""
    about = found.about
    out.print(f"{words('title')}: {words.area(about.area)}, {words.days(about)}", style="bold")
    if about.synthetic:
        out.print(words("synthetic"), style="yellow")
    out.print(_parts(found, words))
    out.print(words("by_function"), style="bold")
    out.print(_matrix(found.functions, words))
    for standing in WITHOUT:
        lines = found.standing(standing)
        if lines:
            out.print(f"{words(str(standing))} ({len(lines)})", style="bold red" if standing is WITHOUT[0] else "bold")
            for line in lines:
                told = " · ".join(filter(None, (words.title(line), words.otherwise(line))))
                out.print(f"  {line.part.id}  {told}", soft_wrap=True)
    out.print(words("read_hidden", smallest=5), style="dim")


def _parts(found: Report, words: Words) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=True)
    table.add_column(words("part"), no_wrap=True)
    table.add_column("")
    for measure in (Measure.SHARED, *SHARES):
        table.add_column(words.of(measure), justify="right", no_wrap=True)
    table.add_row("", words("all_matters"), *_cells(found.whole.whole, words), style="bold")
    for direction in Direction:
        lines = [line for line in found.of(direction) if line.standing is Standing.TRAFFIC]
        if lines:
            table.add_row("", words(str(direction)), style="bold")
        for line in lines:
            table.add_row(line.part.id, words.title(line), *_cells(line.whole, words))
    return table


def _cells(numbers: Numbers, words: Words) -> Iterable[str]:
    yield words.number(numbers[Measure.SHARED])
    for measure in SHARES:
        yield words.percent(share(numbers, measure)) or (HIDDEN if numbers[Measure.SHARED] != 0 else "")


def _matrix(exchange: Exchange, words: Words) -> Table:
    """Deliveries, and the share of them that was used."""
    table = Table(box=None, padding=(0, 2), pad_edge=True)
    table.add_column("")
    for name in (*exchange.names, None):
        table.add_column(words.end(name), justify="right")
    for origin in (*exchange.names, None):
        cells = (exchange.cells[origin, to] for to in (*exchange.names, None))
        table.add_row(words.end(origin), *(_pair(cell, words) for cell in cells))
    return table


def _pair(numbers: Numbers, words: Words) -> str:
    used = words.percent(share(numbers, Measure.USED))
    return f"{words.number(numbers[Measure.SHARED])} {used and f'({used})'}".strip()


def traffic(lines: Iterable[PartLine]) -> list[PartLine]:
    """The parts with matters."""
    return [line for line in lines if line.standing is Standing.TRAFFIC]
