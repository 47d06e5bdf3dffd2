"""``sambus rules diff``: what a changed pack would do to events that happened, as a table that a jurist can read."""

import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from deploy.cli.asking import console, json_option, lang_option, local_time, print_json, run, since_option
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.names import function_name, title_of
from deploy.cli.rules_asking import fail, history_of, one_version, tell, told_problems
from deploy.cli.rules_life import first_option
from deploy.cli.sealing import REMEDY, sealing_codec
from schemas.codec import UndecodableError
from schemas.gazetteer import load_gazetteer
from schemas.problems import RejectCode
from streams.core.reference import Reference, load_reference
from streams.core.share.bundle import open_bundle
from streams.core.share.difference import KINDS, Change, Comparison, Difference, Replayed
from streams.core.share.fields import person_leaves
from streams.core.share.history import History
from streams.core.share.loading import RULES
from streams.core.share.pack import Pack
from streams.core.share.problems import PackError

#: Instead of a time: the demo's made-up day, which needs no bus.
DEMO: Final = "demo"
#: Instead of a folder: the pack of this version.
INSTALLED: Final = "installed"
#: Columns where no terminal says how wide it is.
_PLAIN_WIDTH: Final = 140
_ROWS: Final = 100
_DESKS_SHOWN: Final = 3
_FIELDS_SHOWN: Final = 6
_KINDS: Final = {
    "sv": {
        "reached": "nås nu",
        "more": "ser mer",
        "lost": "nås inte längre",
        "less": "ser mindre",
        "changed": "ser annorlunda",
        "handled": "hanteras annorlunda",
    },
    "en": {
        "reached": "newly reached",
        "more": "sees more",
        "lost": "no longer reached",
        "less": "sees less",
        "changed": "sees otherwise",
        "handled": "handled otherwise",
    },
}
_HEADINGS: Final = {
    "sv": ("händelse", "område", "ändring", "funktioner", "fält", "genom regler"),
    "en": ("event", "area", "change", "desks", "fields", "by rules"),
}


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--over", default="24h", show_default=True, help="The period up to now: 90m, 24h, 7d; or `demo`.")
@click.option("--all", "every", is_flag=True, help="Every row and every desk.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when anything is different.")
@json_option
@lang_option
@first_option
@connection_options
def diff(old: str, new: str, over: str, every: bool, exit_code: bool, as_json: bool, lang: str, **place: Any) -> None:
    """Show what NEW would share that OLD did not, and the other way round, over events that happened.

    OLD and NEW are folders of packs, versions that ran or were proposed, `running`, or `installed`: the pack of this
    version. Both decide anew on every event of the period, under the orders in force at its moment. Nothing is
    delivered.

    By rules: +S03 shares now, -S03 shared before, B01 denies now, -B01 denied before, S03 says something else now.

    Exit codes: 0 done, 1 a pack cannot be used (with --exit-code: or anything differs), 2 wrong use, 3 no bus.
    """
    reference = load_reference()
    since = None if over == DEMO else _since(over)
    packs = _Packs(place["connection"], place["first"], reference)
    comparison = Comparison(packs.named(old), packs.named(new), *reference)
    report = Report(lang, every=every, as_json=as_json)
    if since is None:
        from deploy.demo.offline import assessed_day

        report.take_all(comparison, assessed_day())
    else:
        from deploy.replay import replayed

        try:
            run(report.follow(comparison, replayed(place["connection"].aiokafka(), sealing_codec(), since)))
        except UndecodableError as problem:
            if problem.code is not RejectCode.SEAL_UNOPENED:
                raise
            raise click.UsageError(f"Some events or orders of the period are sealed. {REMEDY}") from None
    report.close(old, new, since)
    sys.exit(EXIT_NOT_WELL if exit_code and report.differing else EXIT_DONE)


def _since(over: str) -> datetime:
    found = since_option(over)
    if not isinstance(found, timedelta):
        raise click.UsageError(f"--over {over!r} is no period. Write 90m, 24h or 7d, or `{DEMO}` for the demo's day.")
    return datetime.now(UTC) - found


class _Packs:
    """Finds packs by what people call them; the bus is asked only for what is no folder."""

    def __init__(self, connection: Connection, first: Path, reference: Reference) -> None:
        self._connection = connection
        self._first = first
        self._gazetteer = reference.gazetteer
        self._history: History | None = None

    def named(self, text: str) -> Pack:
        """A pack by its folder or version. Errors: exit code 1 for none or a bad one, 3 without a bus."""
        folder = RULES if text == INSTALLED else Path(text)
        try:
            if folder.is_dir():
                return Pack.load(folder, self._gazetteer)
            if "/" in text or text.startswith("."):
                fail(f"There is no folder {text}.", "Name a folder with a pack, a version, or `running`.")
            self._history = self._history or history_of(self._connection, self._first)
            version = one_version(self._history, text)
            return open_bundle(self._history.bundles[version], self._gazetteer)
        except PackError as error:
            told_problems(folder, error.problems)
            fail(f"The pack {text} cannot be used.", "See `sambus rules check`.")


