"""The table of event type and receiver class against outcome, for review by a jurist: ``docs/rules-table.md``.

Written anew with ``python -m tests.streams.core.share.rules_table --write``; a test holds it against the pack.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from schemas.catalogue import EVENT_TYPES, EventType
from schemas.example_data import good_examples
from schemas.partners import PARTNERS, PartnerClass
from schemas.records import BUS_DESK, BUS_UNIT
from schemas.vocabulary import Function
from streams.core.share import ReceiverRuling, Ruling
from streams.core.share.fields import fields_of
from streams.core.share.order_forms import Known
from streams.core.share.ruling import MAIN, WithheldRuling
from streams.core.share.viewbook import type_view_name
from tests.streams.core.made import native
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, event, ruling, told
from tests.streams.core.share.rules_situations import COLUMNS, LEADER, OTHERS, Situation

TABLE = Path(__file__).parents[4] / "docs" / "rules-table.md"
SOLNA = f"{NORD}.solna"
NOTHING = "–"
SAME = "="


class ReceiverClass(NamedTuple):
    """One kind of receiver, by an example."""

    title: str
    desk: str


def _partners() -> Iterator[ReceiverClass]:
    """The first partner of each class."""
    for kind in PartnerClass:
        first = next((partner for partner in PARTNERS.values() if partner.partner_class is kind), None)
        if first is not None:
            yield ReceiverClass(f"{kind.replace('_', ' ')}: {first.name}", f"{first.code}/coordination")


def _desks(title: str, unit: str, functions: str) -> Iterator[ReceiverClass]:
    yield from (ReceiverClass(f"{title}: {name}", f"{unit}/{name}") for name in functions.split())


SITUATIONS: tuple[Situation, ...] = (*COLUMNS, *OTHERS)
_FIVE = "intelligence surveillance investigation prevention coordination"
CLASSES = (
    ReceiverClass("publisher's own desk", ""),
    *_desks("area", SOLNA, _FIVE),
    *_desks("police area", NORD, f"{_FIVE} finance"),
    *_desks("region", "se.stockholm", "intelligence investigation prevention coordination finance it_crime"),
    *_desks("neighbouring police area", "se.mitt.uppsala", "intelligence investigation"),
    *_desks("elsewhere", "se.syd.malmo", "intelligence investigation prevention"),
    *_desks("leader of the case", LEADER, "investigation"),
    *_desks("national", "se", "coordination"),
    *_desks("NOA-UND", "se.noa-und", "intelligence knowledge"),
    *_desks("NOA-FIPO", "se.noa-fipo", "intelligence"),
    *_desks("NOA-SC3", "se.noa-sc3", "investigation intelligence"),
    *_desks("contact point", "se.noa-spoc", "coordination"),
    *_desks("NFC", "se.nfc", "forensics"),
    *_desks("UC", "se.uc", "knowledge"),
    *_partners(),
)
#: Where somebody may publish anything that a unit may.
_LOCAL = (JARVA, *REFERENCE.gazetteer.ancestors(JARVA))
#: Who publishes what others may not.
PUBLISHERS = {"foreign_message": "se.noa-spoc"}
#: Whom or what an event names, so that its own rule has somebody to reach.
NAMED: dict[str, dict[str, Any]] = {
    "information_request": {"asked_of": [NORD, "se.noa-fipo"]},
    "foreign_message": {"competent_area": NORD},
    "joint_operation": {"parties": [NORD]},
    "feedback_note": {"about_id": "a"},
    "link_suggestion": {"a_id": "a", "b_id": "b", "status": "confirmed"},
}
#: Reports that went before, for feedback on them and links between them: who published them, and who has them.
EARLIER = {
    "a": Known(f"{SOLNA}/intelligence", (SOLNA,), frozenset({f"{SOLNA}/intelligence", f"{NORD}/intelligence"})),
    "b": Known(f"{NORD}/intelligence", (NORD,), frozenset({f"{SOLNA}/intelligence", f"{NORD}/intelligence"})),
}
#: Rules that do nothing but mark.
_MARKED_BY = {rule.mark: (rule.id,) for rule in PACK.rules.values() if rule.mark is not None}
#: What the assess stage finds in the example.
FOUND = {"online_market_listing": {"digital": True}}


def render() -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from _HEAD.format(version=PACK.file.version, area=SOLNA, marks=_situations()).splitlines()
    yield from ("", "## Overview: the routine event", "")
    short = [each for each in CLASSES if any(outcomes(name)[each.title][0] != NOTHING for name in EVENT_TYPES)]
    yield "| event type | " + " | ".join(each.title for each in short) + " |"
    yield "|---" * (len(short) + 1) + "|"
    for name in EVENT_TYPES:
        yield f"| {name} | " + " | ".join(_rules(name, each) for each in short) + " |"
    for kind in EVENT_TYPES.values():
        yield from _section(kind)
    yield from _rule_list()


def _section(kind: EventType) -> Iterator[str]:
    """One type: a line for each receiver class, a column for each situation; then what changes in the others."""
    cells = outcomes(kind.name)
    columns = {title: row[: len(COLUMNS)] for title, row in cells.items()}
    reached = [title for title, row in columns.items() if set(row) != {NOTHING}]
    yield from ("", f"## {kind.name}", "", f"{kind.title_sv.capitalize()}.", "")
    yield "| receiver | " + " | ".join(situation.title for situation in COLUMNS) + " |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for title in reached:
        first, *others = columns[title]
        yield f"| {title} | " + " | ".join((first, *(SAME if cell == first else cell for cell in others))) + " |"
    yield from _others(cells)


def _others(cells: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """What is otherwise than in the routine in situations that have no column: a line for all who have the same."""
    yield from ("", "| otherwise | for | what |", "|---|---|---|")
    for number, situation in enumerate(OTHERS, start=len(COLUMNS)):
        changed: dict[str, list[str]] = {}
        for title, row in cells.items():
            if row[number] != row[0]:
                changed.setdefault(row[number], []).append(title)
        for cell, titles in changed.items():
            yield f"| {situation.title} | {', '.join(titles)} | {cell} |"


@cache
def outcomes(name: str) -> Mapping[str, tuple[str, ...]]:
    """What each receiver class has in each situation."""
    meant = [0 if each.types and name not in each.types else number for number, each in enumerate(SITUATIONS)]
    said = [(_said(name, number), _origin(name, number)) for number in meant]
    return {each.title: tuple(_cell(one, each.desk or origin, name) for one, origin in said) for each in CLASSES}


@cache
def _said(name: str, number: int) -> Ruling:
    """What the pack says in one situation, of the first example of the type."""
    situation, fields = SITUATIONS[number], fields_of(name)
    payload = native(good_examples(name)[0].body)["payload"] | NAMED.get(name, {})
    payload |= {field: value for field, value in situation.payload.items() if f"payload.{field}" in fields}
    written = {"areas": [SOLNA], **situation.written}
    found = {**FOUND.get(name, {}), **situation.found}
    made = event(event_type=name, by=_origin(name, number), payload=payload, enrichment=found, **written)
    orders = told(*situation.orders, this=made["event_id"])
    for event_id, known in EARLIER.items():
        orders = orders.knowing(event_id, known)
    return ruling(made, orders=orders)


def _origin(name: str, number: int) -> str:
    """The desk that publishes: of the situation's unit, or the nearest above it with a function that may."""
    gazetteer, kind = REFERENCE.gazetteer, EVENT_TYPES[name]
    start = SITUATIONS[number].unit
    if start == BUS_UNIT:
        return BUS_DESK
    start = PUBLISHERS.get(name, start)
    for unit in (start, *gazetteer.ancestors(start), "se.nfc", *_LOCAL):
        for desk in gazetteer.desks(unit):
            if not kind.publishers or Function(desk.partition("/")[2]) in kind.publishers:
                return desk
    raise LookupError(f"nobody publishes {name}")


