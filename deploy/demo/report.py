"""The books at the end of the day: for people as a table and sentences, for programs as one object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from consumers.cards import LINK, POINTER
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL
from deploy.cli.names import LEVELS_SV, function_name
from deploy.demo.books import Books, Verdict, by_level_and_function, counts, percentile
from deploy.demo.day import Tally
from deploy.demo.telling import Teller
from schemas.catalogue import PUBLISHED_TYPES
from schemas.gazetteer import Gazetteer

_LEVELS = ("national", "national_unit", "region", "police_area", "local_police_area", "partner")
_FUNCTIONS = (
    "intelligence",
    "surveillance",
    "investigation",
    "prevention",
    "coordination",
    "knowledge",
    "forensics",
    "finance",
    "it_crime",
)


@dataclass(frozen=True)
class Report:
    """The closed books and what was measured beside them. Units: latencies in milliseconds, ``seconds`` in seconds."""

    books: Books
    verdict: Verdict
    tally: Tally
    latencies: Sequence[float]
    pack: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """How the command ends."""
        return EXIT_DONE if self.verdict.balanced else EXIT_NOT_WELL

    def as_json(self, gazetteer: Gazetteer) -> dict[str, Any]:
        """The whole report as one JSON object."""
        books = self.books
        return {
            "balanced": self.verdict.balanced,
            **counts(books, sum(books.published.values())),
            "confirmed": self.tally.confirmed,
            "origin_only": books.origin_only,
            "withheld": books.withheld,
            "notices": books.notices,
            "made": dict(sorted((+books.made).items())),
            "quarantine_codes": dict(sorted(books.codes.items())),
            "deliveries_by_level": by_level_and_function(books.desks, gazetteer),
            "event_types": dict(sorted(books.types.items())),
            "latency_ms": {
                "p50": _rounded(percentile(self.latencies, 0.5)),
                "p99": _rounded(percentile(self.latencies, 0.99)),
                "count": len(self.latencies),
            },
            "checks": {"held": self.tally.held, "failed": self.tally.failed},
            "faults": {name: count for name, count in self.verdict.faults.items() if count},
            "pack": self.pack,
            "seconds": round(self.seconds, 1),
        }

    def shown(self, teller: Teller, gazetteer: Gazetteer) -> RenderableType:
        """The report for people."""
        books = self.books
        sums = counts(books, sum(books.published.values()))
        fits = sums["published"] == sums["accepted"] + sums["quarantined"] + sums["duplicates"]
        both = sum((books.owed & books.delivered).values())
        lines = [
            teller.say("sum" if fits else "sum_wrong", **sums),
            teller.say("by_code", codes=", ".join(f"{code} × {n}" for code, n in sorted(books.codes.items())) or "–"),
            teller.say("origin_only", count=books.origin_only, accepted=sums["accepted"], pack=self.pack),
            teller.say("withheld", count=books.withheld),
            teller.say("types", seen=len(set(books.types) & set(PUBLISHED_TYPES)), known=len(PUBLISHED_TYPES)),
            teller.say("owed", owed=sum(books.owed.values()), delivered=sums["deliveries"], both=both),
            teller.say("found", links=books.made[LINK], pointers=books.made[POINTER]),
            self._latency(teller),
            teller.say("claims", held=self.tally.held, all=self.tally.held + self.tally.failed),
        ]
        well = self.verdict.balanced
        verdict = Text(f" {teller.say('balanced' if well else 'unbalanced')} ", style="bold white on " + _colour(well))
        verdict.append(f"  {teller.say('took', seconds=self.seconds)}", style="not bold default on default")
        faults = [
            Text(teller.say("fault", name=name, count=count), style="bold red")
            for name, count in self.verdict.faults.items()
            if count
        ]
        table = _table(by_level_and_function(books.desks, gazetteer), teller)
        heading = Rule(Text(teller.say("books"), style="bold"), align="left", style="dim")
        return Group(Text(), heading, *map(Text, lines), Text(), table, Text(), *faults, verdict)

    def _latency(self, teller: Teller) -> str:
        p50, p99 = percentile(self.latencies, 0.5) or 0.0, percentile(self.latencies, 0.99) or 0.0
        return teller.say("latency", p50=p50, p99=p99, count=len(self.latencies))


def _table(rows: Mapping[str, Mapping[str, int]], teller: Teller) -> Table:
    functions = [name for name in _FUNCTIONS if any(name in row for row in rows.values())]
    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column(teller.say("level"))
    for name in (*(function_name(name, teller.lang) for name in functions), teller.say("total")):
        table.add_column(name, justify="right")
    for level in (level for level in _LEVELS if level in rows):
        row = rows[level]
        name = LEVELS_SV[level] if teller.lang == "sv" else level.replace("_", " ")
        table.add_row(name, *(str(row.get(function, "·")) for function in functions), str(sum(row.values())))
    columns = [sum(row.get(function, 0) for row in rows.values()) for function in functions]
    table.add_row(teller.say("total"), *map(str, columns), str(sum(columns)), style="bold")
    return table


def _colour(well: bool) -> str:
    return "green" if well else "red"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
