"""Made-up lines of ledger and read log, and what a report counts of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from consumers.steering.facts import Got, Line, Read
from consumers.steering.joins import Joins
from consumers.steering.tally import Counted, Period, Tally

START_MS = 1_780_000_000_000
HOUR_MS = 3_600_000
PERIOD = Period(START_MS, START_MS + 30 * 24 * HOUR_MS)
PACK = "2026.1"
#: One rule for one part; the last for two.
SERVED = {PACK: {"S01": ("S2.1-05",), "S04": ("S2.2-13",), "S13": ("S2.1-16", "S2.1-17")}}
JARVA = "se.stockholm.stockholm-nord.jarva/surveillance"
JARVA_INT = "se.stockholm.stockholm-nord.jarva/intelligence"
SOLNA = "se.stockholm.stockholm-nord.solna/intelligence"
REGION = "se.stockholm/intelligence"
SKANE = "se.syd/intelligence"
CUSTOMS = "partner.tullverket/coordination"


def event(number: int, at_ms: int | None = None) -> bytes:
    """An event id: a time, and a number behind it."""
    when = START_MS + number if at_ms is None else at_ms
    return when.to_bytes(6, "big") + number.to_bytes(10, "big")


def line(event_id: bytes, origin: str = JARVA, to: Iterable[str] = (), **changes: Any) -> Line:
    """A line that shares an event by one rule, S01 unless ``rule`` says another, with priority 3."""
    rule, priority = changes.pop("rule", "S01"), changes.pop("priority", 3)
    fields: dict[str, Any] = {
        "event_type": "intelligence_report",
        "at_ms": int.from_bytes(event_id[:6], "big"),
        "first": True,
        "receivers": tuple(Got(desk, (rule,), priority) for desk in to),
        "pack_version": PACK,
        "replaces": None,
        "about": (),
        "said": None,
        "synthetic": False,
    }
    return Line(event_id=event_id, origin=origin, **fields | changes)


def said(event_id: bytes, about: bytes, by: str, kind: str | None, event_type: str = "feedback_note") -> Line:
    """A line of an event that says something of another one."""
    return line(event_id, by, (), event_type=event_type, about=(about,), said=kind)


def link(event_id: bytes, a: bytes, b: bytes, kind: str = "joined") -> Line:
    """The bus says that two reports are one, or are not."""
    return line(event_id, "se.bus/coordination", (), event_type="link_suggestion", about=(a, b), said=kind)


def counted(
    lines: Iterable[Line], reads: Iterable[Read] = (), by_type: Mapping[str, frozenset[str]] = {}, **settings: Any
) -> Counted:
    """What is counted of lines and readings."""
    told, joins = list(lines), Joins()
    for each in told:
        joins.take(each)
    tally = Tally(settings.pop("period", PERIOD), joins, SERVED, by_type, **settings)
    for each in told:
        tally.take_line(each)
    for read in reads:
        tally.take_read(read)
    return tally.counted()