def _cell(said: Ruling, desk: str, name: str) -> str:
    """Every delivery with its rules, view and priority, and who is denied by what."""
    shared = [_delivery(receiver, name) for receiver in said.receivers if receiver.desk == desk]
    denied = [_denied(withheld) for withheld in said.withheld if withheld.desk == desk]
    return "<br>".join((*shared, *denied)) or NOTHING


def _delivery(receiver: ReceiverRuling, name: str) -> str:
    views = [view for view in receiver.view.names if view != type_view_name(name)] or ["type view"]
    group = "" if receiver.view_group == MAIN else f" as {receiver.view_group}"
    marks = "".join(f" [{' '.join((mark, *_MARKED_BY.get(mark, ())))}]" for mark in receiver.marks)
    return f"{' '.join(receiver.rules)}{group} p{receiver.priority}: {', '.join(views)}{marks}"


def _denied(withheld: WithheldRuling) -> str:
    return f"**no** {' '.join(withheld.block_rules)} to {' '.join(withheld.proposed_by)}"


def _rules(name: str, each: ReceiverClass) -> str:
    """The short form of the first situation: rules and priority alone."""
    said, desk = _said(name, 0), each.desk or _origin(name, 0)
    shared = [f"{' '.join(r.rules)} p{r.priority}" for r in said.receivers if r.desk == desk]
    denied = [_denied(withheld) for withheld in said.withheld if withheld.desk == desk]
    return "; ".join((*shared, *denied))


def _situations() -> str:
    return ", ".join(situation.title for situation in COLUMNS)


def _rule_list() -> Iterator[str]:
    yield from ("", "## The rules by their titles", "", "| rule | | title | reason | ground |", "|---|---|---|---|---|")
    for rule in sorted(PACK.rules.values(), key=lambda rule: rule.id):
        effect = {"deny": "denies", "mark": "marks"}.get(rule.effect, "shares")
        yield f"| {rule.id} | {effect} | {rule.title} | {rule.reason} | {rule.law or NOTHING} |"


_HEAD = """# Who gets what: event type and receiver class against outcome

Rule pack {version}. Written from it by `tests/streams/core/share/rules_table.py`; do not edit. A changed rule changes
this page, and that change is what a jurist reviews.

Each event is the first example of its type, about {area}. It is published by a desk of the local police
area beside it, or of the nearest unit above that may publish such events; messages from abroad by the contact point.
The columns are situations that change one thing each: {marks}. Below each table stands what is otherwise than in
the routine in further situations, for those receivers alone for which it is.

- `S01 S06 p4: drop_non_suspects`: shared by these rules with priority 4, in the type view narrowed by what is named.
- `as S17`: a delivery of its own beside the other.
- `[SAME_ORIGIN B09]`: marked so, by this rule.
- **no** `B02 to S07`: this rule proposes the receiver, and this block rule denies it.
- `=`: as in the first column. `–`: no rule proposes this receiver; so it is for every class without a line."""

if __name__ == "__main__" and "--write" in sys.argv:
    TABLE.write_text(render(), "utf-8")
