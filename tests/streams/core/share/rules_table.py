"""The table of event type and receiver against outcome, for review by a jurist: ``docs/rules-table.md``.

Written anew with ``python -m tests.streams.core.share.rules_table --write``; a test holds it against the pack.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from schemas.catalogue import EVENT_TYPES
from streams.core.share import Ruling
from tests.streams.core.share.packs import JARVA, NORD, PACK, event, ruling

TABLE = Path(__file__).parents[4] / "docs" / "rules-table.md"
SOLNA = f"{NORD}.solna"


class Column(NamedTuple):
    """One kind of receiver, by an example."""

    title: str
    desk: str


COLUMNS = (
    Column("area: intelligence", f"{SOLNA}/intelligence"),
    Column("area: surveillance", f"{SOLNA}/surveillance"),
    Column("area: investigation", f"{SOLNA}/investigation"),
    Column("area: prevention", f"{SOLNA}/prevention"),
    Column("area: coordination", f"{SOLNA}/coordination"),
    Column("police area: intelligence", f"{NORD}/intelligence"),
    Column("police area: surveillance", f"{NORD}/surveillance"),
    Column("police area: prevention", f"{NORD}/prevention"),
    Column("region: intelligence", "se.stockholm/intelligence"),
    Column("region: investigation", "se.stockholm/investigation"),
    Column("neighbour: intelligence", "se.stockholm.stockholm-syd/intelligence"),
    Column("national: intelligence", "se.noa-und/intelligence"),
    Column("NFC", "se.nfc/forensics"),
    Column("Customs", "partner.tullverket/coordination"),
    Column("Health regions", "partner.regions-health/coordination"),
    Column("Europol", "partner.europol/coordination"),
)
#: The situations, each a table: what is published, by which desk.
SITUATIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Routine, graded B2, from the local police area", JARVA, {"grading": {"source": "B", "info": 2}}),
    ("Urgent (priority 2), graded B2", JARVA, {"grading": {"source": "B", "info": 2}, "priority": 2}),
    ("Not graded", JARVA, {}),
    ("Not graded, danger to life", JARVA, {"danger_to_life": True, "danger_reason": "x"}),
    ("From the region, graded B2", "se.stockholm", {"grading": {"source": "B", "info": 2}}),
    ("Urgent under handling code H2", JARVA, {"grading": {"source": "B", "info": 2}, "priority": 2, "handling": "H2"}),
    (
        "Urgent, names a minor",
        JARVA,
        {"grading": {"source": "B", "info": 2}, "priority": 2, "persons": [{"age_band": "15-17"}]},
    ),
)
#: What the payload needs for a type's rule to have a say.
PAYLOADS: dict[str, dict[str, Any]] = {
    "substance_alert": {"alert_level": 1},
    "knowledge_item": {"legal_cleared": True},
}


def render() -> str:
    """The whole table as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Who gets what: event type and receiver against outcome"
    yield ""
    yield f"Rule pack {PACK.file.version}. Written from it by `tests/streams/core/share/rules_table.py`; do not edit."
    yield ""
    yield f"Each event is about {SOLNA} and is published by an example desk of the unit named. A cell shows the rules"
    yield "that share it; `no` with the block rules that deny it; nothing when no rule proposes that receiver."
    for title, unit, written in SITUATIONS:
        yield from ("", f"## {title}", "")
        yield "| event type | " + " | ".join(column.title for column in COLUMNS) + " |"
        yield "|---" * (len(COLUMNS) + 1) + "|"
        for name in EVENT_TYPES:
            said = ruling(_made(name, unit, written))
            yield f"| {name} | " + " | ".join(_cell(said, column.desk) for column in COLUMNS) + " |"


def _made(name: str, unit: str, written: dict[str, Any]) -> dict[str, Any]:
    payload = PAYLOADS.get(name, {})
    return event(event_type=name, by=f"{unit}/finance", areas=[SOLNA], payload=payload, **written)


def _cell(said: Ruling, desk: str) -> str:
    shared = [" ".join(receiver.rules) for receiver in said.receivers if receiver.desk == desk]
    denied = [f"no: {' '.join(withheld.block_rules)}" for withheld in said.withheld if withheld.desk == desk]
    return "; ".join((*shared, *denied))


if __name__ == "__main__" and "--write" in sys.argv:
    TABLE.write_text(render(), "utf-8")