@dataclass
class Report:
    """Counts differences and shows them: as JSON at once, as a table at the end."""

    lang: str
    every: bool = False
    as_json: bool = False
    looked_at: int = 0
    differing: int = 0
    rows: list[tuple[str, ...]] = field(default_factory=list)
    left_out: int = 0
    totals: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def take_all(self, comparison: Comparison, events: Iterable[Replayed]) -> None:
        """Compare over events that are at hand."""
        for replayed in events:
            self.take(comparison.of(replayed))

    async def follow(self, comparison: Comparison, events: AsyncIterator[Replayed]) -> None:
        """Compare over events as they are read."""
        async for replayed in events:
            self.take(comparison.of(replayed))

    def take(self, found: Difference) -> None:
        """One event's differences."""
        self.looked_at += 1
        if not found.changes:
            return
        self.differing += 1
        for change in found.changes:
            self.totals[change.kind, found.event_type, _by(change.by)] += 1
            if self.as_json:
                about = found._asdict() | change._asdict()
                del about["changes"]
                print_json(about)
        if not self.as_json:
            for row in self._rows(found._replace(changes=tuple(c for c in found.changes if self._shown(c)))):
                if self.every or len(self.rows) < _ROWS:
                    self.rows.append(row)
                else:
                    self.left_out += 1

    def _rows(self, found: Difference) -> Iterator[tuple[str, ...]]:
        """One row for each kind of change by the same rules: its desks stand together."""
        alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Change]] = {}
        for change in found.changes:
            alike.setdefault((change.kind, change.fields, change.by), []).append(change)
        about = f"{title_of(found.event_type, self.lang)}, {local_time(found.at)}\n{found.event_id}"
        areas = "\n".join(map(self._unit, found.areas)) or "–"
        for kind, fields, by in sorted(alike, key=lambda key: (KINDS.index(key[0]), key[1:])):
            desks = self._some((self._desk(change.desk) for change in alike[kind, fields, by]), _DESKS_SHOWN)
            yield about, areas, _KINDS[self.lang][kind], desks, self._fields(found.event_type, kind, fields), _by(by)
            about = areas = ""

    def _shown(self, change: Change) -> bool:
        """Whether it has rows: who sees what always, how it is handled only when everything is asked for."""
        return self.every or change.kind != "handled"

    def _fields(self, event_type: str, kind: str, fields: tuple[str, ...]) -> str:
        """The fields; of a whole view only how many, and whether it shows people."""
        if self.every or kind not in ("reached", "lost"):
            return self._some(fields, _FIELDS_SHOWN)
        persons = not person_leaves(event_type).isdisjoint(fields)
        if self.lang == "sv":
            return f"{len(fields)} fält, {'med' if persons else 'utan'} personer"
        return f"{len(fields)} fields, {'with' if persons else 'without'} persons"

    def _desk(self, desk: str) -> str:
        unit, _, function = desk.partition("/")
        return f"{self._unit(unit)}/{function_name(function, self.lang)}"

    def _unit(self, code: str) -> str:
        """A unit by its name; by its code when everything is asked for."""
        unit = None if self.every else load_gazetteer().unit(code)
        return code if unit is None else unit.name

    def _some(self, names: Iterable[str], most: int) -> str:
        listed = list(names)
        if self.every or len(listed) <= most:
            return "\n".join(listed)
        more = "och {} till" if self.lang == "sv" else "and {} more"
        return "\n".join((*listed[: most - 1], more.format(len(listed) - most + 1)))

    def close(self, old: str, new: str, since: datetime | None) -> None:
        """The table and the totals; what was compared on stderr."""
        if self.as_json:
            counted: dict[str, int] = dict.fromkeys(KINDS, 0)
            for (kind, _, _), count in self.totals.items():
                counted[kind] += count
            print_json({"events": self.looked_at, "differing": self.differing, **counted})
        elif self.totals:
            out = console()
            if not out.is_terminal and "COLUMNS" not in os.environ:
                out.width = _PLAIN_WIDTH
            _print(out, _table(_HEADINGS[self.lang], self.rows))
            if self.left_out:
                more = "rader till; --all visar alla" if self.lang == "sv" else "more rows; --all shows them"
                out.print(f"… {self.left_out} {more}")
            _print(out, self._totals())
        period = "the demo's day" if since is None else f"since {local_time(since)}"
        tell(
            f"{self.looked_at} events {period}, {self.differing} of them shared otherwise by {new} than by {old}. "
            "Nothing was delivered."
        )

    def _totals(self) -> Table:
        swedish = self.lang == "sv"
        headings = ("summa", "ändring", "händelsetyp", "genom regler") if swedish else ("total", "change", "type", "by")
        rows = (
            (str(count), _KINDS[self.lang][kind], title_of(event_type, self.lang), by)
            for (kind, event_type, by), count in self.totals.most_common()
        )
        return _table(headings, rows)


def _print(out: Console, table: Table) -> None:
    """The table without the blanks at the ends of its lines: it is copied into letters and compared."""
    with out.capture() as shown:
        out.print(table)
    out.print("\n".join(line.rstrip() for line in shown.get().splitlines()))


def _by(rules: Iterable[str]) -> str:
    return ", ".join(rules)


def _table(headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
