"""``sambus pictures``: the figures of situation pictures as they stand, for people and for web pages."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import click
from rich.table import Table

from consumers.pictures import picture_rows, without_small_numbers
from deploy.cli.asking import AskError, console, json_option, lang_option, local_time, print_json, run
from deploy.cli.connection import Connection, connection_options
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.pictures import FigureLine, PictureRow

_COUNTRY: Final = "se"
_BARS: Final = "▁▂▃▄▅▆▇█"
_MEASURES_SV: Final = {
    "seizures": "beslag",
    "mass": "mängd, g",
    "weapon_seizures": "vapenbeslag",
    "active_scenes": "aktiva scener",
    "violence": "våldshändelser",
    "poisonings": "förgiftningar",
    "deaths": "dödsfall",
    "alerts": "larm",
    "reports": "rapporter",
}
_THEMES_SV: Final = {
    "drugs": "Narkotika",
    "weapons": "Vapen",
    "violence": "Våld",
    "harm": "Skador",
    "reports": "Rapporter",
}
_HEADS: Final = {
    "sv": ("område", "mått", "ämne", "nu", "före", "ändring", "förlopp"),
    "en": ("area", "measure", "substance", "now", "before", "change", "course"),
}


@click.command("pictures")
@click.option("--area", default=_COUNTRY, show_default=True, help="Unit code; the areas directly below come with it.")
@click.option(
    "--window", type=click.Choice(["24h", "7d", "28d"]), default="7d", show_default=True, help="How long back."
)
@click.option("--theme", help="Only this theme: drugs, weapons, violence, harm, reports.")
@click.option("--suppressed", is_flag=True, help="As it may be shown outside the police: no number from one to four.")
@json_option
@lang_option
@connection_options
def pictures(
    area: str, window: str, theme: str | None, suppressed: bool, as_json: bool, lang: str, connection: Connection
) -> None:
    """Show how much there was of what in an area, in a rolling window and the one before.

    Each real event counts once, however often it was reported. Late reports change the figures when they come.

    Exit codes: 0 done, 1 there are no figures, 2 wrong use, 3 the bus cannot be reached.
    """
    gazetteer = load_gazetteer()
    if not gazetteer.known(area):
        near = ", ".join(hit.code for hit in gazetteer.search(area, 3))
        raise click.UsageError(f"There is no unit {area!r}." + (f" Did you mean {near}?" if near else ""))
    areas = (area, *gazetteer.children(area))
    rows = run(picture_rows(connection.aiokafka(), Codec())) or []
    if suppressed:  # before areas are chosen: whoever asks twice must not be shown in one answer what the other hides
        rows = without_small_numbers(rows)
    found = [row for row in rows if row.window == window and row.area in areas and theme in (None, row.theme)]
    if as_json:
        for row in found:
            print_json(row.model_dump(mode="json"))
    elif found:
        show(found, areas, lang)
    else:
        raise AskError(
            "No figures: nothing of the kind was reported in this window or the one before. `sambus status` tells "
            "whether the picture agent is behind."
        )


def show(rows: Sequence[PictureRow], areas: Sequence[str], lang: str) -> None:
    """One table for each theme."""
    out = console()
    for theme, synthetic in dict.fromkeys((row.theme, row.synthetic) for row in rows):
        those = [row for row in rows if (row.theme, row.synthetic) == (theme, synthetic)]
        first = those[0]
        title = _THEMES_SV.get(theme, theme) if lang == "sv" else theme.capitalize()
        made_up = (" SYNTETISKT" if lang == "sv" else " SYNTHETIC") if synthetic else ""
        since = "sedan" if lang == "sv" else "since"
        out.print(f"{title} {first.window}, {since} {local_time(first.starts_at)}{made_up}", style="bold")
        out.print(_table(sorted(those, key=lambda row: areas.index(row.area)), lang))
        read = "Ställning" if lang == "sv" else "As of"
        out.print(f"{read} {local_time(max(row.as_of for row in those))}", style="dim")


def _table(rows: Sequence[PictureRow], lang: str) -> Table:
    gazetteer = load_gazetteer()
    table = Table(box=None, padding=(0, 2), pad_edge=True)
    for number, head in enumerate(_HEADS[lang]):
        table.add_column(head, justify="right" if 3 <= number <= 5 else "left")  # noqa: PLR2004 - the numbers' columns
    for row in rows:
        unit = gazetteer.unit(row.area)
        for line in row.figures:
            measure = _MEASURES_SV.get(line.measure, line.measure) if lang == "sv" else line.measure.replace("_", " ")
            name = row.area if unit is None else unit.name
            table.add_row(name, measure, line.substance_id or "", *_numbers(line))
    return table


def _numbers(line: FigureLine) -> tuple[str, str, str, str]:
    """A figure, the one before, the change, and the course in small bars."""
    mass = line.mass_g is not None or line.earlier_mass_g is not None
    now, before = (line.mass_g, line.earlier_mass_g) if mass else (line.count, line.earlier_count)
    change = "" if now is None or before is None else f"{now - before:+}"
    return _shown(now), _shown(before), change, course(line.masses_g or line.counts)


def _shown(number: int | Decimal | None) -> str:
    return "–" if number is None else f"{number:g}" if isinstance(number, Decimal) else str(number)


def course(values: Sequence[int | Decimal]) -> str:
    """The values as bars, the highest one full. Nothing at all is a low line."""
    most = max(values, default=0)
    return "".join(_BARS[round(float(value / most) * (len(_BARS) - 1)) if most else 0] for value in values)
